"""The benchmark queries, written as Doris' users write them, give over the wire what DuckDB gives natively."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from nereus import usecases
from nereus.paths import BENCHMARKS
from nereus.usecases import tpch
from nereus.usecases.batches import batches_of
from nereus.usecases.schema import statement
from nereus.warehouse.client import Warehouse

if TYPE_CHECKING:
    from conftest import Deployed

NATIVE = Path(__file__).parents[2] / "fixtures" / "native" / "ssb"
TPCH_SCALE = 0.01
SSB = sorted(path.stem for path in (BENCHMARKS / "queries" / "ssb").glob("*.sql"))
TPCH = sorted(path.stem for path in (BENCHMARKS / "queries" / "tpch").glob("*.sql"))


def test_the_suites_are_whole() -> None:
    assert len(SSB) == 13
    assert len(TPCH) == 22
    assert sorted(path.stem for path in NATIVE.glob("*.sql")) == SSB


def query(suite: str, name: str) -> str:
    return statement((BENCHMARKS / "queries" / suite / f"{name}.sql").read_text("utf-8"))


def same(ours: Sequence[Sequence[Any]], theirs: Sequence[Sequence[Any]]) -> None:
    """Equal rows in an order that both allow. Doris divides and averages decimals as decimals of few digits."""
    assert len(ours) == len(theirs)
    for mine, other in zip(sorted(ours, key=repr_of), sorted(theirs, key=repr_of), strict=True):
        for one, two in zip(mine, other, strict=True):
            if isinstance(one, int | float | Decimal) and isinstance(two, int | float | Decimal):
                assert float(one) == pytest.approx(float(two), rel=1e-9, abs=1e-4)
            else:
                assert one == two


def repr_of(row: Sequence[Any]) -> list[str]:
    """A sort key in which numbers of different types and precision are alike."""
    return [f"{float(value):.2f}" if isinstance(value, int | float | Decimal) else str(value) for value in row]


@pytest.fixture(scope="module")
def retail(deployed: Deployed) -> Iterator[tuple[Warehouse, duckdb.DuckDBPyConnection]]:
    """The use case in the warehouse, and its files natively."""
    report = deployed.deploy("retail")
    assert not report.bad_checks
    files: dict[str, list[str]] = {}
    for batch in batches_of(usecases.find("retail", deployed.folder), deployed.home.cache, lambda text: None):
        files.setdefault(batch.table, []).append(str(batch.produce()))
    with duckdb.connect() as native:
        for table, paths in files.items():
            native.execute(f"CREATE TABLE {table} AS FROM read_parquet({paths})")
        yield deployed.as_user("bench"), native


@pytest.mark.parametrize("name", SSB)
def test_ssb(retail: tuple[Warehouse, duckdb.DuckDBPyConnection], name: str) -> None:
    warehouse, native = retail
    ours = [tuple(row.values()) for row in warehouse.query(query("ssb", name), database="retail")]
    theirs = native.execute((NATIVE / f"{name}.sql").read_text("utf-8")).fetchall()
    same(ours, theirs)
    if name not in ("q3.2", "q3.3", "q3.4"):  # too selective for twenty suppliers
        assert ours


def test_the_facts_lie_in_monthly_partitions(
    deployed: Deployed, retail: tuple[Warehouse, duckdb.DuckDBPyConnection]
) -> None:
    partitions = deployed.root.query("SHOW PARTITIONS FROM retail.lineorder")
    assert len(partitions) == 80  # January 1992 to August 1998
    assert (
        "AUTO PARTITION BY RANGE (date_trunc(`lo_orderdate`, 'month'))"
        in next(iter(deployed.root.query("SHOW CREATE TABLE retail.lineorder")))["Create Table"]
    )


def test_the_views_of_retail_agree_with_the_star(retail: tuple[Warehouse, duckdb.DuckDBPyConnection]) -> None:
    warehouse, native = retail
    (ours,) = warehouse.query(
        "SELECT SUM(revenue) AS revenue, SUM(profit) AS profit, SUM(order_lines) AS n FROM v_sales_monthly",
        database="retail",
    )
    theirs = native.execute(
        "SELECT sum(lo_revenue) / 100, sum(lo_revenue - lo_supplycost * lo_quantity) / 100, count(*) FROM lineorder"
    ).fetchall()
    same([tuple(ours.values())], theirs)
    (cities,) = warehouse.query("SELECT COUNT(*) AS n, COUNT(DISTINCT region) AS r FROM v_geography", database="retail")
    assert cities == {"n": 250, "r": 5}


def test_analysts_see_the_marts_of_retail_and_scientists_all(
    deployed: Deployed, retail: tuple[Warehouse, duckdb.DuckDBPyConnection]
) -> None:
    count = "SELECT COUNT(*) AS n FROM retail."
    assert deployed.as_user("analyst").query(f"{count}v_sales") == [{"n": 60175}]
    assert deployed.as_user("scientist").query(f"{count}lineorder") == [{"n": 60175}]


@pytest.fixture(scope="module")
def tpch_data(deployed: Deployed) -> Iterator[tuple[Warehouse, duckdb.DuckDBPyConnection]]:
    folder = tpch.generate(deployed.home.cache, TPCH_SCALE)
    root = deployed.root
    root.execute("CREATE DATABASE IF NOT EXISTS tpch")
    for sql in (BENCHMARKS / "schemas" / "tpch.sql").read_text("utf-8").split(";\n"):
        if statement(sql):
            root.execute(statement(sql), database="tpch")
    with duckdb.connect() as native:
        native.execute(f"LOAD '{extension()}'")
        for table in tpch.TABLES:
            path = folder / f"{table}.parquet"
            native.execute(f"CREATE TABLE {table} AS FROM '{path}'")
            loaded = root.stream_load("tpch", table, path, label=f"tpch_{table}")
            assert (loaded.loaded_rows,) == native.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert root.stream_load("tpch", table, path, label=f"tpch_{table}").already_loaded
        yield root, native
    root.execute("DROP DATABASE tpch FORCE")


def extension() -> Path:
    spec = find_spec("duckdb_extension_tpch")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("NOT RUN: the package duckdb-extension-tpch, which holds the reference texts, is not installed")
    return next(Path(spec.submodule_search_locations[0]).rglob("*.duckdb_extension"))


@pytest.mark.parametrize("name", TPCH)
def test_tpch(tpch_data: tuple[Warehouse, duckdb.DuckDBPyConnection], name: str) -> None:
    warehouse, native = tpch_data
    found = native.execute("SELECT query FROM tpch_queries() WHERE query_nr = ?", [int(name[1:])]).fetchone()
    assert found is not None
    theirs = native.execute(found[0]).fetchall()
    ours = [tuple(row.values()) for row in warehouse.query(query("tpch", name), database="tpch")]
    same(ours, theirs)
    for row in ours:
        assert not any(isinstance(value, datetime.datetime) for value in row)
