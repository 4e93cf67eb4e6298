"""Running a playbook: argument lists, progress a person can follow, a log file, and a failure that reads."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nereus.ansible import vault
from nereus.ansible.variables import FOLDER
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.provision import environments

ENVIRONMENT = "infrastructure"
#: Longest that a playbook may take, in seconds: upgrades of many machines, one after the other.
_PATIENCE_S = 4 * 3600

Tell = Callable[[str], None]


@dataclass
class Outcome:
    """What a playbook did: its exit code, for each machine the tasks that changed something, and what failed.

    `rest` is what Ansible said beside its events: of a playbook or inventory that it could not read.
    """

    log: Path
    code: int = 0
    rest: str = ""
    changed: dict[str, int] = field(default_factory=dict)
    failures: list[Failed] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """Tasks that changed something, on all machines together."""
        return sum(self.changed.values())


@dataclass(frozen=True)
class Failed:
    """One task that failed on one machine. `unreachable` says that the machine was never asked."""

    host: str
    task: str
    message: str
    unreachable: bool = False


@dataclass(frozen=True)
class Playbooks:
    """Runs the playbooks of infra/ansible for one deployment, on the machines of one inventory file.

    `generated_secrets` is false where the inventory brings the cluster's tokens itself.
    """

    home: Home
    inventory: Path
    generated_secrets: bool = True

    def run(
        self,
        name: str,
        tell: Tell,
        *,
        variables: Mapping[str, Any] | None = None,
        limit: str | None = None,
    ) -> Outcome:
        """Run playbooks/NAME.yml. `variables` win over the inventory's; `limit` is a name of a machine or a group.

        Raises BadInput where the machines or the inventory are not fit, Failure where the work failed; both name the
        machine, the task, what was said, and the log.
        """
        outcome = self.attempt(name, tell, variables=variables, limit=limit)
        if outcome.code:
            raise _error(name, outcome)
        return outcome

    def attempt(
        self,
        name: str,
        tell: Tell,
        *,
        variables: Mapping[str, Any] | None = None,
        limit: str | None = None,
    ) -> Outcome:
        """The same, for those who read the failures themselves: nothing is raised for them."""
        environments.ensure(ENVIRONMENT)
        command = [
            *(str(program("ansible-playbook")), "--inventory", str(self.inventory)),
            *("--vault-password-file", str(vault.password_file(self.home))),
            *(("--extra-vars", f"@{vault.sealed_file(self.home)}") if self.generated_secrets else ()),
            *(("--limit", limit) if limit else ()),
            *(("--extra-vars", json.dumps(variables)) if variables else ()),
            str(FOLDER / "playbooks" / f"{name}.yml"),
        ]
        return self._follow(command, self.home.create().logs / f"ansible-{name}.log", tell)

    def _follow(self, command: Sequence[str], log: Path, tell: Tell) -> Outcome:
        outcome = Outcome(log)
        # The path of ssh's socket has to be short, whatever the home's is.
        with tempfile.TemporaryDirectory(prefix="nereus-") as sockets, log.open("a", encoding="utf-8") as written:
            written.write(f"\n--- {datetime.now(UTC):%Y-%m-%d %H:%M:%S} {' '.join(command[:1])} {command[-1]}\n")
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                cwd=FOLDER,
                env=settings(self.home, Path(sockets)),
                start_new_session=True,
            )
            stop = _Alarm(process, _PATIENCE_S)
            try:
                for line in process.stdout or ():
                    event = _event(line)
                    written.write(_readable(event) if event else line)
                    written.flush()
                    if event:
                        _take(event, outcome, tell)
                    elif line.strip():
                        outcome.rest = f"{outcome.rest}{line}"[-4000:]
                outcome.code = process.wait()
            except BaseException:
                _end(process)
                raise
            finally:
                stop.cancel()
                _hang_up(Path(sockets))
        return outcome


class _Alarm:
    """Ends a process that takes too long."""

    def __init__(self, process: subprocess.Popen[str], seconds: float) -> None:
        import threading

        self._timer = threading.Timer(seconds, _end, (process,))
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        self._timer.cancel()


def _end(process: subprocess.Popen[str]) -> None:
    """End Ansible and what it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _hang_up(sockets: Path) -> None:
    """Close the connections that ssh keeps open for the next task: there is none."""
    for socket in sockets.iterdir():
        if socket.is_socket():
            ask = ("ssh", "-o", f"ControlPath={socket}", "-O", "exit", "nobody")
            subprocess.run(ask, capture_output=True, check=False, timeout=20)


def program(name: str) -> Path:
    """A program of Ansible's own environment."""
    return environments.folder(ENVIRONMENT) / "bin" / name


def settings(home: Home, sockets: Path) -> dict[str, str]:
    """What Ansible's processes are told, whatever the user's own settings of Ansible are."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHON", "VIRTUAL_"))}
    return {
        **clean,
        "PATH": f"{program('python').parent}:{clean.get('PATH', os.defpath)}",
        "ANSIBLE_CONFIG": str(FOLDER / "ansible.cfg"),
        "ANSIBLE_HOME": str(home.cache / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(home.cache / "ansible" / "tmp"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl",
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        "LC_ALL": "C.UTF-8",
    }


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return None
    return event if isinstance(event, dict) and "_event" in event else None


def _take(event: Mapping[str, Any], outcome: Outcome, tell: Tell) -> None:
    """Keep what an event says of the outcome, and say which task has begun."""
    match event["_event"]:
        case "v2_playbook_on_task_start" | "v2_playbook_on_handler_task_start":
            tell(event["task"]["name"])
        case "v2_runner_on_failed" | "v2_runner_on_unreachable" as kind:
            for host, result in event["hosts"].items():
                unreachable = kind == "v2_runner_on_unreachable"
                outcome.failures.append(Failed(host, event["task"]["name"], _said(result), unreachable))
        case "v2_playbook_on_stats":
            outcome.changed = {host: counts["changed"] for host, counts in event["stats"].items()}


def _said(result: Mapping[str, Any]) -> str:
    """What a failed task said: of a loop, the items that failed."""
    items = [each for each in result.get("results") or () if isinstance(each, Mapping) and each.get("failed")]
    if items:
        return "\n".join(_said(each) for each in items)
    parts = [str(result.get("msg") or "it failed without a word")]
    for key in ("stderr", "stdout"):
        text = str(result.get(key) or "").strip()
        if text and text not in parts[0]:
            parts.append(text[-2000:])
            break
    return "\n".join(parts)


def _readable(event: Mapping[str, Any]) -> str:
    """One event as a line or two of the log."""
    kind = str(event["_event"]).removeprefix("v2_").removeprefix("playbook_on_").removeprefix("runner_on_")
    if kind == "play_start":
        return f"\n{event['play']['name']}\n"
    if kind in ("task_start", "handler_task_start"):
        return f"  {event['task']['name']}\n"
    if kind == "stats":
        return "".join(f"{host}: {json.dumps(counts)}\n" for host, counts in event["stats"].items())
    return "".join(_line(kind, host, result) for host, result in (event.get("hosts") or {}).items())


def _line(kind: str, host: str, result: Mapping[str, Any]) -> str:
    if kind in ("failed", "unreachable"):
        return f"    {host}: {kind}: {_said(result)}\n"
    return f"    {host}: {'changed' if result.get('changed') else kind}\n"


def _error(name: str, outcome: Outcome) -> Exception:
    """What a person reads when a playbook failed."""
    read_on = f"All of it: {outcome.log}"
    if not outcome.failures:
        return Failure(f"the playbook {name} did not run: {_last_words(outcome.rest)}", fix=read_on)
    unreachable = [each for each in outcome.failures if each.unreachable]
    if unreachable:
        told = "\n".join(f"{each.host} cannot be reached: {_first_line(each.message)}" for each in unreachable)
        return BadInput(told, fix=f"{_way_in(unreachable[0].message)}\n  {read_on}")
    refusals = [each for each in outcome.failures if each.message.startswith("Nothing was changed")]
    if refusals:
        return BadInput("\n".join(dict.fromkeys(each.message for each in refusals)), fix=read_on)
    told = "\n".join(
        f"{each.host}: {each.task}: {_mended(each.message) or each.message}" for each in _distinct(outcome.failures)
    )
    return Failure(told, fix=f"Run it again once that is mended: what was done is not done twice.\n  {read_on}")


def _distinct(failures: Sequence[Failed]) -> Iterator[Failed]:
    seen: set[tuple[str, str]] = set()
    for each in failures:
        if (each.host, each.message) not in seen:
            seen.add((each.host, each.message))
            yield each


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines and "Failed to connect to the host via ssh" in lines[0] else (lines or ["no answer"])[0]


#: What ssh and sudo say, and what a person does about it.
_WAYS = (
    ("Permission denied", "Put the public key into ~/.ssh/authorized_keys there, or correct ansible_user and"
     " ansible_ssh_private_key_file."),
    ("Host key verification failed", "Compare the machine's key with the one it should have, then add it:"
     " ssh-keyscan ADDRESS >> ~/.ssh/known_hosts"),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "If the machine was installed anew: ssh-keygen -R ADDRESS; if not, find"
     " out who answers there."),
    ("Connection refused", "No SSH server listens there: correct ansible_host or ansible_port, or start sshd."),
    ("No route to host", "Correct ansible_host, or let the network through to the machine."),
    ("timed out", "Is it switched on, and does a firewall let SSH through? Else correct ansible_host."),
    ("Could not resolve hostname", "Write its IP address into ansible_host, or mend DNS."),
    ("python3: not found", "Install Python there: apt install python3"),
)  # fmt: skip
_SUDO = (
    ("Missing sudo password", "Seal it: nereus hosts seal ansible_become_password; or let ansible_user use sudo"
     " without one."),
    ("Incorrect sudo password", "Seal the right one: nereus hosts seal ansible_become_password"),
    ("not in the sudoers file", "Let ansible_user use sudo there: usermod -aG sudo USER"),
)  # fmt: skip


def explained(failed: Failed) -> tuple[str, str]:
    """What a failure comes to, and what to do about it."""
    if failed.unreachable:
        return f"cannot be reached: {_first_line(failed.message)}", _way_in(failed.message)
    told, _, fix = (_mended(failed.message) or failed.message).partition("\n")
    return told, fix.strip()


def _way_in(text: str) -> str:
    found = (fix for sign, fix in (*_SUDO, *_WAYS) if sign.casefold() in text.casefold())
    return next(found, "Try by hand: ssh -v, with the user, key and address of the inventory.")


def _mended(text: str) -> str:
    fix = next((fix for sign, fix in _SUDO if sign.casefold() in text.casefold()), "")
    return f"{_first_line(text)}\n  {fix}" if fix else ""


def _last_words(text: str) -> str:
    """What Ansible said when it could not even begin."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "WARNING" not in line]
    errors = [line for line in lines if line.startswith(("[ERROR]", "ERROR"))]
    return (errors or lines or ["it said nothing"])[0].removeprefix("[ERROR]:").strip()


def forget(home: Home) -> None:
    """Remove what Ansible kept of a deployment."""
    shutil.rmtree(home.cache / "ansible", ignore_errors=True)
