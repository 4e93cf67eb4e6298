"""Secrets of the machines, sealed by Ansible Vault: one password file per deployment opens them."""

from __future__ import annotations

import os
import secrets as random
import subprocess
from collections.abc import Mapping
from pathlib import Path

from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.provision import environments

#: What a cluster needs and nobody has to invent: variables of the roles, made at the first provisioning.
GENERATED = ("k3s_server_token", "k3s_agent_token")
_PATIENCE_S = 120


def password_file(home: Home) -> Path:
    """The file with Vault's password, made on first use, readable by its owner alone."""
    path = home.secrets / "ansible-vault"
    if not path.exists():
        home.create()
        _write(path, random.token_urlsafe(32) + "\n")
    if path.stat().st_mode & 0o077:
        raise BadInput(f"others may read {path}, which opens every sealed secret", fix=f"Run: chmod 600 {path}")
    return path


def sealed_file(home: Home) -> Path:
    """The generated secrets as a sealed file of variables, made on first use. Playbooks get it by its path."""
    path = home.secrets / "ansible-sealed.yaml"
    if not path.exists():
        plain = "".join(f"{name}: {random.token_urlsafe(32)}\n" for name in GENERATED)
        _write(path, _vault(home, "encrypt", plain))
    return path


def seal(home: Home, name: str, value: str) -> str:
    """A variable's value as the text that belongs into an inventory."""
    return _vault(home, "encrypt_string", value, "--stdin-name", name).rstrip() + "\n"


def opened(home: Home) -> Mapping[str, str]:
    """The generated secrets in plain text, for those who hand them on and never print them."""
    lines = _vault(home, "decrypt", sealed_file(home).read_text("utf-8")).splitlines()
    return dict(line.split(": ", 1) for line in lines)


def _vault(home: Home, verb: str, given: str, *more: str) -> str:
    program = environments.folder("infrastructure") / "bin" / "ansible-vault"
    environments.ensure("infrastructure")
    output = () if verb == "encrypt_string" else ("--output", "-", "-")
    command = (str(program), verb, "--vault-password-file", str(password_file(home)), *more, *output)
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHON"))}
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
        env={**clean, "ANSIBLE_HOME": str(home.cache / "ansible")},
    )
    if done.returncode:
        raise Failure(
            f"Ansible Vault cannot {verb} the secrets: {done.stderr.strip()[-500:]}",
            fix=f"Was {password_file(home)} replaced? What was sealed with another password cannot be opened.",
        )
    return done.stdout


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and 0600 from the first byte on."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
