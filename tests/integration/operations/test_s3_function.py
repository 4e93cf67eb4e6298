"""Files of an object store in FROM."""

from __future__ import annotations

import gzip
import io
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.integration.operations.conftest import ONE, Bench


def parquet(**columns: pa.Array) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_parquet_has_the_types_that_doris_tells(bench: Bench) -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, 678000)
    content = parquet(
        Id=pa.array([1, 2], pa.int32()),
        small=pa.array([1, None], pa.uint8()),
        d=pa.array([date(2024, 1, 1), None]),
        ms=pa.array([moment, None], pa.timestamp("ms")),
        us=pa.array([moment, None], pa.timestamp("us")),
        price=pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
        s=pa.array(["x", None]),
        b=pa.array([True, None]),
        raw=pa.array([b"y", None]),
    )
    bench.put("types/a.parquet", content)
    table = bench.s3("types/a.parquet", "'format' = 'parquet'")
    names, rows = bench.result(f"SELECT * FROM {table} ORDER BY id")
    assert names == ["id", "small", "d", "ms", "us", "price", "s", "b", "raw"]
    assert rows[0] == (1, 1, date(2024, 1, 1), moment, moment, Decimal("1.50"), "x", True, "y")
    assert rows[1] == (2, *[None] * 8)
    described = bench.run(f"DESC FUNCTION {table}")
    assert [row[:3] for row in described] == [
        ("id", "int", "Yes"),
        ("small", "smallint", "Yes"),
        ("d", "date", "Yes"),
        ("ms", "datetime(3)", "Yes"),
        ("us", "datetime(6)", "Yes"),
        ("price", "decimal(10,2)", "Yes"),
        ("s", "text", "Yes"),
        ("b", "boolean", "Yes"),
        ("raw", "text", "Yes"),
    ]
    assert bench.spooled() == []


def test_many_files_into_a_table(bench: Bench) -> None:
    for part in range(3):
        bench.put(f"many/p{part}.parquet", parquet(k=pa.array(range(part * 10, part * 10 + 10), pa.int32())))
    bench.put("many/other.txt", b"no parquet")
    bench.put("many/deep/p9.parquet", parquet(k=pa.array([99], pa.int32())))
    bench.run(f"CREATE TABLE t (k INT) DUPLICATE KEY(k) {ONE}")
    bench.run(f"INSERT INTO t SELECT k FROM {bench.s3('many/p*.parquet', _PARQUET)}")
    assert bench.run("SELECT count(*), sum(k) FROM t") == [(30, 435)]
    assert bench.run(f"SELECT count(*) FROM {bench.s3('many/{p0,p2}.parquet', _PARQUET)}") == [(20,)]
    assert bench.run(f"SELECT count(*) FROM {bench.s3('many/p[01].parquet', _PARQUET)}") == [(20,)]
    joined = f"SELECT count(*) FROM t a JOIN {bench.s3('many/p?.parquet', _PARQUET)} b ON a.k = b.k WHERE b.k < 5"
    assert bench.run(joined) == [(5,)]
    made = f"CREATE TABLE u PROPERTIES ('replication_num' = '1') AS SELECT k FROM {bench.s3('many/p0*', _PARQUET)}"
    bench.run(made)
    assert bench.run("SELECT count(*) FROM u") == [(10,)]
    assert bench.spooled() == []


_PARQUET = "'format' = 'parquet'"


@pytest.mark.parametrize(
    ("content", "extra", "names", "rows"),
    [
        (b"1\ta\n2\t\\N\n", "'format' = 'csv'", ["c1", "c2"], [("1", "a"), ("2", None)]),
        (
            b"K,V\n1,a\n2,b\n",
            "'format' = 'csv_with_names', 'column_separator' = ','",
            ["k", "v"],
            [("1", "a"), ("2", "b")],
        ),
        (b'1,"x,y"\n', "'format' = 'csv', 'column_separator' = ',', 'enclose' = '\"'", ["c1", "c2"], [("1", "x,y")]),
        (
            b'{"b": 1.10, "a": "x"}\n{"a": "y"}\n',
            "'format' = 'json', 'read_json_by_line' = 'true'",
            ["b", "a"],
            [("1.10", "x"), (None, "y")],
        ),
        (
            b'[{"a": 1}, {"a": 2}]',
            "'format' = 'json', 'strip_outer_array' = 'true'",
            ["a"],
            [("1",), ("2",)],
        ),
    ],
)
def test_text_files(
    bench: Bench, content: bytes, extra: str, names: list[str], rows: list[tuple[str | None, ...]]
) -> None:
    bench.put("text/a", content)
    bench.put("text/a.gz", gzip.compress(content))
    for key in ("text/a", "text/a.gz"):
        found = bench.result(f"SELECT * FROM {bench.s3(key, extra)}")
        assert found == (names, rows)
    assert bench.spooled() == []


def test_what_is_refused(bench: Bench) -> None:
    bench.put("bad/uneven.csv", b"1\t2\n3\n")
    bench.put("bad/no.parquet", b"this is no parquet")
    keys = bench.keys_sql()
    uneven = bench.error(f"SELECT * FROM {bench.s3('bad/uneven.csv', _CSV)}")
    assert "Column count mismatch: expected 2, but found 1" in uneven
    assert "not a readable Parquet" in bench.error(f"SELECT * FROM {bench.s3('bad/no.parquet', _PARQUET)}")
    assert "no file" in bench.error(f"SELECT * FROM {bench.s3('bad/missing.csv', _CSV)}")
    assert "format:xml is not supported" in bench.error(f"SELECT * FROM {bench.s3('bad/a', _XML)}")
    assert "refuses files of the format orc" in bench.error(f"SELECT * FROM {bench.s3('bad/a', _ORC)}")
    assert "must contain uri" in bench.error(f"SELECT * FROM S3({keys}, {_CSV})")
    for place in ("file:///etc/passwd", "/etc/passwd", "hdfs://h/f"):
        assert "no other files are read" in bench.error(f"SELECT * FROM S3('uri' = '{place}', {keys}, {_CSV})")
    wrong = keys.replace("nereus-landing", "nereus-cold")
    assert "refuses the key pair" in bench.error(f"SELECT * FROM S3('uri' = 's3://landing/x', {wrong}, {_CSV})")
    assert "file://" in bench.error(
        f"SELECT * FROM S3('uri' = 's3://landing/x', 's3.endpoint' = 'file://h', 's3.access_key' = 'a', "
        f"'s3.secret_key' = 'b', {_CSV})"
    )
    for name in ("local", "hdfs"):
        assert f"refuses the table function {name}" in bench.error(f"SELECT * FROM {name}('uri' = 'x', {_CSV})")
    stored = f"CREATE VIEW v AS SELECT * FROM {bench.s3('bad/uneven.csv', _CSV)}"
    assert "refuses S3() in CREATE VIEW" in bench.error(stored)
    assert bench.spooled() == []


_CSV, _XML, _ORC = "'format' = 'csv'", "'format' = 'xml'", "'format' = 'orc'"


def test_keys_are_shown_nowhere(bench: Bench) -> None:
    secret = bench.store.access("landing").secret_key
    bench.put("secret.csv", b"1\n")
    table = bench.s3("secret.csv", _CSV)
    bench.run(f"SELECT * FROM {table}")
    assert secret not in bench.error(f"SELECT nothing FROM {table}")
    assert secret not in bench.error(f"SELECT * FROM {table} WHERE")
    bench.warehouse.audit.flush()
    logged = bench.run("SELECT stmt, error_message FROM __internal_schema.audit_log WHERE stmt LIKE '%S3(%'")
    assert len(logged) >= 3
    assert not [row for row in logged if secret in str(row)]
