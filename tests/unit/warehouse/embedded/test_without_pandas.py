"""The process of the warehouse starts without pandas, which DuckDB and pyarrow import where they find it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from nereus.warehouse.embedded import without_pandas
without_pandas.install()
from nereus.warehouse.embedded.warehouse import Warehouse
opened = Warehouse.open(Path(sys.argv[1]), memory_gb=1, threads=2, root_password="secret of root")
session = opened.connect("root")
for result in session.execute("SELECT concat('a', number), array(1, 2) FROM numbers('number' = '2')"):
    print([row for batch in result.batches for row in batch.to_pylist()])
opened.close()
print("pandas" in sys.modules)
"""


def test_it_is_not_imported(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    rows, imported = done.stdout.splitlines()
    assert "'a1'" in rows
    assert imported == "False"
