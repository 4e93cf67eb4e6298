"""One cluster for the whole room: three servers and an agent, from test artefacts in a bundle."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Bundles:
    """The catalogue and the bundle of each version of the test artefact."""

    releases: dict[str, dict[str, Any]]
    folders: dict[str, Path]


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    """Made as people make theirs: from folders, by `nereus bundle`, with nothing fetched."""
    need("go", "gcc", "pkg-config")
    releases, folders = {}, {}
    with step("images and programs of the pods"):
        images = build.images()
    for version in build.VERSIONS:
        with step(f"test artefact: k3s {version}, built or from the cache"):
            files = {"binary": build.k3s(version), "installer": build.installer(version)}
        release: dict[str, Any] = {
            "version": build.release(version),
            **{name: {"file": f"k3s/{path.name}", "sha256": check.sha256(path)} for name, path in files.items()},
            "images": [{"file": f"k3s/{images.name}", "sha256": check.sha256(images)}],
        }
        wanted = items.declared({"k3s": release}, PROJECT / "locks", ["k3s"])
        folder = tmp_path_factory.mktemp(f"bundle-{version}")
        sources = sorted({path.parent for path in (*files.values(), images)})
        done = gather.make(wanted, ["k3s"], folder, sources, PROJECT / "locks", fetch=False, tell=lambda _: None)
        assert done.problems == []
        assert check.check(wanted, folder) == []
        releases[version], folders[version] = release, folder
    return Bundles(releases, folders)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, bundles: Bundles) -> Iterator[Lab]:
    """Four machines, bare."""
    need("podman", "runc", "mmdebstrap", "unshare", "nsenter", "ssh-keygen")
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
def tokens() -> dict[str, str]:
    return {"k3s_server_token": secrets.token_hex(16), "k3s_agent_token": secrets.token_hex(16)}


@pytest.fixture(scope="session")
def variables(bundles: Bundles, tokens: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What the inventory of each version says: the hardened defaults, and what the built k3s and containers need."""
    needs = {
        "pause-image": "registry.invalid/ci/pause:1",
        "flannel-cni-conf": "/etc/rancher/k3s/flannel-cni.conflist",
        # A container may not write nf_conntrack_max.
        "kube-proxy-arg": ["conntrack-max-per-core=0"],
    }
    return {
        version: {
            **tokens,
            "k3s_artefacts_folder": str(bundles.folders[version]),
            "k3s_artefacts_release": bundles.releases[version],
            "k3s_server_disable": ["coredns", "local-storage", "metrics-server", "servicelb", "traefik"],
            "k3s_server_config": {**needs, "disable-helm-controller": True},
            "k3s_server_environment": {"PATH": PATH},
            "k3s_agent_config": needs,
            "k3s_agent_environment": {"PATH": PATH},
        }
        for version in build.VERSIONS
    }


@pytest.fixture(scope="session")
def pinned() -> dict[str, Any]:
    """The release that users get."""
    release: dict[str, Any] = YAML(typ="safe").load(PROJECT / "versions.yaml")["k3s"]
    return release
