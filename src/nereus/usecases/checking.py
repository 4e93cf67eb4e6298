"""Runs the quality checks of a use case and stores what they found."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime

from nereus.usecases import ops
from nereus.usecases.model import UseCase
from nereus.usecases.quality import Check, Facts, Verdict, today
from nereus.warehouse.client import Queries, WarehouseError


def run(usecase: UseCase, warehouse: Queries, tell: Callable[[str], None] = lambda text: None) -> list[ops.CheckResult]:
    """Ask every question, store the answers in ``nereus_ops.quality_check`` and return them in the file's order.

    A check whose statement fails is an answer too (ERROR); only a warehouse that is gone raises.
    """
    started = datetime.now(UTC)
    facts = Facts(usecase.source.parameters, _loaded_rows(usecase, warehouse), today())
    results = []
    for check in usecase.all_checks:
        tell(check.label)
        results.append(_one(check, usecase, warehouse, facts))
    ops.record_checks(warehouse, usecase.name, started, results)
    return results


def _one(check: Check, usecase: UseCase, warehouse: Queries, facts: Facts) -> ops.CheckResult:
    statement = check.statement()
    begun = time.monotonic()
    try:
        (row,) = warehouse.query(statement.sql, statement.values, database=usecase.database)
        verdict = check.verdict(row, facts)
        status = "PASS" if verdict.passed else "FAIL"
    except WarehouseError as error:
        if error.is_gone:
            raise
        verdict, status = Verdict(False, error.message, "an answer", 0), "ERROR"
    return ops.CheckResult(check, status, verdict, round((time.monotonic() - begun) * 1000))


def _loaded_rows(usecase: UseCase, warehouse: Queries) -> dict[str, int]:
    """Rows that Stream Load reported per table; tables with an uncounted load are left out."""
    counts: dict[str, list[int | None]] = defaultdict(list)
    for load in ops.loads(warehouse, usecase.name):
        if not load.removed:
            counts[load.table].append(load.rows)
    return {table: sum(row or 0 for row in rows) for table, rows in counts.items() if None not in rows}
