"""TARGET=hosts and vms from end to end with the edges faked: Ansible, helm and the cluster are told and noted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nereus.ansible.inventory import AGENTS, SERVERS, Host, Inventory
from nereus.ansible.playbook import Outcome, Playbooks
from nereus.bundle.check import MANIFEST
from nereus.bundle.items import OWN_REGISTRY
from nereus.config import Platform, load
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.kubernetes import catalogue, checks
from nereus.kubernetes.render import Rendered, render
from nereus.machines.front import Machines
from nereus.provision import cargo, cluster, hosts, on_machines, vms, way_in
from tests.unit.programs import asked, program

IMAGES = catalogue.read().images
OWN = sorted(each for each in IMAGES.values() if each.startswith(OWN_REGISTRY))
CHARTS = catalogue.read().charts
DECLARED = (
    "data: {raw_tb: 1.0}\nmachines: {nodes: 3, cores: 24, memory_gb: 192, nvme_tb: 4, hdd_tb: 16}\n"
    "hosts: {inventory: mine.yaml}\nvms: {uri: lab, host_memory_gb: 900, host_nvme_tb: 60}\n"
)
ANSWERS = """
if sys.argv[1] == "version":
    print("v3.19.0")
    sys.exit()
"""
PULL = """
given = dict(zip(sys.argv, sys.argv[1:]))
name, version = sys.argv[2], given["--version"]
pathlib.Path(given["--destination"], f"{name}-{version}.tgz").write_text("a chart")
"""


@dataclass
class Edges:
    """What the fakes were asked, and what they give."""

    config: Path
    platform: Platform
    home: Home
    bundle: Path
    helm: Path
    played: list[Mapping[str, Any]] = field(default_factory=list)
    filled: list[tuple[Path, Path, Any, str]] = field(default_factory=list)
    settings: dict[str, int] = field(default_factory=lambda: {"node-1": 12, "node-2": 12, "node-3": 0})
    objects: list[str] = field(default_factory=lambda: ["DorisCluster nereus-warehouse/warehouse"])
    broken: Exception | None = None
    said: list[str] = field(default_factory=list)

    def provision(self) -> list[str]:
        return hosts.provision(self.config, self.platform, self.home, self.said.append)

    def inventory(self, machines: int = 3, more: str = "") -> None:
        key = self.config.with_name("key")
        key.touch(0o600)
        listed = "".join(
            f"        node-{number}: {{ansible_host: 192.0.2.{number}, data_disks_disks: "
            f"[{{serial: h{number}, tier: hot, gib: 1}}, {{serial: i{number}, tier: hot, gib: 1}}]}}\n"
            for number in range(1, machines + 1)
        )
        self.config.with_name("mine.yaml").write_text(
            f"all:\n  vars:\n    ansible_ssh_private_key_file: {key}\n    k3s_artefacts_folder: {self.bundle}\n{more}"
            f"  children:\n    k3s_servers:\n      hosts:\n{listed}",
            "utf-8",
        )


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """What every test but one renders. It is looked at elsewhere, with a kubectl that can build it."""
    folder = tmp_path_factory.mktemp("rendered")
    (folder / "platform.yaml").write_text("platform: {target: hosts}\n" + DECLARED, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "kubectl", lambda: None)
        return render(load(folder / "platform.yaml"), Home(folder / "home").create(), folder / "out")


@pytest.fixture
def edges(tmp_path: Path, rendered: Rendered, monkeypatch: pytest.MonkeyPatch) -> Edges:
    config = tmp_path / "platform.yaml"
    config.write_text("platform: {target: hosts}\n" + DECLARED, "utf-8")
    programs = tmp_path / "bin"
    program(programs, "kubectl")
    made = Edges(
        config, load(config), Home.beside(config), tmp_path / "bundle", program(programs, "helm", ANSWERS + PULL)
    )
    made.inventory()
    bundled(made.bundle, OWN)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(on_machines, "render", lambda *_, **__: rendered)
    monkeypatch.setattr(Playbooks, "run", _run(made))
    monkeypatch.setattr(cluster, "installer", _installer(made))
    return made


def _run(edges: Edges) -> Callable[..., Outcome]:
    def run(books: Playbooks, name: str, tell: object, *, variables: Mapping[str, Any]) -> Outcome:
        assert name == "site"
        edges.played.append(variables)
        Path(variables["k3s_server_kubeconfig"]).write_text("server: https://192.0.2.1:6443\n", "utf-8")
        return Outcome(Path("log"), changed=dict(edges.settings))

    return run


def _installer(edges: Edges) -> Callable[..., Any]:
    class Installer:
        def run(self, tell: object) -> list[str]:
            if edges.broken:
                raise edges.broken
            return list(edges.objects)

    def installer(platform: Platform, home: Home, path: Path, kubectl: str, helm: str, charts: Path, disks: Any) -> Any:
        edges.filled.append((path, charts, disks, platform.platform.target))
        return Installer()

    return installer


def bundled(folder: Path, references: list[str], charts: bool = False) -> None:
    """A bundle that holds an archive for each of these images."""
    names = {reference: name for name, reference in IMAGES.items()}
    (folder / "images").mkdir(parents=True, exist_ok=True)
    files = []
    for reference in references:
        path = f"images/{names[reference]}.tar"
        (folder / path).write_text(reference, "utf-8")
        digest = hashlib.sha256(reference.encode()).hexdigest()
        files.append({"path": path, "part": "images", "name": "", "origin": reference, "sha256": digest, "bytes": 1})
    (folder / MANIFEST).write_text(json.dumps({"files": files}), "utf-8")
    if charts:
        (folder / "charts").mkdir()
        for name, chart in CHARTS.items():
            (folder / "charts" / f"{name}-{chart['version']}.tgz").write_text("from the bundle", "utf-8")


def fetched(edges: Edges) -> list[list[str]]:
    """What helm was asked to fetch."""
    return [words for words in asked(edges.helm) if words[0] == "pull"]


def test_one_command_goes_from_an_inventory_to_the_platform(edges: Edges) -> None:
    changes = edges.provision()
    assert changes == ["node-1: 12 settings", "node-2: 12 settings", "DorisCluster nereus-warehouse/warehouse"]
    (played,) = edges.played
    archives = {each["file"]: each["sha256"] for each in played["k3s_artefacts_images"]}
    assert archives["images/portal.tar"] == hashlib.sha256(IMAGES["portal"].encode()).hexdigest()
    assert len(archives) == len(OWN)
    ((path, charts, disks, target),) = edges.filled
    assert path == way_in.kubeconfig(edges.home)
    assert disks["node-2"] == {"hot": ["/srv/nereus/hot/0/data", "/srv/nereus/hot/1/data"]}
    assert {each.name for each in charts.iterdir()} == {f"{name}-{one['version']}.tgz" for name, one in CHARTS.items()}
    assert target == "hosts"
    assert any("images are not in the bundle: the machines will ask" in each for each in edges.said)


def test_a_second_run_changes_nothing_and_fetches_no_chart_again(edges: Edges) -> None:
    edges.provision()
    pulled = len(fetched(edges))
    assert pulled == len(CHARTS)
    edges.settings, edges.objects = dict.fromkeys(edges.settings, 0), []
    assert edges.provision() == []
    assert len(fetched(edges)) == pulled


def test_a_run_that_failed_in_the_cluster_goes_on_from_there(edges: Edges) -> None:
    edges.broken = Failure("kubectl apply failed: the server is starting")
    with pytest.raises(Failure, match="the server is starting"):
        edges.provision()
    edges.broken, edges.settings = None, dict.fromkeys(edges.settings, 0)
    assert edges.provision() == ["DorisCluster nereus-warehouse/warehouse"]
    assert len(edges.played) == 2


def test_charts_of_the_bundle_are_taken_and_nobody_is_asked(edges: Edges) -> None:
    bundled(edges.bundle, OWN, charts=True)
    edges.provision()
    assert fetched(edges) == []
    ((_, charts, _, _),) = edges.filled
    assert {each.read_text() for each in charts.iterdir()} == {"from the bundle"}


def test_images_that_no_registry_has_are_refused_together_before_a_machine_is_touched(edges: Edges) -> None:
    bundled(edges.bundle, OWN[2:])
    with pytest.raises(BadInput) as refused:
        edges.provision()
    assert f"lacks images that no public registry has: {OWN[0]}, {OWN[1]}." in str(refused.value)
    assert "make images" in str(refused.value)
    assert edges.played == edges.filled == []


def test_an_archive_that_the_manifest_names_and_nobody_has_is_missing(edges: Edges) -> None:
    next((edges.bundle / "images").glob("portal.tar")).unlink()
    with pytest.raises(BadInput, match="nereus/portal"):
        edges.provision()


def test_a_registry_of_ones_own_may_have_them_instead(edges: Edges) -> None:
    bundled(edges.bundle, [])
    registry = OWN_REGISTRY.rstrip("/")
    edges.inventory(more=f'    registries_mirrors: {{{registry}: {{endpoint: ["https://registry.example.com"]}}}}\n')
    edges.provision()
    assert edges.played[0]["k3s_artefacts_images"] == []


def test_charts_that_nobody_has_are_refused_together_before_a_machine_is_touched(edges: Edges) -> None:
    program(edges.helm.parent, "helm", ANSWERS + "sys.exit('Error: looks like nobody answers')")
    with pytest.raises(BadInput) as refused:
        edges.provision()
    for name in CHARTS:
        assert f"the chart {name} " in str(refused.value)
    assert "Error: looks like nobody answers" in str(refused.value)
    assert "helm pull traefik --version" in str(refused.value)
    assert edges.played == edges.filled == []


def test_a_chart_with_another_checksum_than_the_pinned_one_is_refused(edges: Edges) -> None:
    pinned = {"name": "traefik", "version": "1.0.0", "repository": "https://charts.example.com", "sha256": "0" * 64}
    with pytest.raises(BadInput, match=r"chart traefik 1\.0\.0 has SHA-256 .*; versions\.yaml says 0000"):
        cargo.gather({}, [pinned], edges.home, None, str(edges.helm))
    assert list((edges.home.cache / "charts").iterdir()) == []


@pytest.mark.parametrize("missing", ["kubectl", "helm"])
def test_a_missing_program_is_refused_before_a_machine_is_touched(edges: Edges, missing: str) -> None:
    (edges.helm.parent / missing).unlink()
    with pytest.raises(BadInput, match=f"{missing} is not installed here\n  Install"):
        edges.provision()
    assert edges.played == []


def test_a_helm_that_is_too_old_is_refused_before_a_machine_is_touched(edges: Edges) -> None:
    program(edges.helm.parent, "helm", "print('v3.12.3+g1234567')")
    with pytest.raises(BadInput, match=r"helm v3\.12\.3.*; at least v3\.13\.1 is needed\n  Install helm 3"):
        edges.provision()
    assert edges.played == []


def test_fewer_machines_than_planned_are_refused(edges: Edges) -> None:
    edges.inventory(machines=1)
    with pytest.raises(BadInput, match=r"the plan wants 3 machines; the inventory has 1 that run pods: node-1"):
        edges.provision()
    assert edges.played == []


def test_a_server_that_is_kept_free_of_pods_does_not_count(edges: Edges) -> None:
    edges.inventory(more="    k3s_server_workloads: false\n")
    with pytest.raises(BadInput, match="the inventory has 0 that run pods: none"):
        edges.provision()


def test_a_plan_that_does_not_fit_is_refused_before_a_machine_is_touched(
    edges: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_machines, "render", render)
    edges.config.write_text(
        "platform: {target: hosts}\n" + DECLARED.replace("cores: 24", "cores: 12").replace("900", "990"), "utf-8"
    )
    edges.platform = load(edges.config)
    with pytest.raises(BadInput, match="not enough cpu"):
        edges.provision()
    assert edges.played == []


def test_machines_of_ones_own_plan_are_made_first_and_then_filled(
    edges: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TARGET=vms on the command line, whatever platform.yaml says; Terraform is faked, too."""
    order: list[str] = []

    def made(self: Machines, rebuild: object) -> tuple[list[str], list[str]]:
        order.append("machines")
        assert not edges.played
        return ["+ machine node-1"], ["a note"]

    key = edges.config.with_name("key")
    disks = {"data_disks_disks": [{"serial": "h", "tier": "hot", "gib": 1}]}
    machines = [Host("node-1", SERVERS, disks), Host("node-2", AGENTS, {}), Host("node-3", AGENTS, {})]
    inventory = Inventory(tuple(machines), {"ansible_ssh_private_key_file": str(key)})
    monkeypatch.setattr(cargo, "BUNDLE", edges.bundle)
    monkeypatch.setattr(Machines, "provision", made)
    monkeypatch.setattr(vms, "_inventory", lambda machines, home: (edges.config, inventory))
    changes = vms.provision(edges.config, edges.platform, edges.home, edges.said.append)
    assert changes[0] == "machine node-1"
    assert changes[-1] == "DorisCluster nereus-warehouse/warehouse"
    assert order == ["machines"]
    ((_, _, folders, target),) = edges.filled
    assert (folders["node-1"], target) == ({"hot": ["/srv/nereus/hot/0/data"]}, "vms")


def test_nothing_is_made_by_terraform_while_something_is_missing(edges: Edges, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cargo, "BUNDLE", edges.bundle)
    monkeypatch.setattr(Machines, "provision", lambda *_: pytest.fail("machines were made"))
    bundled(edges.bundle, [])
    with pytest.raises(BadInput, match="no public registry has"):
        vms.provision(edges.config, edges.platform, edges.home, edges.said.append)


def test_the_declared_target_gives_way_to_the_one_on_the_command_line(edges: Edges) -> None:
    platform = on_machines.aimed(edges.platform, "vms")
    assert platform.platform.target == "vms"
    assert edges.platform.platform.target == "hosts"
    assert on_machines.aimed(platform, "vms") is platform
