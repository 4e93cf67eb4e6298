"""BEGIN ... COMMIT: writes become visible together, or not at all."""

import re

import pytest


@pytest.fixture
def two(run):
    run("CREATE TABLE t (k INT, v INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("CREATE TABLE u (k INT, v INT) UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("INSERT INTO t VALUES (1, 10), (2, 20)")
    run("INSERT INTO u VALUES (1, 10), (2, 20)")
    yield run
    run("ROLLBACK")


@pytest.fixture
def other(two):
    session = two.warehouse.connect("root")
    runner = type(two)(session)
    runner("USE d")
    yield runner
    session.close()


def test_values_are_visible_at_commit(two, other):
    begun = two("BEGIN WITH LABEL l1")
    assert begun.info == "{'label':'l1', 'status':'PREPARE', 'txnId':''}"
    done = two("INSERT INTO t VALUES (3, 30), (4, 40)")
    assert done.affected_rows == 2
    assert re.fullmatch(r"\{'label':'l1', 'status':'PREPARE', 'txnId':'\d+'\}", done.info)
    two("INSERT INTO t VALUES (5, 50)")
    assert other("SELECT count(*) FROM t") == [(2,)]
    assert two("COMMIT").info == done.info.replace("PREPARE", "VISIBLE")
    assert other("SELECT count(*) FROM t") == [(5,)]
    two("BEGIN WITH LABEL l1")
    assert "Label [l1] has already been used" in two.error("INSERT INTO t VALUES (6, 60)")


def test_selects_updates_and_deletes_of_several_tables(two, other):
    two("BEGIN")
    two("INSERT INTO u SELECT k + 10, v FROM t")
    two("INSERT INTO t SELECT k, v FROM u WHERE k > 10")
    two("UPDATE u SET v = 11 WHERE k = 1")
    two("DELETE FROM u WHERE k = 2")
    assert other("SELECT count(*) FROM u") == [(2,)]
    two("COMMIT")
    # Each statement reads what was committed before BEGIN, so the second found nothing.
    assert two("SELECT * FROM u ORDER BY k") == [(1, 11), (11, 10), (12, 20)]
    assert two("SELECT count(*) FROM t") == [(2,)]


def test_a_rollback_leaves_nothing(two):
    two("BEGIN")
    done = two("INSERT INTO t SELECT * FROM u")
    assert two("ROLLBACK").info == done.info.replace("PREPARE", "ABORTED")
    assert two("SELECT count(*) FROM t") == [(2,)]
    temporary = two.session.cursor.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone()
    assert temporary == (0,)


def test_an_empty_transaction_says_nothing(two):
    two("BEGIN")
    assert two("COMMIT").info == ""
    assert two("COMMIT").info == ""


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (
            "INSERT INTO t VALUES (1, 1)",
            "INSERT INTO t SELECT 1, 1",
            "begin transaction failed. Transaction insert can not insert into values and insert into select at the "
            "same time",
        ),
        (
            "INSERT INTO t SELECT 1, 1",
            "INSERT INTO t VALUES (1, 1)",
            "Transaction insert can not insert into values and insert into select at the same time",
        ),
        (
            "INSERT INTO t VALUES (1, 1)",
            "INSERT INTO u VALUES (1, 1)",
            "Only one table can be inserted in one transaction.",
        ),
        (
            "INSERT INTO t SELECT 1, 1",
            "DELETE FROM t WHERE k = 1",
            "Can not delete because there is a insert operation for the same table",
        ),
        (
            "INSERT INTO t SELECT 1, 1",
            "INSERT INTO t WITH LABEL other SELECT 1, 1",
            "begin transaction failed. Transaction insert expect label me, but got other",
        ),
        (
            "INSERT INTO t SELECT 1, 1",
            "SELECT * FROM t",
            "This is in a transaction, only insert, update, delete, commit, rollback is acceptable.",
        ),
        (
            "INSERT INTO t SELECT 1, 1",
            "INSERT OVERWRITE TABLE t SELECT 1, 1",
            "This is in a transaction, only insert, update, delete, commit, rollback is acceptable.",
        ),
    ],
)
def test_what_doris_forbids(two, first, second, text):
    two("BEGIN WITH LABEL me")
    two(first)
    assert two.error(second) == text


def test_deletions_come_before_later_inserts(two):
    two("BEGIN")
    two("DELETE FROM t WHERE k = 1")
    two("INSERT INTO t SELECT 1, 99")
    two("COMMIT")
    assert two("SELECT * FROM t ORDER BY k") == [(1, 99), (2, 20)]


def test_a_table_that_changed_meanwhile_is_not_written_to(two, other):
    two("BEGIN")
    two("INSERT INTO t SELECT 3, 30")
    other("ALTER TABLE t ADD COLUMN w INT")
    assert "meta has been changed" in two.error("COMMIT")
    assert two("SELECT count(*) FROM t") == [(2,)]
