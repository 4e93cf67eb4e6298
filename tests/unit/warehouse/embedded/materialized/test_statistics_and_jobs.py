"""ANALYZE and what it found; statements that run by themselves."""

from datetime import UTC, datetime, timedelta

import pytest


def test_what_analyze_finds_is_shown_until_it_is_dropped(run):
    assert run("SHOW TABLE STATS items") == [("", "", "5", "", "", "", "", "", "true", "")]
    assert run("SHOW COLUMN STATS items") == []
    run("ANALYZE TABLE items WITH SYNC")
    shown = {row[0]: row for row in run("SHOW COLUMN STATS items")}
    assert shown["item"][2:9] == ("5.0", "5.0", "0.0", "20.0", "4.0", "1", "5")
    assert shown["brand"][2:9] == ("5.0", "3.0", "0.0", "10.0", "2.0", "'b0'", "'b2'")
    assert shown["weight"][4] == "1.0"
    assert run("SHOW TABLE STATS items")[0][2] == "5"
    assert [row[0] for row in run("SHOW COLUMN STATS items (brand)")] == ["brand"]
    job = run("SHOW ANALYZE items")[-1]
    assert job[2:5] == ("d", "items", "[items:item, items:brand, items:weight]")
    assert job[9:11] == ("FINISHED", "3 Finished  |  0 Failed  |  0 In Progress  |  3 Total")
    run("DROP STATS items (brand)")
    assert len(run("SHOW COLUMN STATS items")) == 2
    run("DROP STATS items")
    assert run("SHOW COLUMN STATS items") == []


def test_analyze_of_some_columns_answers_with_its_job(run):
    (job,) = run("ANALYZE TABLE items (brand)")
    assert job[1:] == ("internal", "d", "items", "items:brand")
    assert run.error("ANALYZE TABLE nothing") == "Unknown table 'nothing'"
    assert run.error("SHOW COLUMN STATS nothing") == "Table: nothing not exists"


@pytest.fixture
def jobs(run):
    found = run.warehouse.jobs
    begun = found.clock()
    yield found, lambda **later: setattr(found, "clock", lambda: begun + timedelta(**later))
    found.clock = lambda: datetime.now(UTC).replace(tzinfo=None)


def status(run, name):
    rows = run(f"SELECT Status, SucceedTaskCount, FailedTaskCount FROM jobs('type' = 'insert') WHERE Name = '{name}'")
    return rows[0] if rows else None


def test_a_job_inserts_every_so_often_until_it_is_dropped(run, jobs):
    found, at = jobs
    run(
        "CREATE JOB every_hour ON SCHEDULE EVERY 1 HOUR COMMENT 'c'"
        " DO INSERT INTO items SELECT max(item) + 1, 'b9', 1 FROM items"
    )
    found.tick()
    assert status(run, "every_hour") == ("RUNNING", "0", "0")
    at(minutes=61)
    found.tick()
    found.tick()
    assert status(run, "every_hour") == ("RUNNING", "1", "0")
    assert run("SELECT count(*) FROM items") == [(6,)]
    # A clock that jumps ahead and back puts no run off.
    for minutes in (60_000, 130, 190):
        at(minutes=minutes)
        found.tick()
    assert status(run, "every_hour") == ("RUNNING", "3", "0")
    run("PAUSE JOB WHERE jobname = 'every_hour'")
    at(minutes=250)
    found.tick()
    assert run("SELECT count(*) FROM items") == [(8,)]
    run("RESUME JOB WHERE jobname = 'every_hour'")
    run("ALTER TABLE items RENAME COLUMN brand maker")
    run("DROP TABLE items")
    at(minutes=310)
    found.tick()
    assert status(run, "every_hour") == ("RUNNING", "3", "1")
    tasks = run("SELECT Status, ErrorMsg FROM tasks('type' = 'insert') WHERE JobName = 'every_hour'")
    assert [task[0] for task in tasks] == [*["SUCCESS"] * 3, "FAILED"]
    assert "items" in tasks[-1][1]
    run("DROP JOB WHERE jobname = 'every_hour'")
    assert status(run, "every_hour") is None
    run("DROP JOB IF EXISTS WHERE jobname = 'every_hour'")


def test_a_job_at_a_time_runs_once(run, jobs):
    found, at = jobs
    when = f"{found.clock() + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    run(f"CREATE JOB once ON SCHEDULE AT '{when}' DO INSERT INTO items VALUES (77, 'b', 1)")
    for minutes in (50, 61, 200):
        at(minutes=minutes)
        found.tick()
    assert status(run, "once") == ("FINISHED", "1", "0")
    run("DROP JOB WHERE jobname = 'once'")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE JOB j ON SCHEDULE EVERY 1 SECOND DO INSERT INTO items VALUES (1, 'a', 1)", "can not be second"),
        ("CREATE JOB j ON SCHEDULE EVERY 1 DAY DO DELETE FROM items WHERE item = 1", "Not support this sql"),
        ("CREATE JOB j ON SCHEDULE AT '2001-01-01 00:00:00' DO INSERT INTO items VALUES (1, 'a', 1)", "greater than"),
        ("PAUSE JOB WHERE jobname = 'nothing'", "job not exist, jobName:nothing"),
    ],
)
def test_what_jobs_are_refused(run, statement, reason):
    assert reason in run.error(statement)
