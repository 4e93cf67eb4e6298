"""What the doctor says of programs, the bundle and charts; kubectl, helm and publishers are stood in for."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests

from nereus.bundle.check import MANIFEST
from nereus.bundle.items import OWN_REGISTRY
from nereus.config import load
from nereus.errors import BadInput
from nereus.kubernetes import catalogue
from nereus.provision import doctor_cluster, programs
from tests.unit.programs import program
from tests.unit.provision.around import (
    MINOR,
    OWN,
    PINNED,
    VERSIONS,
    Around,
    digest,
    lacking,
    publisher,
    quiet,
    untouched,
)

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
        ("k3s/k3s", f"has SHA-256 {digest('other')}; expected {digest('k3s')}"),
        ("k3s/images.tar.zst", f"expected {digest('images.tar.zst')}"),
        ("images/portal.tar", f"the manifest says {digest(VERSIONS['images']['portal'])}"),
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
    monkeypatch.setattr(requests, "get", publisher(200))
    found = doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet)
    assert lacking(found) == []
    assert any("helm fetches it from https://traefik.github.io/charts" in each.detail for each in found)
    monkeypatch.setattr(requests, "get", publisher(0))
    (one,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert one.detail.endswith("no answer (ConnectTimeout)")


def test_a_chart_with_another_checksum_than_the_pinned_one_is_named_with_both(
    host: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.fill()
    charts = {name: {**chart, "sha256": digest("a chart")} for name, chart in VERSIONS["charts"].items()}
    charts["jupyterhub"]["sha256"] = digest("another")
    found = replace(catalogue.read(), charts=charts)
    monkeypatch.setattr(catalogue, "read", lambda *_: found)
    (one,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert f"has SHA-256 {digest('a chart')}; versions.yaml says {digest('another')}" in one.detail
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
