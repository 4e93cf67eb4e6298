"""What comparing one recorded fact with the embedded warehouse gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How an answer stands to Doris'."""

    EQUAL = "equal"
    #: Doris answers, the embedded warehouse says by name what it does not do.
    REFUSED = "refused"
    #: A rule answers as Doris does, but no recorded answer and no test calls it by name.
    UNPROVEN = "not proven"
    #: Another answer, another type, or an error that blames the statement where Doris answers.
    DIFFERENT = "different"
    #: Doris refuses, the embedded warehouse answers: what works here would fail there.
    ACCEPTED = "not portable"
    #: It has a meaning on a cluster, or with a remote service, only.
    ELSEWHERE = "needs a cluster"

    @property
    def breaks(self) -> bool:
        """Whether it breaks one of the two promises: equal or refused, and portable."""
        return self in (Verdict.DIFFERENT, Verdict.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact, compared. `detail` says what differs, or why it is refused."""

    subject: str
    verdict: Verdict
    detail: str = ""


def count(findings: Iterable[Finding]) -> Counter[Verdict]:
    return Counter(finding.verdict for finding in findings)
