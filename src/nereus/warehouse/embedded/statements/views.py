"""Views: their query is checked when they are made, and kept with every table written out in full."""

from __future__ import annotations

from dataclasses import replace

from nereus.warehouse.embedded.catalog.model import View
from nereus.warehouse.embedded.catalog.names import check_column_name
from nereus.warehouse.embedded.ddl import syntax
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.binder import bind_query
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.statements.query import check_reads
from nereus.warehouse.embedded.statements.view_text import qualified
from nereus.warehouse.embedded.types import TINYINT


def create_view(session: Session, written: syntax.CreateView, db: str, *, old: View | None = None) -> None:
    """CREATE VIEW, or ALTER VIEW of `old`. The user must be allowed to read what the query reads."""
    sql_mode = session.variables["sql_mode"]
    query = parse_query(written.query_text, sql_mode=sql_mode)
    bound = bind_query(query, session.warehouse.schema(session), session.facts)
    check_reads(session, bound)
    names = [column.name for column in bound.columns]
    comments = [""] * len(names)
    if written.columns is not None:
        if len(written.columns) != len(names):
            raise DorisError("View's SELECT and view's field list have different column counts")
        names = [name for name, _ in written.columns]
        comments = [comment for _, comment in written.columns]
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise DorisError(f"Duplicate column name '{name}'")
        seen.add(name.lower())
        check_column_name(name)
    types = [TINYINT if column.type.name == "null" else column.type for column in bound.columns]
    text = qualified(written.query_text, session, names if written.columns is not None else None)
    kept = bind_query(parse_query(text, sql_mode=sql_mode), session.warehouse.schema(session), session.facts)
    if [column.type for column in kept.columns] != [column.type for column in bound.columns]:
        raise Refused(f"this form of the view {written.name[-1]}: {text}", "Give every column an alias.")
    view = View(
        db,
        written.name[-1],
        0 if old is None else old.id,
        text,
        tuple(zip(names, types, comments, strict=True)),
        written.comment or ("" if old is None else old.comment),
        None if old is None else old.created_at,
    )
    if old is None:
        session.warehouse.catalog.create_view(view, if_not_exists=written.if_not_exists, or_replace=written.or_replace)
    else:
        session.warehouse.catalog.replace_relation(view)


def comment_view(session: Session, view: View, comment: str) -> None:
    session.warehouse.catalog.replace_relation(replace(view, comment=comment))
