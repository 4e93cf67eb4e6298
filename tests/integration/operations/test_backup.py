"""Backups: destroyed, restored, and the same as before."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nereus.warehouse.embedded.warehouse import Warehouse
from tests.integration.operations.conftest import ONE, PASSWORD, Bench
from tests.stores import wait_for

CHECKS = (
    "SELECT count(*), sum(k), max(s), sum(big), sum(element_at(l, 1)) FROM t",
    "SELECT count(*), sum(k), sum(v) FROM parts",
    "SELECT * FROM parts PARTITION (b) ORDER BY k LIMIT 3",
    "SELECT k, v FROM u ORDER BY k",
    "SELECT * FROM w ORDER BY k LIMIT 3",
)


def fill(bench: Bench) -> None:
    bench.run(f"CREATE TABLE t (k INT, s STRING, big LARGEINT, l ARRAY<LARGEINT>) DUPLICATE KEY(k) {ONE}")
    bench.run(
        "INSERT INTO t SELECT number, concat('s', number), number * 1000000000000000000000, "
        "array(CAST(number AS LARGEINT) * 1000000000000000000000) FROM numbers('number' = '1000')"
    )
    bench.run(
        "CREATE TABLE parts (k INT NOT NULL, v DECIMAL(20, 4)) DUPLICATE KEY(k) PARTITION BY RANGE(k) "
        f"(PARTITION a VALUES [('0'), ('100')), PARTITION b VALUES [('100'), ('200'))) {ONE}"
    )
    bench.run("INSERT INTO parts SELECT number, number / 7 FROM numbers('number' = '200')")
    bench.run(f"CREATE TABLE u (k INT, v INT) UNIQUE KEY(k) {ONE}")
    bench.run("INSERT INTO u VALUES (1, 1), (2, 2), (1, 3)")
    bench.run("CREATE VIEW w AS SELECT k, s FROM t WHERE k > 10")


def answers(bench: Bench, db: str = "d") -> list[list[tuple[Any, ...]]]:
    bench.session.use(db)
    return [bench.run(sql) for sql in CHECKS]


def repository(bench: Bench, location: str = "s3://backup/x", name: str = "repo") -> None:
    bench.run(f"CREATE REPOSITORY {name} WITH S3 ON LOCATION '{location}' PROPERTIES ({bench.keys_sql('backup')})")


def last(bench: Bench, kind: str, db: str = "d") -> dict[str, Any]:
    names, rows = bench.result(f"SHOW {kind} FROM {db}")
    return dict(zip(names, rows[-1], strict=True))


def until_over(bench: Bench, kind: str, db: str = "d") -> dict[str, Any]:
    wait_for(lambda: last(bench, kind, db)["State"] in ("FINISHED", "CANCELLED"), 60)
    return last(bench, kind, db)


def stamp(bench: Bench, label: str, repo: str = "repo") -> str:
    ((_, found, status),) = bench.run(f"SHOW SNAPSHOT ON {repo} WHERE SNAPSHOT = '{label}'")
    assert status == "OK"
    return str(found)


def restore_sql(bench: Bench, label: str, what: str = "", repo: str = "repo", db: str = "d") -> str:
    return (
        f"RESTORE SNAPSHOT {db}.{label} FROM {repo} {what} PROPERTIES ('backup_timestamp' = "
        f"'{stamp(bench, label, repo)}')"
    )


def test_the_restore_drill(bench: Bench, tmp_path: Path) -> None:
    fill(bench)
    before = answers(bench)
    repository(bench)
    bench.run("BACKUP SNAPSHOT d.s1 TO repo")
    done = until_over(bench, "BACKUP")
    assert (done["State"], done["Status"]) == ("FINISHED", "[OK]")
    assert done["BackupObjs"] == "[parts], [t], [u], [w]"
    assert "already exist in repository" in bench.error("BACKUP SNAPSHOT d.s1 TO repo")
    # A machine that never saw the data.
    other = Warehouse.open(tmp_path / "new", memory_gb=1, threads=2, root_password=PASSWORD, cache_bytes=1 << 20)
    try:
        new = Bench(other, other.connect("root"), bench.store)
        new.run("CREATE DATABASE d")
        repository(new)
        new.run(restore_sql(new, "s1"))
        done = until_over(new, "RESTORE")
        assert (done["State"], done["Status"]) == ("FINISHED", "[OK]")
        assert answers(new) == before
        assert new.spooled() == []
        new.run("INSERT INTO u VALUES (1, 9)")
        assert new.run("SELECT v FROM u WHERE k = 1") == [(9,)]
        other.close()
        other = Warehouse.open(tmp_path / "new", memory_gb=1, threads=2, root_password=PASSWORD, cache_bytes=1 << 20)
        again = Bench(other, other.connect("root"), bench.store)
        assert answers(again)[0] == before[0]
    finally:
        other.close()
    # And in place: after a drop, over changed rows, under another name, in another database.
    bench.run("DROP TABLE parts FORCE; DELETE FROM t WHERE k > 5; DROP VIEW w")
    bench.run(restore_sql(bench, "s1"))
    assert until_over(bench, "RESTORE")["State"] == "FINISHED"
    assert answers(bench) == before
    bench.run(restore_sql(bench, "s1", "ON (parts PARTITION (b) AS parts2)"))
    assert until_over(bench, "RESTORE")["State"] == "FINISHED"
    assert bench.run("SELECT count(*), min(k) FROM parts2") == [(100, 100)]
    bench.run("DELETE FROM parts PARTITION b WHERE k > 0; ALTER TABLE parts DROP PARTITION a")
    bench.run(restore_sql(bench, "s1", "ON (parts)"))
    assert until_over(bench, "RESTORE")["State"] == "FINISHED"
    assert answers(bench) == before
    bench.run("CREATE DATABASE e")
    bench.run(restore_sql(bench, "s1", "EXCLUDE (u)", db="e"))
    assert until_over(bench, "RESTORE", "e")["State"] == "FINISHED"
    bench.run("DROP TABLE t FORCE")
    assert bench.run("SELECT count(*) FROM e.w") == [(989,)]
    secret = bench.store.access("backup").secret_key
    for shown in ("SHOW REPOSITORIES", "SHOW BACKUP FROM d", "SHOW RESTORE FROM d", "SHOW SNAPSHOT ON repo"):
        assert secret not in str(bench.run(shown))
    bench.warehouse.audit.flush()
    assert secret not in str(bench.run("SELECT stmt FROM __internal_schema.audit_log WHERE stmt LIKE '%REPOSITORY%'"))


def test_one_moment_whatever_is_written_meanwhile(bench: Bench) -> None:
    fill(bench)
    repository(bench, "s3://backup/moment")

    def write(state: str) -> None:
        if state == "UPLOADING":
            other = Bench(bench.warehouse, bench.warehouse.connect("root", database="d"), bench.store)
            other.run("INSERT INTO t (k) VALUES (1); INSERT INTO parts VALUES (1, 1); DROP VIEW w")

    before = answers(bench)
    bench.warehouse.operations.step = write
    bench.run("BACKUP SNAPSHOT d.m TO repo")
    assert until_over(bench, "BACKUP")["State"] == "FINISHED"
    bench.run("DROP TABLE t FORCE; DROP TABLE parts FORCE")
    bench.run(restore_sql(bench, "m"))
    assert until_over(bench, "RESTORE")["State"] == "FINISHED"
    assert answers(bench) == before


def test_a_damaged_backup_is_not_restored(bench: Bench) -> None:
    fill(bench)
    repository(bench, "s3://backup/damaged")
    bench.run("BACKUP SNAPSHOT d.s TO repo ON (t, u)")
    assert until_over(bench, "BACKUP")["State"] == "FINISHED"
    before = answers(bench)
    key = next(key for key in bench.keys("damaged/", "backup") if key.endswith("0.parquet"))
    content = bytearray(bench.get(key, "backup"))
    content[len(content) // 2] ^= 1
    bench.put(key, bytes(content), "backup")
    bench.run(restore_sql(bench, "s"))
    failed = until_over(bench, "RESTORE")
    assert failed["State"] == "CANCELLED"
    assert "the backup is damaged" in failed["Status"]
    assert answers(bench) == before
    assert bench.spooled() == []
    info = next(key for key in bench.keys("damaged/", "backup") if "__info_" in key)
    bench.put(info, bench.get(info, "backup").replace(b'"rows": 1000', b'"rows": 1001'), "backup")
    assert "damaged" in bench.error(restore_sql(bench, "s"))


def test_what_is_refused(bench: Bench) -> None:
    fill(bench)
    keys = bench.keys_sql("backup")
    gone = keys.replace(bench.store.access().endpoint, "127.0.0.1:9")
    failed = bench.error(f"CREATE REPOSITORY r WITH S3 ON LOCATION 's3://backup/r' PROPERTIES ({gone})")
    assert failed.startswith("Failed to create repository: ")
    assert "it does not listen" in failed
    assert bench.error("BACKUP SNAPSHOT d.s TO nowhere") == "Repository nowhere does not exist"
    assert bench.error("SHOW SNAPSHOT ON nowhere") == "Repository nowhere does not exist"
    assert bench.error("DROP REPOSITORY nowhere") == "Repository does not exist"
    repository(bench, "s3://backup/refused")
    assert "already exist: repo" in bench.error(
        f"CREATE REPOSITORY repo WITH S3 ON LOCATION 's3://backup/refused' PROPERTIES ({keys})"
    )
    assert bench.error("BACKUP SNAPSHOT d.s TO repo ON (nothing)") == "Unknown table 'nothing'"
    assert bench.error("BACKUP SNAPSHOT nodb.s TO repo") == "Unknown database 'nodb'"
    assert "Cannot specify database name" in bench.error("BACKUP SNAPSHOT d.s TO repo ON (d.t)")
    assert "Unknown partition z" in bench.error("BACKUP SNAPSHOT d.s TO repo ON (parts PARTITION (z))")
    assert bench.error("BACKUP SNAPSHOT d.s TO repo PROPERTIES ('timeout' = '5')") == "timeout must be at least 10 min"
    assert bench.error("RESTORE SNAPSHOT d.s FROM repo") == "Missing backup_timestamp property"
    missing = "RESTORE SNAPSHOT d.s FROM repo PROPERTIES ('backup_timestamp' = '2024-01-01-00-00-00')"
    assert "Maybe specified wrong backup timestamp" in bench.error(missing)
    bench.run("CREATE USER ann IDENTIFIED BY 'Long-enough-1'")
    ann = Bench(bench.warehouse, bench.warehouse.connect("ann"), bench.store)
    for sql in ("BACKUP SNAPSHOT d.s TO repo", missing):
        assert "(LOAD) privilege" in ann.error(sql)
    for sql in ("SHOW REPOSITORIES", "SHOW SNAPSHOT ON repo", "DROP REPOSITORY repo"):
        assert "(ADMIN) privilege" in ann.error(sql)
    assert "to database 'd'" in ann.error("SHOW BACKUP FROM d")
    bench.run("BACKUP SNAPSHOT d.s TO repo")
    assert until_over(bench, "BACKUP")["State"] == "FINISHED"
    bench.run("ALTER TABLE t ADD COLUMN n INT")
    bench.run(restore_sql(bench, "s"))
    assert "t already exist but with different schema" in until_over(bench, "RESTORE")["Status"]
    with_policy = bench.store.access("cold")
    bench.run(
        f"CREATE RESOURCE r PROPERTIES ('type' = 's3', 's3.bucket' = 'cold', 's3.root.path' = 'x', "
        f"'s3.endpoint' = '{with_policy.endpoint}', 's3.access_key' = '{with_policy.access_key}', "
        f"'s3.secret_key' = '{with_policy.secret_key}')"
    )
    bench.run("CREATE STORAGE POLICY p PROPERTIES ('storage_resource' = 'r', 'cooldown_ttl' = '1d')")
    bench.run("ALTER TABLE parts SET ('storage_policy' = 'p')")
    assert "cooldowned remote data: table parts" in bench.error("BACKUP SNAPSHOT d.q TO repo")
    bench.run("BACKUP SNAPSHOT d.q TO repo EXCLUDE (parts)")
    assert until_over(bench, "BACKUP")["State"] == "FINISHED"
    bench.run("DROP REPOSITORY repo")
    assert bench.run("SHOW REPOSITORIES") == []


@pytest.mark.parametrize("kind", ["BACKUP", "RESTORE"])
def test_a_process_killed_in_the_middle(bench: Bench, data: Path, kind: str) -> None:
    fill(bench)
    before = answers(bench)
    repository(bench, f"s3://backup/killed{kind.lower()}")
    states = {"BACKUP": ("SNAPSHOTING", "UPLOADING", "UPLOAD_INFO"), "RESTORE": ("DOWNLOADING", "COMMITTING", "commit")}
    bench.run("BACKUP SNAPSHOT d.first TO repo")
    assert until_over(bench, "BACKUP")["State"] == "FINISHED"
    bench.run("DELETE FROM t WHERE k >= 500")
    changed = answers(bench)
    sql = "BACKUP SNAPSHOT d.second TO repo" if kind == "BACKUP" else restore_sql(bench, "first")
    bench.warehouse.close()
    for state in states[kind]:
        run = subprocess.run(
            [sys.executable, "-m", "tests.integration.operations.killed", str(data), state, sql], check=False
        )
        assert run.returncode == -signal.SIGKILL
        warehouse = Warehouse.open(data, memory_gb=1, threads=2, root_password=PASSWORD, cache_bytes=1 << 20)
        try:
            found = Bench(warehouse, warehouse.connect("root"), bench.store)
            assert answers(found) == changed
            stopped = last(found, kind)
            assert stopped["State"] == "CANCELLED"
            assert "stopped while it ran" in stopped["Status"]
            assert found.spooled() == []
            if kind == "BACKUP":
                assert [row[0] for row in found.run("SHOW SNAPSHOT ON repo")] == ["first"]
        finally:
            warehouse.close()
    warehouse = Warehouse.open(data, memory_gb=1, threads=2, root_password=PASSWORD, cache_bytes=1 << 20)
    try:
        found = Bench(warehouse, warehouse.connect("root"), bench.store)
        found.run(sql)
        assert until_over(found, kind)["State"] == "FINISHED"
        assert answers(found) == (changed if kind == "BACKUP" else before)
    finally:
        warehouse.close()
