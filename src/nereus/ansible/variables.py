"""The variables that an inventory may set: those of the roles' argument_specs, and how Ansible connects."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML

from nereus.paths import PROJECT

FOLDER = PROJECT / "infra" / "ansible"

#: How Ansible reaches a machine and becomes root there. Whatever else Ansible knows is set in ansible.cfg.
_CONNECTION: Mapping[str, str] = {
    "ansible_host": "str",
    "ansible_port": "int",
    "ansible_user": "str",
    "ansible_ssh_private_key_file": "str",
    "ansible_ssh_common_args": "str",
    "ansible_become": "bool",
    "ansible_become_password": "secret",
    "ansible_ssh_password": "secret",
    "ansible_python_interpreter": "str",
}


@dataclass(frozen=True)
class Variable:
    """One variable: the role that reads it ("" for Ansible itself), its type, and what its elements may be.

    `kind` is a type of argument_specs (str, int, float, bool, list, dict) or "secret", a text that has to be sealed.
    """

    name: str
    role: str
    kind: str
    elements: str = ""
    choices: tuple[object, ...] = ()
    options: Mapping[str, Variable] = field(default_factory=dict)
    required: bool = False


@functools.cache
def known() -> Mapping[str, Variable]:
    """Every variable that an inventory may set, by its name."""
    found = {name: Variable(name, "", kind) for name, kind in _CONNECTION.items()}
    for specs in sorted(FOLDER.glob("roles/*/meta/argument_specs.yml")):
        role = specs.parts[-3]
        for entry in YAML(typ="safe").load(specs)["argument_specs"].values():
            found |= {
                each.name: each for each in _variables(entry.get("options") or {}, role) if each.name not in found
            }
    return found


def _variables(options: Mapping[str, Mapping[str, Any]], role: str) -> Iterator[Variable]:
    for name, spec in options.items():
        # Whatever lets somebody in is never plain text in a file that people share.
        secret = name.endswith(("_token", "_password", "_secret_key"))
        yield Variable(
            name=name,
            role=role,
            kind="secret" if secret else spec.get("type", "str"),
            elements=spec.get("elements", ""),
            choices=tuple(spec.get("choices", ())),
            options={each.name: each for each in _variables(spec.get("options") or {}, role)},
            required=bool(spec.get("required")) and not secret,
        )
