"""SHOW DATABASES, TABLES, VIEWS, TABLE STATUS and CREATE ...."""

from __future__ import annotations

from nereus.warehouse.embedded.catalog.model import View
from nereus.warehouse.embedded.denials import database_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.introspection.columns import DATABASES, INTERNAL, system_tables
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.answers import (
    from_system_table,
    known_database,
    like,
    named_database,
    text_literal,
    typed_rows,
)
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.types import BIGINT, DATETIME, VARCHAR, DorisType

#: Columns of information_schema.tables behind SHOW TABLE STATUS, with name and type in the result.
_STATUS: tuple[tuple[str, str, DorisType], ...] = (
    ("TABLE_NAME", "Name", VARCHAR),
    ("ENGINE", "Engine", VARCHAR),
    ("VERSION", "Version", BIGINT),
    ("ROW_FORMAT", "Row_format", VARCHAR),
    ("TABLE_ROWS", "Rows", BIGINT),
    ("AVG_ROW_LENGTH", "Avg_row_length", BIGINT),
    ("DATA_LENGTH", "Data_length", BIGINT),
    ("MAX_DATA_LENGTH", "Max_data_length", BIGINT),
    ("INDEX_LENGTH", "Index_length", BIGINT),
    ("DATA_FREE", "Data_free", BIGINT),
    ("AUTO_INCREMENT", "Auto_increment", BIGINT),
    ("CREATE_TIME", "Create_time", DATETIME),
    ("UPDATE_TIME", "Update_time", DATETIME),
    ("CHECK_TIME", "Check_time", DATETIME),
    ("TABLE_COLLATION", "Collation", VARCHAR),
    ("CHECKSUM", "Checksum", BIGINT),
    ("CREATE_OPTIONS", "Create_options", VARCHAR),
    ("TABLE_COMMENT", "Comment", VARCHAR),
)


@statement("SHOW DATABASES", "SHOW SCHEMAS", kind="SHOW")
def show_databases(session: Session, text: str) -> Result:
    """SHOW DATABASES [FROM internal] [LIKE | WHERE]"""
    reader = Reader.after(text, "SHOW")
    reader.advance()
    if reader.accept("FROM"):
        catalog = reader.name()
        if catalog != "internal":
            raise DorisError(f"No catalog found with name {catalog}")
    chosen = reader.filter()
    reader.finish()
    if chosen.where is not None:
        columns = [("SCHEMA_NAME", "Database")]
        return from_system_table(session, "schemata", columns, where=chosen.where, renamed={"database": "SCHEMA_NAME"})
    matches = like(chosen.like)
    return text_rows(["Database"], [[name] for name in session.warehouse.schema(session).databases() if matches(name)])


@statement("SHOW TABLES", "SHOW FULL TABLES", "SHOW VIEWS", "SHOW FULL VIEWS", kind="SHOW")
def show_tables(session: Session, text: str) -> Result:
    """SHOW [FULL] TABLES | VIEWS [FROM db] [LIKE | WHERE]"""
    reader = Reader.after(text, "SHOW")
    full = reader.accept("FULL")
    views = reader.advance().word == "VIEWS"
    db = named_database(session, reader.from_database(session.database))
    chosen = reader.filter()
    reader.finish()
    title = f"Tables_in_{db}"
    if chosen.where is not None:
        columns = [("TABLE_NAME", title), *([("TABLE_TYPE", "Table_type")] if full else [])]
        condition = f"TABLE_SCHEMA = {text_literal(db)}" + (" AND ENGINE = 'View'" if views else "")
        return from_system_table(session, "tables", columns, where=chosen.where, condition=condition)
    matches = like(chosen.like)
    rows = [row for row in _listed(session, db) if matches(row[0]) and (not views or row[1] == "VIEW")]
    if not full:
        return text_rows([title], [row[:1] for row in rows])
    return text_rows([title, "Table_type", "Storage_format", "Inverted_index_storage_format"], rows)


def _listed(session: Session, db: str) -> list[tuple[str, str, str, str]]:
    """Name, type, storage format and format of inverted indexes of what the user sees in a database."""
    if db in DATABASES:
        kind = "BASE TABLE" if db == INTERNAL else "SYSTEM VIEW"
        if not session.rights.sees_database(db):
            return []
        return [(name, kind, "NONE", "NONE") for owner, name in sorted(system_tables()) if owner == db]
    return [
        (found.name, "VIEW", "NONE", "NONE") if isinstance(found, View) else (found.name, "BASE TABLE", "V2", "V2")
        for found in session.warehouse.schema(session).tables(db)
    ]


@statement("SHOW TABLE STATUS", kind="SHOW")
def show_table_status(session: Session, text: str) -> Result:
    """SHOW TABLE STATUS [FROM db] [LIKE | WHERE]: a query on information_schema.tables"""
    reader = Reader.after(text, "SHOW", "TABLE", "STATUS")
    db = reader.from_database(session.database) or session.current_database()
    chosen = reader.filter()
    reader.finish()
    schema = session.warehouse.schema(session)
    found = schema.database_name(db)
    if not session.rights.sees_database(found or db):
        raise database_denied(session, db)
    if found is None:
        return typed_rows([(name, kind) for _, name, kind in _STATUS], [])
    condition = f"TABLE_SCHEMA = {text_literal(found)}"
    if chosen.like is not None:
        condition += f" AND TABLE_NAME LIKE {text_literal(chosen.like)}"
    columns = [(column, name) for column, name, _ in _STATUS]
    renamed = {name.lower(): column for column, name, _ in _STATUS}
    return from_system_table(session, "tables", columns, where=chosen.where, condition=condition, renamed=renamed)


@statement("SHOW CREATE DATABASE", "SHOW CREATE SCHEMA", kind="SHOW")
def show_create_database(session: Session, text: str) -> Result:
    reader = Reader.after(text, "SHOW", "CREATE")
    reader.advance()
    db = reader.database()
    reader.finish()
    if not session.rights.sees_database(db):
        raise database_denied(session, db)
    found = known_database(session, db)
    stored = session.warehouse.catalog.snapshot().databases.get(found)
    statement_text = f"CREATE DATABASE `{found}`"
    if stored is not None and stored.properties:
        listed = ",\n".join(f'"{key}" = "{value}"' for key, value in stored.properties)
        statement_text += f"\nPROPERTIES (\n{listed}\n)"
    return text_rows(["Database", "Create Database"], [[found, statement_text]])
