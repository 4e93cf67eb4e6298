"""CREATE, REFRESH, ALTER, PAUSE and DROP MATERIALIZED VIEW, and what is told of them."""

from datetime import UTC, datetime, timedelta

import pytest

from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.materialized.conftest import KEPT, chosen, fill, tasks, wait
from tests.unit.warehouse.embedded.statements.conftest import Runner

BY_CITY = """SELECT t.city AS city, count(*) AS n, sum(s.price) AS revenue FROM sales s
    JOIN stores t ON s.store = t.store GROUP BY t.city"""
CITY_QUERY = "SELECT city, sum(price) FROM sales s JOIN stores t ON s.store = t.store GROUP BY city"


def make(run, name="mv", clauses="BUILD IMMEDIATE REFRESH AUTO ON MANUAL", query=BY_CITY, kept=KEPT, partition=""):
    run(f"CREATE MATERIALIZED VIEW {name} {clauses} {partition} DISTRIBUTED BY RANDOM BUCKETS 2 {kept} AS {query}")
    wait(run)


def in_sync(run, name="mv"):
    return run(f"SELECT State, RefreshState, SyncWithBaseTables FROM mv_infos('database' = 'd') WHERE Name = '{name}'")[
        0
    ]


def test_a_view_is_filled_told_of_and_shown_as_it_was_made(run):
    make(run)
    assert run("SELECT count(*), sum(n) FROM mv") == run(
        "SELECT count(*), sum(n) FROM (SELECT t.city, count(*) AS n FROM sales s JOIN stores t ON s.store = t.store"
        " GROUP BY t.city) x"
    )
    assert in_sync(run) == ("NORMAL", "SUCCESS", True)
    assert tasks(run, "mv") == [("SUCCESS", "COMPLETE")]
    assert ("mv",) in run("SHOW TABLES")
    shown = run("SHOW CREATE MATERIALIZED VIEW mv")[0][1]
    assert shown.startswith(
        "CREATE MATERIALIZED VIEW mv\n(city,n,revenue)\nBUILD IMMEDIATE REFRESH AUTO ON MANUAL\n"
        "DUPLICATE KEY(`city`)\nDISTRIBUTED BY RANDOM BUCKETS 2\nPROPERTIES (\n"
    )
    run("DROP MATERIALIZED VIEW mv")
    run(shown)
    wait(run)
    assert run("SHOW CREATE MATERIALIZED VIEW mv")[0][1] == shown


def test_a_deferred_view_is_empty_and_answers_nothing_until_it_is_refreshed(run):
    make(run, clauses="BUILD DEFERRED REFRESH COMPLETE ON MANUAL")
    assert in_sync(run) == ("INIT", "INIT", False)
    assert run("SELECT count(*) FROM mv") == [(0,)]
    assert chosen(run, CITY_QUERY) == []
    run("REFRESH MATERIALIZED VIEW mv COMPLETE")
    wait(run)
    assert chosen(run, CITY_QUERY) == ["mv"]


def test_after_a_load_a_view_answers_again_only_when_it_was_refreshed(run):
    make(run)
    assert chosen(run, CITY_QUERY) == ["mv"]
    run("INSERT INTO sales VALUES ('2024-01-01', 1, 1, 1000, 1, NULL, NULL)")
    assert chosen(run, CITY_QUERY) == []
    assert in_sync(run)[2] is False
    run("REFRESH MATERIALIZED VIEW mv AUTO")
    wait(run)
    assert chosen(run, CITY_QUERY) == ["mv"]
    run("DELETE FROM sales WHERE store = 2")
    assert chosen(run, CITY_QUERY) == []
    run("REFRESH MATERIALIZED VIEW mv AUTO")
    wait(run)
    run("UPDATE stores SET city = 'moved' WHERE store = 1")
    assert chosen(run, CITY_QUERY) == []
    assert "FailInfo: View is not fresh" in "\n".join(row[0] for row in run(f"EXPLAIN {CITY_QUERY}"))


def test_a_view_on_commit_follows_every_load(run):
    make(run, clauses="BUILD IMMEDIATE REFRESH AUTO ON COMMIT")
    for day in ("2024-01-01", "2024-05-01"):
        run(f"INSERT INTO sales VALUES ('{day}', 1, 1, 1000, 1, NULL, NULL)")
        wait(run)
        assert chosen(run, CITY_QUERY) == ["mv"]
    assert {status for status, _ in tasks(run, "mv")} == {"SUCCESS"}


def test_grace_period_lets_an_old_view_answer_and_no_longer(run):
    make(run, kept="PROPERTIES ('replication_num' = '1', 'grace_period' = '3600')")
    run("INSERT INTO sales VALUES ('2024-01-01', 1, 1, 1000, 1, NULL, NULL)")
    assert in_sync(run)[2] is False
    assert chosen(run, CITY_QUERY) == ["mv"]
    run("ALTER MATERIALIZED VIEW mv SET ('grace_period' = '0')")
    assert chosen(run, CITY_QUERY) == []


def test_excluded_tables_start_no_refresh_but_still_make_the_view_old(run):
    make(
        run,
        clauses="BUILD IMMEDIATE REFRESH AUTO ON COMMIT",
        kept="PROPERTIES ('replication_num' = '1', 'excluded_trigger_tables' = 'stores')",
    )
    run("INSERT INTO stores VALUES (8, 'c9', 'r9')")
    wait(run)
    assert len(tasks(run, "mv")) == 1
    assert chosen(run, CITY_QUERY) == []


MONTHLY = """SELECT date_trunc(s.day, 'month') AS month, t.city AS city, count(*) AS n, sum(s.price) AS revenue
    FROM sales s JOIN stores t ON s.store = t.store GROUP BY date_trunc(s.day, 'month'), t.city"""


@pytest.mark.parametrize(
    ("query", "partition"),
    [
        (MONTHLY, "PARTITION BY (month)"),
        (MONTHLY, "PARTITION BY (date_trunc(month, 'quarter'))"),
        ("SELECT day, store, sum(price) AS revenue FROM sales GROUP BY day, store", "PARTITION BY (day)"),
        ("SELECT day, store, price FROM sales WHERE price > 1", "PARTITION BY (date_trunc(day, 'month'))"),
    ],
)
def test_only_partitions_whose_rows_changed_are_computed_again(run, query, partition):
    if "quarter" in partition:
        with pytest.raises(Exception, match="partitions by quarter"):
            make(run, query=query, partition=partition)
        return
    make(run, query=query, partition=partition)
    assert len(run("SHOW PARTITIONS FROM mv")) == 4
    run("INSERT INTO sales VALUES ('2024-02-03', 1, 1, 1000, 1, NULL, NULL), ('2024-07-03', 1, 1, 5, 1, NULL, NULL)")
    run("REFRESH MATERIALIZED VIEW mv AUTO")
    wait(run)
    assert tasks(run, "mv")[-1][1] == "PARTIAL"
    needed = run("SELECT NeedRefreshPartitions FROM tasks('type' = 'mv') ORDER BY CAST(TaskId AS INT)")[-1][0]
    # What lies between the least and the greatest new day is taken as changed.
    assert needed == ('["p_20240201_20240301","p_20240301_20240401","p_20240401_20240501","p_20240701_20240801"]')
    assert sorted(run("SELECT * FROM mv"), key=str) == sorted(run(query), key=str)
    run("REFRESH MATERIALIZED VIEW mv AUTO")
    wait(run)
    assert tasks(run, "mv")[-1] == ("SUCCESS", "NOT_REFRESH")
    run("ALTER TABLE sales DROP PARTITION p20240101000000")
    run("REFRESH MATERIALIZED VIEW mv AUTO")
    wait(run)
    assert sorted(run("SELECT * FROM mv"), key=str) == sorted(run(query), key=str)
    run("REFRESH MATERIALIZED VIEW mv PARTITIONS (p_20240201_20240301)")
    wait(run)
    assert run.error("REFRESH MATERIALIZED VIEW mv PARTITIONS (p_20240101)") == "partition not exist: p_20240101"
    assert in_sync(run)[2] is True


def test_a_change_of_a_dimension_computes_every_partition_again(run):
    make(run, query=MONTHLY, partition="PARTITION BY (month)")
    run("UPDATE stores SET city = 'moved' WHERE store = 1")
    run("REFRESH MATERIALIZED VIEW mv AUTO")
    wait(run)
    assert tasks(run, "mv")[-1] == ("SUCCESS", "COMPLETE")
    assert sorted(run("SELECT * FROM mv"), key=str) == sorted(run(MONTHLY), key=str)


def test_a_schedule_refreshes_when_it_is_due_and_not_while_it_is_paused(run):
    make(run, clauses="BUILD DEFERRED REFRESH AUTO ON SCHEDULE EVERY 1 HOUR")
    views = run.warehouse.views
    begun = views.clock()
    views.clock = lambda: begun + timedelta(minutes=50)
    views.tick()
    wait(run)
    assert tasks(run, "mv") == []
    views.clock = lambda: begun + timedelta(minutes=61)
    views.tick()
    wait(run)
    assert tasks(run, "mv") == [("SUCCESS", "COMPLETE")]
    run("PAUSE MATERIALIZED VIEW JOB ON mv")
    views.clock = lambda: begun + timedelta(minutes=200)
    views.tick()
    wait(run)
    assert len(tasks(run, "mv")) == 1
    assert run("SELECT Status, RecurringStrategy FROM jobs('type' = 'mv')")[0][0] == "PAUSED"
    run("RESUME MATERIALIZED VIEW JOB ON mv")
    views.tick()
    views.clock = lambda: begun + timedelta(hours=5)
    views.tick()
    wait(run)
    assert len(tasks(run, "mv")) == 2
    # A clock that jumps ahead and back puts no run off.
    for hours in (1000, 6, 7):
        views.clock = lambda later=hours: begun + timedelta(hours=later, minutes=30)
        views.tick()
        wait(run)
    assert len(tasks(run, "mv")) == 4
    views.clock = lambda: datetime.now(UTC).replace(tzinfo=None)


def test_a_refresh_that_fails_leaves_the_old_rows_and_says_why(run):
    make(run, query="SELECT store, sum(pieces) AS n FROM sales GROUP BY store")
    before = sorted(run("SELECT * FROM mv"))
    run("ALTER TABLE sales RENAME COLUMN pieces amount")
    run("REFRESH MATERIALIZED VIEW mv COMPLETE")
    wait(run)
    assert tasks(run, "mv")[-1][0] == "FAILED"
    assert "pieces" in run("SELECT ErrorMsg FROM tasks('type' = 'mv') ORDER BY CAST(TaskId AS INT)")[-1][0]
    assert sorted(run("SELECT * FROM mv")) == before
    assert in_sync(run)[:2] == ("SCHEMA_CHANGE", "FAIL")


def test_nobody_writes_into_a_view(run):
    make(run)
    for statement in (
        "INSERT INTO mv VALUES ('a', 1, 1)",
        "DELETE FROM mv WHERE city = 'c1'",
        "TRUNCATE TABLE mv",
        "ALTER TABLE mv DROP COLUMN n",
    ):
        assert run.error(statement) == "Not allowed to perform current operation on async materialized view"
    assert run.error("DROP TABLE mv") == "'d.mv' is not TABLE. Use 'DROP MATERIALIZED VIEW d.mv'."


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE MATERIALIZED VIEW x AS SELECT store, sum(pieces) FROM sales GROUP BY store", "synchronous"),
        ("CREATE MATERIALIZED VIEW x BUILD IMMEDIATE AS SELECT store, now() FROM sales", "nonDeterministic"),
        ("CREATE MATERIALIZED VIEW x BUILD IMMEDIATE AS SELECT * FROM seen", "can not contain VIEW"),
        (
            "CREATE MATERIALIZED VIEW x BUILD IMMEDIATE PROPERTIES ('grace_period' = 'a') AS SELECT store FROM sales",
            "valid grace_period: a",
        ),
        (
            "CREATE MATERIALIZED VIEW x BUILD IMMEDIATE REFRESH ON SCHEDULE EVERY 1 SECOND AS SELECT store FROM sales",
            "can not be second",
        ),
        (
            "CREATE MATERIALIZED VIEW x BUILD IMMEDIATE PARTITION BY (store) AS SELECT store FROM sales",
            "Unable to find a suitable base table",
        ),
        ("REFRESH MATERIALIZED VIEW sales AUTO", "expected: MATERIALIZED_VIEW"),
        ("CANCEL MATERIALIZED VIEW TASK 1 ON mv", "no running task"),
    ],
)
def test_what_doris_refuses(run, statement, reason):
    make(run)
    run("CREATE VIEW seen AS SELECT store FROM sales")
    assert reason in run.error(statement)


def test_views_survive_a_restart_with_what_they_were_computed_from(tmp_path):
    opened = Warehouse.open(tmp_path / "data", memory_gb=1, threads=2, root_password="secret of root")
    first = Runner(opened.connect("root"))
    first("CREATE DATABASE d")
    first("USE d")
    fill(first)
    make(first, query=MONTHLY, partition="PARTITION BY (month)")
    opened.close()
    opened = Warehouse.open(tmp_path / "data", memory_gb=1, threads=2, root_password="secret of root")
    try:
        again = Runner(opened.connect("root", database="d"))
        query = "SELECT city, sum(price) FROM sales s JOIN stores t ON s.store = t.store GROUP BY city"
        assert in_sync(again) == ("NORMAL", "SUCCESS", True)
        assert chosen(again, query) == ["mv"]
        again("INSERT INTO sales VALUES ('2024-02-03', 1, 1, 1000, 1, NULL, NULL)")
        assert chosen(again, query) == []
        again("REFRESH MATERIALIZED VIEW mv AUTO")
        wait(again)
        assert tasks(again, "mv")[-1] == ("SUCCESS", "PARTIAL")
        assert chosen(again, query) == ["mv"]
    finally:
        opened.close()
