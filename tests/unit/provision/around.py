"""A host with stand-ins for kubectl, helm and the charts' publishers, a bundle, and the folder of a deployment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import requests
from ruamel.yaml import YAML

from nereus.ansible.inventory import SERVERS, Host, Inventory
from nereus.bundle.check import MANIFEST
from nereus.bundle.items import OWN_REGISTRY
from nereus.config import Platform, load
from nereus.home import Home
from nereus.paths import PROJECT
from nereus.provision.doctor import Finding
from tests.unit.programs import program

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
        files = [{"file": f"k3s/{name}", "sha256": digest(name)} for name in ("k3s", "install.sh", "images.tar.zst")]
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
            entries.append({**entry, "sha256": digest(reference)})
        (self.bundle / MANIFEST).write_text(json.dumps({"files": entries}))
        for name, chart in VERSIONS["charts"].items():
            (self.bundle / "charts" / f"{name}-{chart['version']}.tgz").write_text("a chart")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def publisher(code: int) -> Callable[..., Any]:
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
