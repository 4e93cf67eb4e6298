"""Covariance, correlation, regression, skewness and kurtosis: the answers of a Doris cluster."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused

COLUMNS = {"x": "int", "y": "int"}
RISING = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 10)]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("corr(x, y)", "0.8944271909999159"),
        ("corr(x, 1)", "0"),
        ("covar(x, y)", "4"),
        ("covar_pop(x, y)", "4"),
        ("covar_samp(x, y)", "5"),
        ("regr_slope(y, x)", "2"),
        ("regr_intercept(y, x)", "-2"),
        ("avg_weighted(y, x)", "5.333333333333333"),
        ("skewness(x)", "0"),
        ("kurt(x)", "-1.3"),
    ],
)
def test_answers(rules: Any, text: str, answer: str) -> None:
    assert rules.query(f"select {text} from t", COLUMNS, RISING) == ([[answer]], ["double"])


def test_rows_where_one_value_is_missing_do_not_count(rules: Any) -> None:
    rows = [*RISING, (9, None), (None, 9)]
    assert rules.query("select covar(x, y), corr(x, y) from t", COLUMNS, rows)[0] == [["4", "0.8944271909999159"]]


def test_one_row_and_no_rows(rules: Any) -> None:
    text = "select covar(x, y), covar_samp(x, y), corr(x, y), skew(x), kurt(x), regr_slope(y, x) from t where x {}"
    assert rules.query(text.format("= 1"), COLUMNS, RISING)[0] == [["0", "0", "0", None, None, None]]
    assert rules.query(text.format("> 9"), COLUMNS, RISING)[0] == [[None] * 6]


def test_texts_and_distinct(rules: Any) -> None:
    with pytest.raises(DorisError, match="regr_slope requires numeric for first parameter"):
        rules.query("select regr_slope('a', x) from t", COLUMNS, RISING)
    with pytest.raises(Refused):
        rules.query("select corr(distinct x, y) from t", COLUMNS, RISING)
