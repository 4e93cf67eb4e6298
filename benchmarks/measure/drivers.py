"""mysqlclient, the MySQL driver in C, kept out of the project's own environment: it must be compiled."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from benchmarks.measure.data import cache_folder
from benchmarks.measure.findings import say

NEEDS = "apt install libmariadb-dev pkg-config gcc"


def mysqlclient() -> ModuleType | None:
    """The module MySQLdb: what is installed, else built once into the cache folder; None where that fails."""
    folder = cache_folder() / f"mysqlclient-{sys.implementation.cache_tag}"
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))
    try:
        return importlib.import_module("MySQLdb")
    except ImportError:
        if folder.is_dir() or not _build(folder):
            return None
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    return importlib.import_module("MySQLdb")


def _build(folder: Path) -> bool:
    say(f"building mysqlclient in {folder}")
    draft = folder.with_suffix(".draft")
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    done = subprocess.run([*command, "--target", str(draft), "mysqlclient"], check=False)
    if done.returncode != 0:
        return False
    draft.rename(folder)
    return True
