"""What a measurement found, beside what was promised."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table

Verdict = Literal["kept", "MISSED", "NOT RUN", ""]
_STYLES = {"kept": "green", "MISSED": "bold red", "NOT RUN": "bold yellow", "": ""}
CONSOLE = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


@dataclass(frozen=True)
class Finding:
    """One figure. `verdict` is empty where nothing was promised."""

    what: str
    found: str
    promised: str = ""
    verdict: Verdict = ""


def at_most(what: str, value: float, bound: float, unit: str = "", *, digits: int = 2) -> Finding:
    return Finding(what, _figure(value, unit, digits), f"<= {bound:g}{unit}", "kept" if value <= bound else "MISSED")


def at_least(what: str, value: float, bound: float, unit: str = "", *, digits: int = 2) -> Finding:
    return Finding(what, _figure(value, unit, digits), f">= {bound:g}{unit}", "kept" if value >= bound else "MISSED")


def holds(what: str, found: str, promised: str, *, kept: bool) -> Finding:
    return Finding(what, found, promised, "kept" if kept else "MISSED")


def note(what: str, found: str) -> Finding:
    return Finding(what, found)


def not_run(what: str, why: str) -> Finding:
    return Finding(what, why, verdict="NOT RUN")


def report(title: str, findings: Sequence[Finding]) -> int:
    """Print the findings. Returns the exit code: 1 where a promise is missed.

    NEREUS_REQUIRE_ALL in the environment makes what could not be measured count as missed.
    """
    table = Table("", "found", "promised", "", title=title, title_justify="left", box=None, pad_edge=False)
    for one in findings:
        table.add_row(one.what, one.found, one.promised, f"[{_STYLES[one.verdict] or 'none'}]{one.verdict}[/]")
    CONSOLE.print(table)
    for one in findings:
        if one.verdict == "NOT RUN":
            CONSOLE.print(f"NOT RUN: {one.what}: {one.found}", style="bold yellow")
    failing = {"MISSED", "NOT RUN"} if os.environ.get("NEREUS_REQUIRE_ALL") else {"MISSED"}
    return int(any(one.verdict in failing for one in findings))


def say(text: str) -> None:
    """Show what is going on."""
    CONSOLE.print(text, style="dim")


def _figure(value: float, unit: str, digits: int) -> str:
    return f"{value:,.{digits}f}{unit}"
