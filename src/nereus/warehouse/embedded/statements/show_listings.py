"""SHOW statements that list what the embedded warehouse has none of, with the columns in which Doris lists it."""

from __future__ import annotations

from importlib import resources

from nereus.warehouse.embedded.catalog.model import Table, View
from nereus.warehouse.embedded.ddl import show_create
from nereus.warehouse.embedded.denials import database_denied, missing
from nereus.warehouse.embedded.dispatch import opening_words, statement
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.answers import find, named_database
from nereus.warehouse.embedded.statements.filtering import filtered
from nereus.warehouse.embedded.statements.reader import Reader

_TAIL = ("WHERE", "ORDER", "LIMIT")


def _register(opening: str, scope: str, privilege: str, names: list[str]) -> None:
    words = opening.split()

    def show(session: Session, text: str) -> Result:
        if privilege:
            session.check(privilege, error=missing(privilege))
        reader = Reader.after(text, *words)
        if scope == "db":
            _database(session, reader)
        elif scope == "table":
            _table(session, reader)
        elif reader.accept("FOR"):
            name = ".".join(reader.dotted())
            raise DorisError(f"There is no job named {name} in db {session.current_database()}")
        if reader.accept("LIKE"):
            reader.string()
            reader.finish()
            return text_rows(names, [])
        return filtered(session, names, [], reader.tail())

    statement(opening, kind="ADMIN" if words[0] == "ADMIN" else "SHOW")(show)


def _database(session: Session, reader: Reader) -> None:
    """``[FROM | IN db]``: a database that exists and that the user may see."""
    named = reader.from_database(session.database)
    db = named_database(session, named)
    if not session.rights.sees_database(db):
        raise database_denied(session, db)


def _table(session: Session, reader: Reader) -> None:
    """``FROM [db.]table [PARTITION (...)]``: a table that exists, views not."""
    reader.expect("FROM")
    db, name = reader.table(session.database)
    if not isinstance(find(session, db, name), Table):
        raise DorisError(f"Unknown table '{name}'")
    if reader.accept("PARTITION") or reader.accept("PARTITIONS"):
        if not reader.accept("("):
            reader.name()
            return
        reader.name()
        while reader.accept(","):
            reader.name()
        reader.expect(")")


def _load() -> None:
    data = resources.files("nereus.warehouse.embedded.statements").joinpath("listings.tsv").read_text("utf-8")
    for line in data.splitlines():
        if not line.startswith("#"):
            opening, scope, privilege, columns = line.split("\t")
            # A name with a space in it makes the line be cut at bars.
            _register(opening, scope, privilege, columns.split("|" if "|" in columns else None))


_load()


@statement("SHOW DELETE", kind="SHOW")
def show_delete(session: Session, text: str) -> Result:
    """SHOW DELETE [FROM db]: none is listed, since each is done when it answers"""
    reader = Reader.after(text, "SHOW", "DELETE")
    _database(session, reader)
    reader.finish()
    return text_rows(["TableName", "PartitionName", "CreateTime", "DeleteCondition", "State"], [])


@statement("SHOW LAST INSERT", kind="SHOW")
def show_last_insert(session: Session, text: str) -> Result:
    """SHOW LAST INSERT: of this session"""
    Reader.after(text, "SHOW", "LAST", "INSERT").finish()
    names = ["TransactionId", "Label", "Database", "Table", "TransactionStatus", "LoadedRows", "FilteredRows"]
    return text_rows(names, [] if session.last_insert is None else [session.last_insert])


@statement("SHOW TRASH", kind="SHOW")
def show_trash(session: Session, text: str) -> Result:
    """SHOW TRASH [ON "host:port"]: the one node keeps none"""
    session.check("ADMIN_OR_NODE", error=missing("ADMIN/OPERATOR"))
    reader = Reader.after(text, "SHOW", "TRASH")
    if reader.accept("ON"):
        reader.expect("(")
        reader.string()
        reader.expect(")")
    reader.finish()
    return text_rows(["BackendId", "Backend", "TrashUsedCapacity"], [["10000", "127.0.0.1:-1", "0.000 "]])


@statement("ADMIN DIAGNOSE TABLET", "SHOW TABLET DIAGNOSIS", kind="ADMIN")
def diagnose_tablet(session: Session, text: str) -> Result:
    """ADMIN DIAGNOSE TABLET id | SHOW TABLET DIAGNOSIS id: there are no tablets"""
    session.check("ADMIN", error=missing("ADMIN"))
    reader = Reader.after(text, *opening_words(text)[:3])
    reader.integer()
    reader.finish()
    return text_rows(["Item", "Info", "Suggestion"], [["TabletExist", "No", ""]])


@statement("SHOW VIEW", kind="SHOW")
def show_view(session: Session, text: str) -> Result:
    """SHOW VIEW FROM [db.]table: the views that read it"""
    reader = Reader.after(text, "SHOW", "VIEW")
    if not (reader.accept("FROM") or reader.accept("IN")):
        reader.fail("{'FROM', 'IN'}")
    db, name = reader.table(session.database)
    if reader.accept("FROM") or reader.accept("IN"):
        db = reader.name()
    reader.finish()
    find(session, db, name)
    mark = f"`{db}`.`{name}`"
    rows = []
    for other in session.warehouse.catalog.snapshot().databases:
        for view in session.warehouse.schema(session).tables(other):
            if isinstance(view, View) and mark in view.sql and session.rights.sees_table(other, view.name):
                rows.append([view.name, show_create(view)])
    return text_rows(["View", "Create View"], rows)
