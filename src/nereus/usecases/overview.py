"""What there is: every declared use case beside what the warehouse holds of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nereus.usecases import ops
from nereus.usecases.model import UseCase, find, names
from nereus.warehouse.client import Queries, Warehouse, WarehouseError


@dataclass(frozen=True)
class State:
    """What the warehouse holds of a use case. `checked_at` is UTC and None when nothing was ever checked."""

    is_deployed: bool
    loaded_rows: int
    checks: int
    failing: int
    checked_at: datetime | None


@dataclass(frozen=True)
class Row:
    """One use case; `state` is None when the warehouse does not answer."""

    usecase: UseCase
    state: State | None

    def cells(self) -> tuple[str, ...]:
        """name, title, database, deployed, rows, checks."""
        head = (self.usecase.name, self.usecase.title, self.usecase.database)
        if self.state is None:
            return (*head, "?", "?", "?")
        if not self.state.is_deployed:
            return (*head, "no", "", "")
        bad = f"{self.state.failing} of {self.state.checks} failing"
        checks = bad if self.state.failing else f"{self.state.checks} passed"
        return (*head, "yes", f"{self.state.loaded_rows:,}", checks if self.state.checks else "never run")


def gather(warehouse: Warehouse, folder: Path) -> list[Row]:
    """Every use case in `folder`, by name."""
    declared = [find(name, folder) for name in names(folder)]
    try:
        with warehouse.session() as session:
            recorded = ops.exists(session)
            return [Row(usecase, state(usecase.name, session) if recorded else _NOTHING) for usecase in declared]
    except WarehouseError as error:
        if not error.is_gone:
            raise
        return [Row(usecase, None) for usecase in declared]


def state(usecase: str, warehouse: Queries) -> State:
    """What the warehouse holds of one use case."""
    checks = ops.last_checks(warehouse, usecase)
    return State(
        is_deployed=bool(ops.objects(warehouse, usecase)),
        loaded_rows=sum(load.rows or 0 for load in ops.loads(warehouse, usecase) if not load.removed),
        checks=len(checks),
        failing=sum(row["status"] != "PASS" and row["severity"] == "error" for row in checks),
        checked_at=checks[0]["checked_at"] if checks else None,
    )


_NOTHING = State(is_deployed=False, loaded_rows=0, checks=0, failing=0, checked_at=None)
