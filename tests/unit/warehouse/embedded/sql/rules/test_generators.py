"""LATERAL VIEW: the rows that table-generating functions give, as recorded from a Doris cluster."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused

COLUMNS = {"id": "int", "a": "array<int>", "b": "bitmap", "s": "string"}
ROWS = [(1, [5, 6], [7, 9], "x,y"), (2, [], [], ""), (3, None, None, None)]


@pytest.mark.parametrize(
    ("call", "rows", "type_"),
    [
        ("explode(a)", [("1", "5"), ("1", "6")], "int"),
        ("explode_outer(a)", [("1", "5"), ("1", "6"), ("2", None), ("3", None)], "int"),
        ("explode_bitmap(b)", [("1", "7"), ("1", "9")], "bigint"),
        ("explode_bitmap_outer(b)", [("1", "7"), ("1", "9"), ("2", None), ("3", None)], "bigint"),
        ("explode_split(s, ',')", [("1", "x"), ("1", "y"), ("2", "")], "varchar(65533)"),
        ("explode_numbers(id)", [("1", "0"), ("2", "0"), ("2", "1"), ("3", "0"), ("3", "1"), ("3", "2")], "int"),
    ],
)
def test_rows(rules: Any, call: str, rows: list[tuple[str, str | None]], type_: str) -> None:
    text = f"select id, e from t lateral view {call} v as e order by id, e"
    found, types = rules.query(text, COLUMNS, ROWS)
    assert [tuple(row) for row in found] == rows
    assert types[1] == type_


@pytest.mark.parametrize(
    ("call", "values", "type_"),
    [
        ("explode_json_array_int('[9223372036854775807, 9223372036854775808, \"7\", null]')", 4, "bigint"),
        ("explode_json_array_int('[30, 60]')", ["30", "60"], "bigint"),
        ("explode_json_array_double('[1.5, \"b\", 2]')", ["1.5", "2", None], "double"),
        ("explode_json_array_string('[1, \"b\", null]')", ["1", "b", None], "varchar(65533)"),
        ("explode_json_array_json('[{\"a\": 1}, null]')", ['{"a":1}', None], "json"),
        ("explode_json_array_int('{}')", [], "bigint"),
        ("explode_json_array_int_outer('[]')", [None], "bigint"),
    ],
)
def test_elements_of_a_document(rules: Any, call: str, values: list[str | None] | int, type_: str) -> None:
    text = f"select e from t lateral view {call} v as e where id = 1 order by e is null"
    found, types = rules.query(text, COLUMNS, ROWS)
    assert len(found) == values if isinstance(values, int) else [row[0] for row in found] == values
    assert types == [type_]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("explode_map(a)", "only support map type for explode_map function"),
        ("explode_bitmap(a)", "Can not find the compatibility function signature"),
        ("explode_bitmap(b, b)", "which has 2 arity"),
        ("explode_nothing(a)", "Can not found function 'explode_nothing'"),
    ],
)
def test_errors(rules: Any, call: str, message: str) -> None:
    with pytest.raises(DorisError, match=message):
        rules.query(f"select e from t lateral view {call} v as e", COLUMNS, ROWS)


def test_refused(rules: Any) -> None:
    with pytest.raises(Refused, match="explode_json_object"):
        rules.query("select e from t lateral view explode_json_object(s) v as e, f", COLUMNS, ROWS)
