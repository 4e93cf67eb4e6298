"""The header `columns`, `where` and what a load does with them."""

import datetime as dt
from decimal import Decimal

import pytest

TABLE = ("a int not null", "b varchar(10)", "c decimal(10,2)", "e datetime default 2020-01-01 00:00:00")
CSV = {"column_separator": ","}


@pytest.fixture
def table(loader):
    return loader.table(*TABLE)


def test_without_the_header_a_file_has_the_columns_of_the_table(loader, table):
    loader.load(table, b"1,x,1.5,2024-01-01 00:00:00\n", **CSV)
    assert loader.rows(table) == [(1, "x", Decimal("1.50"), dt.datetime(2024, 1, 1))]


def test_columns_come_in_any_order_and_absent_ones_get_their_defaults(loader, table):
    loader.load(table, b"x,1\n", columns="B, `a`", **CSV)
    assert loader.rows(table) == [(1, "x", None, dt.datetime(2020, 1, 1))]


def test_columns_that_the_table_lacks_are_passed_over(loader, table):
    loader.load(table, b"1,nonsense,x\n", columns="a, ignored, b", **CSV)
    assert loader.rows(table)[0][:2] == (1, "x")


def test_expressions_compute_columns(loader, table):
    loader.load(table, b"1,7\n2,8\n", columns="a, tmp, c = tmp + 1, b = concat('n', tmp), e = '2024-05-06'", **CSV)
    assert loader.rows(table) == [
        (1, "n7", Decimal("8.00"), dt.datetime(2024, 5, 6)),
        (2, "n8", Decimal("9.00"), dt.datetime(2024, 5, 6)),
    ]


def test_columns_of_the_table_have_its_types_in_expressions_and_others_are_text(loader, table):
    loader.load(table, b"1,2.5,x9\n", columns="a, c, tmp, b = concat(c, '-', substr(tmp, 2))", **CSV)
    assert loader.rows(table)[0][:3] == (1, "2.50-9", Decimal("2.50"))


def test_an_expression_may_use_what_is_computed_before_it(loader, table):
    loader.load(table, b"1\n", columns="a, step = a + 1, c = step * 10, b = 'k'", **CSV)
    assert loader.rows(table)[0][:3] == (1, "k", Decimal("20.00"))


def test_an_expression_may_replace_the_column_it_reads(loader, table):
    loader.load(table, b"1,x\n", columns="a, b, b = upper(b)", **CSV)
    assert loader.rows(table)[0][:2] == (1, "X")


def test_constants_alone_leave_the_other_columns_to_the_file(loader, table):
    loader.load(table, b"1,2.5,2024-01-01 00:00:00\n", columns="b = 'const'", **CSV)
    assert loader.rows(table) == [(1, "const", Decimal("2.50"), dt.datetime(2024, 1, 1))]


def test_where_leaves_rows_out_by_the_columns_of_the_table(loader, table):
    report = loader.load(table, b"1,x\n2,y\n3,\\N\n", columns="a, b", where="a >= 2 and b <> 'q'", **CSV)
    assert loader.rows(table)[0][:2] == (2, "y")
    assert (report.total_rows, report.loaded_rows, report.unselected_rows, report.filtered_rows) == (3, 1, 2, 0)


def test_rows_left_out_do_not_count_for_the_ratio_and_cannot_be_too_long(loader, table):
    body = b"1,fits\n2,this is much too long\n3,left out as well\n4,ok\n5,this is much too long\n"
    report, log = loader.run(table, body, columns="a, b", where="a <> 2 and a <> 3", max_filter_ratio="0.4", **CSV)
    assert report.failure is None
    assert (report.loaded_rows, report.unselected_rows, report.filtered_rows) == (2, 2, 1)
    assert "too long" in log


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"columns": "a, b, a"}, "refuses the header columns: a is named twice"),
        ({"columns": "a, c = 1, c = 2"}, "c is computed twice"),
        ({"columns": "x, y"}, "names no column of the table"),
        ({"columns": "b, c"}, "Column has no default value, column=a"),
        ({"columns": "a,,b"}, "no viable alternative at input ','"),
        ({"columns": "a; drop table t"}, "mismatched input 'drop'"),
        ({"columns": "a from t"}, "parse expression failed: a from t"),
        ({"columns": "a, count(b) > 1"}, "is unsupported"),
        ({"columns": "a, t.b"}, "refuses the header columns: t.b"),
        ({"columns": "a, `|line`"}, "begins with |"),
        ({"columns": "a, c = nothing + 1"}, "nothing"),
        ({"columns": "a, c = no_such_function(a)"}, "no_such_function"),
        ({"columns": "a, c = sum(a)"}, "Don't support aggregation function in load expression"),
        ({"columns": "a, c = (select 1)"}, "a query within an expression of a load"),
        ({"where": "nothing = 1"}, "nothing"),
        ({"where": "a"}, "refuses a where that is no comparison"),
        ({"where": "a in (select 1)"}, "a query within an expression of a load"),
        ({"where": "a = 1 or"}, "input"),
        ({"timezone": "Asia/Shanghai"}, "refuses the timezone Asia/Shanghai of a load"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_body(loader, table, headers, text):
    report, _ = loader.run(table, None, **headers)
    assert text in report.failure.message


def test_utc_is_the_timezone_that_is_kept(loader, table):
    loader.load(table, b"1,x\n", columns="a, b", timezone="UTC", **CSV)


def test_unknown_tables_and_views_are_named(loader):
    assert loader.run("nope", None)[0].failure.message == (
        "[NOT_FOUND]TStatus: errCode = 7, detailMessage = table not found, tableName=nope"
    )
