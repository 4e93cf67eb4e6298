"""A use case is deployed, changed, broken, mended and removed, against the embedded warehouse over the wire."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from nereus import usecases
from nereus.errors import BadInput, Failure
from nereus.usecases import checking, ops, overview
from nereus.usecases.deploy import remove
from nereus.warehouse.client import WarehouseError

if TYPE_CHECKING:
    from conftest import Deployed


@pytest.fixture
def shop(deployed: Deployed, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh use case made by copying a folder, removed afterwards."""
    name = "shop_" + request.node.name.removeprefix("test_")[:24].rstrip("_")
    deployed.copy(name)
    yield name
    remove(usecases.find(name, deployed.folder), deployed.root)
    shutil.rmtree(deployed.folder / name)


def rows(deployed: Deployed, shop: str, table: str = "sale") -> int:
    return int(deployed.root.query(f"SELECT COUNT(*) AS n FROM {shop}.{table}")[0]["n"])


def test_adding_a_use_case_is_adding_a_folder(deployed: Deployed, shop: str) -> None:
    report = deployed.deploy(shop)
    assert report.loaded_rows == 9
    assert {result.status for result in report.checks} == {"PASS"}
    assert set(report.changes) >= {
        f"database {shop} created",
        f"table {shop}.item created",
        f"table {shop}.sale created",
        f"view {shop}.v_revenue created",
        f"role {shop}_reader created",
        f"table {shop}.item: 3 rows loaded",
        f"table {shop}.sale: 6 rows loaded",
        "11 quality checks run",
    }
    assert deployed.root.query(f"SELECT * FROM {shop}.v_revenue ORDER BY sale_day") == [
        {"sale_day": date(2026, 1, 1), "revenue": Decimal("3.50")},
        {"sale_day": date(2026, 1, 2), "revenue": Decimal("41.46")},
    ]
    assert deployed.root.query(f"SELECT colour FROM {shop}.item WHERE item = 'void'") == [{"colour": None}]


def test_deploying_again_changes_nothing(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    before = deployed.root.query("SELECT COUNT(*) AS n FROM nereus_ops.quality_check")
    report = deployed.deploy(shop)
    assert (report.changes, report.loaded_rows, report.checks) == ((), 0, ())
    assert rows(deployed, shop) == 6
    assert deployed.root.query("SELECT COUNT(*) AS n FROM nereus_ops.quality_check") == before


def test_roles_open_what_they_name_and_nothing_else(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    analyst = deployed.as_user("analyst")
    assert len(analyst.query(f"SELECT * FROM {shop}.v_revenue")) == 2
    assert len(analyst.query(f"SELECT * FROM {shop}.item")) == 3
    with pytest.raises(WarehouseError, match=r"denied|privilege"):
        analyst.query(f"SELECT * FROM {shop}.sale")
    with pytest.raises(WarehouseError, match=r"denied|privilege"):
        deployed.as_user("scientist").query(f"SELECT * FROM {shop}.v_revenue")
    deployed.edit(f"{shop}/usecase.yaml", "members: [analyst]", "members: [scientist]")
    assert f"role {shop}_reader renewed" in deployed.deploy(shop).changes
    assert len(deployed.as_user("scientist").query(f"SELECT * FROM {shop}.v_revenue")) == 2
    with pytest.raises(WarehouseError, match=r"denied|privilege"):
        analyst.query(f"SELECT * FROM {shop}.v_revenue")


def test_checks_are_stored(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    stored = deployed.root.query(
        "SELECT check_name, kind, table_name, severity, status, observed, expected, violations, duration_ms "
        "FROM nereus_ops.quality_check WHERE use_case = %s ORDER BY check_name",
        (shop,),
    )
    assert [row["check_name"] for row in stored] == sorted(
        check.label for check in usecases.find(shop, deployed.folder).all_checks
    )
    (one,) = [row for row in stored if row["check_name"] == "row_count sale"]
    assert one.pop("duration_ms") >= 0
    assert one == {
        "check_name": "row_count sale",
        "kind": "row_count",
        "table_name": "sale",
        "severity": "error",
        "status": "PASS",
        "observed": "6 rows",
        "expected": "6 rows",
        "violations": 0,
    }


def test_a_broken_promise_fails_the_deployment_until_it_is_kept(deployed: Deployed, shop: str) -> None:
    deployed.edit(f"{shop}/usecase.yaml", "values: [red,", "values: [blue,")
    report = deployed.deploy(shop)
    assert [result.check.label for result in report.bad_checks] == ["allowed item.colour"]
    text = str(usecases.failed(report))
    assert f"use case {shop}: 1 of 11 quality checks failed" in text
    assert "allowed item.colour: FAIL, found 1 violations, expected no violations" in text
    again = deployed.deploy(shop)
    assert again.bad_checks
    assert overview.state(shop, deployed.root).failing == 1
    deployed.edit(f"{shop}/usecase.yaml", "values: [blue,", "values: [red,")
    assert not deployed.deploy(shop).bad_checks
    assert deployed.deploy(shop).changes == ()
    assert overview.state(shop, deployed.root).failing == 0


def test_a_warning_is_stored_and_fails_nothing(deployed: Deployed, shop: str) -> None:
    deployed.edit(f"{shop}/usecase.yaml", "values: [red,", "severity: warning, values: [blue,")
    report = deployed.deploy(shop)
    assert [result.status for result in report.checks].count("FAIL") == 1
    assert usecases.failed(report) is None
    assert deployed.deploy(shop).changes == ()


def test_a_check_that_cannot_be_run_is_an_error(deployed: Deployed, shop: str) -> None:
    deployed.edit(f"{shop}/usecase.yaml", "columns: [sale_day, pieces]", "columns: [sale_day, peaces]")
    (bad,) = deployed.deploy(shop).bad_checks
    assert bad.status == "ERROR"
    assert "peaces" in bad.verdict.observed


def test_a_new_part_is_loaded_alone(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    text = '{"sale_day": "2026-02-01", "item": "apple", "pieces": 1}\n'
    (deployed.folder / shop / "data" / "sales-2026-02-01.json").write_text(text, "utf-8")
    report = deployed.deploy(shop)
    assert f"table {shop}.sale: 1 rows loaded" in report.changes
    assert rows(deployed, shop) == 7
    assert {result.check.label for result in report.bad_checks} == {"row_count sale", "range sale.sale_day"}


def change_source(deployed: Deployed, shop: str) -> None:
    deployed.edit(f"{shop}/data/items.csv", "0.50", "0.60")


def change_table(deployed: Deployed, shop: str) -> None:
    deployed.edit(f"{shop}/schema/item.sql", "VARCHAR(16) NULL", "VARCHAR(32) NULL")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_source, "item holds another version of its part items."),
        (change_table, "/schema/item.sql differs from the table that is deployed."),
    ],
)
def test_what_would_mix_old_and_new_is_refused(
    deployed: Deployed, shop: str, change: Callable[[Deployed, str], None], said: str
) -> None:
    deployed.deploy(shop)
    change(deployed, shop)
    with pytest.raises(BadInput, match=said) as caught:
        deployed.deploy(shop)
    assert f"nereus usecase remove {shop}" in str(caught.value)
    remove(usecases.find(shop, deployed.folder), deployed.root)
    assert deployed.deploy(shop).loaded_rows == 9


def test_a_changed_view_is_renewed(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    deployed.edit(f"{shop}/schema/v_revenue.sql", "SUM(pieces * price)", "SUM(pieces * price) * 2")
    assert f"view {shop}.v_revenue renewed" in deployed.deploy(shop).changes
    assert deployed.root.query(f"SELECT MIN(revenue) AS low FROM {shop}.v_revenue")[0]["low"] == Decimal(7)


def test_a_table_that_somebody_dropped_comes_back(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    deployed.root.execute(f"DROP TABLE {shop}.sale FORCE")
    report = deployed.deploy(shop)
    assert f"table {shop}.sale created" in report.changes
    assert (report.loaded_rows, rows(deployed, shop), rows(deployed, shop, "item")) == (6, 6, 3)
    assert deployed.deploy(shop).changes == ()


def test_a_load_whose_record_was_lost_is_not_loaded_twice(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    deployed.root.execute("DELETE FROM nereus_ops.load_history WHERE use_case = %s", (shop,))
    report = deployed.deploy(shop)
    assert report.loaded_rows == 0
    assert (rows(deployed, shop), rows(deployed, shop, "item")) == (6, 3)
    assert {load.rows for load in ops.loads(deployed.root, shop)} == {None}
    assert not report.bad_checks
    assert deployed.deploy(shop).changes == ()


def test_removing_leaves_nothing_but_the_records(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    usecase = usecases.find(shop, deployed.folder)
    changes = remove(usecase, deployed.root)
    assert changes == [
        f"view {shop}.v_revenue dropped",
        f"table {shop}.item dropped",
        f"table {shop}.sale dropped",
        f"role {shop}_reader dropped",
        f"database {shop} dropped",
    ]
    assert shop not in ops.databases(deployed.root)
    assert remove(usecase, deployed.root) == []
    assert {load.removed for load in ops.loads(deployed.root, shop)} == {True}
    assert deployed.deploy(shop).loaded_rows == 9


def test_removing_takes_what_the_file_no_longer_names(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    deployed.edit(f"{shop}/usecase.yaml", "views: [v_revenue]", "views: []")
    deployed.edit(f"{shop}/usecase.yaml", "select: [v_revenue, item]", "select: [item]")
    changes = remove(usecases.find(shop, deployed.folder), deployed.root)
    assert changes[0] == f"view {shop}.v_revenue dropped"
    assert changes[-1] == f"database {shop} dropped"


def test_removing_spares_what_others_put_there(deployed: Deployed, shop: str) -> None:
    deployed.deploy(shop)
    deployed.root.execute(
        f"CREATE TABLE {shop}.notes (k INT) DISTRIBUTED BY HASH(k) PROPERTIES ('replication_num' = '1')"
    )
    changes = remove(usecases.find(shop, deployed.folder), deployed.root)
    assert changes[-1] == f"database {shop} stays: it holds notes"
    assert ops.tables(deployed.root, shop) == {"notes"}
    deployed.root.execute(f"DROP TABLE {shop}.notes FORCE")


def test_a_bad_row_is_named_and_nothing_of_its_file_is_kept(deployed: Deployed, shop: str) -> None:
    deployed.edit(f"{shop}/data/items.csv", "2.00", "cheap")
    with pytest.raises(Failure, match=f"Stream Load into {shop}.item"):
        deployed.deploy(shop)
    assert rows(deployed, shop, "item") == 0
    deployed.edit(f"{shop}/data/items.csv", "cheap", "2.00")
    assert deployed.deploy(shop).loaded_rows == 9


def test_the_facade_tells_what_changed(deployed: Deployed) -> None:
    """As provisioning calls it, with a use case of the project."""
    told: list[str] = []
    changes = list(usecases.deploy("flights", deployed.platform, deployed.home, told.append))
    assert "use case flights: table flights.flights: 336,776 rows loaded" in changes
    assert any(text.startswith("flights 2013-07") for text in told)
    assert list(usecases.deploy("flights", deployed.platform, deployed.home, told.append)) == []
    results = checking.run(usecases.find("flights"), deployed.as_user("loader"))
    assert {result.check.label for result in results if result.status != "PASS"} == {"range weather.wind_speed"}
    late = "SELECT SUM(cancelled) AS cancelled, SUM(flights) AS flights FROM flights.v_punctuality_daily"
    assert deployed.as_user("analyst").query(late) == [{"cancelled": 8255, "flights": 336776}]
