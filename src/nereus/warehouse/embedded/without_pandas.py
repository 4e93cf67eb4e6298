"""Keep pandas out of the process.

DuckDB imports it for the first parameter of a statement and pyarrow for the first value of Python's, where it is
installed: both only to recognise its objects, which this process has none of. It is half of the time of a start.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Absent(MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(f"No module named {fullname!r} in this process", name=fullname)


def install() -> None:
    """Let `import pandas` fail from here on, as if it were not installed. Call it before pyarrow is imported."""
    sys.meta_path.insert(0, _Absent())
