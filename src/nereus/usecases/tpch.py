"""TPC-H data as Parquet files, made once per scale and generator version by tpchgen-cli."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from nereus.errors import Failure

TABLES = ("region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem")
#: Rows at scale 1; region and nation have 5 and 25 at every scale, lineitem about 6,001,215.
ROWS_PER_SCALE = {"supplier": 10_000, "customer": 150_000, "part": 200_000, "partsupp": 800_000, "orders": 1_500_000}


def generate(
    cache: Path, scale: float, tables: Sequence[str] = TABLES, tell: Callable[[str], None] = lambda text: None
) -> Path:
    """The folder under `cache` that holds ``<table>.parquet`` for every table asked for; missing ones are made.

    At scale 1 all tables take about 10 s and 350 MB. Raises Failure with the generator's own words.
    """
    folder = cache / "tpch" / f"scale{scale:g}-{version('tpchgen-cli')}"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [table for table in tables if not (folder / f"{table}.parquet").exists()]
    if missing:
        tell(f"generating TPC-H at scale {scale:g}")
        _make(missing, scale, folder)
    return folder


def _make(tables: Sequence[str], scale: float, folder: Path) -> None:
    # Made beside and moved into place whole: an interrupted run leaves nothing that looks finished.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".draft") as draft:
        options = [f"--scale-factor={scale:g}", f"--tables={','.join(tables)}", f"--output-dir={draft}", "--quiet"]
        done = subprocess.run([_program(), "parquet", *options], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"tpchgen-cli could not make TPC-H at scale {scale:g}: {done.stderr.strip()[-500:]}")
        for table in tables:
            os.replace(Path(draft) / f"{table}.parquet", folder / f"{table}.parquet")


def _program() -> str:
    """The generator of this Python environment, or else the one on PATH."""
    beside = Path(sys.executable).with_name("tpchgen-cli")
    found = str(beside) if beside.exists() else shutil.which("tpchgen-cli")
    if found is None:
        raise Failure("the program tpchgen-cli is not installed", fix="Run: make install")
    return found
