"""COM_FIELD_LIST: the columns of a table of the current database, which command-line clients ask for at login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.introspection.columns import DATABASES
from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.wire.packets import column_definition

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session


def field_list(session: Session, table: str) -> list[bytes]:
    """Column definitions with their defaults. A table that the user may not see is as unknown as one that is not there.

    Raises DorisError 1049 where no database is in use, 1109 for an unknown table.
    """
    db = session.database
    if db is None:
        raise DorisError("Unknown database(null)", 1049, "42000", plain=True)
    relation = session.warehouse.schema(session).relation(db, table)
    if relation is None or not (db in DATABASES or session.rights.sees_table(db, table)):
        raise DorisError(f"Unknown table({table})", 1109, "42S02", plain=True)
    stored = session.warehouse.catalog.snapshot().table(db, table)
    defaults = {column.name: column.default for column in stored.columns} if isinstance(stored, Table) else {}
    return [
        column_definition(
            ResultColumn(column.name, column.type, relation.db, relation.name, column.name),
            defaults.get(column.name) or "",
        )
        for column in relation.columns
    ]
