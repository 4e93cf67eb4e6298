"""WHERE, ORDER BY and LIMIT behind a SHOW statement, on the rows that it would show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.result import ResultSet, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.binder import bind_query
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.sql.typed import Relation, RelationColumn
from nereus.warehouse.embedded.types import BIGINT, VARCHAR

_DATABASE, _TABLE = "internal_show", "rows"
_OPENINGS = ("WHERE", "ORDER", "LIMIT")


@dataclass(frozen=True, slots=True)
class OneRelation:
    """A schema that holds nothing but the rows of a SHOW statement."""

    rows: Relation

    def has_database(self, db: str) -> bool:
        return db == _DATABASE

    def relation(self, db: str, name: str) -> Relation | None:
        return self.rows if (db, name) == (_DATABASE, _TABLE) else None


def filtered(
    session: Session, names: Sequence[str], rows: Iterable[Sequence[Any]], tail: str, *, numbers: Sequence[str] = ()
) -> ResultSet:
    """The rows as text, after the clauses of `tail`.

    Args:
        tail: what the user wrote behind the statement: ``WHERE ... ORDER BY ... LIMIT ...``, or nothing.
        numbers: the columns that conditions see as BIGINT; all others they see as text.
    """
    listed = list(rows)
    if not tail:
        return text_rows(names, listed)
    if tail.split(None, 1)[0].upper() not in _OPENINGS:
        raise Refused(f"the clause {tail!r} behind SHOW", f"These may follow: {', '.join(_OPENINGS)}.")
    columns = [RelationColumn(name, BIGINT if name in numbers else VARCHAR) for name in names]
    relation = session.warehouse.schema(session).materialize(_TABLE, columns, listed)
    items = ", ".join(f"`{name}`" for name in names)
    text = f"SELECT {items} FROM `{_DATABASE}`.`{_TABLE}` {tail}"
    query = parse_query(text, sql_mode=session.variables["sql_mode"])
    bound = bind_query(query, OneRelation(replace(relation, db=_DATABASE, name=_TABLE)), session.facts)
    found = session.cursor.execute(bound.sql).fetchall()
    return text_rows(names, found)
