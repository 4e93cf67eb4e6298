"""What each materialised view was computed from, and whether that is still so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace

import duckdb

from nereus.warehouse.embedded.catalog import Catalog
from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.catalog.snapshot import Snapshot
from nereus.warehouse.embedded.catalog.versions import WHOLE, TableVersions, of_partition
from nereus.warehouse.embedded.materialized.mapping import Sources, sources_of

_LAYOUT = "CREATE TABLE IF NOT EXISTS nereus.view_states (view_id BIGINT NOT NULL, state VARCHAR NOT NULL)"


@dataclass(frozen=True, slots=True)
class PartState:
    """What one partition of a view was computed from.

    Attributes:
        at: when, in seconds since 1970.
        related: version by id of the base table's partitions, where the view follows them.
        others: version by id of the other base tables.
    """

    at: float
    related: Mapping[int, int] = field(default_factory=dict)
    others: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ViewState:
    """`refresh` is INIT, SUCCESS or FAIL; `columns` what the base tables looked like; `parts` by id of a partition."""

    refresh: str = "INIT"
    columns: str = ""
    rows: int = 0
    parts: Mapping[int, PartState] = field(default_factory=dict)


class States:
    """The states of all views, in memory and in DuckDB."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[int, ViewState] = {}
        with closing(catalog.engine.cursor()) as cursor:
            cursor.execute(_LAYOUT)
            snapshot = catalog.snapshot()
            for view_id, text in cursor.execute("SELECT view_id, state FROM nereus.view_states").fetchall():
                if snapshot.by_id(view_id) is None:
                    cursor.execute("DELETE FROM nereus.view_states WHERE view_id = ?", [view_id])
                else:
                    self._known[view_id] = _decoded(text)

    def of(self, view: Table) -> ViewState:
        return self._known.get(view.id, ViewState())

    def write(self, cursor: duckdb.DuckDBPyConnection, view: Table, state: ViewState) -> None:
        """In the caller's transaction; `publish` when it is committed."""
        cursor.execute("DELETE FROM nereus.view_states WHERE view_id = ?", [view.id])
        cursor.execute("INSERT INTO nereus.view_states VALUES (?, ?)", [view.id, json.dumps(asdict(state))])

    def publish(self, view: Table, state: ViewState) -> None:
        self._known[view.id] = state

    def fail(self, view: Table) -> None:
        """The last refresh failed; what an earlier one computed is still there."""
        state = replace(self.of(view), refresh="FAIL")
        with closing(self._catalog.engine.cursor()) as cursor:
            cursor.begin()
            self.write(cursor, view, state)
            cursor.commit()
        self.publish(view, state)

    def forget(self, view: Table) -> None:
        self._known.pop(view.id, None)
        with closing(self._catalog.engine.cursor()) as cursor:
            cursor.execute("DELETE FROM nereus.view_states WHERE view_id = ?", [view.id])

    # Freshness

    def status(self, view: Table, snapshot: Snapshot) -> tuple[str, str]:
        """Doris' state of a view (INIT, NORMAL or SCHEMA_CHANGE), and what changed."""
        state = self.of(view)
        if not state.columns:
            return "INIT", ""
        sources = sources_of(view, snapshot)
        if isinstance(sources, str):
            return "SCHEMA_CHANGE", sources
        if sources.columns != state.columns:
            return "SCHEMA_CHANGE", "the columns of a base table changed"
        return "NORMAL", ""

    def in_sync(self, view: Table, snapshot: Snapshot) -> bool:
        """Whether every row of the view is what its query gives now; excluded tables count too, as in Doris."""
        return self.usable(view, snapshot, None)

    def usable(self, view: Table, snapshot: Snapshot, now: float | None) -> bool:
        """Whether the view may answer queries; at `now` partitions younger than the grace period need not be in sync.

        A view of which only some partitions are fresh is not used.
        """
        if self.status(view, snapshot)[0] != "NORMAL":
            return False
        sources = sources_of(view, snapshot)
        if isinstance(sources, str) or sources.missing or view.materialized is None:
            return False
        state = self.of(view)
        grace = int(view.materialized.property("grace_period", "0"))
        for part, wanted in sources.mapping.items():
            known = state.parts.get(part)
            if known is None:
                return False
            if now is not None and grace > 0 and now <= known.at + grace:
                continue
            if not self.part_in_sync(known, wanted, sources, frozenset()):
                return False
        return True

    def part_in_sync(
        self, known: PartState, wanted: frozenset[int], sources: Sources, excluded: frozenset[tuple[str, str]]
    ) -> bool:
        """Whether one partition is what the query gives now, changes of `excluded` tables aside."""
        versions = self._catalog.versions
        if sources.related is not None:
            if frozenset(known.related) != wanted:
                return False
            current = versions.of(sources.related.id)
            if any(of_partition(current, part) != version for part, version in known.related.items()):
                return False
        others = sources.others
        if frozenset(known.others) != frozenset(table.id for table in others):
            return False
        return all(
            (table.db, table.name) in excluded or versions.latest(table.id) == known.others[table.id]
            for table in others
        )


def part_state(at: float, wanted: frozenset[int], sources: Sources, versions: Mapping[int, TableVersions]) -> PartState:
    """The state of a partition computed from rows of these versions."""
    related: dict[int, int] = {}
    if sources.related is not None:
        seen = versions[sources.related.id]
        related = {part: of_partition(seen, part) for part in wanted}
    others = {table.id: max(versions[table.id].values(), default=WHOLE) for table in sources.others}
    return PartState(at, related, others)


def _decoded(text: str) -> ViewState:
    body = json.loads(text)
    parts = {
        int(part): PartState(
            state["at"],
            {int(key): value for key, value in state["related"].items()},
            {int(key): value for key, value in state["others"].items()},
        )
        for part, state in body.pop("parts").items()
    }
    return ViewState(**body, parts=parts)
