"""SHOW CREATE TABLE and SHOW CREATE VIEW."""

from __future__ import annotations

from nereus.warehouse.embedded.catalog.model import Table, View
from nereus.warehouse.embedded.ddl import show_create
from nereus.warehouse.embedded.denials import command_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.introspection.columns import INTERNAL
from nereus.warehouse.embedded.introspection.system_ddl import internal_table, system_view
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.answers import find
from nereus.warehouse.embedded.statements.reader import Reader

_COLUMNS = ["Table", "Create Table"]


@statement("SHOW CREATE TABLE", "SHOW BRIEF CREATE TABLE", "SHOW CREATE VIEW", kind="SHOW")
def show_create_table(session: Session, text: str) -> Result:
    """SHOW CREATE TABLE | VIEW: a view is shown as one by either"""
    reader = Reader.after(text, "SHOW")
    brief = reader.accept_word("BRIEF")
    reader.expect("CREATE")
    wants_view = reader.advance().word == "VIEW"
    db, name = reader.table(session.database)
    reader.finish()
    found = find(session, db, name)
    if isinstance(found, Table) and found.materialized is not None and not wants_view:
        raise DorisError("not support async materialized view, please use `show create materialized view`")
    wanted = "SHOW_VIEW" if isinstance(found, View) else "SHOW"
    session.check(wanted, db, name, error=command_denied(session, "SHOW CREATE TABLE", f"{db}: {name}"))
    if found is None:
        if wants_view:
            raise DorisError(f"'{db}.{name}' is not VIEW")
        return text_rows(_COLUMNS, [_of_system_table(session, db, name, brief=brief)])
    if isinstance(found, View):
        columns = ["View", "Create View", "character_set_client", "collation_connection"]
        return text_rows(columns, [[name, show_create(found), "utf8mb4", "utf8mb4_0900_bin"]])
    if wants_view:
        raise DorisError(f"'{db}.{name}' is not VIEW")
    return text_rows(_COLUMNS, [[name, show_create(found, brief=brief)]])


def _of_system_table(session: Session, db: str, name: str, *, brief: bool) -> list[str]:
    schema = session.warehouse.schema(session)
    if schema.database_name(db) == INTERNAL:
        made = internal_table(name)
        if made is None:
            raise Refused(f"SHOW CREATE TABLE of {db}.{name}", "Write DESC.")
        return [name, show_create(made, brief=brief)]
    return [name.lower(), system_view(name.lower(), schema.columns(db, name) or ())]
