"""Every measurement, one after the other, and one table of what was promised and what was found.

    .venv/bin/python -m benchmarks.measure.all [--quick]

In full it takes well over an hour on two idle cores, most of it at scale 10 and in the soak. `--quick` takes minutes:
small data and few repeats, where every check still runs; the promises made for scale 10 are listed as NOT RUN.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence

from benchmarks.measure import fetch, isolation, load, soak, translate, wire
from benchmarks.measure.findings import CONSOLE, Finding, holds, not_run, report

Measurement = tuple[str, Callable[[], list[Finding]]]

FULL: tuple[Measurement, ...] = (
    ("translating", translate.measure),
    ("the wire, SSB SF 1", lambda: wire.measure("ssb", 1)),
    ("the wire, TPC-H SF 1", lambda: wire.measure("tpch", 1, repeats=4, starts=2)),
    ("the wire, SSB SF 10", lambda: wire.measure("ssb", 10, repeats=4, starts=2)),
    ("Stream Load", lambda: load.measure(1, 5)),
    ("fetching", fetch.measure),
    ("many connections", soak.measure),
    ("analysts beside a scientist", isolation.measure),
)
QUICK: tuple[Measurement, ...] = (
    ("translating", lambda: translate.measure(repeats=10)),
    ("the wire, SSB SF 0.1", lambda: wire.measure("ssb", 0.1, starts=2)),
    ("the wire, TPC-H SF 0.1", lambda: wire.measure("tpch", 0.1, repeats=3, starts=1)),
    ("Stream Load", lambda: load.measure(1, 2)),
    ("fetching", lambda: fetch.measure(repeats=2)),
    ("many connections", lambda: soak.measure(64, 200)),
    ("analysts beside a scientist", lambda: isolation.measure(0.1, rounds=3, seconds=4)),
)
NOT_QUICK = (
    not_run("the wire, SSB SF 10", "too long for --quick; run: python -m benchmarks.measure.wire --scale 10"),
    not_run("640,000 statements", "too long for --quick; run: python -m benchmarks.measure.soak"),
)


def run(measurements: Sequence[Measurement]) -> list[Finding]:
    """Run all; one that breaks is listed as missed and the others still run."""
    found: list[Finding] = []
    for name, measure in measurements:
        CONSOLE.rule(name, align="left")
        try:
            found += measure()
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            first = str(error).partition("\n")[0]
            found.append(holds(name, f"broke: {type(error).__name__}: {first}", "runs", kept=False))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="minutes instead of hours")
    found = run(QUICK) + list(NOT_QUICK) if parser.parse_args().quick else run(FULL)
    CONSOLE.rule("summary", align="left")
    return report("Promised and found", found)


if __name__ == "__main__":
    sys.exit(main())
