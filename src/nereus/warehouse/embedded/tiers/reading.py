"""How a table with cooled rows stands in FROM: its local rows and the remote files that a query can need."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from functools import lru_cache

import duckdb

from nereus.warehouse.embedded.catalog.model import Partition, Table
from nereus.warehouse.embedded.tiers.filesystem import SCHEME
from nereus.warehouse.embedded.tiers.model import ColdTable, RemoteFile
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.write.values import constant, text

#: Stands for the statement in the names of remote files until it runs. Nobody outside this process can know it.
_STATEMENT = secrets.token_hex(16)
PLACE = f"{SCHEME}://{_STATEMENT}/"


def attributed(sql: str, statement: str) -> str:
    """The text with its reads of remote files counted for one statement."""
    return sql.replace(PLACE, f"{SCHEME}://{statement}/") if PLACE in sql else sql


def reads_remote(sql: str) -> bool:
    return PLACE in sql


class ColdParts:
    """Satisfies `sql.pruning.StoredParts`: parts are the partitions with cooled rows; local rows are always read."""

    def __init__(self, cold: ColdTable) -> None:
        self._cold = cold

    def judge(self, column: str, operator: str, constant_text: str) -> str | None:
        """A condition over the columns lo and hi (bounds), or v0, v1 ... (listed values) of one partition."""
        partitioning = self._cold.table.partitioning
        if partitioning is None:
            return None
        names = [name.lower() for name in partitioning.columns]
        if column.lower() not in names:
            return None
        if partitioning.kind == "LIST":
            return f"coalesce(v{names.index(column.lower())} {operator} {constant_text}, FALSE)"
        if len(names) > 1:
            return None
        above, below = f"(lo IS NULL OR lo {{}} {constant_text})", f"(hi IS NULL OR hi > {constant_text})"
        if operator in ("<", "<="):
            return above.format(operator)
        if operator in (">", ">="):
            return below
        return f"({above.format('<=')} AND {below})"

    def reading(self, conditions: Sequence[str]) -> str:
        cold = self._cold
        files = cold.files
        if conditions and files:
            wanted = _meeting(_columns(cold.table), _partitions(cold), " AND ".join(conditions))
            files = tuple(file for file in files if file.partition_id in wanted)
        return source(cold, files)


def source(cold: ColdTable, files: Sequence[RemoteFile], place: str = PLACE) -> str:
    """FROM text: the local rows of a table and the rows of these files, under the table's column names."""
    if not files:
        return cold.view
    columns = [column.name for column in cold.table.columns]
    names = ", ".join(_quoted(name) for name in columns)
    return f"(SELECT {names} FROM {cold.view} UNION ALL {remote_select(columns, files, place)})"


def remote_select(columns: Sequence[str], files: Sequence[RemoteFile], place: str = PLACE) -> str:
    """A SELECT of these columns from the files."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for file in files:
        groups.setdefault(file.sources, []).append(text(f"{place}{file.key}"))
    selects = []
    for sources, paths in groups.items():
        given = dict(sources)
        items = ", ".join(f"{given[name]} AS {_quoted(name)}" for name in columns)
        selects.append(f"SELECT {items} FROM read_parquet([{', '.join(paths)}], hive_partitioning = false)")
    return " UNION ALL ".join(selects)


def _columns(table: Table) -> str:
    if table.partitioning is None or table.partitioning.kind != "LIST":
        return "id, lo, hi"
    return ", ".join(["id", *(f"v{i}" for i in range(len(table.partitioning.columns)))])


def _partitions(cold: ColdTable) -> tuple[str, ...]:
    """One VALUES row for each range or listed value of the partitions that have files."""
    table = cold.table
    with_files = {file.partition_id for file in cold.files}
    names = table.partitioning.columns if table.partitioning else ()
    kinds = [column.type for name in names if (column := table.column(name))]
    return tuple(row for partition in table.partitions if partition.id in with_files for row in _rows(partition, kinds))


def _rows(partition: Partition, kinds: Sequence[DorisType]) -> list[str]:
    if partition.values:
        return [
            f"({partition.id}, {', '.join(constant(value, kind) for value, kind in zip(key, kinds, strict=True))})"
            for key in partition.values
        ]
    bounds = f"{constant(partition.lower[0], kinds[0])}, {constant(partition.upper[0], kinds[0])}"
    return [f"({partition.id}, {bounds})"]


_guard = threading.Lock()
#: Compares constants as the engine does, apart from its data.
_judge = duckdb.connect(":memory:", config={"threads": 1, "enable_external_access": False})


@lru_cache(maxsize=2000)
def _meeting(columns: str, rows: tuple[str, ...], condition: str) -> frozenset[int]:
    """The ids of the partitions for which the condition is not known to be false."""
    if not rows:
        return frozenset()
    sql = f"SELECT id FROM (VALUES {', '.join(rows)}) AS p({columns}) WHERE coalesce({condition}, TRUE)"
    with _guard:
        return frozenset(row[0] for row in _judge.execute(sql).fetchall())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
