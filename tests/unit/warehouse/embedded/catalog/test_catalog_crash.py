"""kill -9 while definitions change: the catalogue and the tables beneath always agree."""

import random
import subprocess
import sys
import time

import pytest

from nereus.warehouse.embedded.catalog import Catalog
from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.engine import Engine

CHANGER = """
import itertools, sys
from datetime import datetime
from pathlib import Path
from nereus.warehouse.embedded.catalog import Catalog
from nereus.warehouse.embedded.ddl import build_table, parse_ddl
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.write.altering import alter

engine = Engine.open(Path(sys.argv[1]), memory_gb=1, threads=1)
catalog = Catalog(engine)
catalog.create_database("d", if_not_exists=True)
cursor = engine.cursor()
print("begun", flush=True)
for turn in itertools.count(int(sys.argv[2])):
    name = f"t{turn}"
    catalog.create_table(build_table(parse_ddl(f"CREATE TABLE {name} (k INT, v INT DEFAULT '1')"), "d"))
    table = catalog.find_table("d", name)
    clauses = parse_ddl(f"ALTER TABLE {name} ADD COLUMN n INT DEFAULT '2', RENAME COLUMN v TO_, DROP COLUMN n").clauses
    alter(catalog, cursor, table, clauses[:1], now=datetime.now())
    alter(catalog, cursor, table, clauses[1:2], now=datetime.now())
    if turn % 3:
        catalog.drop("d", name, view=False)
    elif turn % 2:
        alter(catalog, cursor, table, clauses[2:], now=datetime.now())
"""


@pytest.mark.timeout(120)
def test_definitions_and_tables_agree_after_a_kill(tmp_path):
    for turn in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", CHANGER.replace("TO_", "w"), str(tmp_path), str(turn * 100000)],
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "begun\n"
            time.sleep(random.uniform(0.1, 0.6))  # the moment of death is the point of this test
            child.kill()
        engine = Engine.open(tmp_path, memory_gb=1, threads=1)
        known = Catalog(engine).snapshot().databases["d"].relations.values()
        sql = "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'data'"
        there: dict[str, set[str]] = {}
        for table, column in engine.cursor().execute(sql).fetchall():
            there.setdefault(table, set()).add(column)
        assert there == {f"t{t.id}": {c.name for c in t.columns} for t in known if isinstance(t, Table)}
        assert len(known) > 0
        engine.close()
