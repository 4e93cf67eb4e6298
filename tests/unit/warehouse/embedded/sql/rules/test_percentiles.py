"""Percentiles over rows, as a Doris cluster gives them."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import digests

COLUMNS = {"k": "int", "p": "decimal(5,2)", "f": "double", "g": "int"}
ROWS = [(1, "1.10", 0.5, 1), (2, "2.25", 1.5, 1), (2, "2.25", 2.5, 2), (None, None, None, 2)]


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("percentile(k, 0.5)", "2", "double"),
        ("percentile(k, 0)", "1", "double"),
        ("percentile(k, 1)", "2", "double"),
        ("percentile(p, 0.25)", "1.675", "double"),
        ("percentile(f, 0.9)", "2.3", "double"),
        ("median(f)", "1.5", "double"),
        ("median(k)", "2", "double"),
        ("percentile_array(f, [0.5, 1, 0])", "[1.5, 2.5, 0.5]", "array<double>"),
        ("percentile_approx(f, 0.5)", "1.5", "double"),
        ("percentile_approx(p, 0.9)", "2.25", "double"),
        ("percentile_approx(f, 0.5, 2048)", "1.5", "double"),
    ],
)
def test_answers(rules: Any, text: str, answer: str, type_: str) -> None:
    assert rules.query(f"select {text} from t", COLUMNS, ROWS) == ([[answer]], [type_])


def test_no_rows(rules: Any) -> None:
    text = (
        "select percentile(k, 0.5), median(f), percentile_approx(f, 0.5), percentile_array(f, [0.5]) from t where k > 9"
    )
    assert rules.query(text, COLUMNS, ROWS)[0] == [[None, None, None, "[]"]]


def test_groups_and_windows(rules: Any) -> None:
    text = "select g, percentile(f, 0.5), percentile_approx(f, 0.5) from t group by g order by g"
    assert rules.query(text, COLUMNS, ROWS)[0] == [["1", "1", "1"], ["2", "2.5", "2.5"]]
    text = "select median(f) over (partition by g) from t order by g, k"
    assert rules.query(text, COLUMNS, ROWS)[0] == [["1"], ["1"], ["2.5"], ["2.5"]]


def test_a_fraction_outside_0_and_1_is_an_error(rules: Any) -> None:
    with pytest.raises(DorisError, match=r"quantile in func percentile should in \[0, 1\]"):
        rules.query("select percentile(k, 1.5) from t", COLUMNS, ROWS)


@pytest.mark.parametrize("text", ["percentile(k, k)", "percentile(distinct k, 0.5)", "percentile_array(k, null)"])
def test_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused):
        rules.query(f"select {text} from t", COLUMNS, ROWS)


def test_a_digest_that_would_merge_values_is_refused(rules: Any) -> None:
    rules.table({"x": "double"}, [])
    rules.cursor.execute("INSERT INTO t0 SELECT range FROM range(12000)")
    value = rules.bind("percentile_approx(x, 0.5)", {"x": "double"})
    assert rules.rows_of(value)[0] == pytest.approx(6000, abs=1)
    rules.cursor.execute("INSERT INTO t0 VALUES (1)")
    with pytest.raises(duckdb.Error, match=r"refuses percentile_approx of more than 12000 values"):
        rules.rows_of(value)


def test_single_precision_shows_in_the_answer() -> None:
    assert digests.quantile(np.array([0.1, 0.1]), 0.5) == 0.10000000149011612


def test_the_maximum_of_negative_values_is_that_of_doris() -> None:
    """Doris' digest starts with the smallest positive float as its maximum."""
    assert digests.quantile(np.array([-2.0, -1.0]), 1.0) == pytest.approx(1.1754944e-38)
