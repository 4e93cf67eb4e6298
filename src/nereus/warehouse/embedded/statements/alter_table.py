"""ALTER TABLE, CREATE INDEX and DROP INDEX."""

from __future__ import annotations

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.ddl import syntax
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.ddl import locate, read
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.write.altering import alter


@statement("BUILD INDEX", kind="ALTER")
def build_index(session: Session, text: str) -> Ok:
    """BUILD INDEX [name] ON table [PARTITION (...)]: checked; there is nothing to build."""
    reader = Reader.after(text, "BUILD", "INDEX")
    name = reader.name() if reader.kind != "ON" else None
    reader.expect("ON")
    db, table_name = reader.table(session.database)
    partitions: tuple[str, ...] = ()
    if reader.accept("PARTITION") or reader.accept_word("PARTITIONS"):
        reader.accept("(")
        partitions = (reader.name(),)
        while reader.accept(","):
            partitions = (*partitions, reader.name())
        reader.accept(")")
    reader.finish()
    session.check("ALTER", db, table_name)
    found = session.warehouse.catalog.snapshot().table(db, table_name)
    if not isinstance(found, Table):
        raise DorisError(f"Table[{table_name}] is not exist")
    if name is None:
        raise Refused("BUILD INDEX without a name")
    index = next((index for index in found.indexes if index.name.lower() == name.lower()), None)
    if index is None:
        raise DorisError(f"Index[{name}] is not exist in table[{table_name}]")
    known = {partition.name.lower() for partition in found.partitions} or {found.name.lower()}
    for partition in partitions:
        if partition.lower() not in known:
            raise DorisError(f"partition {partition} is not found in table {table_name}")
    return Ok()


@statement("ALTER TABLE", "CREATE INDEX", "DROP INDEX", kind="ALTER")
def alter_table(session: Session, text: str) -> Ok:
    """ALTER TABLE name clause, ...: done when it answers, not by a job that goes on behind."""
    written = read(session, text, syntax.AlterTable)
    db, name = locate(session, written.name)
    session.check("ALTER", db, name)
    catalog = session.warehouse.catalog
    table = catalog.find_table(db, name)
    for clause in written.clauses:
        if isinstance(clause, syntax.ReplaceTable):
            if len(written.clauses) > 1:
                raise Refused("REPLACE WITH TABLE beside other clauses")
            session.check("ALTER", db, clause.other)
            catalog.exchange(table, clause.other, keep=clause.swap, while_waiting=session.check_cancelled)
            return Ok()
    alter(
        catalog,
        session.cursor,
        table,
        written.clauses,
        now=session.facts.now,
        while_waiting=session.check_cancelled,
    )
    return Ok()
