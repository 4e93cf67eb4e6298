"""Rows that go INTO OUTFILE, and what comes back of them."""

from __future__ import annotations

import gzip
import io

import pyarrow.parquet as pq
import pytest

from tests.integration.operations.conftest import ONE, Bench

_COLUMNS = ["FileNumber", "TotalRows", "FileSize", "URL", "WriteTimeSec", "WriteSpeedKB"]


@pytest.fixture
def filled(bench: Bench) -> Bench:
    bench.run(
        "CREATE TABLE t (k INT, big LARGEINT, d DECIMAL(12, 3), day DATE, at DATETIME(6), s STRING, b BOOLEAN, "
        f"x DOUBLE, l ARRAY<INT>) DUPLICATE KEY(k) {ONE}"
    )
    bench.run(
        "INSERT INTO t SELECT number, number * 1000000000000000000000, number / 8, "
        "date_add('2024-01-01', INTERVAL number DAY), date_add('2024-01-01 00:00:00.123456', INTERVAL number SECOND), "
        "concat('text ', number), number % 2 = 0, number / 3, array(1, number) FROM numbers('number' = '500')"
    )
    bench.run("INSERT INTO t VALUES (1000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)")
    return bench


def test_parquet_comes_back_as_it_was(filled: Bench) -> None:
    names, rows = filled.result(
        "SELECT * FROM t ORDER BY k INTO OUTFILE 's3://landing/out/a_' FORMAT AS PARQUET "
        f"PROPERTIES ({filled.keys_sql()})"
    )
    (key,) = filled.keys("out/")
    assert names == _COLUMNS
    assert rows[0][:3] == (1, 501, len(filled.get(key)))
    assert rows[0][3] == f"s3://landing/{key.removesuffix('0.parquet')}*"
    assert key.startswith("out/a_")
    assert filled.spooled() == []
    columns = "k, CAST(big AS LARGEINT) big, d, day, at, s, b, x"
    table = filled.s3("out/a_*.parquet", "'format' = 'parquet'")
    simple = filled.run(f"SELECT {columns} FROM t ORDER BY k")
    with_lists = filled.error(f"SELECT * FROM {table}")
    assert "refuses the Parquet column l" in with_lists
    filled.run(
        f"SELECT k, big, d, day, at, s, b, x FROM t INTO OUTFILE 's3://landing/out/b_' FORMAT AS PARQUET "
        f"PROPERTIES ({filled.keys_sql()}, 'compress_type' = 'zstd')"
    )
    table = filled.s3("out/b_*.parquet", "'format' = 'parquet'")
    assert filled.run(f"SELECT {columns} FROM {table} ORDER BY k") == simple
    assert pq.read_table(io.BytesIO(filled.get(key))).column("l").to_pylist()[3] == [1, 3]


def test_csv_and_its_names(filled: Bench) -> None:
    filled.run(
        "SELECT k, day, b, s FROM t WHERE k IN (0, 1, 1000) ORDER BY k INTO OUTFILE 's3://landing/csv/a' "
        f"FORMAT AS CSV_WITH_NAMES PROPERTIES ({filled.keys_sql()}, 'column_separator' = ',', 'compress_type' = 'gz')"
    )
    (key,) = filled.keys("csv/a")
    assert gzip.decompress(filled.get(key)) == (
        b"k,day,b,s\n0,2024-01-01,1,text 0\n1,2024-01-02,0,text 1\n1000,\\N,\\N,\\N\n"
    )
    filled.run(f"SELECT 1, 'x' INTO OUTFILE 's3://landing/csv/b' PROPERTIES ({filled.keys_sql()})")
    (key,) = filled.keys("csv/b")
    assert filled.get(key) == b"1\tx\n"
    assert key.endswith(".csv")


def test_many_files_and_none(bench: Bench) -> None:
    texts = "concat(md5(concat(number)), md5(concat(number, 'a')), md5(concat(number, 'b')))"
    rows = bench.run(
        f"SELECT number, {texts} FROM numbers('number' = '120000') INTO OUTFILE 's3://landing/parts/p' FORMAT AS CSV "
        f"PROPERTIES ({bench.keys_sql()}, 'max_file_size' = '5MB')"
    )
    keys = bench.keys("parts/")
    assert rows[0][0] == len(keys) == 2
    assert rows[0][1] == 120_000
    assert sum(bench.get(key).count(b"\n") for key in keys) == 120_000
    empty = f"SELECT 1 FROM numbers('number' = '0') INTO OUTFILE 's3://landing/none/p' PROPERTIES ({bench.keys_sql()})"
    assert bench.run(empty)[0][:3] == (1, 0, 0)


def test_what_is_refused(filled: Bench) -> None:
    keys = filled.keys_sql()
    query = "SELECT k FROM t INTO OUTFILE"
    assert "local disk is not allowed" in filled.error(f"{query} 'file:///tmp/x' FORMAT AS CSV")
    assert "Please specify BROKER properties" in filled.error(f"{query} 's3://landing/x'")
    assert "format:xml is not supported" in filled.error(f"{query} 's3://landing/x' FORMAT AS XML PROPERTIES ({keys})")
    assert "refuses writing files of the format orc" in filled.error(
        f"{query} 's3://b/x' FORMAT AS ORC PROPERTIES ({keys})"
    )
    size = f"{query} 's3://landing/x' PROPERTIES ({keys}, 'max_file_size' = '1MB')"
    assert filled.error(size) == "max file size should larger than 5MB. Given: 1048576"
    assert "refuses the column l" in filled.error(f"SELECT l FROM t INTO OUTFILE 's3://landing/x' PROPERTIES ({keys})")
    assert "refuses the key pair" in filled.error(f"{query} 's3://cold/x' PROPERTIES ({keys})")
    assert filled.spooled() == []
    assert filled.store.access("landing").secret_key not in filled.error(f"{query} 's3://cold/x' PROPERTIES ({keys})")
