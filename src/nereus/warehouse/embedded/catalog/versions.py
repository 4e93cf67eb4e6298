"""How often the rows of tables changed: what materialised views and cached results are compared with.

Every transaction that changes rows leaves a number here, for the partitions it touched or for the whole table. The
number is written in the same transaction, and is known to this process before the commit: whoever compares sees a
table as changed a moment too early rather than a moment too late.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

import duckdb

from nereus.warehouse.embedded.catalog.bounds import low_order
from nereus.warehouse.embedded.catalog.model import Partition, Table
from nereus.warehouse.embedded.catalog.snapshot import physical, quoted
from nereus.warehouse.embedded.catalog.store import Ids
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.types import DorisType

#: Stands for the whole table where a partition's id is expected.
WHOLE = 0
#: DuckDB numbers the rows that a transaction has not committed yet from here on (its MAX_ROW_ID).
_NEW_ROWS = 36028797018960000

#: What a thread said of a table that it held; 0 is nothing.
_CHANGED, _SAME = 1, 2

_LAYOUT = """
CREATE TABLE IF NOT EXISTS nereus.versions (table_id BIGINT NOT NULL, partition_id BIGINT NOT NULL, version BIGINT);
"""
_LATEST = "SELECT table_id, partition_id, max(version) FROM nereus.versions"

#: Version by id of a partition, `WHOLE` for changes that concern every partition.
TableVersions = Mapping[int, int]


class Versions:
    """The latest change of every table, by partition.

    Attributes:
        on_change: called with the ids of tables whose rows changed, once that is committed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[int, dict[int, int]] = {}
        self._guard = threading.Lock()
        self._held = threading.local()
        self._pending: dict[int, int] = {}
        self._changed_at: dict[int, float] = {}
        self.on_change: Callable[[Sequence[int]], None] = lambda _: None
        with closing(engine.cursor()) as cursor:
            cursor.execute(_LAYOUT)
            found = cursor.execute(f"{_LATEST} GROUP BY ALL").fetchall()
            for table_id, partition_id, version in found:
                self._known.setdefault(table_id, {})[partition_id] = version
            # Older numbers say nothing any more.
            cursor.begin()
            cursor.execute(
                "DELETE FROM nereus.versions AS v USING (SELECT table_id AS t, partition_id AS p, max(version) AS m"
                " FROM nereus.versions GROUP BY ALL) WHERE t = table_id AND p = partition_id AND version < m"
            )
            cursor.commit()
        self._ids = Ids(engine, "version", 1)

    def of(self, table_id: int) -> TableVersions:
        """What is known of a table; nothing where it never changed."""
        return self._known.get(table_id, {})

    def latest(self, table_id: int) -> int:
        """The number of a table's last change, 0 where it never changed."""
        return max(self.of(table_id).values(), default=0)

    @contextmanager
    def holding(self, table_ids: Sequence[int]) -> Iterator[None]:
        """While a thread may change these tables. What it commits without a stamp counts as a change of the whole."""
        stack = self._stack()
        entries = [[table_id, 0] for table_id in table_ids]
        stack.extend(entries)
        try:
            yield
        finally:
            for entry in entries:
                stack.remove(entry)
                if entry[1] == _CHANGED:
                    self._count_pending(entry[0], -1)
        for table_id, stamped in entries:
            if not stamped:
                with closing(self._engine.cursor()) as cursor:
                    self.stamp(cursor, table_id, (WHOLE,))
        changed = [table_id for table_id, stamped in entries if stamped != _SAME]
        if changed:
            self.on_change(changed)

    def stamp_held(
        self,
        cursor: duckdb.DuckDBPyConnection,
        tables: Iterable[Table],
        added_to: Table | None,
        *,
        same_rows: bool = False,
    ) -> None:
        """Number the changes of the caller's transaction to the tables that its thread holds.

        `tables` are their definitions from now on; of `added_to` only partitions that have uncommitted rows changed.
        With `same_rows` nothing changed that a query could see.
        """
        definitions = {table.id: table for table in tables}
        for entry in self._stack():
            table_id = entry[0]
            partitions: Iterable[int] = (WHOLE,)
            if added_to is not None and added_to.id == table_id:
                partitions = touched(cursor, definitions.get(table_id, added_to))
            if not same_rows:
                if entry[1] != _CHANGED:
                    self._count_pending(table_id, 1)
                self.stamp(cursor, table_id, partitions)
            entry[1] = _SAME if same_rows and entry[1] != _CHANGED else _CHANGED

    def stamp(self, cursor: duckdb.DuckDBPyConnection, table_id: int, partitions: Iterable[int]) -> None:
        """Number a change of these partitions."""
        version = self._ids.take()
        chosen = list(partitions)
        if not chosen:
            return
        cursor.executemany("INSERT INTO nereus.versions VALUES (?, ?, ?)", [[table_id, p, version] for p in chosen])
        with self._guard:
            self._changed_at[table_id] = time.monotonic()
            self._known[table_id] = {**self._known.get(table_id, {}), **dict.fromkeys(chosen, version)}

    def settled(self, table_ids: Iterable[int], *, for_s: float) -> bool:
        """Whether no change of these tables is being committed, and none was begun in the last `for_s` seconds."""
        before = time.monotonic() - for_s
        return all(t not in self._pending and self._changed_at.get(t, before) <= before for t in table_ids)

    def _count_pending(self, table_id: int, step: int) -> None:
        with self._guard:
            left = self._pending.pop(table_id, 0) + step
            if left > 0:
                self._pending[table_id] = left

    def read(self, cursor: duckdb.DuckDBPyConnection, table_ids: Iterable[int]) -> dict[int, dict[int, int]]:
        """The versions of these tables as the caller's transaction sees their rows."""
        found: dict[int, dict[int, int]] = {table_id: {} for table_id in table_ids}
        if found:
            listed = ", ".join(str(int(table_id)) for table_id in found)
            for table_id, partition_id, version in cursor.execute(
                f"{_LATEST} WHERE table_id IN ({listed}) GROUP BY ALL"
            ).fetchall():
                found[table_id][partition_id] = version
        return found

    def _stack(self) -> list[list[int]]:
        stack: list[list[int]] | None = getattr(self._held, "stack", None)
        if stack is None:
            stack = self._held.stack = []
        return stack


def of_partition(versions: TableVersions, partition_id: int) -> int:
    """The last change of one partition."""
    return max(versions.get(WHOLE, 0), versions.get(partition_id, 0))


def touched(cursor: duckdb.DuckDBPyConnection, table: Table) -> tuple[int, ...]:
    """The partitions between the least and the greatest of the uncommitted rows; `WHOLE` where that is not told."""
    partitioning = table.partitioning
    if partitioning is None or partitioning.kind != "RANGE" or len(partitioning.columns) != 1:
        return (WHOLE,)
    column = table.column(partitioning.columns[0])
    if column is None or not (column.type.is_date or column.type.is_integer):
        return (WHOLE,)
    name = quoted(column.name)
    row = cursor.execute(
        f"SELECT CAST(min({name}) AS VARCHAR), CAST(max({name}) AS VARCHAR), count(*), count({name})"
        f" FROM {physical(table)} WHERE rowid >= {_NEW_ROWS}"
    ).fetchone()
    if row is None or row[2] != row[3]:
        return (WHOLE,)
    if row[2] == 0:
        return ()
    low, high = row[0], row[1]
    if column.type.is_date:
        # Days are compared: fractions of seconds are written in more than one way.
        low, high = low[:10], high[:10]
    return tuple(p.id for p in table.partitions if _meets(p, low, high, column.type)) or (WHOLE,)


def _meets(partition: Partition, low: str, high: str, kind: DorisType) -> bool:
    lower, upper = partition.lower[0], partition.upper[0]
    if kind.is_date:
        lower, upper = lower and lower[:10], upper and upper[:10]
    if lower is not None and low_order(lower, kind) > low_order(high, kind):
        return False
    return upper is None or low_order(upper, kind) >= low_order(low, kind)
