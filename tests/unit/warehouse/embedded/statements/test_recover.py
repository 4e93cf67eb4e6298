"""DROP without FORCE, and RECOVER."""

from datetime import timedelta

import pytest

from nereus.warehouse.embedded.catalog import recycling
from nereus.warehouse.embedded.warehouse import Warehouse


@pytest.fixture
def table(run):
    run("CREATE TABLE t (id BIGINT NOT NULL AUTO_INCREMENT, v INT) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1")
    run("INSERT INTO t (v) VALUES (10), (20)")
    return run


def test_a_table_comes_back_with_its_rows_and_numbers(table):
    table("DROP TABLE t")
    assert table("SHOW TABLES") == []
    table("RECOVER TABLE t")
    assert table("SELECT v FROM t ORDER BY v") == [(10,), (20,)]
    table("INSERT INTO t (v) VALUES (30)")
    assert table("SELECT count(*), count(DISTINCT id) FROM t") == [(3, 3)]


def test_the_last_one_dropped_comes_back_first(table):
    table("DROP TABLE t")
    table("CREATE TABLE t (k INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    table("DROP TABLE t")
    table("RECOVER TABLE d.t AS newer")
    table("RECOVER TABLE t")
    assert table("SELECT count(*) FROM newer") == [(0,)]
    assert table("SELECT count(*) FROM t") == [(2,)]


def test_what_was_forced_or_never_there_is_unknown(table):
    table("DROP TABLE t FORCE")
    assert table.error("RECOVER TABLE t") == "Unknown table 't' or table id '-1' in d"
    assert table.error("RECOVER TABLE t 77") == "Unknown table 't' or table id '77' in d"
    assert table.error("RECOVER DATABASE nope") == "Unknown database 'nope' or database id '-1'"
    assert table.error("RECOVER PARTITION p FROM t").startswith("the embedded warehouse refuses RECOVER PARTITION")


def test_a_name_that_is_taken_is_not_recovered_to(table):
    table("DROP TABLE t")
    table("CREATE TABLE t (k INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    assert table.error("RECOVER TABLE t") == "Table 't' already exists"


def test_a_database_comes_back_with_what_was_in_it(table):
    table("CREATE VIEW v AS SELECT v FROM t")
    table("DROP TABLE t")
    table("RECOVER TABLE t")
    table("CREATE TABLE gone (k INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    table("DROP TABLE gone")
    table("DROP DATABASE d")
    table("RECOVER DATABASE d")
    table("USE d")
    assert table("SHOW TABLES") == [("t",), ("v",)]
    assert table("SELECT sum(v) FROM v") == [(30,)]


def test_after_a_day_it_is_gone_for_good(tmp_path, monkeypatch):
    def opened():
        return Warehouse.open(tmp_path, memory_gb=1, threads=2, root_password="secret of root")

    def run(warehouse, *statements):
        session = warehouse.connect("root")
        for sql in statements:
            for _ in session.execute(sql):
                pass
        session.close()

    first = opened()
    run(first, "CREATE DATABASE d", "CREATE TABLE d.t (k INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run(first, "INSERT INTO d.t VALUES (1)", "DROP TABLE d.t")
    first.close()
    second = opened()
    run(second, "RECOVER TABLE d.t", "DROP TABLE d.t")
    second.close()
    monkeypatch.setattr(recycling, "KEEP", timedelta(0))
    third = opened()
    tables = third.engine.cursor().execute("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'data'").fetchone()
    third.close()
    assert tables == (0,)
