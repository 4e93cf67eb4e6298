"""UNIQUE KEY: the last row of each key is what stays."""

import pytest

from nereus.warehouse.embedded.catalog.model import KeyModel


@pytest.fixture
def table(bench):
    return bench.table("u", ["k int not null", "s varchar(9)", "v int"], model=KeyModel.UNIQUE, keys=2)


def test_a_later_load_replaces(bench, table):
    bench.append(table, "(1, 'a', 1), (2, 'a', 2), (3, 'a', 3)")
    written = bench.append(table, "(2, 'a', 20), (4, 'a', 40)")
    assert written.rows == 2
    assert bench.rows(table) == [(1, "a", 1), (2, "a", 20), (3, "a", 3), (4, "a", 40)]


def test_null_is_a_key_like_any_other(bench, table):
    bench.append(table, "(1, NULL, 1), (1, 'a', 2)")
    bench.append(table, "(1, NULL, 3)")
    assert bench.rows(table) == [(1, "a", 2), (1, None, 3)]


def test_of_one_load_the_last_row_stays(bench, table):
    written = bench.append(table, "(1, 'a', 1), (1, NULL, 7), (1, 'a', 2), (1, NULL, 8), (1, 'a', 0)")
    assert written.rows == 5
    assert bench.rows(table) == [(1, "a", 0), (1, None, 8)]


def test_the_last_row_stays_in_large_parallel_loads(bench, table):
    """Input order must survive DuckDB's parallel insert."""
    bench.append(table, "SELECT (range % 1000)::INTEGER, 's', range::INTEGER FROM range(400000)")
    found = bench.rows(table, "k, v")
    assert found == [(k, 399000 + k) for k in range(1000)]


def test_replacing_everything_many_times(bench, table):
    for turn in range(5):
        bench.append(table, f"SELECT range::INTEGER, 'x', {turn} FROM range(2000)")
    assert bench.rows(table, "count(*), min(v), max(v)") == [(2000, 4, 4)]


def test_a_source_may_read_its_own_table(bench, table):
    bench.append(table, "(1, 'a', 1), (2, 'a', 2)")
    name = f'"data"."t{table.id}"'
    bench.append(table, f"SELECT k, s, v + 10 FROM {name} WHERE k = 2")
    assert bench.rows(table) == [(1, "a", 1), (2, "a", 12)]


def test_keys_can_be_deleted(bench, table):
    bench.append(table, "(1, NULL, 1), (2, 'a', 2), (3, 'a', 3)")
    deleted = bench.writer.delete_keys(bench.cursor, table, "SELECT 1, NULL::VARCHAR UNION ALL SELECT 3, 'a'")
    assert deleted.rows == 2
    assert bench.rows(table) == [(2, "a", 2)]
