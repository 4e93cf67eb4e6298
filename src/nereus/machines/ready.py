"""Waiting for machines: an address is given long before anybody answers there."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from nereus.errors import Failure
from nereus.machines.contract import Contract

SECONDS = 1200
_ASK_SECONDS = 30
#: Where cloud-init says at its end, after every start, what went wrong. ssh alone answers in its middle.
_RESULT = "/run/cloud-init/result.json"
#: The machine itself looks, by its shell: cloud-init's own command would take the processor from what is waited for.
_LOOK = f"i=0; while [ ! -e {_RESULT} ] && [ $i -lt {_ASK_SECONDS} ]; do sleep 1; i=$((i+1)); done; cat {_RESULT}"


def wait(contract: Contract, known_hosts: Path, consoles: Path, tell: Callable[[str], None]) -> None:
    """Return when every machine lets us in and its first boot is done.

    Raises Failure that names the machine, what ssh or cloud-init said last, and its console.
    """
    deadline = time.monotonic() + SECONDS
    for name in contract.nodes:
        tell(f"waiting for {name}")
        _wait_one(contract, name, known_hosts, deadline, consoles / f"{name}.log")


def command(contract: Contract, name: str, known_hosts: Path, *remote: str) -> list[str]:
    """The ssh command that runs `remote` on a machine, with nothing of the user's own settings."""
    options = [
        *("-F", "none", "-i", contract.ssh_key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"),
        *("-o", f"UserKnownHostsFile={known_hosts}", "-o", "StrictHostKeyChecking=accept-new"),
        *("-o", f"ConnectTimeout={_ASK_SECONDS}", "-o", "LogLevel=ERROR"),
        *(("-o", f"ProxyCommand={contract.proxy_command}") if contract.proxy_command else ()),
    ]
    return ["ssh", *options, f"{contract.ssh_user}@{contract.nodes[name].address}", *remote]


def _wait_one(contract: Contract, name: str, known_hosts: Path, deadline: float, console: Path) -> None:
    ask = command(contract, name, known_hosts, _LOOK)
    last = "nobody answers"
    while time.monotonic() < deadline:
        try:
            done = subprocess.run(ask, capture_output=True, text=True, timeout=_ASK_SECONDS * 3, check=False)
        except subprocess.TimeoutExpired:
            last = f"no answer within {_ASK_SECONDS * 3} s"
            continue
        if done.stdout.strip():
            _judge(name, done.stdout, console)
            return
        said = done.stderr.strip().splitlines()
        last = said[-1] if said else last
        time.sleep(1)
    raise Failure(f"{name} was not ready after {SECONDS} s: {last}", fix=f"Read its console: {console}")


def _judge(name: str, result: str, console: Path) -> None:
    errors = json.loads(result)["v1"]["errors"]
    if errors:
        raise Failure(
            f"the first boot of {name} failed: {'; '.join(map(str, errors))}",
            fix=f"Look there: cloud-init status --long; its console: {console}",
        )
