"""What was dropped without FORCE: it can be recovered for a day, as in Doris."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import duckdb

from nereus.warehouse.embedded.catalog.codec import decode, encode
from nereus.warehouse.embedded.catalog.model import DatabaseDef, Table, View
from nereus.warehouse.embedded.catalog.snapshot import physical
from nereus.warehouse.embedded.engine import Engine

#: Doris' catalog_trash_expire_second.
KEEP = timedelta(days=1)

_LAYOUT = """
CREATE TABLE IF NOT EXISTS nereus.recycled (
    id BIGINT NOT NULL, db_id BIGINT NOT NULL, with_db BOOLEAN NOT NULL, dropped_at TIMESTAMP NOT NULL,
    definition VARCHAR NOT NULL
);
"""


def open_bin(engine: Engine) -> None:
    """Make the bin where it is missing, and empty it of what is too old."""
    cursor = engine.cursor()
    try:
        cursor.execute(_LAYOUT)
        cursor.begin()
        purge(cursor)
        cursor.commit()
    finally:
        cursor.close()


def purge(cursor: duckdb.DuckDBPyConnection) -> None:
    """Remove for good what was dropped more than `KEEP` ago, in the caller's transaction."""
    oldest = _now() - KEEP
    old = cursor.execute("SELECT definition FROM nereus.recycled WHERE dropped_at < ?", [oldest]).fetchall()
    for (text,) in old:
        gone = decode(text)
        if isinstance(gone, Table):
            cursor.execute(f"DROP TABLE IF EXISTS {physical(gone)}")
            cursor.execute("DELETE FROM nereus.auto_increment WHERE table_id = ?", [gone.id])
    if old:
        cursor.execute("DELETE FROM nereus.recycled WHERE dropped_at < ?", [oldest])


def recyclable(relation: Table | View) -> bool:
    """Whether its rows can be left where they are: not those that stand elsewhere or are made from others."""
    if isinstance(relation, View):
        return True
    return (
        relation.materialized is None and not relation.temporary and "storage_policy" not in dict(relation.properties)
    )


def put(cursor: duckdb.DuckDBPyConnection, db: DatabaseDef, relation: Table | View, *, with_db: bool) -> None:
    """Move a definition from the catalogue into the bin; its rows stay where they are."""
    cursor.execute("DELETE FROM nereus.relations WHERE id = ?", [relation.id])
    _put(cursor, relation.id, db.id, encode(relation), with_db=with_db)


def put_database(cursor: duckdb.DuckDBPyConnection, db: DatabaseDef) -> None:
    cursor.execute("DELETE FROM nereus.databases WHERE id = ?", [db.id])
    _put(cursor, db.id, db.id, encode(db), with_db=True)


def take_table(cursor: duckdb.DuckDBPyConnection, db: DatabaseDef, name: str, wanted: int) -> Table | None:
    """The table of that name (and id, unless it is -1) that was dropped last; it leaves the bin."""
    rows = cursor.execute(
        "SELECT definition FROM nereus.recycled WHERE db_id = ? AND NOT with_db ORDER BY dropped_at DESC, rowid DESC",
        [db.id],
    ).fetchall()
    for (text,) in rows:
        found = decode(text)
        if isinstance(found, Table) and found.name == name and wanted in (-1, found.id):
            cursor.execute("DELETE FROM nereus.recycled WHERE id = ?", [found.id])
            return found
    return None


def take_database(
    cursor: duckdb.DuckDBPyConnection, name: str, wanted: int
) -> tuple[DatabaseDef, list[Table | View]] | None:
    """The database of that name that was dropped last, and what was in it; they leave the bin."""
    rows = cursor.execute(
        "SELECT id, definition FROM nereus.recycled WHERE id = db_id ORDER BY dropped_at DESC, rowid DESC"
    ).fetchall()
    for db_id, text in rows:
        found = cast(DatabaseDef, decode(text))
        if found.name == name and wanted in (-1, db_id):
            inside = cursor.execute(
                "SELECT definition FROM nereus.recycled WHERE db_id = ? AND with_db AND id <> db_id", [db_id]
            ).fetchall()
            cursor.execute("DELETE FROM nereus.recycled WHERE db_id = ? AND with_db", [db_id])
            return found, [cast(Table | View, decode(row[0])) for row in inside]
    return None


def _put(cursor: duckdb.DuckDBPyConnection, id_: int, db_id: int, text: str, *, with_db: bool) -> None:
    cursor.execute("INSERT INTO nereus.recycled VALUES (?, ?, ?, ?, ?)", [id_, db_id, with_db, _now(), text])


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
