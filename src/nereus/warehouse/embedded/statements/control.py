"""USE, SWITCH, KILL, locks, and statements that are accepted without effect."""

from __future__ import annotations

from nereus.warehouse.embedded.dispatch import refuse, statement
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import END, STRING
from nereus.warehouse.embedded.statements.reader import Reader

refuse("CREATE STORAGE VAULT", "ALTER STORAGE VAULT", "DROP STORAGE VAULT", kind="CREATE")


@statement("USE", kind="USE")
def use(session: Session, text: str) -> Ok:
    """USE [internal.]database"""
    reader = Reader.after(text, "USE")
    parts = reader.dotted()
    reader.finish()
    if len(parts) > 2:
        raise DorisError(f"Not supported name: {'.'.join(parts)}")
    session.use(".".join(parts))
    return Ok()


@statement("SWITCH", kind="SWITCH")
def switch(session: Session, text: str) -> Ok:
    """SWITCH internal: there is no other catalogue."""
    reader = Reader.after(text, "SWITCH")
    name = reader.name()
    reader.finish()
    if name != "internal":
        if not session.allows("SHOW"):
            raise DorisError(f"Access denied for user '{session.identity.name}' to catalog '{name}'")
        raise DorisError(f"Unknown catalog '{name}'", 5086, "42000")
    session.database = None
    return Ok()


@statement("KILL", kind="KILL")
def kill(session: Session, text: str) -> Ok:
    """KILL [CONNECTION] id | KILL QUERY id | KILL QUERY 'query id': one's own sessions, or any as admin."""
    reader = Reader.after(text, "KILL")
    query = reader.accept_word("QUERY")
    if not query:
        reader.accept_word("CONNECTION")
    processes = session.warehouse.processes
    if query and reader.kind == STRING:
        name = reader.string()
        target = processes.by_query(name)
        unknown = DorisError(f"Unknown query id: {name}")
    else:
        number = reader.integer()
        name = str(number)
        target = processes.get(number)
        unknown = DorisError(f"Unknown thread id: {number}")
    reader.finish()
    if target is None:
        raise unknown
    if target is session:
        session.killed = session.killed or not query
        return Ok()
    if target.identity.name != session.identity.name and not session.allows("ADMIN"):
        raise DorisError(f"You are not owner of thread or query: {name}")
    target.kill(connection=not query, by=session.host)
    return Ok()


@statement("START TRANSACTION", kind="TRANSACTION")
def start_transaction(session: Session, text: str) -> Ok:
    """START TRANSACTION [WITH CONSISTENT SNAPSHOT]: accepted without effect, as in Doris."""
    reader = Reader.after(text, "START", "TRANSACTION")
    reader.accept_words("WITH", "CONSISTENT", "SNAPSHOT")
    reader.finish()
    return Ok()


@statement("LOCK TABLES", "UNLOCK TABLES", kind="OTHER")
def lock_tables(session: Session, text: str) -> Ok:
    """Accepted without effect, as in Doris."""
    reader = Reader(text)
    unlock = reader.accept_word("UNLOCK")
    if not unlock:
        reader.expect_word("LOCK")
    reader.expect_word("TABLES")
    while not unlock and reader.kind != END:
        reader.dotted()
        if reader.accept("AS"):
            reader.name_or_string()
        if reader.accept("READ"):
            reader.accept_word("LOCAL")
        else:
            reader.accept("LOW_PRIORITY")
            reader.expect("WRITE")
        if not reader.accept(","):
            break
    reader.finish()
    return Ok()
