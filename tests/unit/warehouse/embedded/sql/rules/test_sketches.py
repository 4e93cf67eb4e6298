"""Doris' HyperLogLog: the hashes that a cluster printed, and counts."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql import hashes

COLUMNS = {
    "k": "int",
    "p": "decimal(5,2)",
    "w": "decimal(30,2)",
    "s": "varchar(9)",
    "f": "double",
    "r": "float",
    "d": "date",
    "t": "datetime(3)",
    "b": "boolean",
    "l": "largeint",
}
ROWS = [
    (1, "1.10", "1.10", "a", 0.5, 0.5, "2024-01-01", "2024-01-01 10:00:00.001", True, -1),
    (2, "2.25", "2.25", "b", 1.5, 1.5, "2024-01-03", "2024-01-01 10:00:00.002", False, 2**100),
    (2, "2.25", "2.25", "b", 1.5, 1.5, "2024-01-03", "2024-01-01 10:00:00.002", False, 2**100),
    (None,) * 10,
]


@pytest.mark.parametrize(
    ("text", "printed"),
    # hll_to_base64(hll_hash(text)) of a cluster: kind 1 (explicit), 1 value, its hash.
    [("varchar11", "AQEBHCni6iZ4IA=="), ("varchar12", "AQHDvC2tP+3Ztg=="), ("string1", "AQEVuTIP+2DCFQ==")],
)
def test_hashes_of_texts(text: str, printed: str) -> None:
    (found,) = hashes.of_texts(pa.array([text.encode()], pa.large_binary()))
    assert base64.b64encode(bytes([1, 1]) + int(found).to_bytes(8, "little")).decode() == printed


def test_a_number_is_hashed_by_the_bytes_of_its_type() -> None:
    number = np.array([-2])
    for width in (1, 2, 4, 8):
        as_text = pa.array([(-2).to_bytes(width, "little", signed=True)], pa.large_binary())
        assert hashes.of_integers(number, width) == hashes.of_texts(as_text)
    wide = pa.array([(-2).to_bytes(16, "little", signed=True)], pa.large_binary())
    low, high = np.array([2**64 - 2], np.uint64), np.array([-1])
    assert hashes.of_wide_integers(low, high) == hashes.of_texts(wide)


@pytest.mark.parametrize("column", list(COLUMNS))
def test_few_values_are_counted_exactly(rules: Any, column: str) -> None:
    text = f"select ndv({column}), approx_count_distinct({column}) from t"
    assert rules.query(text, COLUMNS, ROWS) == ([["2", "2"]], ["bigint", "bigint"])


def test_no_rows(rules: Any) -> None:
    assert rules.query("select ndv(k) from t where k > 9", COLUMNS, ROWS)[0] == [["0"]]


def test_many_values_are_estimated_within_the_error_of_16384_registers(rules: Any) -> None:
    rules.table({"x": "int"}, [])
    rules.cursor.execute("INSERT INTO t0 SELECT range % 100000 FROM range(300000)")
    (found,) = {*rules.rows_of(rules.bind("ndv(x)", {"x": "int"}))}
    assert found != 100000
    assert found == pytest.approx(100000, rel=0.03)


def test_the_estimate_depends_on_the_set_of_values_alone(rules: Any) -> None:
    packed = np.arange(20000, dtype=np.uint32) % 16384 * 64 + 3
    assert hashes.estimate(packed) == hashes.estimate(packed[::-1])


def test_nested_values_are_refused(rules: Any) -> None:
    with pytest.raises(Refused):
        rules.bind("ndv(a)", {"a": "array<int>"})
