"""Fields become the types of their columns as a Doris backend makes them: by way of their text."""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from nereus.warehouse.embedded.http.casting import to_column
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.rules.casts import implicit
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    STRING,
    datetime,
    decimal,
    parse_type,
    varchar,
)

connection = duckdb.connect()


def run(cast, value, kind, to):
    """The value of a cast of `value`, which is given as DuckDB text in the type `kind`, or the error."""
    text = Renderer().text(cast(Typed(exp.column("v", quoted=True), kind), to).node)
    try:
        return connection.execute(f"SELECT {text} FROM (SELECT CAST({value} AS {kind.duckdb}) AS v)").fetchone()[0]
    except duckdb.InvalidInputException as error:
        return str(error).partition("\n")[0]


def loaded(text, to):
    return run(to_column, "'" + text.replace("'", "''") + "'", STRING, parse_type(to))


@pytest.mark.parametrize(
    ("text", "to", "value"),
    [
        ("12", "int", 12),
        (" 12 ", "int", 12),
        ("1.9", "int", 1),
        ("-0", "int", 0),
        ("007", "int", 7),
        ("12abc", "int", None),
        ("1e3", "int", None),
        ("1_000", "int", None),
        ("", "int", None),
        ("300", "tinyint", None),
        ("170141183460469231731687303715884105727", "largeint", 2**127 - 1),
        ("1.50", "decimal(10,2)", Decimal("1.50")),
        ("1.005", "decimal(10,2)", Decimal("1.01")),
        ("1e2", "decimal(10,2)", Decimal("100.00")),
        ("99999", "decimal(5,2)", None),
        ("0.1", "double", 0.1),
        ("1e3", "double", 1000.0),
        ("five", "double", None),
        ("2024-02-29", "date", dt.date(2024, 2, 29)),
        ("2024-2-9", "date", dt.date(2024, 2, 9)),
        ("2023-02-29", "date", None),
        ("2024-02-29 10:11:12", "datetime", dt.datetime(2024, 2, 29, 10, 11, 12)),
        ("2024-02-29 10:11:12.5", "datetime", dt.datetime(2024, 2, 29, 10, 11, 13)),
        ("2024-02-29", "datetime", dt.datetime(2024, 2, 29)),
        ("true", "boolean", True),
        ("0", "boolean", False),
        ("2", "boolean", None),
        ("longer than it may be", "varchar(3)", "longer than it may be"),
        ("", "varchar(3)", ""),
    ],
)
def test_texts_of_a_file(text, to, value):
    assert loaded(text, to) == value


def test_a_doubtful_date_is_refused_rather_than_guessed():
    assert "the embedded warehouse refuses this text as a date" in loaded("31/12/2024", "date")


TARGETS = [parse_type(name) for name in ("tinyint", "int", "bigint", "largeint", "decimal(9,3)", "double", "float")]
DATES = [DATE, datetime(0), datetime(3)]
NUMBERISH = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.floats().map(str),
    st.text("0123456789+-.eE _x", max_size=12),
)
DATEISH = st.one_of(
    st.dates().map(str),
    st.datetimes().map(str),
    st.from_regex(
        r"[0-9]{4}-[01]?[0-9]-[0-3]?[0-9]( [0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,6})?)?", fullmatch=True
    ),
    st.text("0123456789- :.T", max_size=20),
)


@settings(deadline=None, max_examples=80)
@given(NUMBERISH, st.sampled_from(TARGETS))
def test_the_short_cut_for_numbers_changes_no_result(text, to):
    value = f"'{text}'"
    assert repr(run(to_column, value, STRING, to)) == repr(run(implicit, value, STRING, to))


@settings(deadline=None, max_examples=80)
@given(DATEISH, st.sampled_from(DATES))
def test_the_short_cut_for_dates_changes_no_result(text, to):
    value = f"'{text}'"
    assert run(to_column, value, STRING, to) == run(implicit, value, STRING, to)


@pytest.mark.parametrize(
    ("value", "kind", "to", "result"),
    [
        ("5", INT, parse_type("bigint"), 5),
        ("300", INT, parse_type("tinyint"), None),
        ("1.5", DOUBLE, INT, 1),
        ("1e20", DOUBLE, parse_type("bigint"), None),
        ("0.1", FLOAT, DOUBLE, 0.1),
        ("1.005", decimal(10, 3), decimal(10, 2), Decimal("1.01")),
        ("true", BOOLEAN, INT, 1),
        ("true", BOOLEAN, varchar(5), "1"),
        ("20240229", INT, DATE, dt.date(2024, 2, 29)),
        ("'2024-02-29'", DATE, datetime(0), dt.datetime(2024, 2, 29)),
        ("'2024-02-29'", DATE, varchar(10), "2024-02-29"),
        ("'2024-02-29 10:11:12'", datetime(6), datetime(0), dt.datetime(2024, 2, 29, 10, 11, 12)),
        ("'2024-02-29 10:11:12.5'", datetime(6), datetime(0), dt.datetime(2024, 2, 29, 10, 11, 13)),
        ("'2024-02-29 10:11:12.5'", datetime(6), DATE, dt.date(2024, 2, 29)),
        ("'2024-02-29 00:00:00'", datetime(6), DATE, dt.date(2024, 2, 29)),
        ("NULL", INT, DATE, None),
    ],
)
def test_values_of_typed_files(value, kind, to, result):
    assert run(to_column, value, kind, to) == result


def test_a_value_of_the_columns_own_type_is_left_alone():
    value = Typed(exp.column("v", quoted=True), INT)
    assert to_column(value, INT).node is value.node
    text = Typed(exp.column("v", quoted=True), STRING)
    assert to_column(text, varchar(3)).node is text.node
