"""The page docs/fidelity.md: what was measured, and the functions one by one."""

from __future__ import annotations

from pathlib import Path

from nereus.fidelity.findings import Finding, Verdict, count
from nereus.fidelity.report import Measured
from nereus.paths import PROJECT

PAGE: Path = PROJECT / "docs" / "fidelity.md"

_HEAD = """# How close the embedded warehouse is to Apache Doris

Written by `nereus fidelity --write`; `nereus fidelity` measures and exits with 1 when a bound is missed. Each fact was
recorded from a real Doris 4.0 server and lies in `src/nereus/fidelity/recorded/`. *Equal*: the same answer, type, text
or error. *Refused*: an error that names what is not done. Nothing may differ, and nothing may be accepted that Doris
refuses (*not portable*); what has a meaning on a cluster only is not counted.
"""


def write(measured: list[Measured]) -> str:
    """The text of the page. It holds no times, so that it changes only when an answer does."""
    parts = [_HEAD, _table(measured)]
    for one in measured:
        if one.kind.key == "functions":
            parts.append(_functions(one.findings))
        else:
            parts.append(_refused(one))
    return "\n".join(part for part in parts if part)


def _table(measured: list[Measured]) -> str:
    lines = [
        f"| what was recorded | facts | {' | '.join(Verdict)} | bound |",
        f"|---|---:|{'---:|' * len(Verdict)}---:|",
    ]
    for one in measured:
        counts = count(one.findings)
        bound = f"{one.kind.least:.0%}" if one.kind.least else ""
        cells = [counts[verdict] for verdict in Verdict]
        lines.append(f"| {one.kind.title} | {len(one.findings)} | {' | '.join(map(str, cells))} | {bound} |")
    return "\n".join(lines) + "\n"


def _refused(one: Measured) -> str:
    """What is not equal, one line each."""
    rest = [finding for finding in one.findings if finding.verdict not in (Verdict.EQUAL, Verdict.ELSEWHERE)]
    if not rest:
        return ""
    lines = [f"- {_code(finding.subject)}: {finding.verdict}" for finding in rest]
    title = one.kind.title[0].upper() + one.kind.title[1:]
    return f"## {title}: not equal\n\n" + "\n".join(lines) + "\n"


def _functions(findings: tuple[Finding, ...]) -> str:
    lines = [
        "## The built-in functions, one by one",
        "",
        "| function | verdict | proved by, or why not |",
        "|---|---|---|",
    ]
    lines += [f"| `{f.subject}` | {f.verdict} | {f.detail.replace('|', chr(92) + '|')} |" for f in findings]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """As code in Markdown; backticks within are fenced by two."""
    flat = " ".join(text.split())
    return f"`` {flat} ``" if "`" in flat else f"`{flat}`"
