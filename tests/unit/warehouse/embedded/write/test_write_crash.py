"""kill -9 at any moment: what was acknowledged is complete, everything else is absent."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nereus.warehouse.embedded.catalog import Catalog, physical
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.write.writer import Writer

ROWS = 700

LOADER = f"""
import sys, threading
from pathlib import Path
from nereus.warehouse.embedded.catalog import Catalog
from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Partitioning, Table
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.types import BIGINT, DATE, INT
from nereus.warehouse.embedded.write.writer import Writer

engine = Engine.open(Path(sys.argv[1]), memory_gb=1, threads=2)
catalog = Catalog(engine)
writer = Writer(engine, catalog)
catalog.create_database("d", if_not_exists=True)
columns = (Column("day", DATE, nullable=False), Column("load", INT, nullable=False), Column("i", BIGINT))
tables = []
for name, model, keys in (("plain", KeyModel.DUPLICATE, ("day",)), ("keyed", KeyModel.UNIQUE, ("day", "load"))):
    table = Table("d", name, 0, columns, model, keys, partitioning=Partitioning("RANGE", ("day",), True, "day"))
    catalog.create_table(table, if_not_exists=True)
    tables.append(catalog.find_table("d", name))

def load(table, start):
    cursor = engine.cursor()
    number = start
    while True:
        label = f"{{table.name}}-{{number}}"
        day = f"DATE '2020-01-01' + {{number % 100}}"
        source = f"SELECT {{day}}, {{number}} + range::INTEGER * 100000, range FROM range({ROWS})"
        writer.append(cursor, table, ["day", "load", "i"], source, label=label)
        sys.stdout.write(label + "\\n")
        sys.stdout.flush()
        number += 1

start = int(sys.argv[2])
threads = [threading.Thread(target=load, args=(table, start), daemon=True) for table in tables]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.timeout(120)
def test_killed_loads_are_complete_or_absent(tmp_path):
    acknowledged: set[str] = set()
    for turn in range(3):
        acknowledged |= _load_until_killed(tmp_path, turn * 10000)
        _check(tmp_path, acknowledged)


def _load_until_killed(data: Path, start: int) -> set[str]:
    with subprocess.Popen(
        [sys.executable, "-c", LOADER, str(data), str(start)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        seen = {child.stdout.readline().strip()}
        time.sleep(random.uniform(0, 0.5))  # the moment of death is the point of this test
        child.kill()
        # What stands in the pipe was acknowledged before death; a line cut short was not.
        seen |= {line.strip() for line in child.stdout if line.endswith("\n")}
    assert all(seen)
    return seen


def _check(data: Path, acknowledged: set[str]) -> None:
    begun = time.monotonic()
    engine = Engine.open(data, memory_gb=1, threads=2)
    catalog = Catalog(engine)
    Writer(engine, catalog)
    assert time.monotonic() - begun < 10
    cursor = engine.cursor()
    labels = {label for (label,) in cursor.execute("SELECT label FROM nereus.labels").fetchall()}
    assert acknowledged <= labels
    for name in ("plain", "keyed"):
        table = catalog.find_table("d", name)
        found = cursor.execute(f"SELECT load % 100000 AS n, count(*) FROM {physical(table)} GROUP BY n").fetchall()
        assert {f"{name}-{number}" for number, _ in found} == {label for label in labels if label.startswith(name)}
        assert {rows for _, rows in found} <= {ROWS}
        days = {p.lower[0] for p in table.partitions}
        outside = f"SELECT DISTINCT CAST(day AS VARCHAR) FROM {physical(table)}"
        assert {day for (day,) in cursor.execute(outside).fetchall()} <= days
    engine.close()
