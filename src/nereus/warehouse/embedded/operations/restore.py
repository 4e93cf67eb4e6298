"""RESTORE: a snapshot's tables back in a database, all of them or none.

Every file is fetched and its digest compared first. One transaction of the engine then makes the tables and partitions
and fills them; what ends the process before it is committed leaves the database as it was.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import duckdb

from nereus.warehouse.embedded.catalog.bounds import overlap
from nereus.warehouse.embedded.catalog.catalog import Catalog, create_data, transaction
from nereus.warehouse.embedded.catalog.codec import decode
from nereus.warehouse.embedded.catalog.model import Partition, Table, View
from nereus.warehouse.embedded.catalog.snapshot import physical
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.spool import Spool
from nereus.warehouse.embedded.operations import rows
from nereus.warehouse.embedded.operations.backup import FORMAT, part_condition
from nereus.warehouse.embedded.operations.jobs import Progress
from nereus.warehouse.embedded.operations.repositories import Repository
from nereus.warehouse.embedded.tiers.model import pieces
from nereus.warehouse.embedded.write.partitions import partition_types

#: Of what is free on the disk, the part that fetched files may take: the rows need room beside them.
_FREE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to take of a snapshot. `name` is what the table is called from now on; no partitions are all."""

    name: str
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """Properties of RESTORE that say how tables come back."""

    replication_num: str = "1"
    reserve_replica: bool = False
    reserve_dynamic_partition: bool = False
    reserve_colocate: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    partition: str
    rows: int
    hashes: int
    path: Path


@dataclass(frozen=True, slots=True)
class _Copy:
    """A table of the snapshot with its fetched files."""

    table: Table
    parts: tuple[_Part, ...]
    auto_increment: int | None


def chosen(body: Mapping[str, Any], wanted: Mapping[str, Wanted], *, excluded: bool) -> dict[str, Wanted]:
    """What a RESTORE takes of a snapshot, by the name it has there. Raises DorisError for what is not in it."""
    tables = {table["name"]: {part["partition"] for part in table["parts"]} for table in body["tables"]}
    every = {name: Wanted(name) for name in (*tables, *(view["name"] for view in body["views"]))}
    if not wanted or excluded:
        return {name: one for name, one in every.items() if name not in wanted}
    for name, one in wanted.items():
        if name not in every:
            raise DorisError(f"Table {name} does not exist in snapshot {body['name']}")
        for partition in one.partitions:
            if partition not in tables.get(name, ()):
                raise DorisError(f"Partition {partition} of table {name} does not exist in snapshot {body['name']}")
    return dict(wanted)


def give_back(
    engine: Engine,
    catalog: Catalog,
    repository: Repository,
    db: str,
    body: Mapping[str, Any],
    wanted: Mapping[str, Wanted],
    options: Options,
    progress: Progress,
) -> None:
    """Carry out a restore. Raises DorisError, and then nothing has changed."""
    if body["format"] > FORMAT:
        raise DorisError(f"the snapshot has format {body['format']}; this program reads up to {FORMAT}")
    progress.state("DOWNLOADING", over="meta_prepared", total=_count(body, wanted))
    folder = engine.spool / secrets.token_hex(16)
    folder.mkdir(mode=0o700)
    try:
        copies = _fetch(repository, body, wanted, folder, progress)
        views = [
            _view(cast(View, decode(view["definition"])), body["database"], db, wanted[view["name"]].name)
            for view in body["views"]
            if view["name"] in wanted
        ]
        progress.state("COMMITTING", over="download_finished")
        named = [(copy, _called(copy.table, wanted[copy.table.name].name, db)) for copy in copies]
        same_engine = _version(engine) == body["engine"]
        with ExitStack() as held:
            relations = catalog.database(db).relations
            held.enter_context(
                catalog.locks.hold([r.id for _, t in named if (r := relations.get(t.name))], progress.check)
            )
            _commit(engine, catalog, db, named, views, options, progress, same_engine=same_engine)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _count(body: Mapping[str, Any], wanted: Mapping[str, Wanted]) -> int:
    return sum(len(_parts(table, wanted[table["name"]])) for table in body["tables"] if table["name"] in wanted)


def _parts(table: Mapping[str, Any], one: Wanted) -> list[dict[str, Any]]:
    return [part for part in table["parts"] if not one.partitions or part["partition"] in one.partitions]


def _fetch(
    repository: Repository, body: Mapping[str, Any], wanted: Mapping[str, Wanted], folder: Path, progress: Progress
) -> list[_Copy]:
    bucket = repository.bucket()
    chosen_tables = [table for table in body["tables"] if table["name"] in wanted]
    size = sum(part["bytes"] for table in chosen_tables for part in _parts(table, wanted[table["name"]]))
    free = int(shutil.disk_usage(folder).free * _FREE_SHARE)
    if size > free:
        raise DorisError(f"the snapshot has {size} bytes, and only {free} may be taken of the disk")
    copies = []
    for listed in chosen_tables:
        table = cast(Table, decode(listed["definition"]))
        parts = []
        for part in _parts(listed, wanted[table.name]):
            spool = Spool(folder, limit=part["bytes"] + 1)
            try:
                bucket.fetch(part["key"], spool, progress.check)
                spool.finish()
            except LoadFailed as failed:
                raise DorisError(f"{part['key']}: {failed.detail}") from failed
            if spool.size != part["bytes"] or rows.sha256(spool.path) != part["sha256"]:
                raise DorisError(
                    f"the backup is damaged: {repository.place.to(part['key']).uri} is not what was written"
                )
            parts.append(_Part(part["partition"], part["rows"], int(part["hashes"]), spool.path))
            progress.advance()
        names = {part.partition for part in parts}
        if table.partitioning is not None:
            table = replace(table, partitions=tuple(one for one in table.partitions if one.name in names))
        copies.append(_Copy(table, tuple(parts), listed["auto_increment"]))
    return copies


def _called(table: Table, name: str, db: str) -> Table:
    return replace(table, db=db, name=name)


def _view(view: View, source: str, db: str, name: str) -> View:
    """The view over tables of the new database, as Doris rewrites it."""
    return replace(view, db=db, name=name, sql=view.sql.replace(f"`{source}`.", f"`{db}`."))


def _commit(
    engine: Engine,
    catalog: Catalog,
    db: str,
    named: list[tuple[_Copy, Table]],
    views: list[View],
    options: Options,
    progress: Progress,
    *,
    same_engine: bool,
) -> None:
    relations = catalog.database(db).relations
    made: list[Table | View] = []
    changed: list[Table] = []
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    with transaction(engine) as cursor:
        for copy, table in named:
            progress.check()
            known = relations.get(table.name)
            if known is None:
                target = _made(catalog, table, options, now)
                create_data(cursor, target)
                made.append(target)
            else:
                target = _changed(catalog, known, table)
                changed.append(target)
                _empty(cursor, target, copy)
            _fill(cursor, target, copy, progress, same_engine=same_engine)
            if copy.auto_increment is not None:
                _count_on(cursor, target, copy.auto_increment)
        for view in views:
            same = relations.get(view.name)
            if same is None:
                made.append(replace(view, id=catalog.new_id(), created_at=now))
            elif not isinstance(same, View) or same.sql != view.sql:
                raise DorisError(f"View {view.name} already exist but with different schema")
        progress.check()
        catalog.commit(cursor, *changed, made=made)


def _made(catalog: Catalog, table: Table, options: Options, now: datetime) -> Table:
    """A table that is not there yet, with ids of its own."""
    properties = dict(table.properties)
    if not options.reserve_replica:
        properties["replication_num"] = options.replication_num
    if not options.reserve_dynamic_partition and properties.get("dynamic_partition.enable") == "true":
        properties["dynamic_partition.enable"] = "false"
    if not options.reserve_colocate:
        properties.pop("colocate_with", None)
    return replace(
        table,
        id=catalog.new_id(),
        partitions=tuple(replace(one, id=catalog.new_id()) for one in table.partitions),
        rollups=tuple(replace(one, id=catalog.new_id()) for one in table.rollups),
        properties=tuple(sorted(properties.items())),
        created_at=now,
    )


def _changed(catalog: Catalog, known: Table | View, table: Table) -> Table:
    """A table that is there, with the snapshot's partitions. Raises DorisError where it is another one."""
    if not isinstance(known, Table) or known.materialized is not None:
        raise DorisError(f"Only support restore OLAP table: {known.name}")
    if known.temporary:
        raise DorisError("Do not support restoring table with temp partitions")
    if pieces(known):
        raise DorisError(f"the local table {known.name} has a storage policy: restore under another name with AS")
    if _schema(known) != _schema(table):
        raise DorisError(f"Table {known.name} already exist but with different schema")
    have = {one.name: one for one in known.partitions}
    new: list[Partition] = []
    for one in table.partitions:
        local = have.get(one.name)
        if local is None:
            if any(_meet(table, one, other) for other in known.partitions):
                raise DorisError(
                    f"Partition {one.name} in table {known.name} has conflict partition item with existing items"
                )
            new.append(replace(one, id=catalog.new_id()))
        elif (local.lower, local.upper, local.values) != (one.lower, one.upper, one.values):
            raise DorisError(
                f"Partition {one.name} in table {known.name} has different partition item with partition in repository"
            )
    return replace(known, partitions=(*known.partitions, *new))


def _schema(table: Table) -> object:
    """What two tables must have in common for the rows of one to be rows of the other."""
    columns = [replace(column, comment="", auto_increment=None) for column in table.columns]
    return columns, table.model, table.keys, table.partitioning, table.distribution, table.cluster_by


def _meet(table: Table, one: Partition, other: Partition) -> bool:
    if one.values or other.values:
        return bool(set(one.values) & set(other.values))
    return overlap((one.lower, one.upper), (other.lower, other.upper), partition_types(table))


def _empty(cursor: duckdb.DuckDBPyConnection, target: Table, copy: _Copy) -> None:
    for part in copy.parts:
        cursor.execute(f"DELETE FROM {physical(target)} WHERE {part_condition(target, _partition(target, part))}")


def _fill(
    cursor: duckdb.DuckDBPyConnection, target: Table, copy: _Copy, progress: Progress, *, same_engine: bool
) -> None:
    for part in copy.parts:
        progress.check()
        cursor.execute(f"INSERT INTO {physical(target)} {rows.reading(target, part.path)}")
        select = f"SELECT * FROM {physical(target)} WHERE {part_condition(target, _partition(target, part))}"
        found = rows.digest(cursor, target.columns, select)
        # Another version of the engine may hash otherwise; the files' own digests have been compared.
        if found.rows != part.rows or (same_engine and found.hashes != part.hashes):
            raise DorisError(f"partition {part.partition} of {target.name} came back with other rows than were kept")


def _partition(table: Table, part: _Part) -> Partition | None:
    if table.partitioning is None:
        return None
    return next(one for one in table.partitions if one.name == part.partition)


def _count_on(cursor: duckdb.DuckDBPyConnection, table: Table, following: int) -> None:
    """Automatic numbers go on behind those that the snapshot has given."""
    row = cursor.execute("SELECT max(next) FROM nereus.auto_increment WHERE table_id = ?", [table.id]).fetchone()
    cursor.execute("DELETE FROM nereus.auto_increment WHERE table_id = ?", [table.id])
    highest = max(following, row[0] if row and row[0] is not None else 0)
    cursor.execute("INSERT INTO nereus.auto_increment VALUES (?, ?)", [table.id, highest])


def _version(engine: Engine) -> str:
    cursor = engine.cursor()
    try:
        row = cursor.execute("SELECT version()").fetchone()
    finally:
        cursor.close()
    return str(row[0]) if row else ""
