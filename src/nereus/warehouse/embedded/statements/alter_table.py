"""ALTER TABLE, CREATE INDEX and DROP INDEX."""

from __future__ import annotations

from nereus.warehouse.embedded.ddl import syntax
from nereus.warehouse.embedded.dispatch import refuse, statement
from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.ddl import locate, read
from nereus.warehouse.embedded.write.altering import alter

refuse("BUILD INDEX", kind="ALTER", instead="Indexes have no effect here.")


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
