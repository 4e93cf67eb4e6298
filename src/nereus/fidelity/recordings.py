"""The recorded facts, as they lie beside this module: one file a kind, tab-separated, `#` opens a comment."""

from __future__ import annotations

from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"
#: CREATE TABLE statements and, after the line "-- is shown as", what SHOW CREATE TABLE answers.
SHOWN = RECORDED / "shown"


def rows(name: str) -> list[list[str]]:
    """The lines of `recorded/<name>.tsv`, cut at tabs."""
    lines = (RECORDED / f"{name}.tsv").read_text(encoding="utf-8").split("\n")
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
