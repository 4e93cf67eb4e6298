"""Your own inventory (hosts.inventory in platform.yaml): every fault with its fix, before any machine is asked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import ScalarNode

from nereus.ansible.inventory import AGENTS, GROUPS, SERVERS, Host, Inventory, Sealed
from nereus.ansible.variables import Variable, known
from nereus.errors import BadInput
from nereus.suggest import closest

_EXAMPLE = "infra/ansible/inventories/example/hosts.yaml"
#: What Kubernetes accepts as the name of a node.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_DNS_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_SHAPE = "all:\n    children:\n      k3s_servers:\n        hosts:\n          node-1: {ansible_host: 192.0.2.11}"
_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "a text"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
    "list": ((list,), "a list"),
    "dict": ((dict,), "keys with values"),
    "path": ((str,), "a path"),
}

Problem = tuple[str, str]


def read(path: Path) -> Inventory:
    """The inventory in the file at `path`.

    Raises BadInput that names every fault: where it is, what was seen and expected, and the change that mends it.
    """
    content = _parse(path)
    problems = list(_shape(content))
    if not problems:
        inventory = _inventory(content)
        problems = [*_values(inventory), *_machines(inventory)]
    if problems:
        raise BadInput("\n".join(f"{path.name}: {what}.\n  {fix}" for what, fix in problems))
    return inventory


def _parse(path: Path) -> Mapping[str, Any]:
    class Reader(SafeConstructor):
        pass

    def sealed(_: SafeConstructor, node: ScalarNode) -> Sealed:
        return Sealed(str(node.value))

    Reader.add_constructor("!vault", sealed)
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Reader
    try:
        content = yaml.load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BadInput(f"there is no inventory {path}", fix=f"Copy {_EXAMPLE}, edit it, and name the copy.") from None
    except IsADirectoryError:
        raise BadInput(f"{path} is a folder; expected one YAML file", fix="Name the file in hosts.inventory.") from None
    except PermissionError:
        raise BadInput(f"{path} cannot be read", fix="Give this user the right to read it.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not UTF-8 text", fix="Save it as UTF-8 in your editor.") from None
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        twice = re.search(r'found duplicate key "([^"]*)"', str(error.problem))
        name = twice.group(1) if twice else "a key"
        raise BadInput(
            f"{path.name}: line {line} has {name} a second time", fix="Remove one of the two; the last would win."
        ) from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise BadInput(
            f"{path.name}: line {line} is not YAML: {error.problem}",
            fix=f"Inventories in INI form are not read; compare with {_EXAMPLE}.",
        ) from None
    if not isinstance(content, dict):
        raise BadInput(f"{path.name} holds no groups of machines", fix=f"The smallest inventory is:\n  {_SHAPE}")
    return content


def _shape(content: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether it is `all`, with `vars` and `children`, of the two groups, each with `vars` and `hosts`."""
    for key in content:
        if key != "all":
            fix = f"Move it beneath all.children.{key}." if key in GROUPS else f"The smallest inventory is:\n  {_SHAPE}"
            yield f"{key} stands at the top; expected `all` alone", fix
    top = content.get("all")
    if not isinstance(top, dict):
        yield "there is no section `all`", f"The smallest inventory is:\n  {_SHAPE}"
        return
    yield from _keys("all", top, ("vars", "children"))
    children = top.get("children") or {}
    if not isinstance(children, dict):
        yield "all.children is not a section", f"The smallest inventory is:\n  {_SHAPE}"
        return
    for name, group in children.items():
        if name not in GROUPS:
            meant = closest(str(name), GROUPS)
            hint = f"Did you mean {meant}?" if meant else "Sort its machines into these two."
            yield f"all.children.{name} is no group of the platform; expected {' or '.join(GROUPS)}", hint
        elif group is not None and not isinstance(group, dict):
            yield f"all.children.{name} is not a section", "Write `hosts:` beneath it, and the machines beneath that."
        elif group:
            yield from _keys(f"all.children.{name}", group, ("vars", "hosts"))
            yield from _hosts(name, group.get("hosts") or {})
    if SERVERS not in children:
        yield f"there is no group {SERVERS}", f"Add all.children.{SERVERS} with 1 or 3 machines."


def _keys(where: str, section: Mapping[str, Any], expected: tuple[str, ...]) -> Iterator[Problem]:
    for key in section:
        if key not in expected:
            meant = closest(str(key), expected)
            hint = f"Did you mean {meant}?" if meant else f"A variable belongs beneath {where}.vars."
            yield f"{where}.{key} is unknown; expected {' or '.join(expected)}", hint
    if not isinstance(section.get("vars") or {}, dict):
        yield f"{where}.vars is not a section", "Write one variable a line: `name: value`."


def _hosts(group: str, hosts: object) -> Iterator[Problem]:
    if not isinstance(hosts, dict):
        yield f"all.children.{group}.hosts is not a section", "Write each machine's name with a colon: `node-1:`."
        return
    for name, variables in hosts.items():
        where = f"all.children.{group}.hosts.{name}"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            made = re.sub(r"[^a-z0-9.-]+", "-", str(name).lower()).strip("-.")
            yield (
                f"{where} cannot be the name of a node; expected lower-case letters, digits and hyphens",
                f"Write for example {made or 'node-1'}; its address goes into ansible_host.",
            )
        if variables is not None and not isinstance(variables, dict):
            yield f"{where} is not a section", "Write its variables as `{name: value}`."


def _inventory(content: Mapping[str, Any]) -> Inventory:
    top = content["all"]
    children = {name: group or {} for name, group in (top.get("children") or {}).items()}
    return Inventory(
        tuple(
            Host(name, group, variables or {})
            for group, section in children.items()
            for name, variables in (section.get("hosts") or {}).items()
        ),
        top.get("vars") or {},
        {group: section.get("vars") or {} for group, section in children.items()},
    )


def _values(inventory: Inventory) -> Iterator[Problem]:
    """Whether every variable is known and has a value of its type."""
    levels = {"all.vars": inventory.variables}
    levels |= {f"all.children.{group}.vars": each for group, each in inventory.group_variables.items()}
    levels |= {f"all.children.{host.group}.hosts.{host.name}": host.variables for host in inventory.hosts}
    for where, variables in levels.items():
        for name, value in variables.items():
            variable = known().get(name)
            if variable is None:
                meant = closest(str(name), known())
                hint = f"Did you mean {meant}?" if meant else "The roles' defaults/main.yml list what there is."
                yield f"{where}.{name} is a variable that no role reads", hint
            else:
                yield from _value(f"{where}.{name}", value, variable)


def _value(where: str, value: object, variable: Variable) -> Iterator[Problem]:
    if isinstance(value, Sealed):
        return
    if variable.kind == "secret":
        yield (
            f"{where} is plain text; expected a value sealed by Ansible Vault",
            f"Run: nereus hosts seal {variable.name}",
        )
        return
    accepted, said = _TYPES.get(variable.kind, ((object,), "a value"))
    if not isinstance(value, accepted) or (isinstance(value, bool) and variable.kind != "bool"):
        yield f"{where} is {_shown(value)}; expected {said}", _type_fix(value, variable)
    elif variable.choices and value not in variable.choices and variable.kind != "list":
        choices = ", ".join(map(str, variable.choices))
        meant = closest(str(value), map(str, variable.choices))
        yield (
            f"{where} is {_shown(value)}; expected one of {choices}",
            f"Did you mean {meant}?" if meant else "Choose one.",
        )
    elif isinstance(value, list):
        element = Variable(
            variable.name, variable.role, variable.elements or "str", "", variable.choices, variable.options
        )
        for number, each in enumerate(value):
            yield from _value(f"{where}[{number}]", each, element)
    elif isinstance(value, dict) and variable.options:
        yield from _section(where, value, variable.options)


def _section(where: str, value: Mapping[str, Any], options: Mapping[str, Variable]) -> Iterator[Problem]:
    for name, each in value.items():
        if name not in options:
            meant = closest(str(name), options)
            hint = f"Did you mean {meant}?" if meant else f"It has {', '.join(options)}."
            yield f"{where}.{name} is unknown", hint
        else:
            yield from _value(f"{where}.{name}", each, options[name])
    for name, option in options.items():
        if option.required and name not in value:
            yield f"{where} has no {name}", f"Add {name}: it is needed."


def _type_fix(value: object, variable: Variable) -> str:
    if variable.kind == "list":
        return "Write it in brackets: [value, value]."
    if variable.kind == "str":
        return f'Write it in quotes: "{value}".'
    if variable.kind in ("int", "float") and isinstance(value, str) and re.fullmatch(r"[\d.]+", value):
        return f"Write it without quotes: {value}."
    return "The role's defaults/main.yml shows its form."


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _machines(inventory: Inventory) -> Iterator[Problem]:
    """Whether the machines go together: addresses, numbers, disks, and a key file that is there."""
    names: dict[str, str] = {}
    addresses: dict[str, str] = {}
    for host in inventory.hosts:
        if host.name in names:
            yield f"{host.name} stands in {names[host.name]} and in {host.group}", "Keep it in one of the two."
            continue
        names[host.name] = host.group
        yield from _address(host)
        if host.address in addresses:
            yield (
                f"{host.name} and {addresses[host.address]} both have the address {host.address}",
                "Correct ansible_host of one of them.",
            )
        addresses.setdefault(host.address, host.name)
        yield from _disks(host, inventory)
        yield from _key(host, inventory)
    servers = sum(host.group == SERVERS for host in inventory.hosts)
    if servers % 2 == 0:
        fix = "List 1 machine (no spare) or 3 (one may fail)."
        if servers:
            fix = f"Move one machine to {AGENTS}, or add one: an even number survives no more failures than one less."
        yield f"{SERVERS} has {servers} machines; expected an odd number, as they vote", fix


def _address(host: Host) -> Iterator[Problem]:
    where, address = f"ansible_host of {host.name}", host.address
    if re.fullmatch(r"[\d.]+", address) or ":" in address:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            yield (
                f"{where} is {address}, which is no IP address",
                "Write for example 192.0.2.11; a port goes into ansible_port.",
            )
            return
        if parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast:
            yield f"{where} is {address}, which other machines cannot reach", "Write its address in your network."
    elif not _DNS_NAME.fullmatch(address):
        yield f"{where} is {address!r}, neither an address nor a name", "Write for example 192.0.2.11."


def _disks(host: Host, inventory: Inventory) -> Iterator[Problem]:
    serials: set[str] = set()
    disks = inventory.value(host, "data_disks_disks")
    for disk in disks if isinstance(disks, list) else ():
        serial, gib = (disk.get("serial"), disk.get("gib")) if isinstance(disk, dict) else (None, None)
        if serial in serials:
            yield f"{host.name} lists the disk {serial} twice", "Remove one of the two."
        if isinstance(serial, str):
            serials.add(serial)
            if "/" in serial or not serial.strip():
                fix = "Write the serial number: lsblk -o NAME,SERIAL,SIZE"
                yield f"{host.name}: {serial!r} is no serial number of a disk", fix
        if isinstance(gib, int | float) and gib <= 0:
            yield f"{host.name}: disk {serial} has gib {gib:g}; expected more than 0", "Write its size in GiB."


def _key(host: Host, inventory: Inventory) -> Iterator[Problem]:
    named = inventory.value(host, "ansible_ssh_private_key_file")
    if not isinstance(named, str):
        return
    key = Path(named).expanduser()
    if not key.is_file():
        yield (
            f"{host.name}: there is no key file {named}",
            "Make one with ssh-keygen, or correct ansible_ssh_private_key_file.",
        )
    elif key.stat().st_mode & 0o077:
        yield f"{host.name}: others may read the key file {named}, so ssh refuses it", f"Run: chmod 600 {named}"
