"""A table whose partitions cool down: what is answered, read and refused, and what changes of it do."""

from __future__ import annotations

import threading
import time

import pytest

from nereus.warehouse.embedded.catalog import Snapshot
from nereus.warehouse.embedded.tiers.model import ColdTables
from nereus.warehouse.embedded.tiers.mover import Mover
from tests.integration.tiers.conftest import MONTHS, ROWS, TAIL, Bench

QUERIES = (
    "SELECT count(*), sum(v), min(s), max(big), sum(d) FROM t",
    "SELECT month(k), count(*), sum(v), max(d) FROM t GROUP BY 1 ORDER BY 1",
    "SELECT * FROM t WHERE k = '2024-01-17' ORDER BY v LIMIT 7",
    "SELECT a.k, count(*) FROM t a JOIN t b ON a.v = b.v WHERE b.k BETWEEN '2024-01-30' AND '2024-02-02' GROUP BY 1 "
    "ORDER BY 1",
    "SELECT count(*) FROM t a LEFT JOIN t b ON a.v = b.v AND b.k >= '2024-02-01' WHERE a.k < '2024-02-01'",
    "SELECT sum(v) FROM (SELECT k, v FROM t WHERE s = 'text 3') x WHERE k >= '2024-02-10' OR k IN ('2024-01-02')",
    "SELECT count(*) FROM t WHERE k NOT IN ('2024-01-05') AND NOT (k < '2024-01-03')",
    "WITH x AS (SELECT k, row_number() OVER (ORDER BY v) n FROM t) SELECT min(n) FROM x WHERE k = '2024-02-03'",
    "SELECT max(n) FROM (SELECT k, row_number() OVER (ORDER BY v) n FROM t) x WHERE k = '2024-02-03'",
    "SELECT count(*) FROM (SELECT k FROM t ORDER BY v LIMIT 10) x WHERE k >= '2024-02-01'",
    "SELECT count(*) FROM t PARTITION (p20240201000000)",
)


def test_the_same_answers_before_and_after_a_move(bench: Bench) -> None:
    bench.table("t", policy="")
    bench.run("CREATE VIEW w AS SELECT k AS day, v, s FROM t")
    queries = (*QUERIES, "SELECT count(*), sum(v) FROM w WHERE day < '2024-01-10'")
    before = [bench.run(sql) for sql in queries]
    assert bench.move() == 0
    bench.run("ALTER TABLE t SET ('storage_policy' = 'pol')")
    assert bench.move() == 2
    assert bench.run("SELECT count(*) FROM t") == [(ROWS,)]
    assert [bench.run(sql) for sql in queries] == before
    assert [bench.run(sql) for sql in queries] == before
    assert bench.objects() == bench.files()
    assert bench.move() == 0


def test_partitions_of_several_columns_move_too(bench: Bench) -> None:
    bench.run(
        "CREATE TABLE t (k DATE, v INT) DUPLICATE KEY(k, v) PARTITION BY RANGE(k, v) ("
        "PARTITION a VALUES LESS THAN ('2024-01-01', 5), PARTITION b VALUES LESS THAN MAXVALUE) "
        + TAIL.format(", 'storage_policy' = 'pol'")
    )
    bench.run("INSERT INTO t VALUES (NULL, 9), ('2024-01-01', 4), ('2024-01-01', 5), ('2024-01-02', NULL)")
    assert bench.move() == 2
    assert bench.run("SELECT v FROM t PARTITION (a) ORDER BY v") == [(4,), (9,)]
    assert bench.run("SELECT count(*) FROM t WHERE k = '2024-01-01' AND v >= 5") == [(1,)]
    assert bench.run("SELECT count(*) FROM t WHERE k < '2024-01-02'") == [(2,)]
    bench.run("ALTER TABLE t DROP PARTITION a")
    assert bench.run("SELECT v FROM t ORDER BY v") == [(None,), (5,)]


def test_only_the_needed_partitions_and_columns_are_fetched(bench: Bench) -> None:
    # Values that do not compress, so that columns differ from each other by many blocks.
    bench.run(
        f"CREATE TABLE t (k DATE NOT NULL, v INT, a VARCHAR(64), b VARCHAR(64)) DUPLICATE KEY(k) {MONTHS} "
        + TAIL.format(", 'storage_policy' = 'pol'")
    )
    bench.run(
        "INSERT INTO t SELECT date_add('2024-01-01', INTERVAL CAST(number / 2000 AS INT) DAY), number, "
        "concat(md5(concat(number)), md5(concat(number, 'a'))), "
        "concat(md5(concat(number, 'b')), md5(concat(number, 'c'))) "
        "FROM numbers('number' = '180000')"
    )
    assert bench.move() == 3
    whole = sum(cold.remote_bytes for cold in bench.warehouse.catalog.snapshot().cold.values())
    assert bench.fetched("SELECT count(*) FROM t") < whole * 0.1
    assert bench.fetched("SELECT count(*) FROM t WHERE k >= '2025-01-01'") == 0
    one_column = bench.fetched("SELECT max(a) FROM t WHERE k >= '2024-01-01' AND k < '2024-02-01'")
    assert 0 < one_column < whole * 0.25
    assert bench.fetched("SELECT max(a) FROM t WHERE k >= '2024-01-01' AND k < '2024-02-01'") == 0
    bench.run("CREATE VIEW w AS SELECT k AS day, b FROM t")
    assert 0 < bench.fetched("SELECT max(b) FROM w WHERE day BETWEEN '2024-02-01' AND '2024-02-29'") < whole * 0.25
    bench.warehouse.tiering.cache.clear()
    assert whole * 0.9 < bench.fetched("SELECT max(a), max(b), max(v), max(k) FROM t") <= whole
    bench.warehouse.audit.flush()
    logged = bench.run(
        "SELECT scan_bytes_from_remote_storage FROM __internal_schema.audit_log "
        "WHERE stmt LIKE 'SELECT max(a) FROM t%' ORDER BY time, stmt_id"
    )
    assert logged == [(one_column,), (0,)]


def test_the_cache_never_holds_more_than_its_limit(bench: Bench) -> None:
    bench.table("t")
    bench.move()
    cache = bench.warehouse.tiering.cache
    cache._limit = 300_000
    for sql in QUERIES:
        bench.run(sql)
        on_disk = sum(path.stat().st_size for path in cache._folder.iterdir())
        assert on_disk == cache.used <= 300_000


def test_a_damaged_block_of_the_cache_is_fetched_again(bench: Bench) -> None:
    bench.table("t")
    bench.move()
    expected = bench.run(QUERIES[0])
    for path in bench.warehouse.tiering.cache._folder.iterdir():
        path.write_bytes(b"\0" * path.stat().st_size)
    assert bench.fetched(QUERIES[0]) > 0
    assert bench.run(QUERIES[0]) == expected


def test_a_changed_object_is_an_error_and_not_an_answer(bench: Bench) -> None:
    bench.table("t")
    bench.move()
    client = bench.warehouse.catalog.tiers.client("cold_store")
    key = sorted(bench.files())[0]
    size = client.size(key)
    client._store.put(key, b"\0" * size)
    assert "has a wrong checksum" in bench.error(QUERIES[0])


def test_with_the_store_down_hot_rows_are_read_and_nothing_is_lost(bench: Bench) -> None:
    bench.table("t")
    expected = [bench.run(sql) for sql in QUERIES]
    bench.move()
    bench.run("INSERT INTO t VALUES ('2025-03-01', 1, 'new', 2, 3)")
    with bench.store.down():
        assert bench.run("SELECT count(*), max(s) FROM t WHERE k >= '2025-01-01'") == [(1, "new")]
        said = bench.error("SELECT sum(v) FROM t")
        assert "resource cold_store" in said
        assert "it does not listen" in said
        bench.run("INSERT INTO t VALUES ('2024-01-01', 5, 'late', 2, 3)")
        # The new partition has cooled down too, and stays where it is.
        assert bench.move() == 0
        assert "it does not listen" in bench.error("DELETE FROM t WHERE k = '2024-01-02'")
    assert bench.run("DELETE FROM t WHERE s IN ('new', 'late')") == []
    assert [bench.run(sql) for sql in QUERIES] == expected


def test_a_full_store_is_read_and_loses_nothing(bench: Bench) -> None:
    bench.table("t")
    expected = [bench.run(sql) for sql in QUERIES]
    bench.move()
    there = bench.files()
    bench.run("INSERT INTO t VALUES ('2024-01-01', 5, 'late', 2, 3)")
    with bench.store.full():
        assert bench.move() == 0
        assert "resource cold_store" in bench.error("DELETE FROM t WHERE k = '2024-01-02'")
        assert bench.files() == there
        assert bench.run("SELECT count(*), max(s) FROM t WHERE s = 'late'") == [(1, "late")]
    assert bench.run("DELETE FROM t WHERE s = 'late'") == []
    assert bench.move() >= 0
    assert [bench.run(sql) for sql in QUERIES] == expected


def test_a_store_that_hangs_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from nereus.warehouse.embedded.tiers import client

    bench.table("t")
    bench.move()
    monkeypatch.setattr(client, "_SECONDS", 1)
    monkeypatch.setattr(client, "_RETRIES", 0)
    bench.warehouse.catalog.tiers._clients.clear()
    bench.store.freeze()
    try:
        assert "does not answer" in bench.error("SELECT sum(v) FROM t")
    finally:
        bench.store.thaw()
    assert bench.run("SELECT count(v) FROM t") == [(ROWS,)]


def test_late_rows_are_hot_until_they_cool_down_too(bench: Bench) -> None:
    bench.table("t")
    assert bench.move() == 2
    bench.run("INSERT INTO t VALUES ('2024-01-15', -5, 'late', 1, 1)")
    assert bench.run("SELECT min(v), count(*) FROM t") == [(-5, ROWS + 1)]
    assert bench.move() == 1
    assert bench.run("SELECT min(v), count(*) FROM t") == [(-5, ROWS + 1)]
    assert len(bench.files()) == 3


def test_rows_are_deleted_and_replaced_in_the_store_too(bench: Bench) -> None:
    bench.table("t")
    bench.move()
    bench.run("DELETE FROM t WHERE k = '2024-01-10'")
    assert bench.run("SELECT count(*) FROM t WHERE k <= '2024-01-11'") == [(10 * 500,)]
    bench.run("TRUNCATE TABLE t PARTITION (p20240101000000)")
    assert bench.run("SELECT min(k) FROM t") == bench.run("SELECT min(k) FROM t WHERE k >= '2024-02-01'")
    bench.run("INSERT OVERWRITE TABLE t PARTITION (p20240201000000) VALUES ('2024-02-09', 1, 'x', 2, 3)")
    assert bench.run("SELECT k, v FROM t")[0][1] == 1
    bench.run("ALTER TABLE t DROP PARTITION p20240201000000")
    assert bench.run("SELECT count(*) FROM t") == [(0,)]
    bench.run("DROP TABLE t FORCE")
    bench.move()
    assert bench.objects() == set()


def test_columns_change_while_files_stay(bench: Bench) -> None:
    bench.table("t")
    bench.move()
    before = bench.files()
    bench.run("ALTER TABLE t ADD COLUMN n INT DEFAULT '7'")
    bench.run("ALTER TABLE t RENAME COLUMN s label")
    bench.run("ALTER TABLE t DROP COLUMN big")
    bench.run("ALTER TABLE t ADD COLUMN big VARCHAR(5) DEFAULT 'new'")
    bench.run("INSERT INTO t (k, v, label) VALUES ('2024-01-01', -1, 'hot')")
    assert bench.run("SELECT n, big, count(*), min(label) FROM t GROUP BY 1, 2") == [(7, "new", ROWS + 1, "hot")]
    assert bench.files() == before
    assert "refuses another type for d" in bench.error("ALTER TABLE t MODIFY COLUMN d DECIMAL(30, 4)")
    bench.run("ALTER TABLE t RENAME renamed")
    assert bench.run("SELECT count(*) FROM renamed") == [(ROWS + 1,)]


def test_readers_see_every_row_once_while_partitions_move(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.table("t")
    wrong: list[object] = []
    stop = threading.Event()

    def read() -> None:
        session = bench.warehouse.connect("root")
        reader = Bench(bench.warehouse, session, bench.store)
        while not stop.is_set():
            try:
                found: object = reader.run("SELECT count(*), sum(v) FROM d.t")
            except Exception as error:
                found = error
            if found != [(ROWS, ROWS * (ROWS - 1) // 2)]:
                wrong.append(found)
        session.close()

    def late(snapshot: Snapshot, cold: ColdTables) -> Snapshot:
        # The engine has committed: for this long the catalogue still names what is gone.
        time.sleep(0.2)
        return with_cold(snapshot, cold)

    with_cold = Snapshot.with_cold
    monkeypatch.setattr(Snapshot, "with_cold", late)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    assert bench.move() == 2
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_rows_that_change_during_a_move_stay(bench: Bench) -> None:
    bench.table("t")
    mover: Mover = bench.warehouse.tiering.mover
    writer = Bench(bench.warehouse, bench.warehouse.connect("root", database="d"), bench.store)

    def write(step: str) -> None:
        if step == "verify":
            mover.step = lambda name: None
            writer.run("INSERT INTO t VALUES ('2024-01-31', -9, 'late', 1, 1)")

    mover.step = write
    assert bench.move() == 1
    assert bench.run("SELECT count(*), min(v) FROM t") == [(ROWS + 1, -9)]
    assert bench.move() == 1
    assert bench.run("SELECT count(*), min(v) FROM t") == [(ROWS + 1, -9)]
    assert bench.objects() == bench.files()


def test_sizes_tell_of_both_tiers(bench: Bench) -> None:
    bench.table("t")
    bench.move()
    remote = sum(cold.remote_bytes for cold in bench.warehouse.catalog.snapshot().cold.values())
    from nereus.warehouse.embedded.introspection.storage import readable

    assert bench.run("SHOW DATA FROM t")[0][4:] == (str(ROWS), readable(remote))
    assert bench.run("SHOW DATA")[0][3] == readable(remote)
    assert readable(remote) in bench.run("SHOW BACKENDS")[0]
    partitions = bench.run("SHOW PARTITIONS FROM t")
    assert [(row[12], row[14], row[-1]) for row in partitions] == [
        ("pol", "0.000 ", "15500"),
        ("pol", "0.000 ", "14500"),
    ]
    assert bench.run("SHOW STORAGE POLICY USING") == [("pol", "d", "t", "ALL")]


def test_it_opens_again_with_its_tiers(bench: Bench, tmp_path) -> None:
    from nereus.warehouse.embedded.warehouse import Warehouse

    bench.table("t")
    expected = [bench.run(sql) for sql in QUERIES]
    bench.move()
    bench.warehouse.close()
    again = Warehouse.open(tmp_path / "w", memory_gb=1, threads=2, root_password="")
    try:
        reopened = Bench(again, again.connect("root", database="d"), bench.store)
        assert [reopened.run(sql) for sql in QUERIES] == expected
        assert "s3.secret_key" in str(reopened.run("SHOW RESOURCES"))
        assert bench.store.access().secret_key not in str(reopened.run("SHOW RESOURCES"))
    finally:
        again.close()
