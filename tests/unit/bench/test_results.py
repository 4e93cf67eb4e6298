from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from nereus.bench import machine, record, report, results
from nereus.bench.results import BenchResult, ConcurrentResult, Machine, QueryResult
from nereus.errors import BadInput
from nereus.paths import BENCHMARKS


def result(warm: float = 20.0, cold: float | None = 90.0, day: int = 1) -> BenchResult:
    return BenchResult(
        suite="ssb",
        scale=1,
        started_at=datetime(2026, 11, day, 12, tzinfo=UTC),
        machine=Machine(name="2c-24gb", cpu="Some CPU", cores=2, memory_gb=24),
        target="local",
        engine="doris version nereus",
        commit="abc",
        queries=(QueryResult(name="q1.1", rows=1, cold_ms=cold, warm_ms=(warm, warm * 2, warm * 3)),),
        concurrent=(
            ConcurrentResult(
                clients=4,
                statements=26,
                seconds=2,
                average_ms=warm * 4,
                p50_ms=warm,
                p95_ms=warm * 6,
                max_ms=warm * 7,
                under_1s=1,
            ),
        ),
    )


def test_a_result_is_written_once_and_read_back(tmp_path: Path) -> None:
    first = results.write(result(), tmp_path)
    assert first.relative_to(tmp_path).as_posix() == "20261101/2c-24gb-ssb-sf1.json"
    second = results.write(result(), tmp_path)
    assert second.name == "2c-24gb-ssb-sf1-2.json"
    assert results.read_all(tmp_path) == [result(), result()]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"scale": 0}, "scale"),
        ({"surprise": 1}, "surprise"),
        ({"schema_version": 2}, "schema_version"),
        ({"queries": [{"name": "q1.1"}]}, "queries.0.rows"),
    ],
)
def test_a_result_that_breaks_the_schema_is_named(tmp_path: Path, change: dict[str, object], where: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({**result().model_dump(mode="json"), **change}))
    with pytest.raises(BadInput) as caught:
        results.read(path)
    assert str(caught.value).startswith(f"{path}: {where}: ")


def test_only_comparable_and_earlier_results_are_previous() -> None:
    other_scale = result(day=2).model_copy(update={"scale": 10.0})
    others = [result(day=1), other_scale, result(day=4)]
    assert results.previous(result(day=3), others) == result(day=1)
    assert results.previous(result(day=1), others) is None


def test_every_kept_result_is_valid() -> None:
    results.read_all(BENCHMARKS / "results")


def test_report_compares_with_the_previous_result() -> None:
    console = Console(width=120, record=True)
    console.print(report.render(result(10, day=2), result(20, day=1)))
    text = console.export_text()
    assert "x 0.50" in text
    assert "promise of 1000 ms on average: kept" in text
    assert "Against 2026-11-01 12:00 UTC (abc)" in text


def test_report_says_what_was_not_measured() -> None:
    lines = report.verdict(result(cold=None), None)
    assert "Cold: not measured (the warehouse was not restarted)." in lines
    assert any(line.startswith("No earlier result") for line in lines)


def test_a_missed_promise_is_said_plainly() -> None:
    assert "MISSED" in report.verdict(result(warm=900), None)[0]


def test_rows_fit_the_table() -> None:
    columns = record.TABLE.count(" NOT NULL COMMENT '")
    found = record.rows(result())
    assert [row[7:11] for row in found] == [
        ("cold", "q1.1", 1, 1),
        ("warm", "q1.1", 1, 3),
        ("concurrent", "all", 4, 26),
    ]
    assert {len(row) for row in found} == {columns}
    assert len(record.rows(result(cold=None))) == 2


def test_a_machine_is_named_by_its_size_not_its_host(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Fast CPU 9000\n")
    found = machine.describe(cpuinfo=cpuinfo)
    assert found.cpu == "Fast CPU 9000"
    assert found.name == f"{found.cores}c-{found.memory_gb:.0f}gb"
    assert machine.describe("Bob's Laptop!").name == "bob-s-laptop"
