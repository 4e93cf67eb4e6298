"""Parquet files: typed columns by name, straight into the table where no row is bad."""

import datetime as dt
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nereus.warehouse.embedded.catalog.model import KeyModel

PARQUET = {"format": "parquet"}


def parquet(columns, **options):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


def counts(report):
    return report.total_rows, report.loaded_rows, report.filtered_rows, report.unselected_rows


def test_columns_are_found_by_name_in_any_case(loader):
    table = loader.table("a int not null", "Name varchar(9)", "c int default 7", "d int")
    body = parquet({"NAME": ["x", "y"], "more": [1, 2], "A": pa.array([1, 2], pa.int32())})
    report = loader.load(table, body, **PARQUET)
    assert counts(report) == (2, 2, 0, 0)
    assert loader.rows(table) == [(1, "x", 7, None), (2, "y", 7, None)]


def test_values_of_every_type(loader):
    table = loader.table(
        "a bigint", "b decimal(10,2)", "c double", "e date", "f datetime", "g varchar(20)", "h boolean", "i largeint"
    )
    body = parquet(
        {
            "a": pa.array([1, None], pa.int8()),
            "b": pa.array([Decimal("1.005"), None], pa.decimal128(12, 3)),
            "c": pa.array([0.1, None], pa.float32()),
            "e": pa.array([dt.date(2024, 2, 29), None]),
            "f": pa.array([dt.datetime(2024, 2, 29, 10, 11, 12, 600000), None], pa.timestamp("us")),
            "g": pa.array([b"bytes", None], pa.binary()),
            "h": pa.array([True, None]),
            "i": pa.array([2**64 - 1, None], pa.uint64()),
        }
    )
    loader.load(table, body, **PARQUET)
    assert loader.rows(table) == [
        (1, Decimal("1.01"), 0.1, dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 10, 11, 13), "bytes", True, 2**64 - 1),
        (None,) * 8,
    ]


def test_numbers_become_texts_and_texts_numbers(loader):
    table = loader.table("a varchar(9)", "b int", "c varchar(30)")
    times = pa.array([dt.datetime(2024, 2, 29), None], pa.timestamp("us"))
    loader.load(table, parquet({"a": [1.5, None], "b": ["12", "x"], "c": times}), **PARQUET)
    assert loader.rows(table) == [("1.5", 12, "2024-02-29 00:00:00.000000"), (None, None, None)]


def test_expressions_and_where_see_the_fields(loader):
    table = loader.table("a int", "b varchar(9)", "c int")
    body = parquet({"a": [1, 2, 3], "raw": ["x", "y", "z"], "n": [10, 20, 30]})
    report = loader.load(table, body, columns="a, raw, n, b = upper(raw), c = n + a", where="a <> 2", **PARQUET)
    assert loader.rows(table) == [(1, "X", 11), (3, "Z", 33)]
    assert counts(report) == (3, 2, 0, 1)


def test_bad_rows_are_found_counted_and_shown(loader):
    table = loader.table("a int not null", "b varchar(3)", "c string")
    body = parquet({"a": [1, None, 3, 4], "b": ["ok", "x", "too long", "end"], "c": ["", "", "", "y" * 1_048_577]})
    report, log = loader.run(table, body, **PARQUET)
    assert report.failure.message == "[DATA_QUALITY_ERROR]too many filtered rows"
    assert counts(report) == (4, 0, 3, 0)
    assert loader.rows(table) == []
    assert [line[:40] for line in log.splitlines()] == [
        "Reason: column(a) values is null while c",
        "Reason: column_name[b], the length of in",
        "Reason: column_name[c], the length of in",
    ]
    assert "src line [\\N\tx\t]" in log
    report, _ = loader.run(table, body, max_filter_ratio="0.75", **PARQUET)
    assert counts(report) == (4, 1, 3, 0)
    assert loader.rows(table) == [(1, "ok", "")]


def test_strict_mode_looks_at_casts(loader):
    table = loader.table("a int", "b tinyint")
    body = parquet({"a": [1, 2, None], "b": [100, 300, None]})
    report, log = loader.run(table, body, strict_mode="true", max_filter_ratio="0.5", **PARQUET)
    assert counts(report) == (3, 2, 1, 0)
    assert "src value is 300" in log
    loader.load(table, body, **PARQUET)
    assert loader.rows(table)[2:] == [(1, 100), (2, None), (None, None)]


def test_the_order_of_the_file_decides_which_row_of_a_key_is_last(loader):
    table = loader.table("a int not null", "b int", model=KeyModel.UNIQUE)
    many = 300_000
    body = parquet({"a": [i % 7 for i in range(many)], "b": list(range(many))}, row_group_size=10_000)
    loader.load(table, body, **PARQUET)
    assert sorted(loader.rows(table)) == sorted((i % 7, i) for i in range(many - 7, many))


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"x": [1]}, "the Parquet file has no column of the table"),
        ({"a": [1], "A": [2]}, "several columns named a"),
        ({"a": pa.array([[1]])}, "refuses the Parquet column a of type BIGINT[]"),
        ({"a": pa.array([{"x": 1}])}, "refuses the Parquet column a of type STRUCT"),
        ({"a": pa.array([dt.time(1)])}, "refuses the Parquet column a of type TIME"),
        ({"a": pa.array([Decimal(1)], pa.decimal256(50, 2))}, "refuses the Parquet column a of type DECIMAL(50,2)"),
        ({"a": pa.array([1], pa.timestamp("us", "UTC"))}, "adjusted to UTC. Send the header timezone: UTC"),
        ({"a": pa.array([1], pa.timestamp("ns"))}, "Parquet timestamps in nanoseconds"),
    ],
)
def test_what_has_no_certain_meaning_is_refused(loader, columns, text):
    table = loader.table("a datetime", "b int")
    assert text in loader.failure(table, parquet(columns), **PARQUET)


def test_timestamps_in_utc_are_taken_when_the_load_says_utc(loader):
    table = loader.table("a datetime")
    body = parquet({"a": pa.array([0, 1_700_000_000], pa.timestamp("s", "Europe/Berlin"))})
    loader.load(table, body, timezone="UTC", **PARQUET)
    assert loader.rows(table) == [(dt.datetime(1970, 1, 1),), (dt.datetime(2023, 11, 14, 22, 13, 20),)]


def test_a_column_that_the_header_names_must_be_there(loader):
    table = loader.table("a int", "b int")
    message = loader.failure(table, parquet({"a": [1]}), columns="a, b", **PARQUET)
    assert "the header columns names b, which is not in the Parquet file" in message


def test_a_needed_column_that_is_missing_fails_the_load(loader):
    table = loader.table("a int not null", "b int")
    assert "Column has no default value, column=a" in loader.failure(table, parquet({"b": [1]}), **PARQUET)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PAR1",
        b"a,b\n1,2\n",
        b"PAR1" + b"\xff" * 200 + b"PAR1",
        parquet({"a": list(range(1000))})[:-40],
        parquet({"a": list(range(1000))}, compression="none").replace(bytes(8), b"\xff" * 8),
    ],
)
def test_broken_files_fail_without_a_word_about_the_server(loader, body):
    table = loader.table("a int not null")
    message = loader.failure(table, body, **PARQUET)
    assert message.startswith("[CORRUPTION]the body is not a readable Parquet file: ")
    assert str(loader.warehouse.engine.spool) not in message
    assert loader.rows(table) == []


def test_an_empty_table_is_a_load_of_no_rows(loader):
    table = loader.table("a int")
    assert counts(loader.load(table, parquet({"a": pa.array([], pa.int32())}), **PARQUET)) == (0, 0, 0, 0)
