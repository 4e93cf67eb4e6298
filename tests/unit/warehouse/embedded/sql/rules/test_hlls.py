"""HLL values and their unions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import hashes

COLUMNS = {"g": "int", "k": "int", "s": "varchar(9)"}
ROWS = [(1, 1, "a"), (1, 2, "a"), (2, 3, "b"), (2, None, None)]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("hll_union_agg(hll_hash(k))", ["2", "1"]),
        ("hll_cardinality(hll_union(hll_hash(s)))", ["1", "1"]),
        ("hll_cardinality(hll_raw_agg(hll_hash(s)))", ["1", "1"]),
        ("max(hll_cardinality(hll_hash(s)))", ["1", "1"]),
        ("min(hll_cardinality(hll_hash(s)))", ["1", "0"]),
    ],
)
def test_groups(rules: Any, text: str, answers: list[str]) -> None:
    found = rules.query(f"select {text} from t group by g order by g", COLUMNS, ROWS)[0]
    assert [row[0] for row in found] == answers


def test_types_and_no_rows(rules: Any) -> None:
    text = "select hll_union(hll_hash(k)), hll_union_agg(hll_hash(k)), hll_cardinality(hll_empty()) from t where k > 9"
    assert rules.query(text, COLUMNS, ROWS) == ([[None, "0", "0"]], ["hll", "bigint", "bigint"])


def test_unions_of_unions(rules: Any) -> None:
    inner = "select g, hll_union(hll_hash(s)) as h from t group by g"
    text = f"select hll_union_agg(h), hll_cardinality(hll_union(h)) from ({inner}) as v"
    assert rules.query(text, COLUMNS, ROWS)[0] == [["2", "2"]]


def test_many_values_are_estimated_alike_however_they_are_merged(rules: Any) -> None:
    rules.table({"x": "int"}, [])
    rules.cursor.execute("INSERT INTO t0 SELECT range FROM range(20000)")
    once = rules.rows_of(rules.bind("hll_union_agg(hll_hash(x))", {"x": "int"}))[0]
    assert once == rules.rows_of(rules.bind("hll_cardinality(hll_union(hll_hash(x)))", {"x": "int"}))[0]
    assert once == rules.rows_of(rules.bind("ndv(cast(x as string))", {"x": "int"}))[0]
    assert once == pytest.approx(20000, rel=0.03)


def test_registers_keep_the_highest_rank() -> None:
    many = hashes.of_integers(np.arange(1000), 8)
    parts = [hashes.merged([part]) for part in np.array_split(many, 3)]
    assert all(part[0] == 0 for part in parts)
    assert hashes.cardinality(hashes.merged(parts)) == hashes.cardinality(hashes.merged([many]))
    few = hashes.of_integers(np.arange(160), 8)
    assert hashes.cardinality(hashes.merged([few])) == 160


def test_errors(rules: Any) -> None:
    with pytest.raises(DorisError, match="signature"):
        rules.bind("hll_cardinality(k)", COLUMNS)
    with pytest.raises(Refused, match="hll_to_base64"):
        rules.bind("hll_to_base64(hll_hash(k))", COLUMNS)
