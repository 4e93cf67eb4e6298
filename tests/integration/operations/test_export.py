"""Tables as files of an object store, by a job."""

from __future__ import annotations

import json
import threading
from typing import Any

from tests.integration.operations.conftest import ONE, Bench
from tests.stores import wait_for


def exports(bench: Bench, condition: str = "") -> list[dict[str, Any]]:
    names, rows = bench.result(f"SHOW EXPORT FROM d {condition}")
    return [dict(zip(names, row, strict=True)) for row in rows]


def until_over(bench: Bench, label: str) -> dict[str, Any]:
    def over() -> bool:
        return exports(bench, f"WHERE LABEL = '{label}'")[0]["State"] in ("FINISHED", "CANCELLED")

    wait_for(over, 30)
    return exports(bench, f"WHERE LABEL = '{label}'")[0]


def table(bench: Bench) -> None:
    bench.run(
        "CREATE TABLE t (k INT NOT NULL, s STRING) DUPLICATE KEY(k) PARTITION BY RANGE(k) "
        f"(PARTITION a VALUES [('0'), ('100')), PARTITION b VALUES [('100'), ('200'))) {ONE}"
    )
    bench.run("INSERT INTO t SELECT number, concat('s', number) FROM numbers('number' = '200')")


def test_a_table_and_parts_of_it(bench: Bench) -> None:
    table(bench)
    with_s3 = f"WITH S3 ({bench.keys_sql()})"
    bench.run(f"EXPORT TABLE t TO 's3://landing/ex/all' PROPERTIES ('label' = 'l1', 'format' = 'parquet') {with_s3}")
    done = until_over(bench, "l1")
    assert (done["State"], done["Progress"], done["ErrorMsg"]) == ("FINISHED", "100%", None)
    (info,) = json.loads(done["OutfileInfo"])[0]
    assert (info["fileNumber"], info["totalRows"]) == ("1", "200")
    assert json.loads(done["TaskInfo"])["tbl"] == "t"
    table_ = bench.s3("ex/all/*", "'format' = 'parquet'")
    assert bench.run(f"SELECT count(*), sum(k), max(s) FROM {table_}") == [(200, 19_900, "s99")]
    bench.run(
        f"EXPORT TABLE d.t PARTITION (b) WHERE k > 150 AND s <> 'TO' TO 's3://landing/ex/some/' "
        f"PROPERTIES ('label' = 'l2', 'columns' = 'k', 'column_separator' = ',') {with_s3}"
    )
    assert until_over(bench, "l2")["State"] == "FINISHED"
    (key,) = bench.keys("ex/some/")
    assert sorted(bench.get(key).split()) == sorted(str(k).encode() for k in range(151, 200))
    again = f"EXPORT TABLE t TO 's3://landing/ex/x' PROPERTIES ('label' = 'l1') {with_s3}"
    assert "have already been used" in bench.error(again)
    assert [row["Label"] for row in exports(bench, "ORDER BY JobId DESC LIMIT 1")] == ["l2"]
    assert [row["Label"] for row in exports(bench, "WHERE LABEL LIKE 'l%'")] == ["l1", "l2"]
    secret = bench.store.access("landing").secret_key
    assert secret not in str(exports(bench))
    kept = bench.warehouse.engine.cursor().execute("SELECT * FROM nereus.operations").fetchall()
    assert secret not in str(kept)


def test_a_store_that_does_not_listen_and_cancel(bench: Bench) -> None:
    table(bench)
    keys = bench.keys_sql().replace(bench.store.access().endpoint, "127.0.0.1:9")
    bench.run(f"EXPORT TABLE t TO 's3://b/p' PROPERTIES ('label' = 'gone') WITH S3 ({keys})")
    lost = until_over(bench, "gone")
    assert lost["State"] == "CANCELLED"
    assert "it does not listen" in lost["ErrorMsg"]
    reached, go_on = threading.Event(), threading.Event()

    def wait(state: str) -> None:
        if state == "EXPORTING":
            reached.set()
            go_on.wait(10)

    bench.warehouse.operations.step = wait
    bench.run(f"EXPORT TABLE t TO 's3://landing/c/p' PROPERTIES ('label' = 'c') WITH S3 ({bench.keys_sql()})")
    assert reached.wait(10)
    threading.Timer(0.2, go_on.set).start()
    bench.run("CANCEL EXPORT FROM d WHERE LABEL = 'c'")
    stopped = until_over(bench, "c")
    assert (stopped["State"], stopped["ErrorMsg"]) == ("CANCELLED", "type:USER_CANCEL; msg:user cancel")
    assert bench.keys("c/") == []
    assert "at final state" in bench.error("CANCEL EXPORT FROM d WHERE LABEL = 'c'")
    assert bench.error("CANCEL EXPORT FROM d WHERE LABEL = 'never'") == "Export job(s) do not exist"


def test_what_is_refused(bench: Bench) -> None:
    table(bench)
    with_s3 = f"WITH S3 ({bench.keys_sql()})"
    assert bench.error(f"EXPORT TABLE u TO 's3://x/' {with_s3}") == "Unknown table 'u'"
    assert "exporting file to local fs is disabled" in bench.error("EXPORT TABLE t TO 'file:///tmp/x'")
    assert "WITH S3" in bench.error("EXPORT TABLE t TO 's3://b/p'")
    assert bench.error(f"EXPORT TABLE t TO 's3://b/p' PROPERTIES ('x' = '1') {with_s3}") == "Invalid property key: [x]"
    assert "does not exist in Table[t]" in bench.error(f"EXPORT TABLE t PARTITION (z) TO 's3://b/p' {with_s3}")
    bench.run("CREATE USER ann IDENTIFIED BY 'Long-enough-1'")
    ann = Bench(bench.warehouse, bench.warehouse.connect("ann"), bench.store)
    assert "EXPORT command denied to user 'ann'" in ann.error(f"EXPORT TABLE d.t TO 's3://b/p' {with_s3}")
    assert "Unknown column" in bench.error(f"EXPORT TABLE t WHERE nothing > 1 TO 's3://b/p' {with_s3}")
