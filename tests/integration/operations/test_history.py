"""Cooled history goes out as Parquet and comes back, with the SQL that Doris takes too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pymysql.converters import escape_item

from nereus.backups import history
from nereus.errors import BadInput
from nereus.warehouse.embedded.errors import DorisError
from tests.integration.operations.conftest import ONE, Bench

CREATE = """\
CREATE TABLE d.{name} (day DATE NOT NULL, k BIGINT, amount DECIMAL(12, 2), note VARCHAR(20))
DUPLICATE KEY(day, k)
PARTITION BY RANGE(day) (
  PARTITION p2024 VALUES LESS THAN ('2025-01-01'), PARTITION p2025 VALUES LESS THAN ('2026-01-01'),
  PARTITION p2026 VALUES LESS THAN ('2027-01-01'))
DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES ('replication_num' = '1'{more})"""


@dataclass
class Asking:
    """The bench as the package's clients see a warehouse."""

    bench: Bench

    def query(self, sql: str, params: Any = None, *, database: str | None = None) -> list[dict[str, Any]]:
        names, rows = self.bench.result(_filled(sql, params))
        return [dict(zip(names, row, strict=True)) for row in rows]

    def execute(self, sql: str, params: Any = None, *, database: str | None = None) -> int:
        self.bench.session.use(database or "d")
        self.bench.run(_filled(sql, params))
        self.bench.session.use("d")
        return 0


def _filled(sql: str, params: Any) -> str:
    return sql % tuple(escape_item(each, "utf8mb4") for each in params) if params else sql


@pytest.fixture
def asking(bench: Bench) -> Asking:
    bench.run(CREATE.format(name="facts", more=""))
    bench.run(
        "INSERT INTO d.facts VALUES ('2024-03-01', 1, 10.50, 'old'), ('2024-04-01', 2, NULL, NULL),"
        " ('2025-03-01', 3, 7.25, 'it''s')"
    )
    return Asking(bench)


@pytest.fixture
def store(bench: Bench) -> Iterator[history.Store]:
    found = history.Store(bench.store.access("backup"))
    yield found
    found.remove("history/")


def rows(bench: Bench, table: str) -> list[tuple[Any, ...]]:
    return bench.run(f"SELECT * FROM d.{table} ORDER BY day, k")


def test_what_went_out_comes_back(asking: Asking, store: history.Store) -> None:
    notes = list(history.export(asking, store, "d", "facts"))
    assert {note.partition: note.rows for note in notes} == {"p2024": 2, "p2025": 1, "p2026": 0}
    asking.bench.run(CREATE.format(name="again", more=""))
    assert history.restore(asking, store, "d", "facts", "d.again") == 3
    assert rows(asking.bench, "again") == rows(asking.bench, "facts")


def test_only_what_changed_goes_out_again(asking: Asking, store: history.Store) -> None:
    list(history.export(asking, store, "d", "facts"))
    assert list(history.export(asking, store, "d", "facts")) == []
    asking.bench.run("INSERT INTO d.facts VALUES ('2025-04-01', 4, 1, 'late')")
    assert [note.partition for note in history.export(asking, store, "d", "facts")] == ["p2025"]
    asking.bench.run(CREATE.format(name="again", more=""))
    history.restore(asking, store, "d", "facts", "d.again")
    assert rows(asking.bench, "again") == rows(asking.bench, "facts")


def test_a_run_that_was_broken_off_is_finished_by_the_next(asking: Asking, store: history.Store) -> None:
    started = history.export(asking, store, "d", "facts")
    first = next(started)
    started.close()
    # Files without a note, as a killed run leaves them.
    later = history.Note("d", "facts", "p2025", "1-1", 0, "")
    store.write(f"{later.files}part_stray.parquet", "half a file")
    rest = list(history.export(asking, store, "d", "facts"))
    assert first.partition not in {note.partition for note in rest}
    asking.bench.run(CREATE.format(name="again", more=""))
    assert history.restore(asking, store, "d", "facts", "d.again") == 3


def test_a_table_with_rows_is_not_filled(asking: Asking, store: history.Store) -> None:
    list(history.export(asking, store, "d", "facts"))
    with pytest.raises(BadInput, match=r"d\.facts has rows"):
        history.restore(asking, store, "d", "facts", "d.facts")
    with pytest.raises(BadInput, match=r"no history of d\.other"):
        history.restore(asking, store, "d", "other", "d.facts")


def test_the_definition_goes_with_the_rows(asking: Asking, store: history.Store) -> None:
    list(history.export(asking, store, "d", "facts"))
    assert "PARTITION p2025" in history.definition(store, "d", "facts").replace("`", "")


EVERYTHING = """\
CREATE TABLE d.kinds (day DATE NOT NULL, flag BOOLEAN, tiny TINYINT, big LARGEINT, narrow FLOAT, wide DOUBLE,
  price DECIMAL(30, 8), moment DATETIME(6), name STRING, code CHAR(4), doc JSON)
DUPLICATE KEY(day) DISTRIBUTED BY HASH(day) BUCKETS 1 PROPERTIES ('replication_num' = '1')"""
VALUES = """\
INSERT INTO d.kinds VALUES
 ('2024-02-29', true, -128, 170141183460469231731687303715884105727, 0.1, 2.5e-300, 1234567890.12345678,
  '2024-02-29 23:59:59.123456', 'it''s, "N" \\\\ %', 'ab', '{"k": [1, 2]}'),
 ('1970-01-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 ('9999-12-31', false, 127, -1, -0.0, 1, 0, '0001-01-01 00:00:00', '', '', 'null')"""


def test_every_kind_of_value_comes_back_by_its_checksum(asking: Asking, store: history.Store) -> None:
    asking.bench.run(EVERYTHING)
    asking.bench.run(VALUES)
    (note,) = history.export(asking, store, "d", "kinds")
    assert (note.rows, note.partition) == (3, "kinds")
    assert note.checksum is not None
    asking.bench.run("CREATE DATABASE elsewhere")
    assert history.bring_back(asking, store, "d", "kinds", "elsewhere") == 3
    question = "SELECT * FROM {}.kinds ORDER BY day"
    assert asking.bench.run(question.format("elsewhere")) == asking.bench.run(question.format("d"))


def test_what_could_not_be_read_back_is_refused_when_it_goes_out(asking: Asking, store: history.Store) -> None:
    asking.bench.run(f"CREATE TABLE d.nested (k INT, items ARRAY<BIGINT>) DUPLICATE KEY(k) {ONE}")
    asking.bench.run("INSERT INTO d.nested VALUES (1, [1, 2])")
    with pytest.raises(DorisError, match="the Parquet column items"):
        list(history.export(asking, store, "d", "nested"))
    assert store.notes("d", "nested") == {}
    assert store.tables()["d", "nested"] is None
