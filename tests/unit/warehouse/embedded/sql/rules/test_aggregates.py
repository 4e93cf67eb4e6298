"""Aggregate functions over rows, with Doris' types."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused

COLUMNS = {"k": "int", "p": "decimal(5,2)", "s": "varchar(9)", "f": "double", "d": "date", "b": "boolean"}
ROWS = [
    (1, "1.10", "a", 0.5, "2024-01-01", True),
    (2, "2.25", "b", 1.5, "2024-01-03", False),
    (2, "2.25", "b", 2.5, "2024-01-02", True),
    (None, None, None, None, None, None),
]


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("count(*)", "4", "bigint"),
        ("count(k)", "3", "bigint"),
        ("count(distinct k)", "2", "bigint"),
        ("count(distinct k, s)", "2", "bigint"),
        ("sum(k)", "5", "bigint"),
        ("sum(distinct k)", "3", "bigint"),
        ("sum(p)", "5.60", "decimal(38,2)"),
        ("sum(p * (1 - p))", "-5.7350", "decimal(38,4)"),
        ("sum(f)", "4.5", "double"),
        ("sum(k > 1)", "2", "bigint"),
        ("sum(if(k > 1, 1, 0))", "2", "bigint"),
        ("sum(s)", None, "double"),
        ("sum0(k)", "5", "bigint"),
        ("multi_distinct_count(k)", "2", "bigint"),
        ("multi_distinct_sum(k)", "3", "bigint"),
        ("multi_distinct_sum(p)", "3.35", "decimal(38,2)"),
        ("multi_distinct_sum0(k)", "3", "bigint"),
        ("group_bit_and(k)", "0", "int"),
        ("group_bit_xor(k)", "1", "int"),
        ("avg(k)", "1.666666666666667", "double"),
        ("avg(p)", "1.8666", "decimal(38,4)"),
        ("min(k)", "1", "int"),
        ("max(p)", "2.25", "decimal(5,2)"),
        ("max(s)", "b", "varchar(9)"),
        ("min(d)", "2024-01-01", "date"),
        ("group_concat(s order by k)", "a,b,b", "varchar(65533)"),
        ("group_concat(s, ';' order by k desc)", "b;b;a", "varchar(65533)"),
        ("group_concat(distinct s order by s separator '-')", "a-b", "varchar(65533)"),
        ("group_concat(k order by f)", "1,2,2", "varchar(65533)"),
        ("max_by(s, f)", "b", "varchar(9)"),
        ("min_by(k, f)", "1", "int"),
        ("stddev(f)", "0.816496580927726", "double"),
        ("variance(k)", "0.2222222222222222", "double"),
        ("var_samp(f)", "1", "double"),
        ("group_bit_or(k)", "3", "int"),
        ("bool_or(b)", "1", "boolean"),
        ("collect_list(k)", "[1, 2, 2]", "array<int>"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.query(f"select {text} from t", COLUMNS, ROWS) == ([[answer]], [type_])


def test_aggregates_of_no_rows(rules: Any) -> None:
    text = "select count(*), sum(k), avg(p), max(s), group_concat(s), sum0(k), stddev_samp(f) from t where k > 9"
    assert rules.query(text, COLUMNS, ROWS)[0] == [["0", None, None, None, None, "0", None]]


def test_the_average_of_a_decimal_is_cut_and_not_rounded(rules: Any) -> None:
    rows = [("1.00",), ("1.00",), ("0.00",), ("-5.00",)]
    found, types = rules.query(
        "select avg(p) from t where p >= 0 union all select avg(p) from t", {"p": "decimal(9,2)"}, rows
    )
    assert sorted(row[0] for row in found) == ["-0.7500", "0.6666"]
    assert types == ["decimal(38,4)"]


def test_the_sample_deviation_of_one_value_is_zero(rules: Any) -> None:
    assert rules.query("select stddev_samp(k), var_samp(k) from t", {"k": "int"}, [(5,)])[0] == [["0", "0"]]


def test_sums_over_windows_keep_their_type(rules: Any) -> None:
    text = "select sum(k) over (order by f), avg(p) over (partition by k) from t where k is not null order by f"
    found, types = rules.query(text, COLUMNS, ROWS)
    assert types == ["bigint", "decimal(38,4)"]
    assert found == [["1", "1.1000"], ["3", "2.2500"], ["5", "2.2500"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("count(k, s)", "COUNT must have DISTINCT for multiple arguments"),
        ("sum(d)", "sum requires a numeric, boolean or string parameter"),
    ],
)
def test_errors_of_doris(rules: Any, text: str, message: str) -> None:
    with pytest.raises(DorisError, match=message):
        rules.query(f"select {text} from t", COLUMNS, ROWS)


@pytest.mark.parametrize("text", ["percentile_reservoir(f, 0.5)", "corr_welford(k, f)"])
def test_what_depends_on_the_order_of_rows_is_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match=text.split("(", maxsplit=1)[0]):
        rules.query(f"select {text} from t", COLUMNS, ROWS)


def test_distinct_concatenation_in_another_order_is_refused(rules: Any) -> None:
    with pytest.raises(Refused, match="group_concat"):
        rules.query("select group_concat(distinct s order by k) from t", COLUMNS, ROWS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sum_foreach(array(k))", "sum_foreach: aggregates over the elements of arrays .*posexplode"),
        ("max_foreachv2(array(k))", "max_foreachv2: aggregates over the elements"),
        ("count_state(k)", "count_state: states of type AGG_STATE"),
        ("avg_merge(k)", "avg_merge: states of type AGG_STATE"),
        ("histogram(k)", "histogram: its text is not reproduced. Write width_bucket"),
        ("count_by_enum(s)", "count_by_enum: the order in its text .* GROUP BY the column"),
    ],
)
def test_combinators_and_texts_in_no_order_are_refused_by_name(rules: Any, text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        rules.bind(text, COLUMNS)
    with pytest.raises(DorisError, match=r"^Can not found function 'nothing_foreach'"):
        rules.bind("nothing_foreach(k)", COLUMNS)
