"""The pages, run as Streamlit runs them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from nereus import sizing, verdicts
from nereus.bench import mixed, results
from nereus.cases import Case
from nereus.config import load
from nereus.costs.compare import compare
from nereus.insight import language
from nereus.paths import PORTAL
from tests.unit.insight.deployed import Deployed
from tests.unit.portal.shown import tables, texts

Visit = Callable[..., AppTest]
PAGES = sorted(path.stem for path in (PORTAL / "pages").glob("[a-z]*.py"))


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("code", language.CODES)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_stands_without_a_warehouse(name: str, code: str, visit: Visit) -> None:
    shown = visit(name, code)
    assert not shown.exception
    assert not shown.error
    assert shown.title[0].value == language.of(code)(f"pages.{name}")


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("code", language.CODES)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_stands_with_a_warehouse(name: str, code: str, visit: Visit) -> None:
    shown = visit(name, code)
    assert not shown.exception
    assert not shown.error
    said = language.of(code)("frame.last_known").partition("{")[0]
    assert not [box.value for box in shown.warning if box.value.startswith(said)]


@pytest.mark.usefixtures("config")
def test_the_switch_changes_the_language_of_the_page_and_its_address(visit: Visit) -> None:
    shown = visit("overview")
    shown.button_group(key="language switch").set_value("fr").run()
    assert shown.title[0].value == "Vue d’ensemble"
    assert shown.query_params["lang"] in ("fr", ["fr"])


@pytest.mark.usefixtures("config")
def test_services_that_are_down_are_shown_as_down(visit: Visit) -> None:
    rows = tables(visit("overview"))["services"]
    assert {"warehouse", "portal"} <= {row["service"] for row in rows}
    assert {row["state"] for row in rows} == {"down"}


def test_the_overview_shows_the_verdicts_of_the_model(config: Path, visit: Visit) -> None:
    platform = load(config)
    plan = sizing.plan(sizing.Requirements.of(platform))
    shown = visit("overview")
    values = [each.value for each in shown.subheader]
    today = datetime.now(UTC).date()
    assert verdicts.on_cost(compare(platform, plan)[Case.TYPICAL], today).value in values
    assert verdicts.on_filling(plan).value in values
    assert "oldest price seen 20" in texts(shown)


@pytest.mark.usefixtures("config")
def test_another_case_shows_other_costs(visit: Visit) -> None:
    shown = visit("cost")
    typical = [box.value for box in (*shown.info, *shown.success)]
    shown.button_group(key="case").set_value("high").run()
    assert not shown.exception
    assert [box.value for box in (*shown.info, *shown.success)] != typical


def test_a_broken_platform_file_is_named_on_the_page(config: Path, visit: Visit) -> None:
    config.write_text("data: {raw_tb: -1}\n", "utf-8")
    shown = visit("overview")
    assert not shown.exception
    assert "data.raw_tb is -1" in shown.error[0].value


@pytest.mark.usefixtures("config")
def test_an_administrator_sees_why_a_service_is_down(visit: Visit, as_admin: None) -> None:
    assert {row["state"] for row in tables(visit("overview"))["services"]} == {"down: not started"}


@pytest.mark.usefixtures("deployed")
def test_a_viewer_sees_neither_people_nor_statements(visit: Visit) -> None:
    found = tables(visit("service_level"))
    assert "by person" not in found
    assert "statement" not in found["slowest"][0]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_a_secret(deployed: Deployed, visit: Visit, as_admin: None, name: str) -> None:
    known = [path.read_text("utf-8").strip() for path in deployed.home.secrets.iterdir()]
    sent = str(visit(name)._tree)
    assert known
    assert [secret for secret in known if secret in sent] == []


@pytest.mark.usefixtures("deployed", "as_admin")
def test_service_level_shows_dashboards_and_people_of_the_audit_log(visit: Visit) -> None:
    shown = visit("service_level")
    found = tables(shown)
    assert {row["dashboard"]: row["statements"] for row in found["by dashboard"]} == {
        "dashboard 3": "5",
        "dashboard 7": "2",
    }
    assert {row["person"] for row in found["by person"]} == {"ana", "ben"}
    assert "Error budget left" in [metric.label for metric in shown.metric]
    assert "was kept" in texts(shown)


@pytest.mark.usefixtures("deployed")
def test_a_second_viewer_asks_the_warehouse_nothing(visit: Visit) -> None:
    def asked() -> str:
        return next(
            each.value for each in visit("service_level").caption if "statements since it started" in each.value
        )

    assert asked() == asked()


def test_a_warehouse_that_goes_down_leaves_the_last_figures_with_their_age(
    deployed: Deployed, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(visit("service_level"))
    text = deployed.config.read_text("utf-8")
    port = deployed.platform.local.ports.warehouse_mysql
    try:
        deployed.config.write_text(text.replace(str(port), "1024"), "utf-8")
        shown = visit("service_level")
    finally:
        deployed.config.write_text(text, "utf-8")
    assert not shown.exception
    assert "does not answer" in shown.warning[0].value
    assert " old, of 20" in shown.warning[0].value
    assert tables(shown) == before


def test_the_figures_of_a_page_can_be_read_back_from_its_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PORTAL)
    import frame

    rows = list(csv.reader(io.StringIO(frame.as_csv({"limits": [{"limit": "a, b", "TB": 2.5}, {"limit": "c"}]}))))
    assert rows == [
        ["table", "row", "column", "value"],
        ["limits", "1", "limit", "a, b"],
        ["limits", "1", "TB", "2.5"],
        ["limits", "2", "limit", "c"],
    ]


@pytest.mark.usefixtures("deployed")
def test_data_shows_tables_checks_and_the_meaning_of_columns(visit: Visit) -> None:
    shown = visit("data")
    found = tables(shown)
    assert "sale" in {row["table"] for row in found["tables of tiny"]}
    assert {row["state"] for row in found["newest checks of tiny"]} <= {"passed", "failed", "could not be run"}
    assert "checks" in texts(shown)


@pytest.mark.usefixtures("config")
def test_moving_a_value_changes_figures_beside_what_is_declared(visit: Visit) -> None:
    shown = visit("what_if")
    before = {row["figure"]: row for row in tables(shown)["effects"]}
    assert all(row["declared"] == row["what_if"] for row in before.values())
    shown.slider(key="growth").set_value(0.4).run()
    assert not shown.exception
    after = {row["figure"]: row for row in tables(shown)["effects"]}
    assert {name: row["declared"] for name, row in after.items()} == {
        name: row["declared"] for name, row in before.items()
    }
    assert after["NVMe in the last year"]["what_if"] != before["NVMe in the last year"]["what_if"]
    assert "data.growth_per_year = 0.4" in texts(shown)


@pytest.mark.usefixtures("config")
def test_an_address_that_was_mailed_shows_the_same_figures(visit: Visit) -> None:
    moved = tables(visit("what_if").slider(key="replicas").set_value(2).run())["effects"]
    again = AppTest.from_file(str(PORTAL / "app.py"), default_timeout=60).run().switch_page("pages/what_if.py")
    again.query_params["replicas"] = "2"
    again.run()
    assert "data.replicas = 2" in texts(again)
    assert tables(again)["effects"] == moved


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("code", language.CODES)
def test_a_kept_mixed_workload_is_shown_and_is_no_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visit: Visit, code: str
) -> None:
    monkeypatch.syspath_prepend(PORTAL)
    import state

    times = {
        (mixed.ALONE, mixed.CACHED): [100.0, 300.0],
        (mixed.BESIDE, mixed.CACHED): [150.0, 450.0],
        (mixed.ALONE, mixed.COMPUTED): [1000.0],
        (mixed.BESIDE, mixed.COMPUTED): [1500.0],
    }
    result = results.BenchResult(
        suite=mixed.SUITE,
        scale=1,
        started_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        machine=results.Machine(name="small", cpu="a processor", cores=2, memory_gb=24),
        target="local",
        engine="the embedded warehouse",
        commit="abc",
        queries=mixed.queries(times),
        concurrent=(mixed.together([150.0, 450.0, 1500.0], 10, 60.0),),
    )
    results.write(result, tmp_path / "results")
    monkeypatch.setattr(state, "BENCHMARKS", tmp_path)
    shown = visit("benchmarks", code)
    assert not shown.exception
    t = language.of(code)
    assert t("benchmarks.none") in [box.value for box in shown.info]
    found = tables(shown)["mixed workload"]
    assert [row["average_ms"] for row in found] == ["200", "300", t.number(1000, ","), t.number(1500, ",")]
    assert [row["p95_growth"] for row in found] == ["", t.number(1.5, ".1f"), "", t.number(1.5, ".1f")]
    assert t("benchmarks.people", clients=10, promise=1.0) in texts(shown)
    assert "small" in texts(shown)
