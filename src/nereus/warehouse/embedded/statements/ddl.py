"""CREATE, DROP and TRUNCATE of databases, tables and views; ALTER DATABASE and ALTER VIEW."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from nereus.warehouse.embedded.catalog.model import DatabaseDef, Rollup, Table
from nereus.warehouse.embedded.ddl import build_table, parse_ddl, syntax
from nereus.warehouse.embedded.denials import database_denied, missing, table_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.ctas import create_table_as_select
from nereus.warehouse.embedded.statements.generated import with_generated
from nereus.warehouse.embedded.statements.views import comment_view, create_view

_SYSTEM = ("information_schema", "mysql", "__internal_schema")
_Read = TypeVar("_Read")


def read(session: Session, text: str, kind: type[_Read]) -> _Read:
    """Parse a DDL statement that must be of one kind."""
    found = parse_ddl(text, sql_mode=session.variables["sql_mode"])
    if not isinstance(found, kind):
        raise Refused(f"statements like {text.split(maxsplit=2)[:2]}")
    return found


def locate(session: Session, name: syntax.NameParts) -> tuple[str, str]:
    """(database, name) of what a statement names."""
    db = name[0] if len(name) == 2 else session.current_database()
    return db, name[-1]


@statement("CREATE DATABASE", "CREATE SCHEMA", kind="CREATE")
def create_database(session: Session, text: str) -> Ok:
    """CREATE DATABASE [IF NOT EXISTS] name [PROPERTIES (...)]"""
    written = read(session, text, syntax.CreateDatabase)
    name = _database_name(written.name)
    session.check("CREATE", name, error=database_denied(session, name))
    if name.lower() in _SYSTEM:
        if written.if_not_exists:
            return Ok()
        raise DorisError(f"Can't create database '{name}'; database exists")
    for key in written.properties:
        if key not in ("replication_allocation", "replication_num"):
            raise Refused(f"the database property {key}")
    properties = tuple(sorted(written.properties.items()))
    session.warehouse.catalog.create_database(name, if_not_exists=written.if_not_exists, properties=properties)
    return Ok()


@statement("ALTER DATABASE", kind="ALTER")
def alter_database(session: Session, text: str) -> Ok:
    """ALTER DATABASE name RENAME new | SET PROPERTIES (...)"""
    written = read(session, text, syntax.AlterDatabase)
    session.check("ALTER", written.name, error=database_denied(session, written.name))
    if written.new_name == written.name:
        raise DorisError("Same database name")

    def change(db: DatabaseDef) -> DatabaseDef:
        if written.new_name is not None:
            return replace(db, name=written.new_name)
        return replace(db, properties=tuple(sorted((dict(db.properties) | written.properties).items())))

    session.warehouse.catalog.change_database(written.name, change)
    return Ok()


@statement("DROP DATABASE", "DROP SCHEMA", kind="DROP")
def drop_database(session: Session, text: str) -> Ok:
    """DROP DATABASE [IF EXISTS] name [FORCE]: without FORCE it can be recovered for a day."""
    written = read(session, text, syntax.Drop)
    name = _database_name(written.name)
    session.check("DROP", name, error=database_denied(session, name))
    if name.lower() in _SYSTEM:
        raise Refused(f"dropping the system database {name}")
    session.warehouse.catalog.drop_database(
        name, if_exists=written.if_exists, force=written.force, while_waiting=session.check_cancelled
    )
    return Ok()


@statement("CREATE TABLE", "CREATE EXTERNAL TABLE", "CREATE TEMPORARY TABLE", kind="CREATE")
def create_table(session: Session, text: str) -> Ok:
    """CREATE TABLE with columns, LIKE another, or AS SELECT."""
    written = parse_ddl(text, sql_mode=session.variables["sql_mode"])
    if not isinstance(written, syntax.CreateTable | syntax.CreateTableLike):
        raise Refused("this form of CREATE TABLE")
    db, name = locate(session, written.name)
    session.check("CREATE", db, name, error=missing("CREATE"))
    _check_user_database(db, f"Can't create table '{name}' (errno: 1005 - not supported create table in this database)")
    catalog = session.warehouse.catalog
    if isinstance(written, syntax.CreateTableLike):
        source_db, source_name = locate(session, written.source)
        session.check("SELECT", source_db, source_name)
        source = catalog.find_table(source_db, source_name)
        made = replace(source, db=db, name=name, rollups=_kept_rollups(source, written.rollups))
        catalog.create_table(made, if_not_exists=written.if_not_exists)
        return Ok()
    if written.query is not None:
        return create_table_as_select(session, written, db)
    catalog.create_table(with_generated(session, build_table(written, db)), if_not_exists=written.if_not_exists)
    return Ok()


def _kept_rollups(source: Table, wanted: tuple[str, ...] | None) -> tuple[Rollup, ...]:
    """The rollups that LIKE ... WITH ROLLUP [(names)] takes over."""
    if wanted is None:
        return ()
    for name in wanted:
        if all(rollup.name != name for rollup in source.rollups):
            raise DorisError(f"Rollup index[{name}] not exists in Table[{source.name}]")
    return tuple(rollup for rollup in source.rollups if not wanted or rollup.name in wanted)


@statement("DROP TABLE", "DROP TEMPORARY TABLE", kind="DROP")
def drop_table(session: Session, text: str) -> Ok:
    """DROP TABLE [IF EXISTS] name [FORCE]: without FORCE it can be recovered for a day."""
    _drop(session, text, view=False)
    return Ok()


@statement("DROP VIEW", kind="DROP")
def drop_view(session: Session, text: str) -> Ok:
    """DROP VIEW [IF EXISTS] name"""
    _drop(session, text, view=True)
    return Ok()


def _drop(session: Session, text: str, *, view: bool) -> None:
    written = read(session, text, syntax.Drop)
    db, name = locate(session, written.name)
    session.check("DROP", db, name, error=missing("DROP"))
    _check_user_database(db, "Drop table from this database is not allowed.")
    found = session.warehouse.catalog.snapshot().table(db, name)
    if not view and isinstance(found, Table) and found.materialized is not None:
        raise DorisError(f"'{db}.{name}' is not TABLE. Use 'DROP MATERIALIZED VIEW {db}.{name}'.")
    session.warehouse.catalog.drop(
        db,
        name,
        view=view,
        if_exists=written.if_exists,
        force=written.force,
        while_waiting=session.check_cancelled,
    )


@statement("CREATE VIEW", "CREATE OR REPLACE VIEW", kind="CREATE")
def make_view(session: Session, text: str) -> Ok:
    """CREATE [OR REPLACE] VIEW [IF NOT EXISTS] name [(columns)] [COMMENT text] AS query"""
    written = read(session, text, syntax.CreateView)
    db, name = locate(session, written.name)
    session.check("CREATE", db, name, error=table_denied("CREATE", name))
    create_view(session, written, db)
    return Ok()


@statement("ALTER VIEW", kind="ALTER")
def alter_view(session: Session, text: str) -> Ok:
    """ALTER VIEW name [(columns)] [COMMENT text] AS query | MODIFY COMMENT text"""
    written = parse_ddl(text, sql_mode=session.variables["sql_mode"])
    if not isinstance(written, syntax.CreateView | syntax.CommentView):
        raise Refused("this form of ALTER VIEW")
    db, name = locate(session, written.name)
    session.check("ALTER", db, name, error=table_denied("ALTER", name))
    old = session.warehouse.catalog.database(db).relations.get(name)
    if old is None:
        raise DorisError(f"Unknown table '{name}'")
    if isinstance(old, Table):
        raise DorisError(f"'{db}.{name}' is not VIEW. Use 'ALTER TABLE {db}.{name}'.")
    if isinstance(written, syntax.CommentView):
        comment_view(session, old, written.comment)
    else:
        create_view(session, written, db, old=old)
    return Ok()


@statement("TRUNCATE TABLE", kind="TRUNCATE")
def truncate(session: Session, text: str) -> Ok:
    """TRUNCATE TABLE name [PARTITION (...)] [FORCE]: rows go, partitions stay."""
    written = read(session, text, syntax.Truncate)
    db, name = locate(session, written.name)
    session.check("LOAD", db, name, error=missing("LOAD"))
    table = session.warehouse.catalog.find_table(db, name)
    known = {partition.name.lower() for partition in table.partitions}
    for partition in written.partitions:
        if partition.lower() not in known:
            raise DorisError(f"Partition {partition} does not exist")
    session.warehouse.writer.truncate(
        session.cursor, table, partitions=written.partitions, while_waiting=session.check_cancelled
    )
    return Ok()


def _database_name(name: syntax.NameParts) -> str:
    if len(name) == 2 and name[0] != "internal":
        raise DorisError(f"Unknown catalog '{name[0]}'", 5086)
    return name[-1]


def _check_user_database(db: str, text: str) -> None:
    if db.lower() in _SYSTEM:
        raise DorisError(text)
