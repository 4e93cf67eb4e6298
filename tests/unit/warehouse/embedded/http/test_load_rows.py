"""What becomes of the rows of a load: taken, filtered, counted, committed once."""

import datetime as dt
import gzip
import itertools
import json
import threading
from decimal import Decimal

from nereus.warehouse.embedded.catalog.model import KeyModel, Partition, Partitioning
from nereus.warehouse.embedded.http import stage
from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.stop import Stop

CSV = {"column_separator": ","}


def counts(report):
    return report.total_rows, report.loaded_rows, report.filtered_rows, report.unselected_rows


def test_every_type_arrives(loader):
    kinds = "boolean tinyint smallint int bigint largeint float double decimal(9,3) date datetime(3) char(3) text"
    table = loader.table("a int", *(f"c{i} {kind}" for i, kind in enumerate(kinds.split())))
    good = "1,true,-128,32767,2147483647,-9223372036854775808,100,1.5,0.1,1.2345,2024-02-29,2024-02-29 01:02:03.4567"
    loader.load(table, f"{good},abc,long ü\n2{',@N' * 13}\n".replace("@", "\\").encode(), **CSV)
    first, second = loader.rows(table)
    assert first[:6] == (1, True, -128, 32767, 2147483647, -(2**63))
    assert first[6:10] == (100, 1.5, 0.1, Decimal("1.235"))
    assert first[10:] == (dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 1, 2, 3, 457000), "abc", "long ü")
    assert second == (2, *[None] * 13)


def test_what_a_type_does_not_take_becomes_null(loader):
    table = loader.table("a int not null", "b int", "c date")
    loader.load(table, b"1,x,nothing\n", **CSV)
    assert loader.rows(table) == [(1, None, None)]


def test_bad_rows_are_filtered_up_to_the_ratio(loader):
    table = loader.table("a int not null", "b varchar(3)")
    body = b"1,ok\nx,null\n\\N,null\n2,too long\n3\n4,a,b\n5,\xff\n6,\xc3\xbc\xc3\xbc\n7,end\n"
    message = loader.failure(table, body, max_filter_ratio="0.77", **CSV)
    assert message == "[DATA_QUALITY_ERROR]too many filtered rows"
    assert loader.rows(table) == []
    report, log = loader.run(table, body, max_filter_ratio="0.78", **CSV)
    assert counts(report) == (9, 2, 7, 0)
    assert loader.rows(table) == [(1, "ok"), (7, "end")]
    reasons = [line.removeprefix("Reason: ").partition(" src line [") for line in log.splitlines()]
    assert [(why[:40], row.removesuffix("]; ")) for why, _, row in reasons] == [
        ("column(a) values is null while columns i", "x,null"),
        ("column(a) values is null while columns i", "\\N,null"),
        ("column_name[b], the length of input is t", "2,too long"),
        ("Column count mismatch: expected 2, but f", "3"),
        ("Column count mismatch: expected 2, but f", "4,a,b"),
        ("Invalid file encoding: all CSV files mus", "5,\ufffd"),
        ("column_name[b], the length of input is t", "6,üü"),
    ]


def test_no_bad_row_is_tolerated_by_default(loader):
    table = loader.table("a int not null")
    report, log = loader.run(table, b"1\nx\n2\n")
    assert report.failure.message == "[DATA_QUALITY_ERROR]too many filtered rows"
    assert counts(report) == (3, 0, 1, 0)
    assert report.first_error == "column(a) values is null while columns is not nullable. Src line: x"
    assert log == "Reason: column(a) values is null while columns is not nullable. src line [x]; \n"
    assert loader.rows(table) == []


def test_reading_ends_early_when_bad_rows_abound_and_none_is_tolerated(loader, monkeypatch):
    monkeypatch.setattr(stage, "_GROUP_BYTES", 1)
    monkeypatch.setattr("nereus.warehouse.embedded.http.formats.lines.BLOCK_BYTES", 1000)
    table = loader.table("a int not null")
    report, log = loader.run(table, b"x\n" * 20_000)
    assert "Encountered unqualified data, stop processing." in report.failure.message
    assert 52 <= report.total_rows < 20_000
    assert log.count("Reason: ") == 50
    assert log.endswith("TOO MUCH ERROR! already reach 50. show no more next error.\n")


def test_strict_mode_filters_what_a_type_does_not_take(loader):
    table = loader.table("a int", "b date")
    body = b"1,2024-01-01\nx,2024-01-01\n2,nothing\n\\N,\\N\n"
    report, log = loader.run(table, body, strict_mode="true", max_filter_ratio="0.5", **CSV)
    assert counts(report) == (4, 2, 2, 0)
    assert loader.rows(table) == [(1, dt.date(2024, 1, 1)), (None, None)]
    assert "column(a) value is incorrect while strict mode is true, src value is x" in log
    assert "column(b) value is incorrect while strict mode is true, src value is nothing" in log


def test_strict_mode_leaves_columns_alone_that_are_computed_from_others(loader):
    table = loader.table("a int", "b int")
    loader.load(table, b"1,x\n", columns="a, tmp, b = cast(tmp as int)", strict_mode="true", **CSV)
    assert loader.rows(table) == [(1, None)]
    columns = "a, b, b = cast(b as int)"
    assert "too many filtered" in loader.failure(table, b"1,x\n", columns=columns, strict_mode="true", **CSV)


def test_a_bad_row_is_not_cast(loader):
    # 31/12/2024 as a date would be refused for good; here it stands in a row that is filtered anyway.
    table = loader.table("a int", "b date")
    report = loader.load(table, b"1,31/12/2024,x\n2,2024-01-01\n", max_filter_ratio="0.5", **CSV)
    assert counts(report) == (2, 1, 1, 0)


def test_a_doubtful_date_fails_the_load_by_name(loader):
    table = loader.table("a int", "b date")
    message = loader.failure(table, b"1,31/12/2024\n", max_filter_ratio="1", **CSV)
    assert "the embedded warehouse refuses this text as a date, write YYYY-MM-DD: 31/12/2024" in message


def test_the_last_row_of_a_key_wins(loader):
    table = loader.table("a int not null", "b varchar(5)", model=KeyModel.UNIQUE)
    loader.load(table, b"1,old\n2,two\n", **CSV)
    body = "".join(f"{i % 5},v{i}\n" for i in range(1000)).encode()
    report = loader.load(table, body, **CSV)
    assert report.loaded_rows == 1000
    assert sorted(loader.rows(table)) == [(i, f"v{995 + i}") for i in range(5)]


def months(auto=False):
    names = ("2024-01", "2024-02", "2024-03")
    parts = tuple(
        Partition(f"p{i}", 0, (f"{low}-01",), (f"{high}-01",))
        for i, (low, high) in enumerate(itertools.pairwise(names))
    )
    return {"partitioning": Partitioning("RANGE", ("a",), auto, "month" if auto else None), "partitions": parts}


def test_rows_outside_every_partition_are_filtered(loader):
    table = loader.table("a date not null", "b int", **months())
    report, log = loader.run(table, b"2024-01-31,1\n2024-03-01,2\n2024-02-01,3\n", max_filter_ratio="0.4", **CSV)
    assert counts(report) == (3, 2, 1, 0)
    assert "no partition for this tuple. tuple=a=2024-03-01" in log
    report, _ = loader.run(table, b"2024-01-31,4\n2024-02-02,5\n", partitions="P1", max_filter_ratio="0.5", **CSV)
    assert counts(report) == (2, 1, 1, 0)
    assert [row[1] for row in loader.rows(table)] == [1, 3, 5]
    assert "partition p9 is not found" in loader.failure(table, b"2024-01-31,4\n", partitions="p9", **CSV)


def test_auto_partitions_are_made(loader):
    table = loader.table("a date not null", "b int", **months(auto=True))
    loader.load(table, b"2025-07-04,1\n2024-01-01,2\n", **CSV)
    made = loader.warehouse.catalog.find_table("d", table).partitions
    assert "p20250701000000" in [partition.name for partition in made]


def test_a_label_loads_once(loader):
    table = loader.table("a int")
    first = loader.load(table, b"1\n", label="once")
    report, _ = loader.run(table, b"2\n", label="once")
    assert f"Label [once] has already been used, relate to txn [{first.txn_id}]" in report.failure.message
    assert json.loads(report.text())["ExistingJobStatus"] == "FINISHED"
    assert loader.rows(table) == [(1,)]


def test_a_failed_load_gives_its_label_free(loader):
    table = loader.table("a int not null")
    loader.failure(table, b"x\n", label="again")
    loader.load(table, b"1\n", label="again")
    assert loader.rows(table) == [(1,)]


def test_an_empty_file_is_a_load_of_no_rows(loader):
    table = loader.table("a int not null")
    for body, headers in (
        (b"", {}),
        (b"\n\n", {}),
        (b"", {"format": "json"}),
        (gzip.compress(b""), {"compress_type": "gz"}),
    ):
        assert counts(loader.load(table, body, **headers)) == (0, 0, 0, 0)


def test_a_missing_key_of_json_gets_the_default(loader):
    table = loader.table(
        "a int", "b varchar(9) default none", "c datetime default CURRENT_TIMESTAMP", "e int not null default 7"
    )
    body = b'{"a": 1}\n{"a": 2, "b": null, "c": null, "e": 8}\n'
    loader.load(table, body, format="json", read_json_by_line="true")
    (one, none, now, seven), second = loader.rows(table)
    assert (one, none, seven) == (1, "none", 7)
    assert abs(now - dt.datetime.utcnow()) < dt.timedelta(minutes=5)
    assert second == (2, None, None, 8)


def test_json_columns_may_be_renamed_by_paths(loader):
    table = loader.table("a int", "b varchar(9)")
    paths = '["$.x.id", "$.name"]'
    loader.load(
        table, b'{"x": {"id": 5}, "name": "n"}', format="json", jsonpaths=paths, columns="a, tmp, b = upper(tmp)"
    )
    assert loader.rows(table) == [(5, "N")]


def test_a_load_that_nobody_waits_for_leaves_nothing(loader):
    table = loader.table("a int")
    stop = Stop()
    stop.request(LoadFailed("CANCELLED", "the client is gone"))
    report, _ = loader.run(table, b"1\n", stop=stop, label="stopped")
    assert report.failure.message == "[CANCELLED]the client is gone"
    assert loader.rows(table) == []
    loader.load(table, b"1\n", label="stopped")


def test_a_running_load_is_stopped_at_once(loader):
    table = loader.table("a bigint")
    stop = Stop()
    reports = []
    work = threading.Thread(
        target=lambda: reports.append(
            loader.run(
                table,
                b"0123456789\n" * 200_000,
                stop=stop,
                columns="tmp, a = " + " + ".join(f"length(repeat(concat(tmp, '{i}'), 2000))" for i in range(9)),
            )[0]
        )
    )
    work.start()
    while work.is_alive():
        work.join(0.1)
        stop.request(LoadFailed("TIMEOUT", "too slow"))
    assert reports[0].failure.message == "[TIMEOUT]too slow"
    assert loader.rows(table) == []
