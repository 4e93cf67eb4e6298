"""kubectl, as far as looking after the platform needs it. Every call ends within a time limit."""

from __future__ import annotations

import base64
import json
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nereus.errors import BadInput, Failure

_SECONDS = 60.0
_FORWARDED = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Kubectl:
    """One cluster. `program` may be a path; `kubeconfig` names who asks."""

    kubeconfig: Path
    program: str = "kubectl"

    def __post_init__(self) -> None:
        if shutil.which(self.program) is None:
            raise BadInput(f"{self.program} is not installed here", fix="Install kubectl, or name it with --kubectl.")
        if not self.kubeconfig.is_file():
            raise BadInput(f"there is no kubeconfig {self.kubeconfig}", fix="Name the cluster's with --kubeconfig.")

    def __call__(self, *words: str, given: str | None = None, seconds: float = _SECONDS) -> str:
        """Run one command; gives what it printed. Raises Failure with what it said."""
        try:
            done = subprocess.run(
                self._command(*words), input=given, capture_output=True, text=True, check=False, timeout=seconds
            )
        except subprocess.TimeoutExpired as error:
            raise Failure(f"kubectl {words[0]} was not done within {seconds:.0f} s") from error
        if done.returncode:
            raise Failure(f"kubectl {' '.join(words[:4])} failed: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        """One object."""
        found: dict[str, Any] = json.loads(self("get", kind, name, "--namespace", namespace, "--output", "json"))
        return found

    def patch(self, kind: str, name: str, namespace: str, change: dict[str, Any]) -> None:
        """Merge a change into one object."""
        self("patch", kind, name, "--namespace", namespace, "--type", "merge", "--patch", json.dumps(change))

    def secret(self, name: str, namespace: str, key: str) -> bytes:
        """One key of a Secret."""
        return base64.b64decode(self.get("secret", name, namespace)["data"][key])

    @contextmanager
    def forwarded(self, target: str, namespace: str, port: int) -> Iterator[int]:
        """A port of 127.0.0.1 that leads to `port` of `target` (svc/NAME) while the block runs."""
        command = self._command(
            *("port-forward", "--address", "127.0.0.1", "--namespace", namespace, target, f":{port}")
        )
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            yield self._port(process, target)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _port(self, process: subprocess.Popen[str], target: str) -> int:
        said, deadline, output = "", time.monotonic() + _SECONDS, process.stdout
        while output and time.monotonic() < deadline and process.poll() is None:
            ready, _, _ = select.select([output], [], [], 1.0)
            if ready:
                line = output.readline()
                said += line
                if found := _FORWARDED.search(line):
                    return int(found[1])
        raise Failure(f"no way to {target}: {said.strip() or 'kubectl said nothing'}")

    def _command(self, *words: str) -> tuple[str, ...]:
        return (self.program, "--kubeconfig", str(self.kubeconfig), *words)
