"""What analysts get from the dashboards of retail, over Superset's own interface and a real warehouse."""

from __future__ import annotations

import shutil
import time

import pytest

from nereus.errors import BadInput, Failure
from nereus.provision import superset
from nereus.superset import assets, export
from nereus.superset.api import Chart, Superset
from tests.integration.superset.conftest import EVA, USECASES_HERE, Stand

pytestmark = pytest.mark.timeout(1800)
SALES = "retail-sales-overview"


def chart(of: Superset, name: str, dashboard: str = SALES) -> Chart:
    return next(one for one in of.charts(dashboard) if one.name == name)


def test_every_chart_of_every_dashboard_answers_with_rows(analyst: Superset) -> None:
    dashboards = analyst.dashboards()
    assert set(dashboards) == {
        *(SALES, "retail-geography", "retail-product-margin"),
        *("flights-carriers", "flights-weather"),
    }
    for slug, number in dashboards.items():
        charts = analyst.charts(slug)
        assert 5 <= len(charts) <= 10
        for one in charts:
            answer = analyst.ask(one, dashboard=number, force=True)
            assert answer.rows > 0, (slug, one.name)
            assert any(value is not None for row in answer.data for value in row.values()), (slug, one.name)


def test_figures_are_those_of_the_warehouse(stand: Stand, analyst: Superset) -> None:
    (row,) = stand.as_user("analyst").query("SELECT SUM(order_lines) AS n FROM retail.mv_sales_monthly")
    assert analyst.ask(chart(analyst, "Order lines")).data == [{"order_lines": int(row["n"])}]


def test_setting_up_again_changes_nothing(stand: Stand) -> None:
    assert superset.bootstrap(stand.home, stand.platform, stand.plan()) == []


def test_what_superset_holds_is_what_the_files_say(stand: Stand) -> None:
    bundle = assets.read(USECASES_HERE, stand.folder)
    exported = superset.login(stand.home, stand.platform, "admin").export()
    written = export.write(exported, bundle, {name: stand.folder / name for name in USECASES_HERE})
    assert written == []


def test_who_sees_a_region_sees_its_rows_alone(analyst: Superset, eva: Superset) -> None:
    pie = chart(analyst, "Revenue by customer region")
    everything = analyst.ask(pie, force=True)
    assert len(everything.data) == 5
    assert analyst.ask(pie).cached
    own = eva.ask(pie)
    assert [row["customer_region"] for row in own.data] == ["EUROPE"]
    assert eva.ask(pie).cached
    assert len(analyst.ask(pie).data) == 5


def test_who_sees_a_region_sees_no_other_dataset(analyst: Superset, eva: Superset) -> None:
    assert "retail-product-margin" not in eva.dashboards()
    with pytest.raises(Failure, match="403"):
        eva.ask(chart(analyst, "Profit by category", "retail-product-margin"))


def test_warming_fills_the_cache_of_everybody(stand: Stand, analyst: Superset, eva: Superset) -> None:
    told = superset.warm(stand.home, stand.platform)
    assert told["failed"] == []
    assert EVA in told["people"]
    assert all(analyst.ask(one).cached for one in analyst.charts(SALES))
    assert all(eva.ask(one).cached for one in eva.charts(SALES))


def test_the_audit_log_names_dashboard_chart_and_person(stand: Stand, analyst: Superset) -> None:
    one, number = chart(analyst, "Margin"), analyst.dashboards()[SALES]
    analyst.ask(one, dashboard=number, force=True)
    tag = f"/* superset dashboard={number} chart={one.id} user=analyst */%"
    deadline = time.monotonic() + 30
    while True:
        sql = "SELECT user, state FROM __internal_schema.audit_log WHERE stmt LIKE %s"
        found = stand.as_user("root").query(sql, (tag,))
        if found or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert found
    assert {str(row["user"]) for row in found} == {"analyst"}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("charts/retail_sales_overview__by_category.yaml", "x_axis: category", "x_axis: categry", "categry"),
        ("charts/retail_sales_overview__margin.yaml", "metric: margin", "metric: marginn", "Did you mean margin?"),
        ("datasets/mv_sales_monthly.yaml", "expression: SUM(quantity)", "expression: SUM(pieces)", "pieces"),
        ("datasets/mv_sales_brand.yaml", "table_name: mv_sales_brand", "table_name: mv_sales_brnd", "mv_sales_brnd"),
        ("dashboards/retail_sales_overview.yaml", "name: customer_region", "name: region", "column.name"),
        ("access.yaml", "[mv_sales_monthly, ", "[mv_sales_month, ", "mv_sales_month"),
    ],
)
def test_a_file_that_names_nothing_is_refused_before_it_is_imported(
    stand: Stand, tmp_path, file: str, old: str, new: str, said: str
) -> None:
    shutil.copytree(stand.folder, tmp_path / "usecases")
    path = tmp_path / "usecases" / "retail" / "dashboards" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput, match=path.name) as refused:
        superset.plan(stand.home, stand.platform, tmp_path / "usecases")
    assert said in str(refused.value)


def test_a_killed_warehouse_ends_in_a_clear_message_and_comes_back(stand: Stand, analyst: Superset) -> None:
    one = chart(analyst, "Margin")
    warm = analyst.ask(one)
    stand.stop("warehouse", kill=True)
    assert analyst.ask(one).data == warm.data
    with pytest.raises(Failure, match=r"(?i)connect|lost"):
        analyst.ask(one, force=True)
    stand.start_warehouse()
    assert analyst.ask(one, force=True).data == warm.data
