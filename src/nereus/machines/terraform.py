"""Terraform from Python: python-terraform, behind the few calls that are safe with it.

The library turns any misspelt method into a command, has no time limit and reads the environment of this process.
Here every call names its command, may take so many minutes, and is given its environment.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from python_terraform import IsFlagged
from python_terraform import Terraform as Library

from nereus.errors import Failure
from nereus.machines import binary

#: It warns of every exit code but 0, and a plan with changes ends with 2.
logging.getLogger("python_terraform").setLevel(logging.ERROR)

MINUTES: dict[str, float] = {"init": 5, "plan": 10, "apply": 60, "show": 2, "output": 2}
#: Now and then the provider and libvirt wait for each other while a cloud-init disk is read back: go-libvirt holds its
#: lock while it hands an answer over (digitalocean/go-libvirt issue 241). A plan takes seconds and changes nothing, so
#: one that takes longer than this is ended and made again, one object at a time.
FIRST_PLAN_MINUTES = 3.0
PLAN = "plan.bin"

Json = Mapping[str, Any]


class Terraform:
    """One root module. Its output is appended to `log`."""

    def __init__(self, folder: Path, log: Path, cli_config: Path | None) -> None:
        self.folder, self.log, self._cli_config = folder, log, cli_config
        self._library = Library(working_dir=str(folder), terraform_bin_path=binary.find())

    def init(self) -> None:
        """Find the provider and the modules. Again: changes nothing."""
        self._run("init")

    def plan(self, *, destroy: bool = False) -> Json:
        """What an apply would do, as `terraform show -json` says it. Nothing is changed."""
        options: dict[str, Any] = {"out": PLAN, "detailed_exitcode": IsFlagged, "lock_timeout": "30s"}
        if destroy:
            options["destroy"] = IsFlagged
        try:
            self._run("plan", good=(0, 2), minutes=FIRST_PLAN_MINUTES, **options)
        except TooLong:
            self._run("plan", good=(0, 2), parallelism=1, **options)
        return self._read("show", PLAN)

    def apply(self) -> None:
        """Do what the last plan said, and nothing else."""
        self._run("apply", PLAN, lock_timeout="30s")

    def outputs(self) -> dict[str, Any]:
        """The outputs of the last apply by name."""
        return {name: each["value"] for name, each in self._read("output").items()}

    def state(self) -> Json:
        """What Terraform knows to exist, as `terraform show -json` says it."""
        return self._read("show")

    def _read(self, command: str, *arguments: str) -> dict[str, Any]:
        text = self._run(command, *arguments, json=IsFlagged)
        try:
            content = json.loads(text)
        except json.JSONDecodeError:
            raise Failure(f"terraform {command} answered no JSON in {self.folder}", fix=f"Read {self.log}.") from None
        return dict(content)

    def _run(
        self,
        command: str,
        *arguments: str,
        good: tuple[int, ...] = (0,),
        minutes: float | None = None,
        **options: object,
    ) -> str:
        minutes = minutes or MINUTES[command]
        if command in {"init", "plan", "apply"}:
            options["input"] = False
        if command != "output":
            options["no_color"] = IsFlagged
        answer: list[tuple[int, str, str]] = []

        def work() -> None:
            answer.append(self._library.cmd(command, *arguments, **options))

        with self._environment():
            worker = threading.Thread(target=work, daemon=True)
            worker.start()
            try:
                worker.join(minutes * 60)
            except KeyboardInterrupt:
                self._interrupt(worker)
                raise
            if worker.is_alive():
                if command == "plan":
                    self._kill(worker)
                else:
                    self._interrupt(worker)
                self._record(command, -1, "", f"interrupted after {minutes:g} minutes")
                raise TooLong(
                    f"terraform {command} took longer than {minutes:g} minutes and was interrupted",
                    fix=f"Read {self.log} and the consoles of the machines, then run it again.",
                )
        if not answer:
            raise Failure(f"terraform {command} could not be started in {self.folder}", fix="Run: make doctor")
        code, out, err = answer[0]
        self._record(command, code, out, err)
        if code not in good:
            raise TerraformError(command, err or out, self.log)
        return out

    @contextmanager
    def _environment(self) -> Iterator[None]:
        wanted = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
        if self._cli_config is not None:
            wanted["TF_CLI_CONFIG_FILE"] = str(self._cli_config)
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _interrupt(self, worker: threading.Thread) -> None:
        """As Ctrl-C would: Terraform writes down what it has made so far."""
        for child in self._processes():
            with suppress(psutil.NoSuchProcess):
                child.send_signal(signal.SIGINT)
        worker.join(120)

    def _kill(self, worker: threading.Thread) -> None:
        """End what writes nothing down, with its provider: that one may wait for ever, and Terraform waits for it."""
        for child in self._processes():
            for process in (*child.children(recursive=True), child):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        worker.join(30)

    def _processes(self) -> Iterator[psutil.Process]:
        for child in psutil.Process().children():
            try:
                if child.cwd() == str(self.folder) and Path(child.exe()).name.startswith("terraform"):
                    yield child
            except psutil.Error:
                continue

    def _record(self, command: str, code: int, out: str, err: str) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # What `show` and `output` print is data, and may hold what a log should not.
        body = "" if command in {"show", "output"} else out
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"=== terraform {command} in {self.folder.name}: exit code {code}\n{body}{err}\n")


class TooLong(Failure):
    """A command did not end in its time."""


class TerraformError(Failure):
    """Terraform refused or failed. `text` is all that it said."""

    def __init__(self, command: str, text: str, log: Path) -> None:
        self.text = text
        super().__init__(f"terraform {command} failed:\n{summary(text)}", fix=f"All of it is in {log}.")


def summary(text: str) -> str:
    """The errors of Terraform's output without frames and source lines, a few lines each."""
    lines = [line.strip("│╷╵ \t") for line in text.splitlines()]
    kept: list[str] = []
    inside = 0
    for line in lines:
        if line.startswith("Error: "):
            inside = 8
            kept.append(f"  {line.removeprefix('Error: ')}")
        elif line.startswith("Warning: "):
            inside = 0
        elif inside and line and not line.startswith(("on ", "with ")) and not line.split(":")[0].isdigit():
            inside -= 1
            kept.append(f"    {line}")
    return "\n".join(kept) or "  " + "\n  ".join(line for line in lines[-5:] if line)
