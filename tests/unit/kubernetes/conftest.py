"""Platforms rendered once: of one, three and five machines, and for a cluster that has things already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nereus.config import load
from nereus.home import Home
from nereus.kubernetes import checks
from nereus.kubernetes.render import Rendered, render
from tests.conftest import not_run

MACHINES = "cores: 24, memory_gb: 192, nvme_tb: 4, hdd_tb: 16"
HOSTS = "platform: {target: hosts}\nhosts: {inventory: mine.yaml}\n"
DECLARED = {
    "one": HOSTS + "data: {raw_tb: 0.5, replicas: 1}\n"
    "machines: {nodes: 1, cores: 32, memory_gb: 256, nvme_tb: 8, hdd_tb: 16}\n",
    "three": HOSTS + f"data: {{raw_tb: 1.0}}\nmachines: {{nodes: 3, {MACHINES}}}\n",
    "five": HOSTS + f"data: {{raw_tb: 2.0}}\nmachines: {{nodes: 5, {MACHINES}}}\n",
    "existing": "platform: {target: cluster}\n"
    "cluster:\n  kubeconfig: ~/.kube/config\n  storage_class: fast\n  ingress_class: nginx\n"
    "  node_labels: {pool: data}\n"
    "  existing:\n    ingress: {namespace: ingress-nginx}\n    certificates: {issuer: company-ca}\n"
    "    monitoring: {namespace: observability}\n"
    '    object_store: {endpoint: "https://s3.example.com:9000", cidr: 10.0.3.0/24}\n'
    f"data: {{raw_tb: 1.0}}\nmachines: {{nodes: 3, {MACHINES}}}\nkubernetes: {{domain: data.example.com}}\n",
}


def rendered(folder: Path, declared: str, *, year: int | None = None, source: Path | None = None) -> Rendered:
    """The platform that a declaration gives, in `folder`/out."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "platform.yaml").write_text(declared, "utf-8")
    home = Home(folder / "home").create()
    more = {} if source is None else {"source": source}
    return render(load(folder / "platform.yaml"), home, folder / "out", year=year, **more)


@pytest.fixture(scope="session")
def kubectl() -> Path:
    """Whatever builds kustomizations on this machine."""
    found = checks.kubectl()
    if found is None:
        not_run("manifests are not built", "run: make cluster-sim, which builds kubectl")
    return found


class Platforms(dict[str, Rendered]):
    """Every declared platform, rendered and checked when it is first asked for."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        super().__init__()
        self._factory = factory

    def __missing__(self, name: str) -> Rendered:
        self[name] = found = rendered(self._factory.mktemp(name), DECLARED[name])
        return found


@pytest.fixture(scope="session")
def platforms(tmp_path_factory: pytest.TempPathFactory, kubectl: Path) -> Platforms:
    return Platforms(tmp_path_factory)


@contextmanager
def edited(path: Path, old: str, new: str) -> Iterator[None]:
    """A file with one text replaced; as it was afterwards."""
    before = path.read_text("utf-8")
    assert before.count(old) >= 1, f"{path.name} does not hold {old!r}"
    path.write_text(before.replace(old, new, 1), "utf-8")
    try:
        yield
    finally:
        path.write_text(before, "utf-8")
