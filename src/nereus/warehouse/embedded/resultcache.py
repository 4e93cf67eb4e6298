"""Results of queries, given again while their tables stay as they are: Doris' SQL cache.

A result is found by the DuckDB text that gave it, the names and types of its columns, and the versions of its tables.
That text names the rows a user may see and the views that answered, so nobody gets rows that running the query would
not have given them; it has numbers for the columns, whose names are the query's own.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.result import ResultColumn, ResultSet

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session
    from nereus.warehouse.embedded.sql.typed import BoundQuery

#: Doris' cache_result_max_row_count, cache_result_max_data_size and cache_last_version_interval_second.
MOST_ROWS = 3000
MOST_BYTES = 30 * 1024 * 1024
QUIET_S = 30.0
#: What all results together take at the most.
MOST_TOTAL = 64 * 1024 * 1024

_SWITCH = "enable_sql_cache"
_TABLE = re.compile(r'"data"\."t(\d+)"')
#: Rows of the system tables, which are not numbered.
_SYSTEM = '"system_'

Key = tuple[str, tuple[ResultColumn, ...], tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class _Kept:
    columns: tuple[ResultColumn, ...]
    batches: tuple[pa.RecordBatch, ...]
    size: int


class ResultCache:
    """The least recently used result goes first. `hits` counts the results that were given again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._size = 0
        self._guard = threading.Lock()
        self.hits = 0

    def key(self, session: Session, bound: BoundQuery) -> Key | None:
        """Where the query's result may be kept, or None where it may not be."""
        if session.variables[_SWITCH] != "true" or bound.volatile or not bound.stored or _SYSTEM in bound.sql:
            return None
        catalog = session.warehouse.catalog
        snapshot, versions = catalog.snapshot(), catalog.versions
        named = (snapshot.table(db, name) for db, name in bound.stored)
        ids = {table.id for table in named if isinstance(table, Table)}
        ids |= {int(found) for found in _TABLE.findall(bound.sql)}
        # In this order: a change that is being committed has its number already.
        numbered = tuple((table_id, versions.latest(table_id)) for table_id in sorted(ids))
        return (bound.sql, bound.columns, numbered) if versions.settled(ids, for_s=QUIET_S) else None

    def get(self, key: Key) -> ResultSet | None:
        with self._guard:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            self.hits += 1
        return ResultSet(found.columns, iter(found.batches))

    def watched(self, key: Key, result: ResultSet) -> ResultSet:
        """The result, which is kept once its last row was taken, if it is small."""
        result.batches = self._watch(key, result.columns, result.batches)
        return result

    def _watch(
        self, key: Key, columns: tuple[ResultColumn, ...], batches: Iterator[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        taken: list[pa.RecordBatch] = []
        rows = size = 0
        for batch in batches:
            rows += batch.num_rows
            size += batch.nbytes
            if rows <= MOST_ROWS and size <= MOST_BYTES:
                taken.append(batch)
            else:
                taken.clear()
            yield batch
        if rows <= MOST_ROWS and size <= MOST_BYTES:
            self._keep(key, _Kept(columns, tuple(taken), size + len(key[0])))

    def _keep(self, key: Key, result: _Kept) -> None:
        with self._guard:
            former = self._kept.pop(key, None)
            self._kept[key] = result
            self._size += result.size - (former.size if former else 0)
            while self._size > MOST_TOTAL:
                _, gone = self._kept.popitem(last=False)
                self._size -= gone.size
