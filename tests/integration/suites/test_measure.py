"""The measurements' own parts: what counts as the same rows, what counts as a kept promise, and one small run."""

from __future__ import annotations

import multiprocessing
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks.measure import all as everything
from benchmarks.measure import data, fetch, findings, load, server, soak, translate, wire
from benchmarks.measure.native import native
from benchmarks.measure.rows import difference, same
from tests.integration.suites.conftest import SCALE


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (1, 1),
        (1, True),
        (Decimal("1.50"), Decimal("1.5000")),
        ("a", "a"),
        (None, None),
        (date(1994, 1, 1), date(1994, 1, 1)),
        (0.1 + 0.2, 0.3),
        (Decimal("25.5221"), 25.522060),
        ("170141183460469231731687303715884105727", 2**127 - 1),
    ],
)
def test_the_same(ours: Any, theirs: Any) -> None:
    assert same(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (1, 2),
        (1, "1"),
        (Decimal("1.50"), Decimal("1.51")),
        ("a", "A"),
        ("a", "a "),
        (None, 0),
        (None, 0.0),
        ("", None),
        (0.3, 0.3001),
        (Decimal("25.52"), 25.54),
        ("1.0", 1.0),
        (date(1994, 1, 1), "1994-01-01"),
    ],
)
def test_not_the_same(ours: Any, theirs: Any) -> None:
    assert not same(ours, theirs)


def test_differences_say_where() -> None:
    assert difference([(1, "a")], [(1, "a")]) is None
    assert difference([(1, "a"), (2, "b")], [(1, "a"), (2, "c")]) == "row 1, column 1: 'b' over the wire, 'c' natively"
    assert difference([(1,)], []) == "1 rows over the wire, 0 natively"
    assert difference([(1, 2)], [(1,)]) == "2 columns over the wire, 1 natively"
    assert difference([(2,), (1,)], [(1,), (2,)]) is not None


def measured(wire_ms: float, native_ms: float, different: str | None = None) -> wire.Measured:
    return wire.Measured("q", 1, (wire_ms,) * 3, (native_ms,) * 3, different, wire_ms, native_ms)


@pytest.mark.parametrize(
    ("suite", "scale", "queries", "missed"),
    [
        ("ssb", 1, [measured(11.9, 10), measured(20, 10), measured(11, 10)], []),
        ("ssb", 1, [measured(12.1, 10), measured(20, 10), measured(11, 10)], ["extra per query, median"]),
        ("ssb", 10, [measured(109, 100), measured(111, 100)], []),
        ("ssb", 10, [measured(109, 100), measured(113, 100)], ["wire / native, geometric mean"]),
        ("ssb", 10, [measured(1001, 1000)], ["warm average over the wire"]),
        ("ssb", 1, [measured(10, 10, "row 0")], ["queries with the same rows"]),
        ("tpch", 1, [measured(20, 10)], []),
    ],
)
def test_promises_of_the_wire(suite: str, scale: float, queries: list[wire.Measured], missed: list[str]) -> None:
    found = wire.findings(queries, suite, scale)
    assert [one.what.split(": ")[1] for one in found if one.verdict == "MISSED"] == missed
    assert findings.report("", found) == int(bool(missed))


def test_what_was_not_run_is_said_and_counts_where_all_is_required(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NEREUS_REQUIRE_ALL", raising=False)
    assert findings.report("", [findings.not_run("fetching", "no driver")]) == 0
    monkeypatch.setenv("NEREUS_REQUIRE_ALL", "1")
    assert findings.report("", [findings.not_run("fetching", "no driver")]) == 1
    assert capsys.readouterr().out.count("NOT RUN: fetching: no driver") == 2


def test_native_duckdb_answers_in_a_process_of_its_own(tmp_path: Path) -> None:
    with native(tmp_path / "n.duckdb", 1, 0.5) as beside:
        seconds, rows = beside.run("SELECT 1 AS a, 'x' AS b, DATE '2024-01-01', 1.50::DECIMAL(5,2)")
        assert rows == [(1, "x", date(2024, 1, 1), Decimal("1.50"))]
        assert 0 < seconds < 5
        with pytest.raises(RuntimeError, match="no_such_table"):
            beside.run("SELECT * FROM no_such_table")
        assert beside.run("SELECT 2")[1] == [(2,)]
    assert multiprocessing.active_children() == []


def test_doris_columns_are_read_as_duckdb_columns(cache: Path) -> None:
    table = next(one for one in data.dataset("ssb", SCALE, cache).tables if one.name == "geo_city")
    assert [line.strip() for line in table.columns.splitlines()] == [
        "gc_citykey INT NOT NULL,",
        "gc_name VARCHAR(10) NOT NULL,",
        "gc_nationkey INT NOT NULL",
    ]


def test_a_small_run(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(data, "cache_folder", lambda: cache)
    found = wire.measure("ssb", SCALE, repeats=1, starts=1, memory_gb=1)
    assert found[-1] == findings.Finding(
        f"ssb SF {SCALE}: queries with the same rows", "13 of 13", "all", verdict="kept"
    )
    assert "q4.3" in capsys.readouterr().out


def test_a_label_loads_once(running: server.Running, cache: Path) -> None:
    table = next(one for one in data.dataset("ssb", SCALE, cache).tables if one.name == "lineorder")
    running.client.execute("CREATE DATABASE measure")
    _, rows = load.stream_load(running, table, table.files[0], "once")
    assert rows > 0
    assert load.loads_once(running, table.files[0], "once", rows).verdict == "kept"
    assert load.loads_once(running, table.files[0], "twice", rows).verdict == "MISSED"


@pytest.mark.parametrize("module", [everything, fetch, load, soak, translate, wire])
def test_every_measurement_is_one_command(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["", "--help"])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 0
    assert module.__name__ in capsys.readouterr().out
