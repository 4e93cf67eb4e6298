"""One cluster for the whole room: three servers and an agent, from test artefacts in a bundle."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from nereus.bundle import check, gather, items
from nereus.paths import PROJECT
from nereus.provision import environments
from tests.infra.containers import Podman, cache, need
from tests.infra.k3s.artefact import build
from tests.infra.k3s.lab import NODE_PACKAGES, PATH, Lab
from tests.infra.steps import step

SERVERS, AGENTS = ("n1", "n2", "n3"), ("n4",)
OLD, NEW = build.VERSIONS


class Bundles(dict[str, tuple[Path, dict[str, Any]]]):
    """Version of the test artefact -> the bundle's folder and its catalogue, made when it is asked for.

    Made as people make theirs: from folders, by `nereus bundle`, with nothing fetched.
    """

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        super().__init__()
        self._factory = factory

    def __missing__(self, version: str) -> tuple[Path, dict[str, Any]]:
        with step(f"test artefact: k3s {version}, built or from the cache"):
            images = build.images()
            files = {"binary": build.k3s(version), "installer": build.installer(version)}
        release: dict[str, Any] = {
            "version": build.release(version),
            **{name: {"file": f"k3s/{path.name}", "sha256": check.sha256(path)} for name, path in files.items()},
            "images": [{"file": f"k3s/{images.name}", "sha256": check.sha256(images)}],
        }
        wanted = items.declared({"k3s": release}, PROJECT / "locks", ["k3s"])
        folder = self._factory.mktemp(f"bundle-{version}")
        sources = sorted({path.parent for path in (*files.values(), images)})
        done = gather.make(wanted, ["k3s"], folder, sources, PROJECT / "locks", fetch=False, tell=lambda _: None)
        assert done.problems == []
        assert check.check(wanted, folder) == []
        self[version] = (folder, release)
        return self[version]


class Variables(dict[str, dict[str, Any]]):
    """Version of the test artefact -> what the inventory says.

    Beside the hardened defaults it says only what the built k3s and containers need.
    """

    def __init__(self, bundles: Bundles) -> None:
        super().__init__()
        self._bundles = bundles
        self._tokens = {f"k3s_{kind}_token": secrets.token_hex(16) for kind in ("server", "agent")}

    def __missing__(self, version: str) -> dict[str, Any]:
        folder, release = self._bundles[version]
        needs = {
            "pause-image": "registry.invalid/ci/pause:1",
            "flannel-cni-conf": "/etc/rancher/k3s/flannel-cni.conflist",
            # A container may not write nf_conntrack_max.
            "kube-proxy-arg": ["conntrack-max-per-core=0"],
        }
        self[version] = {
            **self._tokens,
            "k3s_artefacts_folder": str(folder),
            "k3s_artefacts_release": release,
            "k3s_server_disable": ["coredns", "local-storage", "metrics-server", "servicelb", "traefik"],
            "k3s_server_config": {**needs, "disable-helm-controller": True},
            "k3s_server_environment": {"PATH": PATH},
            "k3s_agent_config": needs,
            "k3s_agent_environment": {"PATH": PATH},
        }
        return self[version]


@pytest.fixture(scope="session")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Variables:
    need("go", "gcc", "pkg-config")
    return Variables(Bundles(tmp_path_factory))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Four machines, bare."""
    need("podman", "runc", "mmdebstrap", "unshare", "nsenter", "ssh-keygen", "ip", "iptables", "nft")
    with step("environment of Ansible"):
        environments.ensure("infrastructure")
    folder = tmp_path_factory.mktemp("lab")
    helpers = folder / "helpers"
    helpers.mkdir()
    shutil.copy2(build.program("flannel"), helpers)
    podman = Podman(cache() / "k3s", folder / "podman" / "run")
    with podman.alone():
        with step("image of a machine"):
            image = podman.image(NODE_PACKAGES)
        with Lab(podman, image, folder, helpers) as started:
            with step("four machines"):
                for last, name in enumerate((*SERVERS, *AGENTS), start=11):
                    started.machine(name, last)
            yield started


@pytest.fixture(scope="session")
def pinned() -> dict[str, Any]:
    """The release that users get."""
    release: dict[str, Any] = YAML(typ="safe").load(PROJECT / "versions.yaml")["k3s"]
    return release
