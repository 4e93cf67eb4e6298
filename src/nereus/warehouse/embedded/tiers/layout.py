"""The tiers' tables in DuckDB: which resources and policies there are, and which files hold cooled rows."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import duckdb

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.tiers.model import ColdTable, RemoteFile, Resource, StoragePolicy

LAYOUT = """
CREATE TABLE IF NOT EXISTS nereus.resources (
    name VARCHAR NOT NULL, id BIGINT NOT NULL, version BIGINT NOT NULL, properties VARCHAR NOT NULL
);
CREATE TABLE IF NOT EXISTS nereus.storage_policies (
    name VARCHAR NOT NULL, id BIGINT NOT NULL, version BIGINT NOT NULL, resource VARCHAR NOT NULL, ttl_s BIGINT,
    moment TIMESTAMP
);
CREATE TABLE IF NOT EXISTS nereus.cold_tables (table_id BIGINT NOT NULL, generation BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS nereus.cold_files (
    key VARCHAR NOT NULL, table_id BIGINT NOT NULL, partition_id BIGINT NOT NULL, resource VARCHAR NOT NULL,
    rows BIGINT NOT NULL, bytes BIGINT NOT NULL, checksums BLOB NOT NULL, tail BLOB NOT NULL, sources VARCHAR NOT NULL
);
CREATE TABLE IF NOT EXISTS nereus.cold_writes (
    partition_id BIGINT NOT NULL, version BIGINT NOT NULL, written TIMESTAMP NOT NULL
);
CREATE TABLE IF NOT EXISTS nereus.cold_owner (name VARCHAR NOT NULL);
"""
_FILE = "key, table_id, partition_id, resource, rows, bytes, checksums, tail, sources"


def owner(cursor: duckdb.DuckDBPyConnection) -> str:
    """The name under which this warehouse keeps its files, so that several can share a bucket."""
    found = cursor.execute("SELECT name FROM nereus.cold_owner").fetchone()
    if found is None:
        found = (f"warehouse-{secrets.token_hex(8)}",)
        cursor.execute("INSERT INTO nereus.cold_owner VALUES (?)", list(found))
    return str(found[0])


# Resources and policies


def read_resources(cursor: duckdb.DuckDBPyConnection) -> dict[str, Resource]:
    found = cursor.execute("SELECT name, id, version, properties FROM nereus.resources").fetchall()
    return {
        name: Resource(name, id_, version, tuple(json.loads(properties).items()))
        for name, id_, version, properties in found
    }


def put_resource(cursor: duckdb.DuckDBPyConnection, resource: Resource) -> None:
    remove_resource(cursor, resource.name)
    values = [resource.name, resource.id, resource.version, json.dumps(resource.values)]
    cursor.execute("INSERT INTO nereus.resources VALUES (?, ?, ?, ?)", values)


def remove_resource(cursor: duckdb.DuckDBPyConnection, name: str) -> None:
    cursor.execute("DELETE FROM nereus.resources WHERE name = ?", [name])


def read_policies(cursor: duckdb.DuckDBPyConnection) -> dict[str, StoragePolicy]:
    found = cursor.execute("SELECT name, id, version, resource, ttl_s, moment FROM nereus.storage_policies").fetchall()
    return {row[0]: StoragePolicy(*row) for row in found}


def put_policy(cursor: duckdb.DuckDBPyConnection, policy: StoragePolicy) -> None:
    remove_policy(cursor, policy.name)
    values = [policy.name, policy.id, policy.version, policy.resource, policy.ttl_s, policy.moment]
    cursor.execute("INSERT INTO nereus.storage_policies VALUES (?, ?, ?, ?, ?, ?)", values)


def remove_policy(cursor: duckdb.DuckDBPyConnection, name: str) -> None:
    cursor.execute("DELETE FROM nereus.storage_policies WHERE name = ?", [name])


# Tables


def read_tables(cursor: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> dict[int, ColdTable]:
    """The cold tables by id. `tables` are those of the catalogue."""
    by_id = {table.id: table for table in tables}
    generations = cursor.execute("SELECT table_id, generation FROM nereus.cold_tables").fetchall()
    files: dict[int, list[RemoteFile]] = {}
    for row in cursor.execute(f"SELECT {_FILE} FROM nereus.cold_files ORDER BY partition_id, key").fetchall():
        sources = tuple((name, text) for name, text in json.loads(row[8]))
        file = RemoteFile(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], sources)
        files.setdefault(row[1], []).append(file)
    return {
        table_id: ColdTable(by_id[table_id], generation, tuple(files.get(table_id, ())))
        for table_id, generation in generations
        if table_id in by_id
    }


def put_table(cursor: duckdb.DuckDBPyConnection, former: ColdTable | None, cold: ColdTable) -> ColdTable:
    """Store what has changed, in the caller's transaction. Gives it with its new generation."""
    generation = former.generation + 1 if former else 1
    new = replace(cold, generation=generation)
    if former is not None:
        cursor.execute(f"DROP VIEW IF EXISTS {former.view}")
    cursor.execute(f'CREATE OR REPLACE VIEW {new.view} AS SELECT * FROM "data"."t{new.table.id}"')
    cursor.execute("DELETE FROM nereus.cold_tables WHERE table_id = ?", [new.table.id])
    cursor.execute("INSERT INTO nereus.cold_tables VALUES (?, ?)", [new.table.id, generation])
    before = {file.key: file for file in former.files} if former else {}
    after = {file.key: file for file in new.files}
    for key, file in before.items():
        if after.get(key) != file:
            cursor.execute("DELETE FROM nereus.cold_files WHERE key = ?", [key])
    for key, file in after.items():
        if before.get(key) != file:
            values = [file.key, file.table_id, file.partition_id, file.resource, file.rows, file.size]
            sources = json.dumps(list(file.sources))
            marks = ", ".join("?" * 9)
            cursor.execute(
                f"INSERT INTO nereus.cold_files ({_FILE}) VALUES ({marks})",
                [*values, file.checksums, file.tail, sources],
            )
    return new


def remove_table(cursor: duckdb.DuckDBPyConnection, cold: ColdTable) -> None:
    cursor.execute(f"DROP VIEW IF EXISTS {cold.view}")
    cursor.execute("DELETE FROM nereus.cold_tables WHERE table_id = ?", [cold.table.id])
    cursor.execute("DELETE FROM nereus.cold_files WHERE table_id = ?", [cold.table.id])


# When partitions were written


def read_writes(cursor: duckdb.DuckDBPyConnection) -> dict[int, tuple[int, datetime]]:
    """By partition: the version of its rows last seen, and when that was first seen (UTC)."""
    found = cursor.execute("SELECT partition_id, version, written FROM nereus.cold_writes").fetchall()
    return {partition_id: (version, written) for partition_id, version, written in found}


def put_write(cursor: duckdb.DuckDBPyConnection, partition_id: int, version: int, written: datetime) -> None:
    cursor.execute("DELETE FROM nereus.cold_writes WHERE partition_id = ?", [partition_id])
    cursor.execute("INSERT INTO nereus.cold_writes VALUES (?, ?, ?)", [partition_id, version, written])
