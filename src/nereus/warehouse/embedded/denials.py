"""What Doris says when a privilege is missing. The text depends on the statement, as Doris' own does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.privileges import WANTED

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session


def missing(privilege: str) -> DorisError:
    """The general text: ``missing("CREATE")``."""
    return DorisError(f"Access denied; you need (at least one of) the ({privilege}) privilege(s) for this operation")


def command_denied(session: Session, command: str, table: str) -> DorisError:
    """``command_denied(session, "LOAD", "d.ev")``."""
    return DorisError(
        f"{command} command denied to user '{session.identity.name}'@'{session.host}' for table '{table}'"
    )


def database_denied(session: Session, db: str) -> DorisError:
    return DorisError(f"Access denied for user '{session.identity.name}' to database '{db}'")


def table_denied(privilege: str, table: str) -> DorisError:
    """The text for a table as a whole: count(*), CREATE VIEW."""
    return DorisError(
        f"Access denied; you need (at least one of) the ({WANTED[privilege].label}) privilege(s) on table {table} "
        "for this operation"
    )


def column_denied(session: Session, db: str, table: str, column: str) -> DorisError:
    return DorisError(
        f"Permission denied: user [{session.identity}] does not have privilege for [priv predicate: OR, "
        f"{WANTED['SELECT'].label}] command on [internal].[{db}].[{table}].[{column}]"
    )


def group_denied(session: Session, group: str) -> DorisError:
    return DorisError(
        f"Access denied; you need (at least one of) the USAGE/ADMIN privilege(s) to use workload group '{group}'. "
        f"User: {session.identity}"
    )


def denied(session: Session, privilege: str, db: str | None, table: str) -> DorisError:
    """The most usual text for a privilege; statements with a text of their own raise that instead."""
    if privilege == "SELECT" and table:
        return table_denied(privilege, table)
    if privilege == "LOAD" and table:
        return command_denied(session, "LOAD", f"{db}.{table}")
    if privilege == "ALTER" and table:
        return command_denied(session, "ALTER TABLE", f"{db}: {table}")
    if db is not None and not table:
        return database_denied(session, db)
    return missing(privilege.replace("_OR_", "/"))
