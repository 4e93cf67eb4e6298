"""The dashboards that the use cases ship: in their normal form, and with names that all mean something."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from nereus.errors import BadInput
from nereus.superset import access, assets, normal
from nereus.superset.check import MOST_CHARTS, names_of

BUNDLE = assets.read(["retail", "flights"])
TABLES = {
    f"{one.content['schema']}.{one.content['table_name']}": frozenset(
        str(column["column_name"]) for column in one.content["columns"]
    )
    for one in BUNDLE.of("datasets")
}


@pytest.mark.parametrize("asset", [one for one in BUNDLE.assets if one.usecase], ids=lambda one: one.imported)
def test_a_file_is_in_its_normal_form(asset: assets.Asset) -> None:
    assert normal.dump(asset.kind, asset.content) == asset.text


def test_all_names_are_known() -> None:
    assert names_of(BUNDLE, TABLES) == []
    assert len(BUNDLE.of("dashboards")) == 5


def test_no_file_holds_a_password() -> None:
    (database,) = BUNDLE.of("databases")
    assert ":XXXXXXXXXX@" in database.content["sqlalchemy_uri"]


def test_a_table_that_analysts_may_not_read_is_named() -> None:
    faults = names_of(BUNDLE, {name: columns for name, columns in TABLES.items() if name != "retail.mv_sales_brand"})
    assert len(faults) == 1
    assert "dashboards/datasets/mv_sales_brand.yaml: table_name is 'retail.mv_sales_brand'" in faults[0]


def test_too_many_charts_are_refused() -> None:
    first, *_ = BUNDLE.of("dashboards")
    chart = next(
        each for each in first.content["position"].values() if isinstance(each, dict) and each.get("type") == "CHART"
    )
    crowd = {f"CHART-{number}": chart for number in range(MOST_CHARTS + 1)}
    crowded = dataclasses.replace(first, content={**first.content, "position": crowd})
    kept = tuple(one for one in BUNDLE.assets if one is not first)
    (fault,) = names_of(assets.Bundle((*kept, crowded), BUNDLE.access), TABLES)
    assert "11 charts" in fault


def test_what_is_no_yaml_is_named(tmp_path: Path) -> None:
    place = tmp_path / "shop" / "dashboards" / "charts"
    place.mkdir(parents=True)
    (place / "bad.yaml").write_text("a: [1\n", "utf-8")
    with pytest.raises(BadInput, match=r"shop/dashboards/charts/bad\.yaml"):
        assets.read(["shop"], tmp_path)


def test_a_row_rule_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / access.FILE).write_text("roles:\n  - {name: A, rows: a = 1, datasets: [t], who: x}\n", "utf-8")
    with pytest.raises(BadInput, match="who"):
        access.load(tmp_path, {"t"})
