"""SHOW TRANSACTION: what became of a load, by its label or transaction id."""

from __future__ import annotations

import re
from datetime import datetime

from nereus.warehouse.embedded.denials import database_denied
from nereus.warehouse.embedded.dispatch import refuse, statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import END, INTEGER, STRING
from nereus.warehouse.embedded.statements.answers import known_database
from nereus.warehouse.embedded.statements.reader import Reader

_INSTEAD = "Use SHOW TRANSACTION WHERE label = '...', or read __internal_schema.audit_log."
refuse("SHOW LOAD", "SHOW LOAD WARNINGS", "SHOW CREATE LOAD", kind="SHOW", instead=_INSTEAD)

_COLUMNS = (
    "TransactionId",
    "Label",
    "Coordinator",
    "TransactionStatus",
    "LoadJobSourceType",
    "PrepareTime",
    "PreCommitTime",
    "CommitTime",
    "PublishTime",
    "FinishTime",
    "Reason",
    "ErrorReplicasCount",
    "ListenerId",
    "TimeoutMs",
    "ErrMsg",
)
_STATUSES = ("prepare", "precommitted", "committed", "visible", "aborted")
_SHAPE = (
    "Where clause should looks like one of them: id = 123 or label =/like 'label' "
    "or status = 'prepare/precommitted/committed/visible/aborted'"
)
#: Doris takes the pattern of LIKE for a regular expression; these characters mean the same in every kind of them.
_PATTERN = re.compile(r"[-\w:%]*")
#: What Doris writes for what is not known.
_NONE = r"\N"


@statement("SHOW TRANSACTION", kind="SHOW")
def show_transaction(session: Session, text: str) -> Result:
    """SHOW TRANSACTION [FROM db] WHERE id = 1 | label = 'l' | label LIKE 'l%' | status = 'visible'

    Loads that ended well are known for three days. A failed load leaves nothing behind, its label is free again.
    """
    reader = Reader.after(text, "SHOW", "TRANSACTION")
    db = reader.from_database(session.database) or session.current_database()
    if not session.allows("LOAD", db):
        raise database_denied(session, db)
    if not reader.accept("WHERE"):
        reader.finish()
        raise DorisError("Missing transaction id")
    key, like, value = _condition(reader)
    db_id = session.warehouse.catalog.database(known_database(session, db)).id
    rows = session.cursor.execute(
        "SELECT txn_id, label, finished_at FROM nereus.labels WHERE db_id = ? ORDER BY txn_id", [db_id]
    ).fetchall()
    if key == "status":
        if value.lower() not in _STATUSES:
            raise DorisError("status should be prepare/precommitted/committed/visible/aborted")
        if value.lower() == "prepare":
            raise Refused("SHOW TRANSACTION WHERE status = 'prepare'", "Ask for the label, or SHOW PROCESSLIST.")
        found = rows if value.lower() == "visible" else []
    elif like:
        if not _PATTERN.fullmatch(value):
            raise Refused(f"the pattern {value!r} of SHOW TRANSACTION", "Use letters, digits, _, -, : and %.")
        wanted = re.compile(value.replace("%", ".*"))
        found = [row for row in rows if wanted.fullmatch(row[1])]
    else:
        found = [row for row in rows if str(row[0 if key == "id" else 1]) == value]
        if not found:
            raise DorisError(f"transaction with {key} {value} does not exist")
    return text_rows(_COLUMNS, [_row(*row) for row in found])


def _condition(reader: Reader) -> tuple[str, bool, str]:
    """The column asked for, whether by LIKE, and the value."""
    key = reader.name().lower() if reader.at_name() else ""
    like = bool(key) and reader.accept("LIKE")
    if not (like or (key and reader.accept("="))):
        raise DorisError(_SHAPE)
    kind = reader.kind
    if kind == END or kind != {"id": INTEGER, "label": STRING, "status": STRING}.get(key):
        raise DorisError(_SHAPE)
    value = reader.advance().value
    if reader.kind not in (END, ";"):
        raise DorisError(_SHAPE)
    return key, like and key == "label", value


def _row(txn_id: int, label: str, finished_at: datetime) -> list[str]:
    moment = f"{finished_at:%Y-%m-%d %H:%M:%S}"
    unknown = dict.fromkeys(("Coordinator", "LoadJobSourceType", "PrepareTime", "PreCommitTime", "TimeoutMs"), _NONE)
    known = {
        "TransactionId": str(txn_id),
        "Label": label,
        "TransactionStatus": "VISIBLE",
        "CommitTime": moment,
        "PublishTime": moment,
        "FinishTime": moment,
        "ErrorReplicasCount": "0",
    }
    return [{**unknown, **known}.get(name, "") for name in _COLUMNS]
