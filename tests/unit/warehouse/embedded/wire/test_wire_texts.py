"""Texts of values, as a Doris cluster prints them: whole arrays and single values must agree."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nereus.warehouse.embedded.types import DorisType, parse_type
from nereus.warehouse.embedded.wire.few import few_texts
from nereus.warehouse.embedded.wire.texts import texts

#: (SQL of one DuckDB value, Doris type, text on the wire)
CASES = [
    ("true", "boolean", "1"),
    ("false", "boolean", "0"),
    ("(-128)::tinyint", "tinyint", "-128"),
    ("32767::smallint", "smallint", "32767"),
    ("(-2147483648)::int", "int", "-2147483648"),
    ("9223372036854775807", "bigint", "9223372036854775807"),
    ("'170141183460469231731687303715884105727'::hugeint", "largeint", "170141183460469231731687303715884105727"),
    ("'-170141183460469231731687303715884105727'::hugeint", "largeint", "-170141183460469231731687303715884105727"),
    ("1.5::decimal(10,2)", "decimal(10,2)", "1.50"),
    ("(-0.01)::decimal(10,2)", "decimal(10,2)", "-0.01"),
    ("7::decimal(5,0)", "decimal(5,0)", "7"),
    ("0.00000001::decimal(18,8)", "decimal(18,8)", "0.00000001"),
    ("(-0.00000001)::decimal(38,10)", "decimal(38,10)", "-0.0000000100"),
    ("0::decimal(38,38)", "decimal(38,38)", "0." + "0" * 38),
    ("(-12.5)::decimal(38,10)", "decimal(38,10)", "-12.5000000000"),
    ("1::double", "double", "1"),
    ("0.1::double", "double", "0.1"),
    ("'-0.0'::double", "double", "-0"),
    ("(9223372036854775807 / 2)::double", "double", "4.611686018427388e+18"),
    ("1e15::double", "double", "1000000000000000"),
    ("1e16::double", "double", "1e+16"),
    ("0.0001::double", "double", "0.0001"),
    ("0.00001::double", "double", "1e-05"),
    ("1::double / 3", "double", "0.3333333333333333"),
    ("9.95::double", "double", "9.949999999999999"),
    ("5e-324::double", "double", "4.940656458412465e-324"),
    ("1.7976931348623157e308::double", "double", "1.797693134862316e+308"),
    ("'nan'::double", "double", "NaN"),
    ("'inf'::double", "double", "Infinity"),
    ("'-inf'::double", "double", "-Infinity"),
    ("0.1::float", "float", "0.1"),
    ("20240229101112::float", "float", "2.024023e+13"),
    ("16777216::float", "float", "1.677722e+07"),
    ("'nan'::float", "float", "NaN"),
    ("date '0001-01-01'", "date", "0001-01-01"),
    ("date '9999-12-31'", "date", "9999-12-31"),
    ("timestamp '2024-01-01 10:00:00'", "datetime", "2024-01-01 10:00:00"),
    ("timestamp '2024-01-01 10:00:00'", "datetime(3)", "2024-01-01 10:00:00.000"),
    ("timestamp '1969-12-31 23:59:59.999999'", "datetime", "1969-12-31 23:59:59"),
    ("timestamp '1969-12-31 23:59:59.987654'", "datetime(3)", "1969-12-31 23:59:59.987"),
    ("timestamp '0001-01-01 00:00:00.000001'", "datetime(6)", "0001-01-01 00:00:00.000001"),
    ("to_microseconds(3661000000)", "time", "01:01:01"),
    ("to_microseconds(-90062500000)", "time(1)", "-25:01:02.5"),
    ("interval 2 day", "time", "48:00:00"),
    ("interval 900 hour", "time(3)", "838:59:59.000"),
    ("'é'", "varchar(10)", "é"),
    ("''", "string", ""),
    ("'{\"a\":1}'", "json", '{"a":1}'),
    ("['a', 'b']", "array<string>", '["a", "b"]'),
    ("['a\"b', NULL]", "array<varchar(5)>", '["a"b", null]'),
    ("[]::int[]", "array<int>", "[]"),
    ("[true, false]", "array<boolean>", "[1, 0]"),
    ("[1.5::double, 2]", "array<double>", "[1.5, 2]"),
    ("[1.50::decimal(5,2)]", "array<decimal(5,2)>", "[1.50]"),
    ("[date '2024-01-01']", "array<date>", '["2024-01-01"]'),
    ("[timestamp '2024-01-01 01:02:03']", "array<datetime(1)>", '["2024-01-01 01:02:03.0"]'),
    ("[['a'], NULL, []]", "array<array<string>>", '[["a"], null, []]'),
    ("map {'k': 1, 'l': NULL}", "map<string,int>", '{"k":1, "l":null}'),
    ("map {1: ['x']}", "map<int,array<string>>", '{1:["x"]}'),
    ("map {}::map(int, int)", "map<int,int>", "{}"),
    ("{'x': 1, 'y': 'q', 'z': NULL::date}", "struct<x:int,y:string,z:date>", '{"x":1, "y":"q", "z":null}'),
]


def array_of(sql: str) -> pa.Array:
    # A connection of its own: the one that the module shares may be in any state that others left it in.
    with duckdb.connect() as db:
        return db.sql(f"SELECT v FROM ({sql}) AS t(v)").to_arrow_table().column(0).combine_chunks()


@pytest.mark.parametrize(("sql", "kind", "text"), CASES)
@pytest.mark.parametrize("repeat", [1, 5000])
def test_a_value_and_null_beside_it(sql, kind, text, repeat):
    query = f"SELECT CASE WHEN i % 2 = 0 THEN {sql} END FROM range({2 * repeat}) AS r(i) ORDER BY i"
    found = texts(array_of(query), parse_type(kind))
    assert found.type == pa.binary()
    assert found.to_pylist() == [text.encode(), None] * repeat


@pytest.mark.parametrize(("sql", "kind", "text"), CASES)
def test_value_by_value_gives_the_same(sql, kind, text):
    assert few_texts(array_of(f"SELECT unnest([{sql}, NULL])"), parse_type(kind)) == [text.encode(), None]


@pytest.mark.parametrize("name", ["bitmap", "hll", "quantile_state"])
def test_aggregation_states_are_null(name):
    assert texts(pa.array([b"\x01", None]), DorisType(name)).to_pylist() == [None, None]


def test_null_type():
    assert texts(pa.nulls(2), DorisType("null")).to_pylist() == [None, None]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_strings_of_every_arrow_kind_pass_for_any_type(kind):
    assert texts(pa.array(["7", None, "x"], kind), DorisType("int")).to_pylist() == [b"7", None, b"x"]


def test_a_slice_gives_its_own_rows():
    sliced = pa.array([["a"], None, ["b", "c"], []]).slice(1, 2)
    assert texts(sliced, parse_type("array<string>")).to_pylist() == [None, b'["b", "c"]']
    assert texts(pa.array(["x", "yy", None, "z"]).slice(1, 2), DorisType("string")).to_pylist() == [b"yy", None]


def test_data_that_cannot_hold_the_type_is_an_error():
    with pytest.raises(pa.ArrowInvalid):
        texts(pa.array([Decimal("1.5")]), parse_type("decimal(10,0)"))


@given(st.lists(st.floats() | st.none(), max_size=60))
def test_doubles_print_as_c_does(numbers):
    array = pa.array(numbers, pa.float64())
    many = pa.concat_arrays([array] * 1 + [pa.nulls(5000, pa.float64())])
    found = texts(many, DorisType("double")).to_pylist()[: len(numbers)]
    assert found == few_texts(array, DorisType("double"))


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**20), max_value=10**20)))
def test_decimals_print_every_digit(numbers):
    array = pa.array(numbers, pa.decimal128(38, 9))
    assert texts(array, parse_type("decimal(38,9)")).to_pylist() == [
        format(n, ".9f").encode() for n in array.to_pylist()
    ]


@given(st.lists(st.datetimes() | st.none(), min_size=1), st.integers(0, 6))
def test_datetimes_print_exactly_their_digits(moments, scale):
    array = pa.array(moments, pa.timestamp("us"))
    of = DorisType("datetime", scale=scale)
    found = texts(array, of).to_pylist()
    assert found == few_texts(array, of)
    assert {len(text) for text in found if text is not None} <= {20 + scale if scale else 19}


def test_threads_format_at_the_same_time():
    numbers = [i / 7 for i in range(5000)]
    wanted = [f"{number:.16g}".encode() for number in numbers]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda _: texts(pa.array(numbers), DorisType("double")).to_pylist() == wanted, range(16))
    assert all(found)
