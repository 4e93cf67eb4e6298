"""Appending: defaults, checks, labels, locks, and nothing left behind by what failed."""

import threading
from datetime import datetime

import duckdb
import pytest

from nereus.warehouse.embedded.catalog import physical
from nereus.warehouse.embedded.catalog.model import KeyModel
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.write.keys import NEW_ROWS
from nereus.warehouse.embedded.write.labels import LabelUsed
from nereus.warehouse.embedded.write.writer import BadRow


def test_rows_are_counted_and_kept_in_order(bench):
    table = bench.table("t", ["k int not null", "s varchar(10)"])
    written = bench.append(table, "SELECT range::INTEGER, 'r' || range FROM range(300000)")
    assert written.rows == 300000
    assert written.filtered == 0
    found = bench.engine.cursor().execute(f"SELECT k FROM {physical(table)}").fetchnumpy()["k"]
    assert (found == range(300000)).all()


def test_columns_may_come_in_any_order_and_case(bench):
    table = bench.table("t", ["k int not null", "s varchar(10)", "v double"])
    bench.append(table, "(1.5::DOUBLE, 7)", ["V", "k"])
    assert bench.rows(table) == [(7, None, 1.5)]


def test_absent_columns_get_their_defaults(bench):
    table = bench.table(
        "t",
        [
            "k int not null",
            "n bigint default 5",
            "s varchar(9) default it's",
            "d date default 20240229",
            "p decimal(10,2) default 1.50",
            "at datetime default CURRENT_TIMESTAMP",
            "ms datetime(3) default CURRENT_TIMESTAMP(3)",
            "today date default CURRENT_DATE",
        ],
    )
    now = datetime(2024, 5, 6, 7, 8, 9, 123456)
    bench.append(table, "(1)", ["k"], now=now)
    (row,) = bench.rows(table, order="k")
    assert row[1:3] == (5, "it's")
    assert [str(value) for value in row[3:]] == [
        "2024-02-29",
        "1.50",
        "2024-05-06 07:08:09",
        "2024-05-06 07:08:09.123000",
        "2024-05-06",
    ]


def test_automatic_numbers_go_on_where_they_stopped(bench):
    table = bench.table("t", ["id bigint not null auto", "s varchar(5)"])
    bench.append(table, "('a'), ('b')", ["s"])
    bench.append(table, "(NULL, 'c'), (100, 'd'), (NULL, 'e')")
    with pytest.raises(BadRow):
        bench.append(table, "('too long')", ["s"])
    bench.append(table, "('f')", ["s"])
    ids = {s: i for i, s in bench.rows(table)}
    assert [ids["a"], ids["b"], ids["c"], ids["d"]] == [1, 2, 3, 100]
    assert ids["e"] > 3
    assert ids["f"] > ids["e"]
    assert len({*ids.values()}) == 6


BAD = [
    ("(1, NULL)", "column_name[s], null value for not null column, type=VARCHAR(3)"),
    ("(NULL, 'a')", "column_name[k], null value for not null column, type=INT"),
    (
        "(1, 'ab'), (2, 'abcdé')",
        "column_name[s], the length of input is too long than schema. first 32 bytes of input str: [abcdé] "
        "schema length: 3; actual length: 6; ",
    ),
]


@pytest.mark.parametrize(("values", "reason"), BAD)
def test_a_bad_row_refuses_the_whole_insert(bench, values, reason):
    table = bench.table("t", ["k int not null", "s varchar(3) not null"])
    bench.append(table, "(0, 'old')")
    with pytest.raises(BadRow) as refused:
        bench.append(table, values, label="again")
    assert refused.value.reason == reason
    assert refused.value.detail == f"Insert has filtered data in strict mode. first_error_msg: {reason}"
    assert bench.rows(table) == [(0, "old")]
    assert bench.append(table, "(1, 'new')", label="again").label == "again"


def test_bad_rows_can_be_left_out_and_counted(bench):
    table = bench.table("t", ["k int not null", "s varchar(3)"])
    written = bench.append(table, "(1, 'a'), (NULL, 'b'), (3, 'long'), (4, NULL)", on_bad_row="filter")
    assert (written.rows, written.filtered) == (2, 2)
    assert written.first_errors == [
        "column_name[k], null value for not null column, type=INT",
        "column_name[s], the length of input is too long than schema. first 32 bytes of input str: [long] "
        "schema length: 3; actual length: 4; ",
    ]
    assert bench.rows(table) == [(1, "a"), (4, None)]
    temp = "SELECT count(*) FROM duckdb_tables() WHERE temporary"
    assert bench.cursor.execute(temp).fetchone() == (0,)


def test_length_is_counted_in_bytes(bench):
    table = bench.table("t", ["k int", "s varchar(4)"])
    bench.append(table, "(1, 'éé')")
    with pytest.raises(BadRow):
        bench.append(table, "(1, 'ééé')")


WRONG_COLUMNS = [
    (["nocol"], "Unknown column 'nocol' in target table."),
    (["k", "K"], "Duplicate column name 'K'"),
    (["s"], "Column has no default value, column=k"),
]


@pytest.mark.parametrize(("columns", "text"), WRONG_COLUMNS)
def test_wrong_columns_are_named(bench, columns, text):
    table = bench.table("t", ["k int not null", "s varchar(4)"])
    with pytest.raises(DorisError) as refused:
        bench.append(table, "SELECT 1", columns)
    assert refused.value.detail == text


def test_a_label_loads_once(bench):
    table = bench.table("t", ["k int"])
    other = bench.table("other", ["k int"])
    first = bench.append(table, "(1)", label="l-1")
    with pytest.raises(LabelUsed) as used:
        bench.append(other, "(1)", label="l-1")
    assert used.value.detail == f"Label [l-1] has already been used, relate to txn [{first.txn_id}], status [VISIBLE]."
    assert used.value.job_status == "FINISHED"
    assert bench.rows(other) == []


def test_a_label_is_taken_while_its_load_runs(bench):
    table = bench.table("t", ["k int"])
    inside, go_on = threading.Event(), threading.Event()

    def wait():
        inside.set()
        go_on.wait(10)

    def load():
        cursor = bench.engine.cursor()
        bench.writer.append(cursor, table, ["k"], "SELECT 1", label="l", while_waiting=wait)
        cursor.close()

    with bench.catalog.changing(table):
        thread = threading.Thread(target=load)
        thread.start()
        inside.wait(10)
        with pytest.raises(LabelUsed) as used:
            bench.append(table, "(2)", label="l")
        go_on.set()
    thread.join()
    assert used.value.job_status == "RUNNING"
    assert "status [PREPARE]" in used.value.detail
    assert bench.rows(table) == [(1,)]


def test_labels_of_two_databases_do_not_meet(bench):
    table = bench.table("t", ["k int"])
    bench.append(table, "(1)", label="l")
    bench.catalog.drop_database("d")
    bench.catalog.create_database("d")
    table = bench.table("t", ["k int"])
    assert bench.append(table, "(1)", label="l").rows == 1


@pytest.mark.parametrize("label", ["", "a b", "x" * 129, "a;b"])
def test_labels_have_a_form(bench, label):
    table = bench.table("t", ["k int"])
    if label == "":
        assert bench.append(table, "(1)", label=label).label.startswith("label_")
        return
    with pytest.raises(DorisError, match="Label format error"):
        bench.append(table, "(1)", label=label)


def test_transaction_numbers_grow(bench):
    table = bench.table("t", ["k int"])
    numbers = [bench.append(table, "(1)").txn_id for _ in range(3)]
    assert numbers == sorted(set(numbers))


def test_writers_of_one_table_queue(bench):
    table = bench.table("t", ["k int not null", "v int"], model=KeyModel.UNIQUE)
    failures = []

    def work(me):
        cursor = bench.engine.cursor()
        try:
            for step in range(10):
                bench.writer.append(
                    cursor, table, ["k", "v"], f"SELECT range::INTEGER, {me * 100 + step} FROM range(50)"
                )
        except Exception as error:
            failures.append(error)
        finally:
            cursor.close()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = bench.rows(table)
    assert [k for k, _ in found] == list(range(50))
    assert len({v for _, v in found}) == 1


def test_writers_of_two_tables_do_not_wait_for_each_other(bench):
    one, two = bench.table("one", ["k int"]), bench.table("two", ["k int"])
    with bench.catalog.changing(one):
        assert bench.append(two, "(1)").rows == 1


def test_an_interrupted_append_leaves_nothing(bench):
    table = bench.table("t", ["k bigint"])
    timer = threading.Timer(0.3, bench.cursor.interrupt)
    timer.start()
    with pytest.raises(duckdb.InterruptException):
        bench.append(table, "SELECT a.range FROM range(100000) a, range(100000) b", label="l")
    timer.join()
    assert bench.rows(table) == []
    assert bench.append(table, "SELECT 1", label="l").rows == 1


def test_an_error_of_the_source_leaves_nothing(bench):
    table = bench.table("t", ["k int"])
    with pytest.raises(duckdb.ConversionException):
        bench.append(table, "SELECT CAST(s AS INTEGER) FROM (VALUES ('1'), ('x')) v(s)")
    assert bench.rows(table) == []
    assert bench.append(table, "(1)").rows == 1


def test_a_table_that_changed_meanwhile_is_not_written_by_old_plans(bench):
    table = bench.table("t", ["k int", "s varchar(3)"])
    changed = bench.catalog.snapshot().by_id(table.id)
    bench.catalog.replace_relation(type(changed)(**{**_fields(changed), "columns": changed.columns[:1]}))
    with pytest.raises(DorisError, match="meta has been changed"):
        bench.append(table, "(1, 'a')")


def _fields(value):
    return {name: getattr(value, name) for name in value.__slots__}


def test_rows_of_an_open_transaction_are_numbered_from_the_known_place(bench):
    """The writer tells new rows from old ones by this number of DuckDB's."""
    cursor = bench.cursor
    cursor.execute("CREATE TABLE probe (i INTEGER)")
    cursor.execute("INSERT INTO probe SELECT range FROM range(300000)")
    cursor.begin()
    cursor.execute("INSERT INTO probe SELECT range FROM range(300000)")
    old, new = (
        cursor.execute(f"SELECT count(*), min(rowid), max(rowid) FROM probe WHERE rowid {sign} {NEW_ROWS}").fetchone()
        for sign in ("<", ">=")
    )
    cursor.rollback()
    assert old == (300000, 0, 299999)
    assert new == (300000, NEW_ROWS, NEW_ROWS + 299999)
