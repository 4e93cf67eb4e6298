"""BACKUP: the tables of a database as they were at one moment, partition by partition, in a repository."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import duckdb

from nereus.warehouse.embedded.catalog.catalog import transaction
from nereus.warehouse.embedded.catalog.codec import decode, encode
from nereus.warehouse.embedded.catalog.model import Partition, Table, View
from nereus.warehouse.embedded.catalog.snapshot import physical, quoted
from nereus.warehouse.embedded.ddl import show_create
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.operations import rows
from nereus.warehouse.embedded.operations.jobs import Progress
from nereus.warehouse.embedded.operations.repositories import Repository, put_information, remove_incomplete
from nereus.warehouse.embedded.tiers.model import pieces
from nereus.warehouse.embedded.write.partitions import inside

#: Raised with every change of what a backup looks like that an older program could not read.
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a backup holds: every relation, but where `names` says otherwise.

    Attributes:
        names: relations, each with the partitions wanted of it (none: all); with `excluded` those that are left out.
    """

    names: Mapping[str, tuple[str, ...]]
    excluded: bool = False

    def of(self, relations: Mapping[str, Table | View]) -> dict[str, tuple[str, ...]]:
        """The names of what is chosen of `relations`, with the partitions. Raises DorisError for unknown ones."""
        if not self.names or self.excluded:
            return {name: () for name in sorted(relations) if name not in self.names and _is_kept(relations[name])}
        for name in self.names:
            if name not in relations:
                raise DorisError(f"Unknown table '{name}'")
        return dict(self.names)


def _is_kept(relation: Table | View) -> bool:
    """A materialised view is made anew from its tables."""
    return isinstance(relation, View) or relation.materialized is None


def check(relations: Mapping[str, Table | View], chosen: Chosen) -> None:
    """Raise for what cannot be backed up."""
    for name, wanted in chosen.of(relations).items():
        relation = relations[name]
        if isinstance(relation, View):
            continue
        if relation.materialized is not None:
            raise Refused(f"a backup of the materialized view {name}", "Back up its tables and create it again.")
        if pieces(relation):
            raise DorisError(
                f"currently not support backup tablet with cooldowned remote data: table {name} has a storage policy. "
                f"Leave it out with EXCLUDE ({name})"
            )
        if relation.temporary:
            raise DorisError(f"Do not support backup table {name} with temp partitions")
        known = {partition.name for partition in relation.partitions} if relation.partitioning else {name}
        for partition in wanted:
            if partition not in known:
                raise DorisError(f"Unknown partition {partition} in table{name}")


def take(engine: Engine, repository: Repository, db_id: int, label: str, chosen: Chosen, progress: Progress) -> None:
    """Write a snapshot. It is there once this returns, and not at all where it raises."""
    bucket = repository.bucket()
    moment = datetime.now(UTC)
    timestamp = f"{moment:%Y-%m-%d-%H-%M-%S}"
    remove_incomplete(repository, label)
    folder = repository.content(label, timestamp)
    progress.state("SNAPSHOTING")
    written: list[str] = []
    try:
        with transaction(engine) as cursor:
            # Definitions and rows of one and the same moment.
            found = cursor.execute("SELECT definition FROM nereus.relations WHERE db_id = ?", [db_id]).fetchall()
            relations = {one.name: one for one in (cast(Table | View, decode(text)) for (text,) in found)}
            check(relations, chosen)
            wanted = chosen.of(relations)
            tables = [one for name in wanted if isinstance(one := relations[name], Table)]
            total = sum(len(_parts(table, wanted[table.name])) for table in tables)
            progress.state("UPLOADING", over="snapshot_finished", total=total)
            body = {
                "format": FORMAT,
                "name": label,
                "database": _database(cursor, db_id),
                "timestamp": timestamp,
                "engine": _version(cursor),
                "tables": [
                    _table(cursor, table, wanted[table.name], repository, folder, written, engine, progress)
                    for table in tables
                ],
                "views": [_view(one) for name in wanted if isinstance(one := relations[name], View)],
            }
        for key, kept in _sums(body):
            progress.check()
            if bucket.sha256(key, progress.check) != kept:
                raise DorisError(f"the object store did not keep {repository.place.to(key).uri} as it was sent")
        progress.state("UPLOAD_INFO", over="upload_finished")
        put_information(repository, label, timestamp, body)
    except BaseException:
        for key in written:
            with suppress(DorisError):
                bucket.delete(key)
        raise


def _table(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    wanted: Sequence[str],
    repository: Repository,
    folder: str,
    written: list[str],
    engine: Engine,
    progress: Progress,
) -> dict[str, Any]:
    bucket = repository.bucket()
    parts: list[dict[str, Any]] = []
    for partition in _parts(table, wanted):
        progress.check()
        name = table.name if partition is None else partition.name
        select = f"SELECT * FROM {physical(table)} WHERE {part_condition(table, partition)}"
        path = engine.spool / f"{secrets.token_hex(16)}.parquet"
        try:
            count = rows.write(cursor, table, select, path)
            kept = rows.digest(cursor, table.columns, rows.reading(table, path))
            if kept != rows.digest(cursor, table.columns, select) or kept.rows != count:
                raise DorisError(f"partition {name} of {table.name} cannot be written to a file without loss")
            key = f"{folder}{table.id}/{len(parts)}.parquet"
            written.append(key)
            bucket.put(key, path)
            size, total = path.stat().st_size, rows.sha256(path)
        finally:
            path.unlink(missing_ok=True)
        parts.append(
            {"partition": name, "key": key, "rows": count, "hashes": str(kept.hashes), "bytes": size, "sha256": total}
        )
        progress.advance()
    chosen = {part["partition"] for part in parts}
    kept_partitions = tuple(one for one in table.partitions if one.name in chosen)
    row = cursor.execute("SELECT max(next) FROM nereus.auto_increment WHERE table_id = ?", [table.id]).fetchone()
    return {
        "name": table.name,
        "definition": encode(_with(table, kept_partitions)),
        "ddl": show_create(table),
        "auto_increment": row[0] if row else None,
        "parts": parts,
    }


def _with(table: Table, partitions: tuple[Partition, ...]) -> Table:
    return replace(table, partitions=partitions) if table.partitioning else table


def _view(view: View) -> dict[str, Any]:
    return {"name": view.name, "definition": encode(view), "ddl": show_create(view)}


def _parts(table: Table, wanted: Sequence[str]) -> list[Partition | None]:
    if table.partitioning is None:
        return [None]
    return [one for one in table.partitions if not wanted or one.name in wanted]


def part_condition(table: Table, partition: Partition | None) -> str:
    """A DuckDB predicate that is true for the rows of a partition; None is the whole table."""
    if partition is None or table.partitioning is None:
        return "TRUE"
    return inside(table, [partition], [quoted(name) for name in table.partitioning.columns])


def _sums(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for table in body["tables"]:
        for part in table["parts"]:
            yield part["key"], part["sha256"]


def _database(cursor: duckdb.DuckDBPyConnection, db_id: int) -> str:
    row = cursor.execute("SELECT definition FROM nereus.databases WHERE id = ?", [db_id]).fetchone()
    if row is None:
        raise DorisError("the database was dropped")
    return decode(row[0]).name


def _version(cursor: duckdb.DuckDBPyConnection) -> str:
    row = cursor.execute("SELECT version()").fetchone()
    return str(row[0]) if row else ""
