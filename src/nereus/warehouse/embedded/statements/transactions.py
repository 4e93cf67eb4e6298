"""BEGIN, COMMIT and ROLLBACK: what is written in between becomes visible at COMMIT, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.write.labels import LabelUsed
from nereus.warehouse.embedded.write.load import Load
from nereus.warehouse.embedded.write.staging import Operation
from nereus.warehouse.embedded.write.writer import forget_staged

ONLY_WRITES = "This is in a transaction, only insert, update, delete, commit, rollback is acceptable."
_MIXED = "Transaction insert can not insert into values and insert into select at the same time"

#: "values" is INSERT ... VALUES, "insert" everything that Doris carries out as INSERT ... SELECT.
Kind = Literal["values", "insert", "delete"]


@dataclass(slots=True)
class OpenTransaction:
    """What a session has written since BEGIN. `txn_id` is 0 before the first write."""

    label: str
    txn_id: int = 0
    db: str = ""
    values: bool = False
    operations: list[Operation] = field(default_factory=list)
    rows: int = 0

    def enter(self, session: Session, table: Table, kind: Kind) -> None:
        """A write begins. Raises what Doris raises for one that does not go with those before it."""
        values = kind == "values"
        if not self.txn_id:
            try:
                self.txn_id = session.warehouse.writer.check_label(session.cursor, table.db, self.label)
            except LabelUsed as used:
                raise DorisError(used.detail if values else f"begin transaction failed. {used.detail}") from used
            self.db, self.values = table.db, values
            return
        if self.values != values:
            raise DorisError(_MIXED if values else f"begin transaction failed. {_MIXED}")
        if values and any(operation.table.id != table.id for operation in self.operations):
            raise DorisError("Only one table can be inserted in one transaction.")
        if table.db != self.db:
            db_id = session.warehouse.catalog.database(self.db).id
            raise DorisError(
                f"begin transaction failed. Transaction insert must be in the same database, expect db_id={db_id}"
            )
        inserts = (operation for operation in self.operations if isinstance(operation, Load))
        if kind == "delete" and any(operation.table.id == table.id for operation in inserts):
            raise DorisError("Can not delete because there is a insert operation for the same table")

    def keep(self, operation: Operation) -> Ok:
        """Remember a write; gives Doris' answer to it."""
        if self.values and self.operations:
            first = self.operations[0]
            if isinstance(first, Load) and isinstance(operation, Load) and first.columns != operation.columns:
                raise Refused("INSERTs of different columns in one transaction", "Name the same columns in each.")
        self.operations.append(operation)
        rows = operation.staged_rows if isinstance(operation, Load) else 0
        self.rows += rows
        return Ok(rows, self.info("PREPARE"))

    def info(self, status: str) -> str:
        return f"{{'label':'{self.label}', 'status':'{status}', 'txnId':'{self.txn_id}'}}"


def open_transaction(session: Session) -> OpenTransaction:
    """The transaction that the session is in."""
    if session.transaction is None:
        raise DorisError("no transaction is open")
    return session.transaction


@statement("BEGIN", kind="TRANSACTION", in_transaction=True)
def begin(session: Session, text: str) -> Ok:
    """BEGIN [WITH LABEL name]"""
    reader = Reader.after(text, "BEGIN")
    label = ""
    if reader.accept("WITH"):
        reader.expect_word("LABEL")
        label = reader.name() if reader.at_name() else ""
    reader.finish()
    if session.transaction is not None:
        return Ok()
    run = session.running
    label = label or f"txn_insert_{run.query_id if run else ''}"
    session.transaction = OpenTransaction(label)
    return Ok(info=f"{{'label':'{label}', 'status':'PREPARE', 'txnId':''}}")


@statement("COMMIT", "ROLLBACK", kind="TRANSACTION", in_transaction=True)
def end(session: Session, text: str) -> Ok:
    """COMMIT or ROLLBACK [WORK] [AND [NO] CHAIN] [[NO] RELEASE]: whatever comes of it, the transaction is over."""
    reader = Reader(text)
    commit = reader.advance().word == "COMMIT"
    reader.accept_word("WORK")
    if reader.accept("AND"):
        reader.accept_word("NO")
        reader.expect_word("CHAIN")
    reader.accept_word("NO")
    reader.accept("RELEASE")
    reader.finish()
    opened, session.transaction = session.transaction, None
    if opened is None or not opened.operations:
        return Ok()
    try:
        if not commit:
            return Ok(info=opened.info("ABORTED"))
        session.warehouse.writer.commit_staged(
            session.cursor,
            opened.db,
            opened.label,
            opened.txn_id,
            opened.operations,
            while_waiting=session.check_cancelled,
        )
        return Ok(info=opened.info("VISIBLE"))
    finally:
        forget_staged(session.cursor, opened.operations)
