"""What the doctor says of the way onto a cluster; kubectl, helm and the charts' publishers are stood in for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from click.testing import Result
from ruamel.yaml import YAML
from typer.testing import CliRunner

from nereus import cli
from nereus.ansible.inventory import SERVERS, Host, Inventory
from nereus.bundle.check import MANIFEST
from nereus.bundle.items import OWN_REGISTRY
from nereus.config import Platform, load
from nereus.errors import BadInput
from nereus.home import Home
from nereus.kubernetes import catalogue
from nereus.paths import PROJECT
from nereus.provision import cargo, cluster, doctor_cluster, programs
from nereus.provision.doctor import Finding
from tests.unit.programs import asked, program

MACHINES = "data: {raw_tb: 1.0}\nmachines: {nodes: 3, cores: 24, memory_gb: 192, nvme_tb: 4, hdd_tb: 16}\n"
CLUSTER = (
    "platform: {target: cluster}\ncluster: {kubeconfig: KUBECONFIG, storage_class: fast, ingress_class: nginx, "
    "existing: {ingress: {namespace: ingress-nginx}}}\n" + MACHINES
)
VERSIONS = YAML(typ="safe").load(PROJECT / "versions.yaml")
PINNED = str(VERSIONS["k3s"]["version"])
MINOR = int(PINNED.split(".")[1])
OWN = sorted(each for each in VERSIONS["images"].values() if each.startswith(OWN_REGISTRY))
HELM = 'print("v{}+g1234567")'
#: Answers as an API of version `server` does that denies `denied` and has the classes `fast` and `nginx`.
KUBECTL = """
words = [each for each in sys.argv[1:] if not each.startswith(("--request-timeout", "--cache-dir"))]
client, server, denied = {client!r}, {server!r}, {denied!r}
if "version" in words:
    said = {{"clientVersion": {{"gitVersion": client}}}}
    if "--client" not in words and server:
        said["serverVersion"] = {{"gitVersion": server}}
    print(json.dumps(said))
    if "--client" not in words and not server:
        sys.exit("noise\\nThe connection to the server 192.0.2.1:6443 was refused")
elif "can-i" in words:
    if words[words.index("create") + 1] in denied:
        print("no")
        sys.exit(1)
    print("yes")
elif "storageclass" in words:
    print("storageclass.storage.k8s.io/fast\\nstorageclass.storage.k8s.io/slow")
elif "ingressclass" in words:
    print("ingressclass.networking.k8s.io/nginx")
else:
    sys.exit("asked for something else: " + " ".join(words))
"""


class Around:
    """This host's programs, the bundle and the deployment's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin, self.bundle = folder, folder / "bin", folder / "bundle"
        self.config, self.home = folder / "platform.yaml", Home(folder / ".nereus")
        self.kubeconfig = folder / "kubeconfig"
        self.helm()
        self.kubectl()

    def helm(self, version: str = "3.19.0") -> Path:
        return program(self.bin, "helm", HELM.format(version))

    def kubectl(self, client: str = f"v1.{MINOR}.1", server: str = f"v1.{MINOR}.4+k3s1", denied: str = "") -> Path:
        return program(self.bin, "kubectl", KUBECTL.format(client=client, server=server, denied=denied))

    def cluster(self) -> Platform:
        self.kubeconfig.touch()
        self.config.write_text(CLUSTER.replace("KUBECONFIG", str(self.kubeconfig)), "utf-8")
        return load(self.config)

    def machines(self) -> Platform:
        self.config.write_text(f"platform: {{target: vms}}\nvms: {{host_memory_gb: 900, host_nvme_tb: 60}}\n{MACHINES}")
        return load(self.config)

    def inventory(self, **variables: Any) -> Inventory:
        variables = {"k3s_artefacts_folder": str(self.bundle), "k3s_artefacts_release": self.release(), **variables}
        return Inventory((Host("node-1", SERVERS, {"ansible_host": "192.0.2.1"}),), variables)

    def release(self) -> dict[str, Any]:
        """versions.yaml's release with the checksums of files that a test can make."""
        files = [{"file": f"k3s/{name}", "sha256": _digest(name)} for name in ("k3s", "install.sh", "images.tar.zst")]
        return {"version": PINNED, "binary": files[0], "installer": files[1], "images": [files[2]]}

    def fill(self) -> None:
        """A bundle with everything that belongs into it."""
        for folder in ("k3s", "images", "charts"):
            (self.bundle / folder).mkdir(parents=True)
        for name in ("k3s", "install.sh", "images.tar.zst"):
            (self.bundle / "k3s" / name).write_text(name)
        entries = []
        for name, reference in VERSIONS["images"].items():
            (self.bundle / "images" / f"{name}.tar").write_text(reference)
            entry = {"path": f"images/{name}.tar", "part": "images", "name": name, "origin": reference, "bytes": 1}
            entries.append({**entry, "sha256": _digest(reference)})
        (self.bundle / MANIFEST).write_text(json.dumps({"files": entries}))
        for name, chart in VERSIONS["charts"].items():
            (self.bundle / "charts" / f"{name}-{chart['version']}.tgz").write_text("a chart")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Around:
    made = Around(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    for name in ("KUBECONFIG", "NEREUS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cargo, "BUNDLE", made.bundle)
    monkeypatch.setattr(requests, "get", _publisher(404))
    return made


def _publisher(code: int) -> Callable[..., Any]:
    @contextmanager
    def get(url: str, **_: object) -> Iterator[SimpleNamespace]:
        if not code:
            raise requests.ConnectTimeout(url)
        yield SimpleNamespace(ok=code == 200, status_code=code)

    return get


def quiet(_: str) -> None:
    """Nobody listens."""


def lacking(found: list[Finding]) -> list[Finding]:
    assert all(each.fix for each in found if not each.ok)
    return [each for each in found if not each.ok]


def untouched(host: Around) -> bool:
    return not host.home.root.exists()


# What goes to machines


def test_a_host_with_everything_lacks_nothing_and_nothing_is_made(host: Around) -> None:
    host.fill()
    found = doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet)
    assert lacking(found) == []
    assert f"{len(VERSIONS['images'])} in the bundle, with their checksums" in {each.detail for each in found}
    assert [each.what for each in found].count("k3s") == 3
    assert [each.what for each in found].count("chart") == len(VERSIONS["charts"])
    assert untouched(host)


def test_without_a_bundle_every_file_is_named_with_its_checksum_and_where_it_is_had(host: Around) -> None:
    found = lacking(doctor_cluster.carried(host.machines(), host.home, None, quiet))
    release = VERSIONS["k3s"]
    for file in (release["binary"], release["installer"], *release["images"]):
        (one,) = [each for each in found if file["sha256"] in each.detail]
        assert f"{host.bundle / file['file']} is missing" in one.detail
        assert file["url"] in one.fix
    assert f"there is none at {host.bundle}" in {each.detail for each in found}
    (images,) = [each for each in found if each.what == "images"]
    assert all(reference in images.detail for reference in OWN)
    assert "make images" in images.fix
    charts = [each for each in found if each.what == "chart"]
    assert len(charts) == len(VERSIONS["charts"])
    assert all("it answers 404" in each.detail and "helm pull" in each.fix for each in charts)
    assert untouched(host)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("k3s/k3s", f"has SHA-256 {_digest('other')}; expected {_digest('k3s')}"),
        ("k3s/images.tar.zst", f"expected {_digest('images.tar.zst')}"),
        ("images/portal.tar", f"the manifest says {_digest(VERSIONS['images']['portal'])}"),
    ],
)
def test_a_file_with_another_checksum_is_named_with_both(host: Around, path: str, says: str) -> None:
    host.fill()
    (host.bundle / path).write_text("other")
    (found,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert str(host.bundle / path) in found.detail
    assert says in found.detail
    assert found.fix.startswith("Delete it")


def test_a_damaged_manifest_is_a_finding(host: Around) -> None:
    host.fill()
    (host.bundle / MANIFEST).write_text("{")
    (found,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert "manifest.json is damaged" in found.detail


def test_a_chart_that_was_fetched_before_or_whose_publisher_answers_is_not_lacking(
    host: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.fill()
    kept = host.home.create().cache / "charts"
    kept.mkdir()
    for archive in (host.bundle / "charts").glob("[c-s]*"):
        archive.rename(kept / archive.name)
    for archive in (host.bundle / "charts").iterdir():
        archive.unlink()
    monkeypatch.setattr(requests, "get", _publisher(200))
    found = doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet)
    assert lacking(found) == []
    assert any("helm fetches it from https://traefik.github.io/charts" in each.detail for each in found)
    monkeypatch.setattr(requests, "get", _publisher(0))
    (one,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert one.detail.endswith("no answer (ConnectTimeout)")


def test_a_chart_with_another_checksum_than_the_pinned_one_is_named_with_both(
    host: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.fill()
    charts = {name: {**chart, "sha256": _digest("a chart")} for name, chart in VERSIONS["charts"].items()}
    charts["jupyterhub"]["sha256"] = _digest("another")
    found = replace(catalogue.read(), charts=charts)
    monkeypatch.setattr(catalogue, "read", lambda *_: found)
    (one,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert f"has SHA-256 {_digest('a chart')}; versions.yaml says {_digest('another')}" in one.detail
    assert "jupyterhub-" in one.detail


def test_images_of_publishers_may_be_fetched_and_own_ones_come_from_your_registry(host: Around) -> None:
    host.fill()
    for archive in (host.bundle / "images").iterdir():
        archive.unlink()
    mirrors = {OWN_REGISTRY.rstrip("/"): {"endpoint": ["https://registry.example.com"]}}
    found = doctor_cluster.carried(host.machines(), host.home, host.inventory(registries_mirrors=mirrors), quiet)
    assert lacking(found) == []
    told = [each.detail for each in found if each.what == "images"]
    assert f"{len(OWN)} of the platform's own come from your registry" in told[0]
    assert "need a way out" in told[1]


def test_a_plan_whose_pods_find_no_place_is_a_finding(host: Around) -> None:
    platform = host.machines()
    host.config.write_text(host.config.read_text().replace("memory_gb: 192", "memory_gb: 64"))
    host.fill()
    (found,) = lacking(doctor_cluster.carried(load(host.config), host.home, host.inventory(), quiet))
    assert found.what == "plan"
    assert platform.machines.memory_gb == 192


# Programs


@pytest.mark.parametrize(
    ("version", "fit"),
    [
        ("3.13.1", True),
        ("3.22", True),
        ("3.13", False),
        ("3.13.0", False),
        ("3.9.4", False),
        ("2.17.0", False),
        ("4.0.1", True),
    ],
)
def test_helm_has_to_be_new_enough(host: Around, version: str, fit: bool) -> None:
    host.helm(version)
    found = programs.helm()
    assert found.ok is fit
    assert f"v{version}+g1234567" in found.detail
    assert "at least v3.13.1 is needed" in found.detail
    if fit:
        programs.require()
    else:
        with pytest.raises(BadInput, match=r"helm v.* is needed\n  Install helm 3"):
            programs.require()


@pytest.mark.parametrize(("minor", "fit"), [(MINOR - 2, False), (MINOR - 1, True), (MINOR + 1, True), (99, False)])
def test_kubectl_has_to_be_within_one_minor_of_what_the_machines_get(host: Around, minor: int, fit: bool) -> None:
    host.kubectl(client=f"v1.{minor}.0")
    found = programs.kubectl(programs.version(PINNED), f"k3s {PINNED}")
    assert found.ok is fit
    assert f"v1.{MINOR - 1} to v1.{MINOR + 1} go with k3s {PINNED}" in found.detail


@pytest.mark.parametrize("name", ["kubectl", "helm"])
def test_a_missing_program_is_a_finding(host: Around, name: str) -> None:
    host.fill()
    (host.bin / name).unlink()
    (found,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert (found.what, found.detail, found.fix) == (name, "is not installed here", programs.GET[name])


@pytest.mark.parametrize("name", ["kubectl", "helm"])
def test_a_program_that_says_nonsense_or_cannot_run_is_a_finding(host: Around, name: str) -> None:
    host.fill()
    for body in ("print('what?')", "sys.exit('broken')"):
        program(host.bin, name, body)
        (found,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
        assert found.what == name
    (host.bin / name).write_bytes(b"\x7fELF no program")
    (found,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert found.what == name


# A cluster that is there


def test_a_cluster_that_has_all_lacks_nothing_and_is_only_asked(host: Around) -> None:
    host.fill()
    found = doctor_cluster.examine(host.cluster(), host.home, quiet)
    assert lacking(found) == []
    assert f"Kubernetes v1.{MINOR}.4+k3s1 answers ({host.kubeconfig})" in {each.detail for each in found}
    reading = {"version", "auth", "get"}
    assert {words[words.index("--request-timeout=10s") + 1] for words in asked(host.bin / "kubectl")} == reading
    assert {words[1] for words in asked(host.bin / "kubectl")} == {str(host.kubeconfig)}
    # The cluster's own ingress is used, so that chart is not asked for.
    assert not any("traefik" in each.detail for each in found)
    assert untouched(host)


def test_a_kubeconfig_that_is_not_there_is_named(host: Around) -> None:
    host.fill()
    platform = host.cluster()
    host.kubeconfig.unlink()
    (found,) = lacking(doctor_cluster.examine(platform, host.home, quiet))
    assert (found.what, found.detail) == ("kubeconfig", f"there is no file {host.kubeconfig}")
    assert "cluster.kubeconfig" in found.fix


def test_an_api_that_does_not_answer_is_said_in_kubectls_words(host: Around) -> None:
    host.fill()
    host.kubectl(server="")
    (found,) = lacking(doctor_cluster.examine(host.cluster(), host.home, quiet))
    assert found.what == "kubeconfig"
    assert found.detail.endswith("no API that answers: The connection to the server 192.0.2.1:6443 was refused")
    assert f"kubectl --kubeconfig {host.kubeconfig} version" in found.fix


def test_without_kubectl_the_cluster_is_not_asked(host: Around) -> None:
    host.fill()
    (host.bin / "kubectl").unlink()
    (found,) = lacking(doctor_cluster.examine(host.cluster(), host.home, quiet))
    assert (found.what, found.detail) == ("kubectl", "is not installed here")


def test_kubectl_has_to_be_within_one_minor_of_the_cluster(host: Around) -> None:
    host.fill()
    host.kubectl(server=f"v1.{MINOR - 3}.0")
    (found,) = lacking(doctor_cluster.examine(host.cluster(), host.home, quiet))
    assert found.what == "kubectl"
    assert "go with this cluster" in found.detail


def test_who_may_not_administer_the_cluster_is_told_what_is_denied(host: Around) -> None:
    host.fill()
    host.kubectl(denied="namespaces clusterroles.rbac.authorization.k8s.io")
    (found,) = lacking(doctor_cluster.examine(host.cluster(), host.home, quiet))
    assert found.detail == "it may not make namespaces, clusterroles.rbac.authorization.k8s.io"
    assert "cluster-admin" in found.fix


def test_classes_that_the_cluster_does_not_have_are_named_beside_those_it_has(host: Around) -> None:
    host.fill()
    host.cluster()
    host.config.write_text(host.config.read_text().replace("class: fast", "class: rapid").replace("nginx,", "haproxy,"))
    storage, ingress = lacking(doctor_cluster.examine(load(host.config), host.home, quiet))
    assert storage.detail == "cluster.storage_class is rapid; the cluster has fast, slow"
    assert ingress.detail == "cluster.ingress_class is haproxy; the cluster has nginx"


def test_another_declared_target_is_a_finding(host: Around) -> None:
    (found,) = doctor_cluster.examine(host.machines(), host.home, quiet)
    assert "platform.target is vms" in found.detail
    assert "{target: cluster}" in found.fix


# By the front door


def _said(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["doctor", *words])


def test_the_command_ends_with_one_where_something_lacks(host: Around) -> None:
    host.fill()
    host.cluster()
    assert _said("--config", str(host.config)).exit_code == 0
    (host.bin / "helm").unlink()
    said = _said("--config", str(host.config))
    assert said.exit_code == 1
    assert "lack helm       is not installed here\n                Install helm 3" in said.output
    assert untouched(host)


def test_a_target_that_does_not_exist_is_refused(host: Around) -> None:
    host.cluster()
    said = _said("--config", str(host.config), "--target", "clusters")
    assert isinstance(said.exception, BadInput)
    assert "expected one of local, vms, hosts, cluster" in said.exception.message


# What provisioning a cluster takes from the bundle


def test_a_clusters_charts_come_from_the_bundle(host: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    host.fill()
    filled: list[Path] = []

    def installer(platform: Platform, home: Home, path: Path, kubectl: str, helm: str, charts: Path) -> Any:
        assert path == host.kubeconfig
        filled.append(charts)
        return SimpleNamespace(run=lambda _: ["Namespace nereus-warehouse"])

    monkeypatch.setattr(cluster, "installer", installer)
    assert cluster.provision(host.config, host.cluster(), host.home, quiet) == ["Namespace nereus-warehouse"]
    wanted = {f"{name}-{one['version']}.tgz" for name, one in catalogue.read().charts.items() if name != "traefik"}
    assert {each.name for each in filled[0].iterdir()} == wanted
    assert [words[0] for words in asked(host.bin / "helm")] == ["version"]


def test_a_cluster_without_its_kubeconfig_is_refused_before_a_chart_is_fetched(host: Around) -> None:
    platform = host.cluster()
    host.kubeconfig.unlink()
    with pytest.raises(BadInput, match="there is no kubeconfig"):
        cluster.provision(host.config, platform, host.home, quiet)
    assert untouched(host)
