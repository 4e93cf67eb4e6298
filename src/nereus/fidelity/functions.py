"""All built-in functions of Doris 4.0: equal, and what proves it, or refused, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from nereus.fidelity import recordings
from nereus.fidelity.findings import Finding, Verdict
from nereus.paths import PROJECT
from nereus.warehouse.embedded.sql import registry, rules
from nereus.warehouse.embedded.sql.rules import builtins

_TESTS = PROJECT / "tests"
_RULES = _TESTS / "unit" / "warehouse" / "embedded" / "sql"
_CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(", re.IGNORECASE)
#: Names that are called without parentheses too.
_BARE = re.compile(r"\b(current_date|current_time|current_timestamp|current_user|localtime|localtimestamp)\b", re.I)


def builtin_functions() -> list[Finding]:
    """One finding a name. The detail of an equal one names what proves it, by itself or under another of its names."""
    rules.load()
    recorded = _recorded()
    tested = _tested()
    aliases = _aliases()
    found = []
    for name in sorted(builtins.NAMES):
        why = builtins.reason(name)
        if why is not None:
            found.append(Finding(name, Verdict.REFUSED, why))
            continue
        proofs = [text for text in (recorded.get(name), tested.get(name)) if text]
        others = [other for other in aliases.get(name, ()) if other in recorded or other in tested]
        if others and not proofs:
            proofs = [f"the rule of {others[0]}"]
        verdict = Verdict.EQUAL if proofs else Verdict.UNPROVEN
        found.append(Finding(name, verdict, ", ".join(proofs) or "no recorded answer and no test calls it"))
    return found


def _aliases() -> dict[str, list[str]]:
    """Name -> the names that the same rule answers."""
    found: dict[str, list[str]] = {}
    for table in (registry.FUNCTIONS, registry.AGGREGATES, registry.WINDOWS):
        for name, rule in table.items():
            found.setdefault(name, []).extend(other for other, same in table.items() if same is rule and other != name)
    return found


def _recorded() -> dict[str, str]:
    """Name -> how many recorded answers call it."""
    counts: dict[str, int] = {}
    for kind in ("answers", "folded", "cluster", "aggregates"):
        for text, outcome, *_ in recordings.rows(kind):
            if not outcome.startswith("REFUSED"):
                for name in called(text):
                    counts[name] = counts.get(name, 0) + 1
    return {name: f"{count} recorded answer{'s' if count > 1 else ''}" for name, count in counts.items()}


def _tested() -> dict[str, str]:
    """Name -> the first test file of the rules that calls it."""
    found: dict[str, str] = {}
    for file in _test_files():
        for name in called(file.read_text(encoding="utf-8")):
            found.setdefault(name, file.name)
    return found


def _test_files() -> Iterable[Path]:
    return sorted(_RULES.rglob("test_*.py"))


def called(text: str) -> set[str]:
    """Names of functions that a text calls, in lower case."""
    return {found.lower() for found in _CALL.findall(text)} | {found.lower() for found in _BARE.findall(text)}
