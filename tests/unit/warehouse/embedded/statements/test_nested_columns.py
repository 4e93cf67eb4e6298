"""Columns of JSON, arrays, maps and structs: what is stored is what was inserted, or nothing."""

from __future__ import annotations

from typing import Any


def test_nested_columns_keep_what_is_inserted(run: Any) -> None:
    run(
        "CREATE TABLE nested (k INT, j JSON, a ARRAY<INT>, m MAP<STRING, INT>, s STRUCT<x:INT, y:STRING>)"
        " DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES('replication_num' = '1')"
    )
    run("""INSERT INTO nested VALUES (1, '{"a" : [1, 2.50]}', [1, 2], {'p': 1}, struct(1, 'q'))""")
    assert run("SELECT * FROM nested") == [(1, '{"a":[1,2.5]}', [1, 2], [("p", 1)], {"x": 1, "y": "q"})]
    found = run(
        "SELECT json_extract(j, '$.a[1]'), m['p'], struct_element(s, 'y'), array_map(x -> x + k, a) FROM nested"
    )
    assert found == [("2.5", 1, "q", [2, 3])]
    assert run("SELECT get_json_int(j, '$.a[0]') v, count(*) FROM nested GROUP BY v") == [(1, 1)]


def test_what_does_not_fit_is_not_stored(run: Any) -> None:
    run(
        "CREATE TABLE strict (k INT, j JSON, a ARRAY<TINYINT>) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1"
        " PROPERTIES('replication_num' = '1')"
    )
    assert "does not fit json" in run.error("INSERT INTO strict VALUES (1, 'no json', NULL)")
    assert "does not fit tinyint" in run.error("INSERT INTO strict VALUES (1, NULL, [1, 300])")
    assert run("SELECT count(*) FROM strict") == [(0,)]
