"""Stream Load of Parquet against DuckDB's own INSERT of the same file into an equal table, in turn.

    .venv/bin/python -m benchmarks.measure.load [--scale 1] [--repeats 3]

The file holds SSB's whole fact table. The load's time is a client's: from sending the first byte to the answer that
the rows are durable; DuckDB's is that of INSERT ... FROM read_parquet with its commit. Each load goes into a new table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.measure import data
from benchmarks.measure.data import Table
from benchmarks.measure.findings import Finding, at_least, holds, note, report, say
from benchmarks.measure.native import Native, native
from benchmarks.measure.server import Running, warehouse

SHARE = 0.70


def measure(scale: float = 1, repeats: int = 3, threads: int = 2, memory_gb: float = 8) -> list[Finding]:
    table = next(one for one in data.dataset("ssb", scale).tables if one.name == "lineorder")
    file = data.one_file(table)
    ours, theirs, rows = [], [], 0
    with warehouse(memory_gb, threads) as server, tempfile.TemporaryDirectory(prefix="nereus-native-") as folder:
        server.client.execute("CREATE DATABASE measure")
        with native(Path(folder) / "native.duckdb", threads, memory_gb) as beside:
            for number in range(repeats):
                say(f"load {number + 1} of {repeats}")
                seconds, rows = stream_load(server, table, file, f"load_{number}")
                ours.append(seconds)
                theirs.append(load_native(beside, table, file))
        once = loads_once(server, file, f"load_{repeats - 1}", rows)
    share = median(their / our for our, their in zip(ours, theirs, strict=True))
    size = file.stat().st_size / 1e6
    return [
        at_least("Stream Load of Parquet against DuckDB's INSERT", share, SHARE, " x"),
        note("Stream Load", f"{rows / median(ours):,.0f} rows/s, {size / median(ours):.0f} MB/s of Parquet"),
        note("DuckDB's INSERT", f"{rows / median(theirs):,.0f} rows/s ({rows:,} rows, {size:.0f} MB)"),
        once,
    ]


def stream_load(server: Running, table: Table, file: Path, label: str) -> tuple[float, int]:
    """Load into a new table; seconds and rows. The table is left full."""
    server.client.execute("DROP TABLE IF EXISTS lineorder FORCE", database="measure")
    server.client.execute(table.ddl, database="measure")
    started = time.perf_counter()
    loaded = server.client.stream_load("measure", table.name, file, label=label)
    return time.perf_counter() - started, loaded.loaded_rows


def load_native(beside: Native, table: Table, file: Path) -> float:
    """Seconds for the same rows in DuckDB, into a new table."""
    beside.run(f"CREATE OR REPLACE TABLE {table.name} ({table.columns})")
    return beside.run(data.insert(table, file))[0]


def loads_once(server: Running, file: Path, label: str, rows: int) -> Finding:
    """Send the load that filled the table once more."""
    again = server.client.stream_load("measure", "lineorder", file, label=label)
    count = int(server.client.query("SELECT COUNT(*) AS n FROM lineorder", database="measure")[0]["n"])
    kept = again.already_loaded and count == rows
    return holds("The same label twice", f"{again.status}; {count:,} rows of {rows:,}", "loads once", kept=kept)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory-gb", type=float, default=8)
    return report("Stream Load", measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
