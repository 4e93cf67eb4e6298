"""How kubectl and helm reach the cluster that was made on machines: directly, or through the ssh that reaches them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.machines.contract import Contract
from nereus.machines.places import Places
from nereus.machines.ready import command

#: The API of k3s, on each of its servers.
_API = 6443
_SECONDS = 60.0
_SERVER = re.compile(r"^(\s*server:\s*)https://\S+$", re.M)


def kubeconfig(home: Home) -> Path:
    """The administrator's way into the cluster, once machines have become one."""
    return home.secrets / "kubeconfig"


@contextmanager
def reached(home: Home) -> Iterator[Path]:
    """A kubeconfig that leads to the cluster's API from here while the block runs.

    Virtual machines behind a proxy, a lab's or another host's, are reached through one ssh that forwards a port of
    127.0.0.1, a name that the API's certificate has. Raises BadInput before there is a cluster, Failure where nobody
    lets ssh in.
    """
    kept = kubeconfig(home)
    if not kept.is_file():
        raise BadInput(f"there is no cluster yet: {kept} is missing", fix="Make it: make provision")
    places = Places(home)
    contract = Contract.read(places.contract) if places.contract.exists() else None
    if contract is None or contract.proxy_command is None:
        yield kept
        return
    server = next(name for name, node in contract.nodes.items() if "server" in node.roles)
    port = _free_port()
    ssh, *rest = command(contract, server, places.known_hosts)
    forward = ("-N", "-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.1:{port}:127.0.0.1:{_API}")
    with _running([ssh, *forward, *rest], port, server):
        path = home.create().run / "kubeconfig"
        _write(path, _SERVER.sub(rf"\1https://127.0.0.1:{port}", kept.read_text("utf-8")))
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _running(words: Sequence[str], port: int, server: str) -> Iterator[None]:
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait(process, port, server)
        yield
    finally:
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _wait(process: subprocess.Popen[bytes], port: int, server: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    said = process.communicate()[1].decode("utf-8", "replace").strip() if process.poll() is not None else "no answer"
    raise Failure(f"ssh makes no way to the cluster's API on {server}: {said}", fix="Is it up? make doctor TARGET=vms")


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _write(path: Path, text: str) -> None:
    """For its owner alone from the first moment: it opens the cluster."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
