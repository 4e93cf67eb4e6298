"""What the audit log says that statements read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from nereus.warehouse.embedded import scans
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import PASSWORD, ask, table
from tests.unit.warehouse.embedded.session.test_session import in_thread

ROWS = 500_000
#: Rows of which DuckDB keeps one smallest and one largest value.
GROUP = 122_880
_numbers = itertools.count()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed warehouse with shop.points (`ROWS` rows by id, in the file) and shop.few (10 rows)."""
    folder = tmp_path_factory.mktemp("warehouse")
    opened = Warehouse.open(folder, memory_gb=1, threads=2, root_password=PASSWORD)
    opened.catalog.create_database("shop")
    cursor = opened.engine.cursor()
    types = {"id": "bigint", "hash": "bigint", "note": "varchar(40)"}
    select = "SELECT i, CAST(hash(i) % 1000000007 AS BIGINT), 'note ' || i FROM range({}) r(i) ORDER BY i"
    for name, rows in (("points", ROWS), ("few", 10)):
        opened.writer.append(cursor, table(opened, "shop", name, types), list(types), select.format(rows))
    cursor.execute("CHECKPOINT")
    cursor.close()
    opened.close()
    return folder


@pytest.fixture
def cold(data: Path) -> Iterator[Session]:
    """A session of a warehouse that has just been opened: memory holds nothing."""
    opened = Warehouse.open(data, memory_gb=1, threads=2, root_password=PASSWORD)
    session = opened.connect("root", database="shop")
    yield session
    session.close()
    opened.close()


@pytest.fixture(scope="module")
def opened(data: Path) -> Iterator[Warehouse]:
    """A copy of its own, for tests that write."""
    copy = data.parent / "copy"
    copy.mkdir()
    (copy / "warehouse.duckdb").write_bytes((data / "warehouse.duckdb").read_bytes())
    warehouse = Warehouse.open(copy, memory_gb=1, threads=2, root_password=PASSWORD)
    yield warehouse
    warehouse.close()


@pytest.fixture
def shop(opened: Warehouse) -> Iterator[Session]:
    session = opened.connect("root", database="shop")
    yield session
    session.close()


def read(session: Session, sql: str) -> tuple[int | None, int | None]:
    """Run a statement; the rows and bytes that the audit log has for it."""
    mark = f"/* read {next(_numbers)} */"
    try:
        ask(session, f"{sql} {mark}")
    except DorisError:
        assert "error" in sql or "nosuch" in sql
    return noted(session, mark)


def noted(session: Session, mark: str) -> tuple[int | None, int | None]:
    columns = "scan_rows, scan_bytes, scan_bytes_from_local_storage"
    log = "__internal_schema.audit_log"
    ((rows, size, local),) = ask(
        session, f"SELECT {columns} FROM {log} WHERE stmt LIKE '%{mark}' AND stmt NOT LIKE '%audit_log%'"
    )
    assert size == local
    return rows, size


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT sum(hash) FROM points", ROWS),
        ("SELECT count(*) FROM points WHERE note LIKE '%77%'", ROWS),
        ("SELECT sum(a.hash + b.hash) FROM points a JOIN points b ON a.id = b.id", 2 * ROWS),
        ("SELECT sum(hash) FROM points UNION ALL SELECT max(hash) FROM points WHERE note > ''", 2 * ROWS),
        ("SELECT sum(length(note)), max(f.hash) FROM points CROSS JOIN (SELECT sum(hash) hash FROM few) f", ROWS + 10),
        ("SELECT a.id FROM few a CROSS JOIN few b", 20),
        ("SELECT id, e FROM few LATERAL VIEW explode(array(1, 2, 3)) t AS e", 10),
        ("SELECT id FROM few WHERE 1 = 0", 0),
        # Answered from statistics.
        ("SELECT count(*) FROM points", 0),
    ],
)
def test_every_row_that_a_scan_reads_counts(shop: Session, sql: str, rows: int) -> None:
    assert read(shop, sql)[0] == rows


def test_a_top_n_query_may_come_back_for_its_other_columns(shop: Session) -> None:
    rows, _ = read(shop, "SELECT id, hash, note FROM points ORDER BY hash LIMIT 10")
    assert rows is not None
    assert 0 < rows <= 2 * ROWS


@pytest.mark.parametrize(
    ("condition", "most"), [("id = 3", 1), ("id BETWEEN 130000 AND 140000", 1), ("id < 200000", 2)]
)
def test_blocks_that_cannot_match_do_not_count(shop: Session, condition: str, most: int) -> None:
    rows, _ = read(shop, f"SELECT sum(hash) FROM points WHERE {condition}")
    assert rows is not None
    assert 0 < rows <= most * GROUP


def test_a_limit_ends_the_scan(shop: Session) -> None:
    rows, _ = read(shop, "SELECT id, note FROM points LIMIT 3")
    assert rows is not None
    assert 3 <= rows < ROWS


def test_bytes_are_those_that_came_from_the_file(cold: Session, data: Path) -> None:
    size = (data / "warehouse.duckdb").stat().st_size
    rows, first = read(cold, "SELECT sum(hash), max(note) FROM points")
    assert first is not None
    assert rows == ROWS
    # `hash` needs 30 bits a row at the least.
    assert ROWS * 30 / 8 < first <= size
    assert read(cold, "SELECT sum(hash), max(note) FROM points WHERE true") == (ROWS, 0)


def test_a_result_that_is_given_again_reads_nothing(cold: Session) -> None:
    sql = "SELECT sum(hash) FROM points"
    assert read(cold, sql)[0] == ROWS
    assert read(cold, sql) == (0, 0)
    ask(cold, "SET enable_sql_cache = false")
    assert read(cold, sql)[0] == ROWS


def test_a_pruned_scan_reads_few_bytes(cold: Session) -> None:
    _, few = read(cold, "SELECT sum(hash) FROM points WHERE id = 3")
    _, rest = read(cold, "SELECT sum(hash) FROM points")
    assert few
    assert rest
    assert few < rest


@pytest.mark.parametrize(
    "sql", ["SELECT 1", "SELECT sum(number) FROM numbers('number'='1000')", "SHOW TABLES", "USE shop"]
)
def test_what_reads_no_table_read_nothing(shop: Session, sql: str) -> None:
    ask(shop, "SELECT sum(hash) FROM points")
    assert read(shop, sql) == (0, 0)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT nosuch FROM points",
        "SELECT assert_true(id < 400000, 'error') FROM points",
        # DuckDB counts what numbers() makes, too.
        "SELECT sum(id) FROM few JOIN numbers('number'='1000') n ON n.number = id",
        "INSERT INTO few SELECT id, hash, note FROM points WHERE id < 0",
        "DELETE FROM few WHERE id = 3000",
        "SET @largest = (SELECT max(hash) FROM points)",
    ],
)
def test_what_is_not_known_is_null(shop: Session, sql: str) -> None:
    assert read(shop, sql) == (None, None)


def test_a_killed_query_has_no_counts(opened: Warehouse, shop: Session) -> None:
    victim = opened.connect("root", database="shop")
    thread, _ = in_thread(victim, "SELECT count(*) FROM points a JOIN points b ON a.hash * b.id % 7 = 3 /* killed */")
    victim.kill(connection=False, by="10.9.9.9")
    thread.join(10)
    victim.close()
    assert noted(shop, "/* killed */") == (None, None)


def test_a_query_whose_rows_were_not_all_fetched_has_no_counts(shop: Session) -> None:
    results = shop.execute("SELECT id, note FROM points /* left */")
    result = next(results)
    assert isinstance(result, ResultSet)
    next(iter(result.batches))
    results.close()
    assert noted(shop, "/* left */") == (None, None)
    assert read(shop, "SELECT max(hash) FROM few WHERE note > ''")[0] == 10


def test_sessions_count_for_themselves(opened: Warehouse, shop: Session) -> None:
    other = opened.connect("root", database="shop")
    running = shop.execute("SELECT id, note FROM points /* mine */")
    beside = other.execute("SELECT id, note FROM few /* theirs */")
    mine, theirs = next(running), next(beside)
    assert isinstance(mine, ResultSet)
    assert isinstance(theirs, ResultSet)
    next(iter(mine.batches))
    assert sum(batch.num_rows for batch in theirs.batches) == 10
    assert sum(batch.num_rows for batch in mine.batches) > 0
    other.close()
    assert noted(shop, "/* mine */")[0] == ROWS
    assert noted(shop, "/* theirs */")[0] == 10


def test_a_plan_of_many_operators_counts_like_a_small_one(shop: Session) -> None:
    parts = " UNION ALL ".join(f"SELECT sum(hash) FROM few WHERE note > '{i}'" for i in range(60))
    assert read(shop, parts)[0] == 600


def test_counting_opens_no_way_to_write_files(tmp_path: Path) -> None:
    engine = Engine.open(tmp_path, memory_gb=1, threads=1)
    cursor = engine.cursor()
    scans.count_scans(cursor)
    for setting in ("profile_output", "profiling_output"):
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            cursor.execute(f"SET {setting} = '{tmp_path}/out.json'")
    with pytest.raises(duckdb.InvalidInputException, match="locked"):
        cursor.execute("SET allowed_configs = ['threads']")
    cursor.close()
    engine.close()
