"""SHOW COLUMNS, SHOW INDEX and what DESC shows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nereus.warehouse.embedded.catalog.model import KeyModel, Table, View
from nereus.warehouse.embedded.denials import command_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.introspection.objects import view_nullability
from nereus.warehouse.embedded.introspection.typenames import internal_type
from nereus.warehouse.embedded.privileges import WANTED
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.answers import find, from_system_table, like, text_literal
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.types import DorisType

_FULL = ("Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment")
_SHORT = ("Field", "Type", "Null", "Key", "Default", "Extra")
_BEHIND = {
    "Field": "COLUMN_NAME",
    "Type": "COLUMN_TYPE",
    "Collation": "COLLATION_NAME",
    "Null": "IS_NULLABLE",
    "Key": "COLUMN_KEY",
    "Default": "COLUMN_DEFAULT",
    "Extra": "EXTRA",
    "Privileges": "PRIVILEGES",
    "Comment": "COLUMN_COMMENT",
}
_RENAMED = {name.lower(): _BEHIND[name] for name in ("Field", "Type", "Null", "Default", "Comment")}

_INDEX = (
    "Table",
    "Non_unique",
    "Key_name",
    "Seq_in_index",
    "Column_name",
    "Collation",
    "Cardinality",
    "Sub_part",
    "Packed",
    "Null",
    "Index_type",
    "Comment",
    "Properties",
)
_DESC_ALL = (
    "IndexName",
    "IndexKeysType",
    "Field",
    "Type",
    "InternalType",
    "Null",
    "Key",
    "Default",
    "Extra",
    "Visible",
    "DefineExpr",
    "WhereClause",
)


class Described(NamedTuple):
    """One column as SHOW COLUMNS and DESC tell of it."""

    name: str
    type: DorisType
    nullable: bool
    key: bool
    default: str | None
    aggregation: str
    comment: str
    auto_increment: bool = False


def described(session: Session, db: str, name: str) -> Iterator[Described]:
    """The columns of a table, view or system table. Raises DorisError where it does not exist."""
    found = find(session, db, name)
    if found is None:
        for system in session.warehouse.schema(session).columns(db, name) or ():
            yield Described(system.name, system.type, system.nullable, False, None, "", "")
    elif isinstance(found, View):
        for (title, kind, comment), nullable in zip(
            found.columns, view_nullability(session.warehouse.schema(session), found), strict=True
        ):
            yield Described(title, kind, nullable, False, None, "", comment)
    else:
        for column in found.columns:
            yield Described(
                column.name,
                column.type,
                column.nullable,
                column.is_key,
                column.default,
                "" if column.is_key else column.aggregation or "NONE",
                column.comment,
                column.auto_increment is not None,
            )


@statement("SHOW COLUMNS", "SHOW FULL COLUMNS", "SHOW FIELDS", "SHOW FULL FIELDS", kind="SHOW")
def show_columns(session: Session, text: str) -> Result:
    """SHOW [FULL] COLUMNS FROM table [FROM db] [LIKE | WHERE]"""
    reader = Reader.after(text, "SHOW")
    full = reader.accept("FULL")
    reader.advance()
    db, name = _table(session, reader)
    chosen = reader.filter()
    reader.finish()
    error = DorisError(
        f"Access denied; you need (at least one of) the ({WANTED['SHOW'].label}) privilege(s) on table "
        f"internal.{db}.{name} for this operation"
    )
    if not session.rights.sees_table(db, name):
        raise error
    names = _FULL if full else _SHORT
    if chosen.where is not None:
        find(session, db, name)
        condition = f"TABLE_SCHEMA = {text_literal(db)} AND TABLE_NAME = {text_literal(name)}"
        columns = [(_BEHIND[title], title) for title in names]
        return from_system_table(session, "columns", columns, where=chosen.where, condition=condition, renamed=_RENAMED)
    matches = like(chosen.like, case_sensitive=False)
    rows = []
    for column in described(session, db, name):
        if matches(column.name):
            row = {
                "Field": column.name,
                "Type": internal_type(column.type),
                "Null": "YES" if column.nullable else "NO",
                "Key": "YES" if column.key else "NO",
                "Default": column.default,
                "Extra": column.aggregation,
                "Comment": column.comment,
            }
            rows.append([row.get(title, "") for title in names])
    return text_rows(names, rows)


@statement("SHOW INDEX", "SHOW INDEXES", "SHOW KEY", "SHOW KEYS", kind="SHOW")
def show_index(session: Session, text: str) -> Result:
    """SHOW INDEX FROM table [FROM db]"""
    reader = Reader.after(text, "SHOW")
    reader.advance()
    db, name = _table(session, reader)
    reader.finish()
    if not session.rights.sees_table(db, name):
        raise command_denied(session, "SHOW INDEX", f"`{db}`.`{name}`")
    found = find(session, db, name)
    rows = []
    for index in found.indexes if isinstance(found, Table) else ():
        listed = ", ".join(f'"{key}" = "{value}"' for key, value in index.properties)
        properties = f"({listed})" if listed else ""
        row = [name, "", index.name, "", ",".join(index.columns), "", "", "", "", "", index.kind]
        rows.append([*row, index.comment, properties])
    return text_rows(_INDEX, rows)


def describe(session: Session, db: str, name: str, *, everything: bool = False) -> Result:
    """DESC table [ALL]"""
    if not session.rights.sees_table(db, name):
        find(session, db, name)
        raise command_denied(session, "DESCRIBE", f"{db}.{name}")
    found = find(session, db, name)
    if everything and isinstance(found, View):
        raise DorisError("Unknown storage engine 'VIEW'")
    bloom = _bloom_filters(found) if isinstance(found, Table) else set()
    rows = []
    for column in described(session, db, name):
        extras = [column.aggregation] if column.aggregation else []
        if column.name.lower() in bloom:
            extras.append("BLOOM_FILTER")
        if column.auto_increment and not everything:
            extras.append("AUTO_INCREMENT")
        null, key = "Yes" if column.nullable else "No", str(column.key).lower()
        tail = [null, key, column.default, ",".join(extras)]
        if everything:
            rows.append(["", "", column.name, str(column.type), internal_type(column.type), *tail, "true", "", ""])
        else:
            rows.append([column.name, str(column.type), *tail])
    if not everything:
        return text_rows(_SHORT, rows)
    if rows and isinstance(found, Table):
        rows[0][:2] = [name, _KEYS_TYPE[found.model]]
    return text_rows(_DESC_ALL, rows)


_KEYS_TYPE = {
    KeyModel.DUPLICATE: "DUP_KEYS",
    KeyModel.UNIQUE: "UNIQUE_KEYS",
    KeyModel.AGGREGATE: "AGG_KEYS",
}


def _bloom_filters(table: Table) -> set[str]:
    named = dict(table.properties).get("bloom_filter_columns", "")
    return {name.strip().lower() for name in named.split(",") if name.strip()}


def _table(session: Session, reader: Reader) -> tuple[str, str]:
    """``FROM [db.]table [FROM db]``."""
    if not (reader.accept("FROM") or reader.accept("IN")):
        reader.fail("{'FROM', 'IN'}")
    db, name = reader.table(session.database or "")
    db = reader.from_database(db) or db
    if not db:
        raise DorisError("No database selected")
    found = session.warehouse.schema(session).database_name(db)
    if found is None:
        raise DorisError(f"Unknown database '{db}'")
    return found, name
