"""The 13 queries of SSB and the 22 of TPC-H give the rows that DuckDB gives to the same text by itself."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.sql.typed import Relation, RelationColumn, SessionFacts
from nereus.warehouse.embedded.types import DorisType, parse_type
from tests.unit.warehouse.embedded.sql.core.asking import House

QUERIES = Path(__file__).parent / "queries"

_DAYS = "range(DATE '1992-01-01', DATE '1999-01-01', INTERVAL 1 DAY)"
#: A star small enough for a test and dense enough that no query comes back empty.
_STAR = {
    "dates": f"""
        SELECT CAST(strftime(d, '%Y%m%d') AS INTEGER) AS d_datekey, CAST(year(d) AS INTEGER) AS d_year,
               CAST(strftime(d, '%Y%m') AS INTEGER) AS d_yearmonthnum, strftime(d, '%b%Y') AS d_yearmonth,
               CAST(1 + dayofyear(d) // 7 AS INTEGER) AS d_weeknuminyear
        FROM (SELECT unnest({_DAYS}) AS d)""",
    "customer": """
        SELECT CAST(i AS INTEGER) AS c_custkey, cities[1 + i % 6] AS c_city, nations[1 + i % 6] AS c_nation,
               regions[1 + i % 6] AS c_region FROM places, range(60) AS r(i)""",
    "supplier": """
        SELECT CAST(i AS INTEGER) AS s_suppkey, cities[1 + i % 6] AS s_city, nations[1 + i % 6] AS s_nation,
               regions[1 + i % 6] AS s_region FROM places, range(30) AS r(i)""",
    "part": """
        SELECT CAST(i AS INTEGER) AS p_partkey, 'MFGR#' || (1 + i % 3) AS p_mfgr,
               'MFGR#' || (1 + i % 3) || (1 + i % 4) AS p_category,
               'MFGR#' || (1 + i % 3) || (1 + i % 4) || (20 + i // 12) AS p_brand FROM range(240) AS r(i)""",
    "lineorder": """
        SELECT CAST(i AS BIGINT) AS lo_orderkey, CAST(hash(i || '/1') % 60 AS INTEGER) AS lo_custkey,
               CAST(hash(i || '/2') % 240 AS INTEGER) AS lo_partkey,
               CAST(hash(i || '/3') % 30 AS INTEGER) AS lo_suppkey,
               CAST(strftime(DATE '1992-01-01' + CAST(hash(i || '/4') % 2557 AS INTEGER), '%Y%m%d') AS INTEGER)
                 AS lo_orderdate,
               CAST(1 + hash(i || '/5') % 50 AS INTEGER) AS lo_quantity,
               CAST(100 + hash(i || '/6') % 100000 AS INTEGER) AS lo_extendedprice,
               CAST(hash(i || '/7') % 11 AS INTEGER) AS lo_discount,
               CAST(hash(i || '/8') % 90000 AS INTEGER) AS lo_revenue,
               CAST(hash(i || '/9') % 60000 AS INTEGER) AS lo_supplycost FROM range(40000) AS r(i)""",
}
_PLACES = """
    CREATE TABLE places AS SELECT
      ['UNITED KI1', 'UNITED KI5', 'UNITED ST1', 'UNITED ST7', 'CHINA    2', 'FRANCE   3'] AS cities,
      ['UNITED KINGDOM', 'UNITED KINGDOM', 'UNITED STATES', 'UNITED STATES', 'CHINA', 'FRANCE'] AS nations,
      ['EUROPE', 'EUROPE', 'AMERICA', 'AMERICA', 'ASIA', 'EUROPE'] AS regions"""


def _known(house: House, db: str, table: str) -> None:
    """Tell the house of a table that exists in DuckDB."""
    described = house.connection.execute(f"DESCRIBE {table}").fetchall()
    columns = tuple(RelationColumn(name, _doris(type_)) for name, type_, *_ in described)
    house.relations[db, table] = Relation(db, table, columns, from_sql=f"main.{table}")


def _doris(physical: str) -> DorisType:
    return parse_type({"VARCHAR": "string", "INTEGER": "int"}.get(physical, physical))


@pytest.fixture(scope="module")
def star() -> Iterator[House]:
    connection = duckdb.connect()
    house = House(connection, SessionFacts(database="ssb"))
    connection.execute(_PLACES)
    for table, query in _STAR.items():
        connection.execute(f"CREATE TABLE {table} AS {query}")
        _known(house, "ssb", table)
    yield house
    connection.close()


@pytest.fixture(scope="module")
def tpch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("tpch")
    generator = Path(sys.executable).with_name("tpchgen-cli")
    subprocess.run([generator, "parquet", "-s", "0.01", "--output-dir", folder], check=True, capture_output=True)
    connection = duckdb.connect()
    house = House(connection, SessionFacts(database="tpch"))
    for path in sorted(folder.glob("*.parquet")):
        connection.execute(f"CREATE TABLE {path.stem} AS FROM '{path}'")
        _known(house, "tpch", path.stem)
    yield house
    connection.close()


def _alike(one: Any, other: Any) -> bool:
    """Numbers may differ where Doris rounds an average to a decimal and DuckDB gives a double."""
    numbers = (int, float, Decimal)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return math.isclose(float(one), float(other), rel_tol=1e-6, abs_tol=1e-4)
    return bool(one == other)


def _compare(house: House, path: Path) -> int:
    text = path.read_text()
    ours, native = house.rows(text), house.connection.execute(text).fetchall()
    assert len(ours) == len(native)
    for one, other in zip(ours, native, strict=True):
        assert all(_alike(a, b) for a, b in zip(one, other, strict=True)), (one, other)
    return len(ours)


@pytest.mark.parametrize("name", sorted(path.stem for path in (QUERIES / "ssb").glob("*.sql")))
def test_ssb(star: House, name: str) -> None:
    assert _compare(star, QUERIES / "ssb" / f"{name}.sql") > 0


@pytest.mark.parametrize("name", sorted(path.stem for path in (QUERIES / "tpch").glob("*.sql")))
def test_tpch(tpch: House, name: str) -> None:
    assert _compare(tpch, QUERIES / "tpch" / f"{name}.sql") > 0


def test_ssb_needs_no_cast_around_columns_of_predicates(star: House) -> None:
    sql = star.bind((QUERIES / "ssb" / "q2.1.sql").read_text()).sql
    where = sql.split(" WHERE ")[1].split(" GROUP BY ")[0]
    assert where.replace("(", "").replace(")", "") == (
        '"#1"."lo_orderdate" = "#2"."d_datekey" AND "#1"."lo_partkey" = "#3"."p_partkey"'
        ' AND "#1"."lo_suppkey" = "#4"."s_suppkey" AND "#3"."p_category" = \'MFGR#12\''
        ' AND "#4"."s_region" = \'AMERICA\''
    )
