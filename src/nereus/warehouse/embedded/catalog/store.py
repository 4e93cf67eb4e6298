"""The catalogue's tables in DuckDB: schema `nereus` for what is known, schema `data` for rows."""

from __future__ import annotations

import threading
from typing import cast

import duckdb

from nereus.errors import Failure
from nereus.warehouse.embedded.catalog.codec import decode, encode
from nereus.warehouse.embedded.catalog.model import DatabaseDef, Table, View
from nereus.warehouse.embedded.catalog.snapshot import Snapshot
from nereus.warehouse.embedded.engine import Engine

#: Raised with every change of the layout below that an older program could not read.
FORMAT = 1

_LAYOUT = """
CREATE SCHEMA IF NOT EXISTS data;
CREATE SCHEMA IF NOT EXISTS nereus;
CREATE TABLE IF NOT EXISTS nereus.format (version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS nereus.databases (id BIGINT NOT NULL, definition VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS nereus.relations (id BIGINT NOT NULL, db_id BIGINT NOT NULL, definition VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS nereus.ids (kind VARCHAR NOT NULL, reserved BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS nereus.auto_increment (table_id BIGINT NOT NULL, next BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS nereus.labels (
    db_id BIGINT, label VARCHAR, txn_id BIGINT NOT NULL, table_id BIGINT NOT NULL, rows BIGINT NOT NULL,
    finished_at TIMESTAMP NOT NULL, PRIMARY KEY (db_id, label)
);
"""


def open_store(engine: Engine) -> Snapshot:
    """Create the layout where it is missing and read the catalogue.

    Raises Failure when the file was written by a newer version.
    """
    cursor = engine.cursor()
    try:
        cursor.execute(_LAYOUT)
        found = cursor.execute("SELECT max(version) FROM nereus.format").fetchone()
        version = found[0] if found else None
        if version is None:
            cursor.execute("INSERT INTO nereus.format VALUES (?)", [FORMAT])
        elif version > FORMAT:
            raise Failure(
                f"the warehouse file has format {version}; this program reads up to {FORMAT}",
                fix="Use the version of Nereus that wrote it.",
            )
        return _read(cursor)
    finally:
        cursor.close()


def _read(cursor: duckdb.DuckDBPyConnection) -> Snapshot:
    relations: dict[int, dict[str, Table | View]] = {}
    for db_id, text in cursor.execute("SELECT db_id, definition FROM nereus.relations").fetchall():
        relation = cast(Table | View, decode(text))
        relations.setdefault(db_id, {})[relation.name] = relation
    databases = {}
    for db_id, text in cursor.execute("SELECT id, definition FROM nereus.databases").fetchall():
        db = cast(DatabaseDef, decode(text))
        databases[db.name] = DatabaseDef(db.name, db.id, relations.get(db_id, {}), db.properties, db.created_at)
    return Snapshot(1, databases)


def put_database(cursor: duckdb.DuckDBPyConnection, db: DatabaseDef) -> None:
    remove_database(cursor, db)
    cursor.execute("INSERT INTO nereus.databases VALUES (?, ?)", [db.id, encode(db)])


def remove_database(cursor: duckdb.DuckDBPyConnection, db: DatabaseDef) -> None:
    cursor.execute("DELETE FROM nereus.databases WHERE id = ?", [db.id])


def put_relation(cursor: duckdb.DuckDBPyConnection, db: DatabaseDef, relation: Table | View) -> None:
    cursor.execute("DELETE FROM nereus.relations WHERE id = ?", [relation.id])
    cursor.execute("INSERT INTO nereus.relations VALUES (?, ?, ?)", [relation.id, db.id, encode(relation)])


def remove_relation(cursor: duckdb.DuckDBPyConnection, relation: Table | View) -> None:
    cursor.execute("DELETE FROM nereus.relations WHERE id = ?", [relation.id])
    cursor.execute("DELETE FROM nereus.auto_increment WHERE table_id = ?", [relation.id])


class Ids:
    """Numbers that are never given twice, not even after a crash: reserved a block at a time, as Doris does."""

    _BLOCK = 1000

    def __init__(self, engine: Engine, kind: str, first: int) -> None:
        self._engine = engine
        self._kind = kind
        self._lock = threading.Lock()
        cursor = engine.cursor()
        row = cursor.execute("SELECT max(reserved) FROM nereus.ids WHERE kind = ?", [kind]).fetchone()
        cursor.close()
        reserved = row[0] if row else None
        self._next = first if reserved is None else reserved
        self._reserved = self._next

    def take(self) -> int:
        with self._lock:
            if self._next >= self._reserved:
                self._reserve(self._next + self._BLOCK)
            self._next += 1
            return self._next - 1

    def _reserve(self, until: int) -> None:
        cursor = self._engine.cursor()
        try:
            cursor.begin()
            cursor.execute("DELETE FROM nereus.ids WHERE kind = ?", [self._kind])
            cursor.execute("INSERT INTO nereus.ids VALUES (?, ?)", [self._kind, until])
            cursor.commit()
        finally:
            cursor.close()
        self._reserved = until
