"""The client against the embedded warehouse: logins, sessions, errors, and Stream Load in its formats."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nereus.warehouse.client import Warehouse, WarehouseError
from nereus.warehouse.streamload import StreamLoadFailed

if TYPE_CHECKING:
    from conftest import Deployed


@pytest.fixture
def root(deployed: Deployed) -> Iterator[Warehouse]:
    root = deployed.root
    root.execute("CREATE DATABASE scratch")
    root.execute(
        "CREATE TABLE t (k INT NOT NULL, v VARCHAR(8) NULL) DUPLICATE KEY(k) "
        "DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES ('replication_num' = '1')",
        database="scratch",
    )
    yield root
    root.execute("DROP DATABASE scratch FORCE")


def rows(root: Warehouse) -> list[tuple[int, str | None]]:
    return [(row["k"], row["v"]) for row in root.query("SELECT k, v FROM scratch.t ORDER BY k, v")]


def test_a_wrong_password_and_an_unknown_user_look_the_same(root: Warehouse) -> None:
    for stranger in (replace(root, password="wrong"), replace(root, user="nobody")):
        with pytest.raises(WarehouseError, match=f"refused user {stranger.user}: Access denied") as caught:
            stranger.query("SELECT 1")
        assert caught.value.code == 1045
        with pytest.raises(StreamLoadFailed, match=r"Stream Load into scratch\.t"):
            stranger.stream_load("scratch", "t", b"1\n", format="csv")
    assert rows(root) == []


def test_an_error_shows_the_warehouses_words_and_the_statement(root: Warehouse) -> None:
    with pytest.raises(WarehouseError) as caught:
        root.query("SELECT *\n  FROM nosuch", database="scratch")
    assert "nosuch" in caught.value.message.splitlines()[0]
    assert caught.value.message.splitlines()[-1] == "  in: SELECT * FROM nosuch"
    assert not caught.value.is_gone


def test_a_session_keeps_its_connection_and_changes_its_database(root: Warehouse) -> None:
    with root.session("scratch") as session:
        first = session.query("SELECT CONNECTION_ID() AS id, DATABASE() AS db")
        assert session.execute("INSERT INTO t VALUES (%s, %s)", (1, "50% 'x'")) in (0, 1)
        assert session.query("SELECT v FROM t WHERE k = %(k)s", {"k": 1}) == [{"v": "50% 'x'"}]
        assert session.query("SELECT DATABASE() AS db", database="nereus_ops") == [{"db": "nereus_ops"}]
        assert session.query("SELECT CONNECTION_ID() AS id, DATABASE() AS db", database="scratch") == first


FORMATS = {
    "csv": (b"1,a\n2,\\N\n", {"format": "csv", "column_separator": ","}),
    "named csv": (b"v|k\na|1\n\\N|2\n", {"format": "csv_with_names", "column_separator": "|", "columns": "v, k"}),
    "gzip": (gzip.compress(b"1,a\n2,\\N\n"), {"format": "csv", "column_separator": ",", "compress_type": "gz"}),
    "json lines": (b'{"k": 1, "v": "a"}\n{"k": 2, "v": null}\n', {"format": "json", "read_json_by_line": "true"}),
    "json array": (
        json.dumps([{"k": 1, "v": "a"}, {"k": 2, "v": None}]).encode(),
        {"format": "json", "strip_outer_array": "true"},
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats(root: Warehouse, name: str) -> None:
    body, headers = FORMATS[name]
    result = root.stream_load("scratch", "t", body, **headers)
    assert (result.loaded_rows, result.filtered_rows, result.already_loaded) == (2, 0, False)
    assert rows(root) == [(1, "a"), (2, None)]


def test_an_iterator_is_one_transaction_and_a_label_loads_once(root: Warehouse) -> None:
    chunks = (f"{k},x\n".encode() for k in range(5000))
    assert (
        root.stream_load("scratch", "t", chunks, format="csv", label="once", column_separator=",").loaded_rows == 5000
    )
    again = root.stream_load("scratch", "t", b"1,y\n", format="csv", label="once", column_separator=",")
    assert (again.already_loaded, again.loaded_rows) == (True, 0)
    assert len(rows(root)) == 5000


def test_refused_rows_are_shown_and_tolerated_on_request(root: Warehouse) -> None:
    body = b"1,a\nNaN,b\n3,c\n"
    with pytest.raises(StreamLoadFailed) as caught:
        root.stream_load("scratch", "t", body, format="csv", column_separator=",", max_filter_ratio="0")
    assert caught.value.answer["Status"] == "Fail"
    assert "NaN,b" in caught.value.message
    assert rows(root) == []
    result = root.stream_load("scratch", "t", body, format="csv", column_separator=",", max_filter_ratio="0.5")
    assert (result.loaded_rows, result.filtered_rows) == (2, 1)
    assert rows(root) == [(1, "a"), (3, "c")]
