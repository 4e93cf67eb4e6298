"""What the warehouse holds: tables with rows and bytes, their loads, their checks, the meaning of every column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nereus.insight.asking import Answer, Question
from nereus.usecases import ops
from nereus.usecases.model import UseCase

_LOADS, _CHECKS = (ops.DATABASE, "load_history"), (ops.DATABASE, "quality_check")
#: Databases that hold no data of anybody's.
_SYSTEM = "('information_schema', 'mysql', '__internal_schema')"
_UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4, "PB": 1024**5}
_RUNS = 500

QUESTIONS: Mapping[str, Question] = {
    "tables": Question(
        "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_TYPE AS kind, TABLE_COMMENT AS comment "  # noqa: S608
        f"FROM information_schema.tables WHERE TABLE_SCHEMA NOT IN {_SYSTEM} ORDER BY db, name"
    ),
    "partitions": Question(
        "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_ROWS AS n_rows, "  # noqa: S608
        "LOCAL_DATA_SIZE AS local_size, REMOTE_DATA_SIZE AS remote_size "
        f"FROM information_schema.partitions WHERE TABLE_SCHEMA NOT IN {_SYSTEM}"
    ),
    "columns": Question(
        "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, COLUMN_NAME AS column_name, COLUMN_TYPE AS type, "  # noqa: S608
        f"COLUMN_COMMENT AS comment FROM information_schema.columns WHERE TABLE_SCHEMA NOT IN {_SYSTEM} "
        "ORDER BY db, name, ORDINAL_POSITION"
    ),
    "loads": Question(
        "SELECT use_case, table_name AS name, count(*) AS loads, sum(loaded_rows) AS n_rows, "  # noqa: S608
        "sum(load_bytes) AS sent_bytes, max(loaded_at) AS last_at "
        f"FROM {ops.DATABASE}.load_history WHERE status = 'LOADED' GROUP BY use_case, table_name",
        needs=_LOADS,
    ),
    "days": Question(
        "SELECT date_trunc(loaded_at, 'day') AS day, sum(load_bytes) AS sent_bytes "  # noqa: S608
        f"FROM {ops.DATABASE}.load_history WHERE status = 'LOADED' AND load_bytes > 0 GROUP BY day ORDER BY day",
        needs=_LOADS,
    ),
    "runs": Question(
        "SELECT use_case, run_id, max(checked_at) AS at, count(*) AS checks, "  # noqa: S608
        "sum(if(status = 'PASS', 1, 0)) AS passed, "
        "sum(if(status <> 'PASS' AND severity = 'error', 1, 0)) AS failed, "
        "sum(if(status <> 'PASS' AND severity <> 'error', 1, 0)) AS warned "
        f"FROM {ops.DATABASE}.quality_check GROUP BY use_case, run_id ORDER BY at DESC LIMIT {_RUNS}",
        needs=_CHECKS,
    ),
    "checks": Question(
        "SELECT c.use_case, c.check_name AS name, c.table_name, c.severity, c.status, c.observed, c.expected, "  # noqa: S608
        f"c.violations, c.checked_at AS at FROM {ops.DATABASE}.quality_check c "
        f"JOIN (SELECT use_case, max(checked_at) AS newest FROM {ops.DATABASE}.quality_check GROUP BY use_case) n "
        "ON c.use_case = n.use_case AND c.checked_at = n.newest ORDER BY c.use_case, name",
        needs=_CHECKS,
    ),
}


@dataclass(frozen=True)
class Table:
    """One table or view. Bytes are those of one copy as the warehouse reports them; views hold none.

    Attributes:
        last_load: ISO 8601, UTC; None where no load was recorded.
    """

    database: str
    name: str
    kind: str
    comment: str
    partitions: int
    rows: int | None
    local_bytes: int
    remote_bytes: int
    loads: int
    last_load: str | None


@dataclass(frozen=True)
class Holding:
    """One declared use case with what the warehouse holds of it. Checks are those of the newest run."""

    usecase: UseCase
    tables: tuple[Table, ...]
    checks: int
    failing: int
    checked_at: str | None

    @property
    def rows(self) -> int:
        return sum(table.rows or 0 for table in self.tables)

    @property
    def local_bytes(self) -> int:
        return sum(table.local_bytes for table in self.tables)

    @property
    def remote_bytes(self) -> int:
        return sum(table.remote_bytes for table in self.tables)

    @property
    def last_load(self) -> str | None:
        return max((table.last_load for table in self.tables if table.last_load), default=None)


def size_in_bytes(text: str) -> int:
    """A size as Doris prints it, in bytes.

    >>> size_in_bytes("468.750 KB"), size_in_bytes("0.000 ")
    (480000, 0)
    """
    number, _, unit = text.strip().partition(" ")
    return round(float(number) * _UNITS[unit.strip() or "B"])


def tables(answer: Answer, usecase_of: Mapping[str, str] | None = None) -> list[Table]:
    """Every table and view by database and name. `usecase_of` names the use case that loads a database."""
    owners = usecase_of or {}
    partitions: dict[tuple[str, str], tuple[int, int, int, int]] = {}
    for row in answer["partitions"]:
        key = (row["db"], row["name"])
        count, rows, local, remote = partitions.get(key, (0, 0, 0, 0))
        local += size_in_bytes(row["local_size"])
        partitions[key] = (count + 1, rows + int(row["n_rows"]), local, remote + size_in_bytes(row["remote_size"]))
    loads = {(row["use_case"], row["name"]): row for row in answer["loads"]}
    found = []
    for row in answer["tables"]:
        held = partitions.get((row["db"], row["name"]))
        loaded = loads.get((owners.get(row["db"], ""), row["name"]))
        count, rows, local, remote = held or (0, 0, 0, 0)
        found.append(
            Table(
                row["db"],
                row["name"],
                "view" if row["kind"] == "VIEW" else "table",
                row["comment"] or "",
                count,
                rows if held else None,
                local,
                remote,
                int(loaded["loads"]) if loaded else 0,
                loaded["last_at"] if loaded else None,
            )
        )
    return found


def holdings(answer: Answer, usecases: Sequence[UseCase]) -> list[Holding]:
    """Every declared use case, whether the warehouse has heard of it or not."""
    everything = tables(answer, {usecase.database: usecase.name for usecase in usecases})
    newest = {row["use_case"]: row for row in reversed(answer["runs"])}
    found = []
    for usecase in usecases:
        run = newest.get(usecase.name)
        found.append(
            Holding(
                usecase,
                tuple(table for table in everything if table.database == usecase.database),
                int(run["checks"]) if run else 0,
                int(run["failed"]) if run else 0,
                run["at"] if run else None,
            )
        )
    return found


def undescribed(answer: Answer, databases: Sequence[str]) -> list[str]:
    """The columns of these databases that nobody has described, as database.table.column."""
    return [
        f"{row['db']}.{row['name']}.{row['column_name']}"
        for row in answer["columns"]
        if row["db"] in databases and not row["comment"]
    ]


def readable(size: float) -> str:
    """Bytes for a person, in decimal units as disks are sold.

    >>> readable(1_500_000), readable(0)
    ('1.5 MB', '0 B')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"
