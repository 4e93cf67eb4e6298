"""All kinds of facts, compared and counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nereus.fidelity import asking, expressions, functions, shows, statements
from nereus.fidelity.asking import Asker
from nereus.fidelity.findings import Finding, Verdict, count


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of facts.

    Attributes:
        key: its name on the command line.
        title: what was recorded.
        least: the share of facts that must be equal, of those that have a meaning without a cluster.
        compare: compares them all.
    """

    key: str
    title: str
    least: float
    compare: Callable[[], list[Finding]]


@dataclass(frozen=True, slots=True)
class Measured:
    """A kind with its findings."""

    kind: Kind
    findings: tuple[Finding, ...]

    @property
    def breaks(self) -> int:
        """How many findings break a promise."""
        return sum(finding.verdict.breaks for finding in self.findings)

    @property
    def share(self) -> float:
        """Equal, of what has a meaning without a cluster; 1 where there is nothing."""
        counts = count(self.findings)
        total = sum(counts.values()) - counts[Verdict.ELSEWHERE]
        return counts[Verdict.EQUAL] / total if total else 1.0

    @property
    def holds(self) -> bool:
        return not self.breaks and self.share >= self.kind.least


def _asked(compare: Callable[[Asker], list[Finding]]) -> Callable[[], list[Finding]]:
    def run() -> list[Finding]:
        with asking.opened() as warehouse, asking.session(warehouse) as ask:
            return compare(ask)

    return run


KINDS = (
    Kind("grid", "constant expressions: value and type", 0.90, _asked(expressions.grid)),
    Kind("folded", "more expressions: value, type or error", 0, _asked(expressions.folded)),
    Kind("aggregates", "aggregate functions: type or error", 0, _asked(expressions.aggregates)),
    Kind("cluster", "queries that a whole cluster answered", 0, _asked(expressions.cluster)),
    Kind("statements", "statements: accepted or refused", 0.95, statements.play),
    Kind("tables", "SHOW CREATE TABLE, character by character", 1, shows.tables),
    Kind("shows", "SHOW and DESCRIBE: columns and rows", 0, shows.shows),
    Kind("system_tables", "tables of the system databases: columns and types", 1, shows.system_tables),
    Kind("functions", "built-in functions: equal with its test", 0, functions.builtin_functions),
)


def measure(keys: tuple[str, ...] = (), tell: Callable[[str], None] = lambda _title: None) -> list[Measured]:
    """Compare the kinds of `keys`, or all. `tell` hears the title of each before it begins."""
    found = []
    for kind in KINDS:
        if not keys or kind.key in keys:
            tell(kind.title)
            found.append(Measured(kind, tuple(kind.compare())))
    return found
