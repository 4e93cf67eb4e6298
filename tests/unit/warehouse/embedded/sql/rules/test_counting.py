"""topn, map_agg and the other aggregates over different values."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused

COLUMNS = {"k": "int", "s": "varchar(9)", "b": "boolean"}
ROWS = [(1, "a", True), (1, "b", False), (2, "b", False), (3, 'q"\\', None)]


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("topn(k, 2)", '{"1":2,"3":1}', "varchar(65533)"),
        ("topn(s, 5)", '{"b":2,"q\\"\\\\":1,"a":1}', "varchar(65533)"),
        ("topn(k, 1, 10)", '{"1":2}', "varchar(65533)"),
        ("topn_array(k, 2)", "[1, 3]", "array<int>"),
        ("topn_array(s, 1)", '["b"]', "array<varchar(9)>"),
        ("map_agg(k, s)", '{1:"a", 2:"b", 3:"q"\\"}', "map<int,varchar(9)>"),
        ("bool_xor(b)", "1", "boolean"),
        ("bool_xor(k)", "0", "boolean"),
        ("bool_or(k)", "1", "boolean"),
        ("bool_and(k - 1)", "0", "boolean"),
        ("collect_list(k, 2)", "[1, 1]", "array<int>"),
        ("array_size(collect_set(k, 2))", "2", "bigint"),
    ],
)
def test_answers(rules: Any, text: str, answer: str, type_: str) -> None:
    assert rules.query(f"select {text} from t", COLUMNS, ROWS) == ([[answer]], [type_])


def test_no_rows(rules: Any) -> None:
    text = "select topn(k, 1), topn_array(k, 1), map_agg(k, s), bool_xor(b), collect_list(k, 2) from t where k > 9"
    assert rules.query(text, COLUMNS, ROWS)[0] == [[None, None, "{}", None, "[]"]]


def test_more_values_than_doris_counts_exactly_are_refused(rules: Any) -> None:
    rules.table({"x": "int"}, [])
    rules.cursor.execute("INSERT INTO t0 SELECT range FROM range(50)")
    with pytest.raises(duckdb.Error, match="refuses topn over 50 different values or more"):
        rules.rows_of(rules.bind("topn(x, 1)", {"x": "int"}))


def test_a_map_cannot_hold_a_key_that_is_null(rules: Any) -> None:
    with pytest.raises(duckdb.Error, match="refuses map_agg with a key that is NULL"):
        rules.query("select map_agg(k, s) from t", COLUMNS, [*ROWS, (None, "x", None)])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("topn(k, 0)", Refused),
        ("topn(k, k)", Refused),
        ("collect_list(k, 0)", Refused),
        ("bool_or(s)", DorisError),
        ("topn_weighted(s, k, 1)", Refused),
    ],
)
def test_errors(rules: Any, text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        rules.query(f"select {text} from t", COLUMNS, ROWS)
