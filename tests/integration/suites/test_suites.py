"""SSB and TPC-H in Doris SQL give over the wire, row for row, what hand-written DuckDB SQL gives natively."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.measure.rows import difference
from nereus.paths import BENCHMARKS

if TYPE_CHECKING:
    from tests.integration.suites.conftest import Pair

NAMES = {
    suite: sorted(path.stem for path in (BENCHMARKS / "queries" / suite).glob("*.sql")) for suite in ("ssb", "tpch")
}
#: No supplier of this few sits in one of two cities.
EMPTY = {"q3.4"}


def test_the_suites_are_whole() -> None:
    assert NAMES["ssb"] == [
        f"q{flight}.{n}" for flight, last in ((1, 3), (2, 3), (3, 4), (4, 3)) for n in range(1, last + 1)
    ]
    assert NAMES["tpch"] == [f"q{number:02}" for number in range(1, 23)]


def same_rows(pair: Pair, name: str) -> None:
    query = pair.query(name)
    wire, native = pair.wire(query.doris), pair.native(query.native)
    assert difference(wire, native) is None
    assert bool(native) is (name not in EMPTY)


@pytest.mark.parametrize("name", NAMES["ssb"])
def test_ssb(ssb: Pair, name: str) -> None:
    same_rows(ssb, name)


@pytest.mark.parametrize("name", NAMES["tpch"])
def test_tpch(tpch: Pair, name: str) -> None:
    same_rows(tpch, name)


def test_the_answers_do_not_depend_on_the_plan_cache(ssb: Pair) -> None:
    for query in ssb.dataset.queries:
        again = [ssb.wire(query.doris + " " * spaces) for spaces in (0, 0, 1)]
        assert again[0] == again[1] == again[2]
