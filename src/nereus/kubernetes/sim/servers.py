"""How each program of the simulated cluster is started. Everything listens on loopback alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from nereus.kubernetes.sim.binaries import Programs

HOST = "127.0.0.1"
#: Small heaps: a simulated cluster is short and shares its machine with tests.
ENVIRONMENT = {"GOGC": "50"}
_PORTS = ("api", "etcd", "etcd_peer", "controllers", "scheduler", "simulator")


@dataclass(frozen=True)
class Server:
    """One program with its arguments; `health` is its address for a GET that answers ok, once it is up."""

    name: str
    command: Sequence[str]
    health: str | None = None


@dataclass(frozen=True)
class Layout:
    """Where one cluster keeps its things, and on which ports it listens."""

    folder: Path
    ports: Mapping[str, int]

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def address(self) -> str:
        return f"https://{HOST}:{self.ports['api']}"

    def kubeconfig(self, name: str = "admin") -> Path:
        return self.pki / f"{name}.kubeconfig"


def free_ports() -> dict[str, int]:
    """Ports that nobody uses now, all different."""
    with ExitStack() as open_ones:
        sockets = {name: open_ones.enter_context(socket.socket()) for name in _PORTS}
        for each in sockets.values():
            each.bind((HOST, 0))
        return {name: int(each.getsockname()[1]) for name, each in sockets.items()}


def etcd(programs: Programs, layout: Layout) -> Server:
    """The store. Clients need a certificate: what is applied may hold secrets."""
    pki, own = layout.pki, f"https://{HOST}:{layout.ports['etcd']}"
    peer = f"http://{HOST}:{layout.ports['etcd_peer']}"
    flags = {
        "name": "only",
        "data-dir": str(layout.folder / "etcd"),
        "listen-client-urls": own,
        "advertise-client-urls": own,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"only={peer}",
        "cert-file": str(pki / "server.crt"),
        "key-file": str(pki / "server.key"),
        "client-cert-auth": "true",
        "trusted-ca-file": str(pki / "ca.crt"),
        # Nothing of it outlives the run: its disk need not be waited for.
        "unsafe-no-fsync": "true",
        "log-level": "warn",
    }
    return Server("etcd", _command(programs, ("etcd",), flags))


def api_server(programs: Programs, layout: Layout) -> Server:
    """The API server with every admission plugin of a usual cluster, Pod Security among them."""
    pki = layout.pki
    flags = {
        "etcd-servers": f"https://{HOST}:{layout.ports['etcd']}",
        "etcd-cafile": str(pki / "ca.crt"),
        "etcd-certfile": str(pki / "etcd-client.crt"),
        "etcd-keyfile": str(pki / "etcd-client.key"),
        "bind-address": HOST,
        "advertise-address": HOST,
        "secure-port": str(layout.ports["api"]),
        "tls-cert-file": str(pki / "server.crt"),
        "tls-private-key-file": str(pki / "server.key"),
        "client-ca-file": str(pki / "ca.crt"),
        "service-account-key-file": str(pki / "service-accounts.pub"),
        "service-account-signing-key-file": str(pki / "service-accounts.key"),
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-cluster-ip-range": "10.0.0.0/16",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        # Pods of a cluster that allows privileged ones meet Pod Security, not a switch of the server.
        "allow-privileged": "true",
        "endpoint-reconciler-type": "none",
        "profiling": "false",
    }
    return Server("kube-apiserver", _command(programs, ("control-plane", "kube-apiserver"), flags))


def controllers(programs: Programs, layout: Layout) -> Iterator[Server]:
    """The controller manager, the scheduler and the simulator of nodes."""
    pki = layout.pki
    manager, scheduler = "kube-controller-manager", "kube-scheduler"
    port = layout.ports["controllers"]
    flags = _enters(layout, manager) | {
        "secure-port": str(port),
        "service-account-private-key-file": str(pki / "service-accounts.key"),
        "root-ca-file": str(pki / "ca.crt"),
        "cluster-signing-cert-file": str(pki / "ca.crt"),
        "cluster-signing-key-file": str(pki / "ca.key"),
        "use-service-account-credentials": "true",
    }
    yield Server(manager, _command(programs, ("control-plane", manager), flags), f"https://{HOST}:{port}/healthz")
    port = layout.ports["scheduler"]
    flags = _enters(layout, scheduler) | {"secure-port": str(port)}
    yield Server(scheduler, _command(programs, ("control-plane", scheduler), flags), f"https://{HOST}:{port}/healthz")
    flags = {
        "kubeconfig": str(layout.kubeconfig()),
        "config": str(layout.folder / "stages.yaml"),
        "manage-all-nodes": "true",
        "node-ip": HOST,
        "cidr": "10.244.0.0/16",
        "node-port": "0",
        "server-address": f"{HOST}:{layout.ports['simulator']}",
        "node-lease-duration-seconds": "40",
    }
    yield Server("node-simulator", _command(programs, ("kwok",), flags))


def _enters(layout: Layout, name: str) -> dict[str, str]:
    own = str(layout.kubeconfig(name))
    return {
        "kubeconfig": own,
        "authentication-kubeconfig": own,
        "authorization-kubeconfig": own,
        "bind-address": HOST,
        "leader-elect": "false",
    }


def _command(programs: Programs, start: Sequence[str], flags: Mapping[str, str]) -> list[str]:
    program, *rest = start
    return [str(programs.path(program)), *rest, *(f"--{name}={value}" for name, value in flags.items())]
