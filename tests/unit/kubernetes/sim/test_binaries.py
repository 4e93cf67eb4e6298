"""What the simulated cluster is built from is pinned, and its checksums are there."""

from __future__ import annotations

import re

from nereus.kubernetes.sim import binaries
from nereus.kubernetes.standins import definitions


def test_every_program_comes_from_a_module_that_is_pinned_with_its_checksum() -> None:
    text = (binaries.MODULE / "go.mod").read_text("utf-8")
    sums = (binaries.MODULE / "go.sum").read_text("utf-8")
    required = dict(re.findall(r"^\s*(?:require )?([a-z0-9.]+\.[a-z]+/\S+) (v[0-9]\S+)", text, re.M))
    for package in binaries.PROGRAMS.values():
        if package != ".":
            module = max((each for each in required if f"{package}/".startswith(f"{each}/")), key=len)
            assert f"{module} {required[module]} h1:" in sums


def test_all_parts_of_kubernetes_are_of_one_version() -> None:
    text = (binaries.MODULE / "go.mod").read_text("utf-8")
    wanted = "v0" + binaries.kubernetes_version().removeprefix("v1")
    replaced = re.findall(r"^\s*k8s\.io/\S+ => k8s\.io/\S+ (v\S+)", text, re.M)
    assert len(replaced) > 20
    assert set(replaced) == {wanted}


def test_definitions_are_of_the_version_of_the_image_that_is_installed() -> None:
    found = {each.module.rsplit("/", 1)[1]: each.version for each in definitions.modules()}
    assert set(found) == {"cert-manager", "cloudnative-pg", "prometheus-operator"}
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", version) for version in found.values())
