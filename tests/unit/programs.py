"""Small executables that stand for kubectl, helm and ssh: they note what they are asked and answer as they are told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

_ECHO = """\
#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__)
with open(here.with_suffix(".asked"), "a") as asked:
    asked.write(json.dumps(sys.argv[1:]) + "\\n")
{body}
"""


def program(folder: Path, name: str, body: str = "") -> Path:
    """An executable called `name`; `body` is Python that runs after what was asked is noted."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(_ECHO.format(python=sys.executable, body=body), "utf-8")
    path.chmod(0o755)
    return path


def asked(path: Path) -> list[list[str]]:
    """The arguments of every call so far."""
    notes = path.with_suffix(".asked")
    return [json.loads(line) for line in notes.read_text("utf-8").splitlines()] if notes.exists() else []
