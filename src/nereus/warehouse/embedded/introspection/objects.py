"""Rows of information_schema about databases, tables, columns and views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from nereus.warehouse.embedded.catalog.model import KeyModel, Table, View
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.introspection import typenames
from nereus.warehouse.embedded.introspection.columns import DATABASES, INFORMATION_SCHEMA, INTERNAL, system_tables
from nereus.warehouse.embedded.introspection.partitions import partition_facts
from nereus.warehouse.embedded.introspection.schema import SystemSchema, provider
from nereus.warehouse.embedded.introspection.storage import Size, readable
from nereus.warehouse.embedded.sql.binder import nullability
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.types import DorisType

_CATALOG = "internal"
_KEY = {KeyModel.DUPLICATE: "DUP", KeyModel.UNIQUE: "UNI", KeyModel.AGGREGATE: "AGG"}
_MODEL = {KeyModel.DUPLICATE: "DUP_KEYS", KeyModel.UNIQUE: "UNIQUE_KEYS", KeyModel.AGGREGATE: "AGG_KEYS"}

Row = tuple[Any, ...]


def naive(moment: datetime | None) -> datetime | None:
    """A moment in session time (UTC) as DATETIME holds it."""
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)


def system_names(schema: SystemSchema) -> Iterator[tuple[str, str]]:
    """(database, table) of the system tables that the user sees."""
    for db in DATABASES:
        if schema.session.rights.sees_database(db):
            yield from ((owner, name) for owner, name in system_tables() if owner == db)


@provider(INFORMATION_SCHEMA, "schemata")
def schemata(schema: SystemSchema) -> Iterable[Row]:
    return [(_CATALOG, db, "utf8mb4", "utf8mb4_0900_bin", None, "NO") for db in schema.databases()]


@provider(INFORMATION_SCHEMA, "tables")
def tables(schema: SystemSchema) -> Iterable[Row]:
    listed = list(schema.all_tables())
    measured = schema.session.warehouse.sizes.of(
        schema.session.cursor, (found for found in listed if isinstance(found, Table))
    )
    for found in listed:
        made = naive(found.created_at)
        if isinstance(found, View):
            yield _table_row(found.db, found.name, "VIEW", "View", Size(-1, 0), made, found.comment)
        else:
            size = measured[found.id]
            yield _table_row(found.db, found.name, "BASE TABLE", "Doris", size, made, found.comment)
    for db, name in system_names(schema):
        kind, engine = ("BASE TABLE", "Doris") if db == INTERNAL else ("SYSTEM VIEW", "SYSTEM VIEW")
        yield _table_row(db, name, kind, engine, Size(), None, "")


def _table_row(db: str, name: str, kind: str, engine: str, size: Size, made: datetime | None, comment: str) -> Row:
    average = size.bytes // size.rows if size.rows > 0 else 0
    head = (_CATALOG, db, name, kind, engine, None, None, size.rows, average, size.bytes, None, 0, None, None)
    return (*head, made, made, None, "utf-8", None, None, comment)


@provider(INFORMATION_SCHEMA, "columns")
def columns(schema: SystemSchema) -> Iterable[Row]:
    for found in schema.all_tables():
        if isinstance(found, View):
            for position, (column, nullable) in enumerate(
                zip(found.columns, view_nullability(schema, found), strict=True), 1
            ):
                title, kind, comment = column
                yield _column_row(found.db, found.name, title, position, kind, nullable=nullable, comment=comment)
            continue
        for position, declared in enumerate(found.columns, 1):
            yield _column_row(
                found.db,
                found.name,
                declared.name,
                position,
                declared.type,
                default=declared.default,
                nullable=declared.nullable,
                key=_KEY[found.model] if declared.is_key else "",
                comment=declared.comment,
            )
    for db, name in system_names(schema):
        for position, system in enumerate(system_tables()[db, name], 1):
            yield _column_row(db, name, system.name, position, system.type, nullable=system.nullable)


def view_nullability(schema: SystemSchema, view: View) -> tuple[bool, ...]:
    """Which columns of a view may be NULL: all, where its query cannot be bound any more."""
    everything = (True,) * len(view.columns)
    if INFORMATION_SCHEMA in view.sql:
        # Telling of such a view may ask for the columns of all views.
        return everything
    try:
        return nullability(parse_query(view.sql), schema, schema.session.facts)
    except DorisError:
        return everything


def _column_row(
    db: str,
    table: str,
    name: str,
    position: int,
    kind: DorisType,
    *,
    default: str | None = None,
    nullable: bool = True,
    key: str = "",
    comment: str = "",
) -> Row:
    length, precision = typenames.text_length(kind), typenames.numeric_precision(kind)
    scale = typenames.numeric_scale(kind)
    return (
        _CATALOG,
        db,
        table,
        name,
        position,
        default,
        "YES" if nullable else "NO",
        typenames.data_type(kind),
        length,
        None if length is None else length * 4,
        precision,
        scale,
        typenames.datetime_precision(kind),
        None,
        None,
        typenames.column_type(kind),
        key,
        "",
        "",
        comment,
        length if precision is None else precision,
        scale,
        None,
        None,
    )


@provider(INFORMATION_SCHEMA, "views")
def views(schema: SystemSchema) -> Iterable[Row]:
    for found in schema.all_tables():
        if isinstance(found, View):
            yield _CATALOG, found.db, found.name, found.sql, "NONE", "NO", "root@%", "DEFINER", "utf8", None


@provider(INFORMATION_SCHEMA, "table_options")
def table_options(schema: SystemSchema) -> Iterable[Row]:
    for found in schema.all_tables():
        if isinstance(found, Table):
            hashed = bool(found.distribution.columns)
            yield (
                _CATALOG,
                found.db,
                found.name,
                _MODEL[found.model],
                ",".join(found.keys),
                ",".join(found.distribution.columns) if hashed else "RANDOM",
                "HASH" if hashed else "RANDOM",
                found.distribution.buckets or 10,
                len(found.partitions) or 1,
            )


@provider(INFORMATION_SCHEMA, "table_properties")
def table_properties(schema: SystemSchema) -> Iterable[Row]:
    for found in schema.all_tables():
        if isinstance(found, Table):
            for key, value in found.properties:
                yield _CATALOG, found.db, found.name, key, value


@provider(INFORMATION_SCHEMA, "metadata_name_ids")
def metadata_name_ids(schema: SystemSchema) -> Iterable[Row]:
    for db in schema.databases():
        stored = schema.snapshot.databases.get(db)
        if stored is not None:
            for found in schema.tables(db):
                yield 0, _CATALOG, stored.id, db, found.id, found.name


@provider(INFORMATION_SCHEMA, "partitions")
def partitions(schema: SystemSchema) -> Iterable[Row]:
    listed = [found for found in schema.all_tables() if isinstance(found, Table)]
    measured = schema.session.warehouse.sizes.of(schema.session.cursor, listed)
    for found in listed:
        size = measured[found.id]
        yield from _partition_rows(schema, found, size)


def _partition_rows(schema: SystemSchema, table: Table, size: Size) -> Iterator[Row]:
    for position, fact in enumerate(partition_facts(schema.session.cursor, table, size)):
        kind = table.partitioning.kind if table.partitioning else "UNPARTITIONED"
        yield (
            fact.id,
            _CATALOG,
            table.db,
            table.name,
            fact.name,
            "",
            position,
            0,
            kind,
            "",
            fact.key,
            "",
            fact.range,
            fact.rows,
            fact.bytes // fact.rows if fact.rows else 0,
            fact.bytes,
            0,
            0,
            0,
            0,
            naive(table.created_at),
            None,
            0,
            "",
            "",
            "",
            fact.readable,
            readable(fact.remote_bytes),
            "NORMAL",
            fact.replicas_text,
            fact.replicas,
            fact.policy,
            "HDD",
            "9999-12-31 15:59:59",
            None,
            fact.buckets,
            1,
            1,
            fact.key,
            fact.range,
            fact.distribution,
        )
