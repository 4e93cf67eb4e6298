"""The tables of k8s/ agree with each other, with versions.yaml and with the pages made from them."""

from __future__ import annotations

import re

import pytest

from nereus.bundle.items import OWN_REGISTRY
from nereus.kubernetes import catalogue, diagram
from nereus.kubernetes.quantities import bytes_text, cpu_text, in_bytes, millicores
from nereus.paths import PROJECT

TABLES = catalogue.read()


def test_the_picture_is_the_one_of_the_policies() -> None:
    page = (PROJECT / "docs" / "kubernetes-flows.md").read_text("utf-8")
    assert page == diagram.page(TABLES), "run: python -m nereus.kubernetes.diagram > docs/kubernetes-flows.md"


def test_every_flow_says_why() -> None:
    assert all(flow.why for flow in TABLES.flows)


def test_every_component_is_spoken_of_by_a_flow() -> None:
    named = {end for flow in TABLES.flows for end in (flow.source, flow.target)}
    # The ingress and the store are named by what they are, wherever they stand.
    named |= {"traefik", "seaweedfs-s3"}
    # On the machine's own network, where policies do not reach.
    named |= {"node-exporter"}
    assert set(TABLES.components) <= named


def test_every_chart_has_values_and_a_pinned_version() -> None:
    folder = catalogue.SOURCE / "infrastructure" / "charts"
    used = {one.chart for one in TABLES.components.values() if one.chart}
    assert used == {path.stem for path in folder.glob("*.yaml")} == set(TABLES.charts)
    assert all(re.fullmatch(r"v?\d+\.\d+\.\d+", chart["version"]) for chart in TABLES.charts.values())


def test_charts_take_images_and_figures_from_their_homes() -> None:
    for path in (catalogue.SOURCE / "infrastructure" / "charts").glob("*.yaml"):
        text = path.read_text("utf-8")
        assert not re.search(r"\btag: *[\"']?v?\d", text), path.name
        assert "${resources." in text, path.name


def test_charts_take_an_image_s_digest_with_its_tag() -> None:
    """Own images, which no registry has, are the only ones without a digest."""
    for path in (catalogue.SOURCE / "infrastructure" / "charts").glob("*.yaml"):
        named = re.findall(r"\$\{image\.([a-z-]+)\.([a-z]+)\}", path.read_text("utf-8"))
        foreign = {name for name, _ in named if not TABLES.images[name].startswith(OWN_REGISTRY)}
        assert foreign == {name for name, part in named if part in ("digest", "sha", "pinned")}, path.name


def test_no_manifest_names_an_image_itself() -> None:
    offending = [
        path.name
        for path in (PROJECT / "k8s").rglob("*.yaml")
        if "sim" not in path.parts and re.search(r"^\s*-? *image(Name)?: (?!\$\{|\{)", path.read_text("utf-8"), re.M)
    ]
    assert offending == []


@pytest.mark.parametrize(("text", "thousandths"), [("250m", 250), ("2", 2000), ("0.5", 500), (1.5, 1500)])
def test_cores_are_read_as_kubernetes_reads_them(text: object, thousandths: int) -> None:
    assert millicores(text, "cpu") == thousandths
    assert millicores(cpu_text(thousandths), "cpu") == thousandths


@pytest.mark.parametrize(("text", "count"), [("1Gi", 2**30), ("512Mi", 2**29), ("1G", 10**9), (1024, 1024)])
def test_bytes_are_read_as_kubernetes_reads_them(text: object, count: int) -> None:
    assert in_bytes(text, "memory") == count


def test_bytes_are_written_whole() -> None:
    assert bytes_text(3 * 2**30) == "3Gi"
    assert bytes_text(2**30 + 1) == "1025Mi"
