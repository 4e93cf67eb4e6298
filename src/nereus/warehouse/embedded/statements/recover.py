"""RECOVER: what was dropped without FORCE, for a day."""

from __future__ import annotations

from nereus.warehouse.embedded.denials import command_denied, database_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import INTEGER
from nereus.warehouse.embedded.statements.reader import Reader


@statement("RECOVER DATABASE", kind="RECOVER")
def recover_database(session: Session, text: str) -> Ok:
    """RECOVER DATABASE name [id] [AS new]"""
    reader = Reader.after(text, "RECOVER", "DATABASE")
    name = reader.name()
    wanted, new_name = _which(reader)
    for privilege in ("ALTER", "CREATE"):
        session.check(privilege, name, error=database_denied(session, name))
    session.warehouse.catalog.recover_database(name, wanted, new_name)
    return Ok()


@statement("RECOVER TABLE", kind="RECOVER")
def recover_table(session: Session, text: str) -> Ok:
    """RECOVER TABLE [db.]name [id] [AS new]"""
    reader = Reader.after(text, "RECOVER", "TABLE")
    db, name = reader.table(session.database)
    wanted, new_name = _which(reader)
    for privilege in ("ALTER", "CREATE"):
        session.check(privilege, db, name, error=command_denied(session, "RECOVERY", f"{db}: {name}"))
    session.warehouse.catalog.recover_table(db, name, wanted, new_name)
    return Ok()


@statement("RECOVER PARTITION", kind="RECOVER")
def recover_partition(session: Session, text: str) -> Ok:
    """Rows of a dropped partition are gone at once."""
    raise Refused("RECOVER PARTITION", "The rows of a dropped partition are gone: load them again.")


def _which(reader: Reader) -> tuple[int, str | None]:
    """``[id] [AS new]``; an id of -1 is any."""
    wanted = int(reader.advance().value) if reader.kind == INTEGER else -1
    new_name = reader.name() if reader.accept("AS") else None
    reader.finish()
    return wanted, new_name
