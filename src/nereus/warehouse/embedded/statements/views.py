"""Views: their query is checked when they are made, and kept with every table written out in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from nereus.warehouse.embedded.catalog.model import View
from nereus.warehouse.embedded.catalog.names import check_column_name
from nereus.warehouse.embedded.ddl import syntax
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.binder import bind_query
from nereus.warehouse.embedded.sql.parse import QueryParser, parse_query
from nereus.warehouse.embedded.statements.query import check_reads
from nereus.warehouse.embedded.types import TINYINT


def create_view(session: Session, written: syntax.CreateView, db: str, *, old: View | None = None) -> None:
    """CREATE VIEW, or ALTER VIEW of `old`. The user must be allowed to read what the query reads."""
    sql_mode = session.variables["sql_mode"]
    text = _qualified(written.query_text, session, sql_mode)
    query = parse_query(text, sql_mode=sql_mode)
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
    if _has_star(query.body):
        text = _frozen(text, [column.name for column in bound.columns])
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


class _ViewParser(QueryParser):
    """Remembers where each table stands in the text."""

    def __init__(self, text: str, *, pipes_as_concat: bool, backslash_escapes: bool) -> None:
        super().__init__(text, pipes_as_concat=pipes_as_concat, backslash_escapes=backslash_escapes)
        self.places: dict[int, int] = {}

    def _relation_primary(self) -> tree.Relation:
        start = self.index
        found = super()._relation_primary()
        if isinstance(found, tree.TableName):
            self.places[id(found)] = start
        return found


def _qualified(text: str, session: Session, sql_mode: str) -> str:
    """Write every table as `internal`.`db`.`table`: the view must not depend on who uses it from where."""
    modes = sql_mode.upper()
    parser = _ViewParser(
        text,
        pipes_as_concat="PIPES_AS_CONCAT" in modes,
        backslash_escapes="NO_BACKSLASH_ESCAPES" not in modes,
    )
    query = parser.query()
    parser.finish()
    written: list[tuple[int, int, str]] = []
    for table in _tables(query, frozenset()):
        first = parser.places[id(table)]
        last = first + 2 * (len(table.parts) - 1)
        db = table.parts[-2] if len(table.parts) > 1 else session.current_database()
        name = f"`internal`.`{db}`.`{table.parts[-1]}`"
        written.append((parser.tokens[first].start, parser.tokens[last].stop, name))
    for start, stop, name in sorted(written, reverse=True):
        text = text[:start] + name + text[stop:]
    return text


def _tables(node: object, hidden: frozenset[str]) -> Iterator[tree.TableName]:
    """The tables that a query names; names of its WITH clauses are none."""
    if isinstance(node, tree.Query):
        for common in node.tables:
            yield from _tables(common.query, hidden)
            hidden |= {common.name}
        yield from _tables(node.body, hidden)
        yield from _in_sequence(node.order, hidden)
    elif isinstance(node, tree.TableName):
        if len(node.parts) > 1 or node.parts[0] not in hidden:
            yield node
        yield from _in_sequence(node.views, hidden)
    elif isinstance(node, tree.QueryExpression):
        yield from _tables(node.args["query"], hidden)
        yield from _tables(node.args.get("this"), hidden)
    elif isinstance(node, exp.Expression):
        for value in node.args.values():
            yield from _in_sequence(value, hidden)
    elif hasattr(node, "__dataclass_fields__"):
        for name in node.__dataclass_fields__:
            yield from _in_sequence(getattr(node, name), hidden)


def _in_sequence(value: object, hidden: frozenset[str]) -> Iterator[tree.TableName]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _in_sequence(item, hidden)
    else:
        yield from _tables(value, hidden)


def _has_star(body: tree.Body) -> bool:
    if isinstance(body, tree.Select):
        return any(isinstance(item.expression, tree.Star) for item in body.items)
    if isinstance(body, tree.SetOperation):
        return _has_star(body.left) or _has_star(body.right)
    return isinstance(body, tree.Query) and _has_star(body.body)


def _frozen(text: str, names: list[str]) -> str:
    """A view keeps the columns that * meant when it was made, whatever the tables get later."""
    quoted = ", ".join("`" + name.replace("`", "``") + "`" for name in names)
    return f"SELECT {quoted} FROM ({text}) AS `v`"
