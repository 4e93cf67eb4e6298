"""The verdicts that need a look at what runs now. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nereus.insight.holdings import Holding
from nereus.insight.service_level import Group
from nereus.provision.status import ServiceStatus
from nereus.verdicts import Verdict


def on_promise(dashboards: Group | None, at: datetime | None, promise_s: float) -> Verdict:
    """Did dashboards keep the promise in the 24 h before `at`? Unknown where none was opened or nobody answered."""
    question = f"Dashboards in 24 h, promise {promise_s:g} s"
    if at is None:
        return Verdict(question, "unknown", "The warehouse never answered the portal.", good=None)
    if dashboards is None or dashboards.average_ms is None:
        return Verdict(question, "none opened", f"No dashboard query in the audit log, {at:%Y-%m-%d %H:%M} UTC.", None)
    share = dashboards.under_1s or 0.0
    p95 = (dashboards.p95_ms or 0.0) / 1000
    return Verdict(
        question,
        f"{dashboards.average_ms / 1000:.3f} s",
        f"Average of {dashboards.answered:,} answers, p95 {p95:.3f} s, {share:.1%} under 1 s, {dashboards.failed:,} "
        f"failed. Source: audit log, {at:%Y-%m-%d %H:%M} UTC.",
        good=dashboards.average_ms <= promise_s * 1000,
    )


def on_services(rows: Sequence[ServiceStatus], at: datetime) -> Verdict:
    """Is everything up?"""
    up = sum(row.up for row in rows)
    down = ", ".join(row.name for row in rows if not row.up)
    said = f"Down: {down}." if down else "Every service answered a real request."
    return Verdict("Services up", f"{up} of {len(rows)}", f"{said} {at:%Y-%m-%d %H:%M:%S} UTC.", good=not down)


def on_data(held: Sequence[Holding], at: datetime | None) -> Verdict:
    """Do the declared use cases pass their checks, and how fresh are they? Unknown where nothing was checked."""
    question = "Data: checks failing"
    if at is None:
        return Verdict(question, "unknown", "The warehouse never answered the portal.", good=None)
    checks, failing = sum(each.checks for each in held), sum(each.failing for each in held)
    last = max((each.last_load for each in held if each.last_load), default=None)
    loaded = f"Last load {last.replace('T', ' ')[:16]} UTC" if last else "Nothing was loaded"
    unchecked = [each.usecase.name for each in held if not each.checks]
    said = f" Never checked: {', '.join(unchecked)}." if unchecked else ""
    where = f"{loaded}.{said} Source: nereus_ops, {at:%Y-%m-%d %H:%M} UTC."
    if not checks:
        return Verdict(question, "never checked", where, good=None)
    return Verdict(question, f"{failing} of {checks}", where, good=not failing)
