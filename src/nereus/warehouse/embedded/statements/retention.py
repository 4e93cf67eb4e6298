"""How long the audit log keeps its rows: set as in Doris, by the dynamic partitions of its table."""

from __future__ import annotations

from nereus.warehouse.embedded.audit import TABLE
from nereus.warehouse.embedded.denials import command_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.reader import Reader

_PROPERTY = "dynamic_partition.start"


@statement("ALTER TABLE __internal_schema", kind="ALTER")
def alter_audit_log(session: Session, text: str) -> Ok:
    """ALTER TABLE __internal_schema.audit_log SET ("dynamic_partition.start" = "-7"): keep seven days"""
    reader = Reader.after(text, "ALTER", "TABLE")
    db, name = reader.table(None)
    session.check("ALTER", db, name, error=command_denied(session, "ALTER TABLE", f"{db}: {name}"))
    if name != TABLE or not reader.accept("SET"):
        raise Refused("changes of the tables in __internal_schema", f"The {_PROPERTY} of {TABLE} can be set.")
    properties = reader.bracketed()
    reader.finish()
    if set(properties) != {_PROPERTY}:
        raise Refused(f"the properties {', '.join(properties)} of {TABLE}", f"{_PROPERTY} can be set.")
    value = properties[_PROPERTY]
    if not value.startswith("-") or not value[1:].isdigit() or int(value) == 0:
        raise DorisError(f"Invalid dynamic partition start: {value}. Expected a number of days below 0")
    session.warehouse.audit.keep(-int(value))
    return Ok()
