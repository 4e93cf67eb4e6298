"""One refresh of a view: the rows that changed are computed again, and take the place of the old ones at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from nereus.warehouse.embedded.catalog.model import Partition, Table
from nereus.warehouse.embedded.catalog.snapshot import Snapshot, physical, quoted
from nereus.warehouse.embedded.catalog.versions import WHOLE
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.materialized.mapping import Sources, made_partitions, sources_of
from nereus.warehouse.embedded.materialized.states import PartState, ViewState, part_state
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.binder import bind_query
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.sql.rules.arithmetic import WIDE_DECIMALS
from nereus.warehouse.embedded.sql.typed import BoundQuery, Relation
from nereus.warehouse.embedded.statements.assign import source_select
from nereus.warehouse.embedded.write.partitions import inside
from nereus.warehouse.embedded.write.transactions import count, transaction

#: A refresh begins anew this often when the catalogue moved under it.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: COMPLETE, PARTIAL or NOT_REFRESH, and the partitions that it computed."""

    mode: str
    partitions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Restricted:
    """The catalogue with one table cut down to some of its partitions; a `sql.typed.Schema`."""

    snapshot: Snapshot
    table: Table
    partitions: tuple[str, ...]

    def has_database(self, db: str) -> bool:
        return self.snapshot.has_database(db)

    def relation(self, db: str, name: str) -> Relation | None:
        found = self.snapshot.relation(db, name)
        if found is None or (db, name) != (self.table.db, self.table.name) or found.partition_filter is None:
            return found
        where = found.partition_filter(self.partitions)
        return replace(found, from_sql=f"(SELECT * FROM {found.from_sql} WHERE {where})")


def refresh(session: Session, view: Table, *, complete: bool, only: Sequence[str] = ()) -> Refreshed:
    """Bring a view up to date, in one transaction: readers see either the old rows or the new ones.

    Args:
        complete: compute every partition, whether its sources changed or not.
        only: names of the partitions to compute.

    Raises DorisError where its query fails, or a base table is gone.
    """
    for attempt in range(_ATTEMPTS):
        version = session.warehouse.catalog.snapshot().version
        for wide in (False, True):
            try:
                return _once(session, view, complete=complete, only=only, wide=wide)
            except (duckdb.CatalogException, duckdb.BinderException):
                if attempt == _ATTEMPTS - 1 or not session.warehouse.catalog.moved_since(version):
                    raise
                break
            except duckdb.Error as error:
                if wide or "Overflow" not in str(error):
                    raise
    raise DorisError("the base tables keep changing")


def _once(session: Session, view: Table, *, complete: bool, only: Sequence[str], wide: bool) -> Refreshed:
    warehouse = session.warehouse
    catalog, states = warehouse.catalog, warehouse.views.states
    if not complete and not only and not _stale(session, view):
        return Refreshed("NOT_REFRESH", ())
    cursor = session.cursor
    with catalog.changing(view, session.check_cancelled) as held, transaction(cursor):
        snapshot = catalog.snapshot()
        current, sources = _aligned(session, held, snapshot)
        tables = [*sources.others, *([sources.related] if sources.related else [])]
        versions = catalog.versions.read(cursor, [table.id for table in tables])
        state = states.of(view)
        if state.columns != sources.columns:
            state = ViewState()
        chosen = [
            part
            for part, wanted in sources.mapping.items()
            if _is_chosen(session, current, sources, state, part, wanted, complete=complete, only=only)
        ]
        names = {partition.id: partition.name for partition in current.partitions}
        parts: dict[int, PartState] = {part: state.parts[part] for part in sources.mapping if part in state.parts}
        columns = [quoted(column) for column in current.partitioning.columns] if current.partitioning else []
        for gone in (partition for partition in held.partitions if partition.id in sources.surplus):
            cursor.execute(f"DELETE FROM {physical(current)} WHERE {inside(held, [gone], columns)}")
        now = time.time()
        for part in chosen:
            session.check_cancelled()
            _compute(session, current, sources, snapshot, part, columns, wide=wide)
            parts[part] = part_state(now, sources.mapping[part], sources, versions)
        rows = count(cursor.execute(f"SELECT count(*) FROM {physical(current)}"))
        done = ViewState("SUCCESS", sources.columns, rows, parts)
        states.write(cursor, current, done)
        catalog.commit(cursor, *([current] if current != held else []))
        states.publish(current, done)
    everything = len(chosen) == len(sources.mapping)
    mode = "COMPLETE" if everything else "PARTIAL" if chosen else "NOT_REFRESH"
    return Refreshed(mode, tuple(names.get(part, view.name) for part in chosen))


def _stale(session: Session, view: Table) -> bool:
    """Whether AUTO has anything to do."""
    warehouse = session.warehouse
    snapshot, states = warehouse.catalog.snapshot(), warehouse.views.states
    sources = sources_of(view, snapshot)
    if isinstance(sources, str) or sources.missing or sources.surplus:
        return True
    state = states.of(view)
    if state.columns != sources.columns:
        return True
    return any(
        _is_chosen(session, view, sources, state, part, wanted, complete=False, only=())
        for part, wanted in sources.mapping.items()
    )


def _is_chosen(
    session: Session,
    view: Table,
    sources: Sources,
    state: ViewState,
    part: int,
    wanted: frozenset[int],
    *,
    complete: bool,
    only: Sequence[str],
) -> bool:
    if only:
        named = next((partition.name for partition in view.partitions if partition.id == part), "")
        return named in only
    known = state.parts.get(part)
    if complete or known is None:
        return True
    return not session.warehouse.views.states.part_in_sync(known, wanted, sources, excluded_tables(view))


def excluded_tables(view: Table) -> frozenset[tuple[str, str]]:
    """excluded_trigger_tables: names, with or without their database."""
    made = view.materialized
    if made is None:
        return frozenset()
    named = {tuple(name.strip().split(".")[-2:]) for name in made.property("excluded_trigger_tables").split(",")}
    return frozenset((db, name) for db, name in made.bases if (name,) in named or (db, name) in named)


def _aligned(session: Session, view: Table, snapshot: Snapshot) -> tuple[Table, Sources]:
    """The view with the partitions that its base table has now."""
    sources = sources_of(view, snapshot)
    if isinstance(sources, str):
        raise DorisError(sources)
    if not sources.missing and not sources.surplus:
        return view, sources
    catalog = session.warehouse.catalog
    added: list[Partition] = [replace(p, id=catalog.new_id()) for p in made_partitions(sources.missing)]
    kept = [partition for partition in view.partitions if partition.id not in sources.surplus]
    changed = replace(view, partitions=(*kept, *added))
    mapping = {**sources.mapping, **{p.id: sources.missing[p.lower[0], p.upper[0]] for p in added}}
    return changed, replace(sources, mapping=mapping)


def _compute(
    session: Session, view: Table, sources: Sources, snapshot: Snapshot, part: int, columns: list[str], *, wide: bool
) -> None:
    cursor = session.cursor
    if part == WHOLE:
        bound = bind_view(session, view, snapshot, wide=wide)
        where = "TRUE"
    else:
        related = sources.related
        names = tuple(p.name for p in related.partitions if p.id in sources.mapping[part]) if related else ()
        cut = snapshot if related is None else _Restricted(snapshot, related, names)
        bound = bind_view(session, view, cut, wide=wide)
        where = inside(view, [p for p in view.partitions if p.id == part], columns)
    cursor.execute(f"DELETE FROM {physical(view)} WHERE {where}")
    cursor.execute(f"INSERT INTO {physical(view)} {source_select(session, bound, view.columns)}")


def bind_view(session: Session, view: Table, schema: Snapshot | _Restricted, *, wide: bool = False) -> BoundQuery:
    """The view's query, read as it was when the view was made."""
    made = view.materialized
    if made is None:
        raise DorisError(f"{view.db}.{view.name} is not a materialized view")
    variables = {**session.facts.variables, "sql_mode": made.sql_mode, "time_zone": made.time_zone}
    if wide:
        variables[WIDE_DECIMALS] = "1"
    facts = replace(session.facts, database=None, variables=variables)
    return bind_query(parse_query(made.sql, sql_mode=made.sql_mode), schema, facts)
