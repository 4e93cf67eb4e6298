"""`nereus render`: the same twice, in order, refused whole when something is wrong."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nereus import secrets
from nereus.errors import BadInput
from nereus.home import Home
from nereus.kubernetes import catalogue
from nereus.kubernetes.render import Rendered
from nereus.kubernetes.secrets import manifests, used_by
from tests.unit.kubernetes.conftest import DECLARED, HOSTS, edited, rendered


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_platform_is_rendered_the_same(platforms: dict[str, Rendered]) -> None:
    found = platforms["three"]
    before = contents(found.out)
    rendered(found.out.parent, DECLARED["three"])
    assert contents(found.out) == before


def test_steps_stand_in_the_order_of_what_needs_what(platforms: dict[str, Rendered]) -> None:
    steps = YAML(typ="safe").load(platforms["three"].out / "steps.yaml")
    names = [step["step"] for step in steps]
    assert names == ["foundation", "secrets", "volumes", "charts", "infrastructure", "setup", "access", "apps"]
    charts = {chart["name"]: chart for step in steps for chart in step.get("charts", ())}
    assert charts["seaweedfs"]["namespace"] == "nereus-storage"
    assert all(chart["version"] and (platforms["three"].out / chart["values"]).exists() for chart in charts.values())


def test_clients_reach_the_warehouse_only_after_its_users_have_passwords(platforms: dict[str, Rendered]) -> None:
    out = platforms["three"].out
    early = (out / "infrastructure/foundation/generated.yaml").read_text("utf-8")
    policies = [one for one in YAML(typ="safe").load_all(early) if one["kind"] == "NetworkPolicy"]
    frontends = next(one for one in policies if one["metadata"]["name"] == "doris-fe")
    clients = {
        peer["podSelector"]["matchLabels"].get("nereus/component")
        for rule in frontends["spec"]["ingress"]
        if {"port": 9030, "protocol": "TCP"} in rule["ports"]
        for peer in rule["from"]
    }
    assert clients == {"doris-fe", "doris-be", "warehouse-setup", None}  # None: the operator, by its chart's labels
    late = (out / "infrastructure/access/generated.yaml").read_text("utf-8")
    assert "superset-web" in late
    assert "jupyterhub-notebook" in late


def test_overlays_follow_the_number_of_machines(platforms: dict[str, Rendered]) -> None:
    overlays = {name: platforms[name].overlay for name in DECLARED}
    assert overlays == {"one": "small", "three": "ha", "five": "ha", "existing": "ha"}
    frontends = {name: platforms[name].sized.frontends for name in DECLARED}
    assert frontends == {"one": 1, "three": 3, "five": 3, "existing": 3}
    assert platforms["five"].sized.backends == 5


@pytest.mark.parametrize("year", [0, 3, 5])
def test_every_year_of_the_plan_can_be_rendered(tmp_path: Path, kubectl: Path, year: int) -> None:
    found = rendered(tmp_path, DECLARED["five"], year=year)
    assert found.sized.year.year == year
    assert found.schedule.pending == ()


def test_later_years_ask_for_larger_volumes(tmp_path: Path, platforms: dict[str, Rendered]) -> None:
    first = rendered(tmp_path, DECLARED["five"], year=0).sized.demands["doris-be"].volumes["data"]
    assert first < platforms["five"].sized.demands["doris-be"].volumes["data"]


def test_one_machine_too_few_is_predicted_and_refused_with_the_number_that_would_do(tmp_path: Path) -> None:
    few = HOSTS + "data: {raw_tb: 1.0}\nmachines: {nodes: 3, cores: 13, memory_gb: 128, nvme_tb: 4, hdd_tb: 16}\n"
    with pytest.raises(BadInput) as refused:
        rendered(tmp_path, few)
    assert "the plan's 3 machines do not take every pod" in str(refused.value)
    assert "not enough cpu" in str(refused.value)
    assert "Write machines.nodes: 4" in str(refused.value)
    assert not (tmp_path / "out").exists()
    rendered(tmp_path, few.replace("nodes: 3", "nodes: 4"))


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with pytest.raises(BadInput, match="did not write"):
        rendered(tmp_path, DECLARED["three"])
    assert (tmp_path / "out" / "thesis.tex").read_text() == "mine"


def test_a_refused_platform_leaves_what_was_rendered_before(tmp_path: Path, kubectl: Path) -> None:
    source = tmp_path / "k8s"
    shutil.copytree(catalogue.SOURCE, source, ignore=shutil.ignore_patterns("sim"))
    rendered(tmp_path, DECLARED["one"], source=source)
    before = contents(tmp_path / "out")
    with (
        edited(source / "apps/portal/base/portal.yaml", "${images.portal}", "portal:latest"),
        pytest.raises(BadInput, match="no fixed version"),
    ):
        rendered(tmp_path, DECLARED["one"], source=source)
    assert contents(tmp_path / "out") == before


def test_passwords_are_made_once_for_their_owner_alone_and_rotated_by_name(tmp_path: Path) -> None:
    rendered(tmp_path, DECLARED["one"])
    home, tables = Home(tmp_path / "home"), catalogue.read()
    first = {one["metadata"]["name"]: one["stringData"] for one in manifests(tables, home, frozenset())}
    again = {one["metadata"]["name"]: one["stringData"] for one in manifests(tables, home, frozenset())}
    assert first == again
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in home.secrets.iterdir())
    secrets.rotate(home, "warehouse-root")
    rotated = {one["metadata"]["name"]: one["stringData"] for one in manifests(tables, home, frozenset())}
    assert rotated["doris-root"]["password"] != first["doris-root"]["password"]
    assert rotated["warehouse-setup"]["root_previous"] == first["warehouse-setup"]["root"]
    assert "nereus-warehouse/doris-root" in used_by(tables, "warehouse-root")


def test_a_rotated_password_gives_the_setup_job_another_name(tmp_path: Path) -> None:
    before = rendered(tmp_path, DECLARED["one"]).steps[5]["wait_for_job"]
    secrets.rotate(Home(tmp_path / "home"), "warehouse-portal")
    assert rendered(tmp_path, DECLARED["one"]).steps[5]["wait_for_job"] != before


def test_four_buckets_have_four_keys_and_none_opens_another(platforms: dict[str, Rendered]) -> None:
    home = Home(platforms["three"].out.parent / "home")
    secret = next(
        one for one in manifests(catalogue.read(), home, frozenset()) if one["metadata"]["name"] == "object-store"
    )
    identities = YAML(typ="safe").load(secret["stringData"]["seaweedfs_s3_config"])["identities"]
    assert {each["name"] for each in identities} == {"cold", "landing", "backup", "notebooks"}
    for each in identities:
        assert {action.partition(":")[2] for action in each["actions"]} == {each["name"]}
    assert len({each["credentials"][0]["secretKey"] for each in identities}) == 4
