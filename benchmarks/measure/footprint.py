"""Memory of the whole local platform with one scientist's server, nobody working; and how long it takes to stop.

    .venv/bin/python -m benchmarks.measure.footprint [--config platform.yaml] [--stop]

Asks the deployment that `make provision` stood up. Memory is what the platform's processes take from the machine: pages
that several of them share are counted once, in parts (Linux' PSS). `--stop` stops the platform, which stays stopped.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks.measure.end_to_end import come, scientist
from benchmarks.measure.findings import Finding, at_most, holds, note, report, say
from nereus.config import load
from nereus.home import Home
from nereus.processes import runs
from nereus.provision import local
from nereus.provision.supervisor import Supervisor

MEMORY_MB, STOP_S = 1500.0, 15.0
#: The platform is idle once it takes less than this share of one processor for so long.
_IDLE_SHARE, _IDLE_S, _PATIENCE_S = 0.2, 5.0, 180.0


def measure(config: Path, *, stop: bool = False) -> list[Finding]:
    platform, home = load(config), Home.beside(config)
    found = []
    with scientist(platform, home) as person:
        person.run("from nereus_notebook import warehouse", "warehouse.sql('SELECT 1 AS one')")
        say("waiting until nobody works")
        _wait_until_idle(home)
        parts = {name: _pss_mb(family) for name, family in _families(home)}
    found += [note(f"  {name}", f"{size:,.0f} MB") for name, size in parts.items()]
    found.append(at_most("the whole platform, idle", sum(parts.values()), MEMORY_MB, " MB", digits=0))
    if stop:
        come(platform, home)
        family = [process for _, each in _families(home) for process in each]
        started = time.monotonic()
        local.stop(home)
        took = time.monotonic() - started
        left = [process for process in family if runs(process)]
        found.append(at_most("stopping all of it", took, STOP_S, " s", digits=1))
        found.append(holds("processes left behind", str(len(left)), "0", kept=not left))
    return found


def _families(home: Home) -> Iterator[tuple[str, list[psutil.Process]]]:
    """The supervisor, and each service with all that it started."""
    processes = Supervisor(home).processes()
    if not processes:
        raise SystemExit("the platform does not run here; run: make provision")
    services = {process.name: psutil.Process(process.pid) for process in processes if process.pid}
    yield "supervisor", [next(iter(services.values())).parent()]
    for name, process in services.items():
        yield name, [process, *process.children(recursive=True)]


def _pss_mb(family: Sequence[psutil.Process]) -> float:
    return sum(process.memory_full_info().pss for process in family) / 1e6


def _wait_until_idle(home: Home) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        before = _seconds(home)
        time.sleep(_IDLE_S)
        if _seconds(home) - before < _IDLE_SHARE * _IDLE_S:
            return
    raise SystemExit(f"the platform was not idle within {_PATIENCE_S:.0f} s: somebody works with it")


def _seconds(home: Home) -> float:
    """Processor time of all that runs."""
    times = [process.cpu_times() for _, family in _families(home) for process in family]
    return float(sum(one.user + one.system for one in times))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("platform.yaml"))
    parser.add_argument("--stop", action="store_true", help="measure the stop, too; the platform stays stopped")
    return report("What the local platform takes", measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
