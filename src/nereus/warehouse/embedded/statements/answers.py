"""What SHOW statements have in common: filters, rows of given types, and how a table is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from nereus.warehouse.embedded.catalog.model import Table, View
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import ResultColumn, ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.binder import bind_query
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.sql.tree import Name, Select
from nereus.warehouse.embedded.types import DorisType

_ARROW = {"bigint": pa.int64(), "int": pa.int32(), "datetime": pa.timestamp("us")}


def words(text: str) -> list[str]:
    """Column names, written one behind the other."""
    return text.split()


def like(pattern: str | None, *, case_sensitive: bool = True) -> Callable[[str], bool]:
    r"""Whether a name matches MySQL's LIKE pattern: ``%``, ``_`` and ``\`` to escape them. None matches all."""
    if pattern is None:
        return lambda _: True
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    regex = "".join({"%": ".*", "_": "."}.get(part) or re.escape(part[-1]) for part in parts)
    flags = re.DOTALL if case_sensitive else re.DOTALL | re.IGNORECASE
    compiled = re.compile(regex, flags)
    return lambda name: compiled.fullmatch(name) is not None


def typed_rows(columns: Sequence[tuple[str, DorisType]], rows: Iterable[Sequence[Any]]) -> ResultSet:
    """A small result whose columns are not all text."""
    listed = [list(row) for row in rows]
    arrays = []
    for i, (_, kind) in enumerate(columns):
        arrow = _ARROW.get(kind.name)
        values = [row[i] for row in listed]
        if arrow is None:
            arrays.append(pa.array([None if value is None else str(value) for value in values], pa.string()))
        else:
            arrays.append(pa.array(values, arrow))
    batch = pa.RecordBatch.from_arrays(arrays, names=[str(i) for i in range(len(columns))])
    return ResultSet(tuple(ResultColumn(name, kind, origin=name) for name, kind in columns), iter([batch]))


def from_system_table(
    session: Session,
    table: str,
    columns: Sequence[tuple[str, str]],
    *,
    where: str | None = None,
    condition: str = "TRUE",
    renamed: Mapping[str, str] | None = None,
) -> ResultSet:
    """SHOW ... WHERE: a query on an information_schema table, as Doris rewrites it.

    Args:
        columns: (column of the table, name in the result).
        where: the user's condition, as Doris text.
        condition: a condition of our own.
        renamed: names (lower case) that the user's condition may use, and the columns that they mean.
    """
    items = ", ".join(f"`{column}` AS `{name}`" for column, name in columns)
    text = f"SELECT {items} FROM information_schema.`{table}` WHERE ({condition})"
    if where is not None:
        text = f"{text} AND ({where})"
    query = parse_query(text, sql_mode=session.variables["sql_mode"])
    if renamed and isinstance(query.body, Select) and query.body.where is not None:
        for node in query.body.where.find_all(Name):
            parts = node.args["parts"]
            node.set("parts", (*parts[:-1], renamed.get(parts[-1].lower(), parts[-1])))
    bound = bind_query(query, session.warehouse.schema(session), session.facts)
    named = tuple(
        replace(column, name=name, db="", table="", origin=name)
        for column, (_, name) in zip(bound.columns, columns, strict=True)
    )
    return session.stream(named, bound.sql)


def text_literal(value: str) -> str:
    """A Doris string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def known_database(session: Session, db: str) -> str:
    """The name of an existing database. Raises DorisError."""
    found = session.warehouse.schema(session).database_name(db)
    if found is None:
        raise DorisError(f"Unknown database '{db}'")
    return found


def named_database(session: Session, db: str | None) -> str:
    """`db`, or the current database; it exists. Raises DorisError."""
    return known_database(session, db or session.current_database())


def find(session: Session, db: str, name: str) -> Table | View | None:
    """A table or view, or None for a system table. Raises DorisError for what does not exist."""
    schema = session.warehouse.schema(session)
    found = schema.snapshot.table(known_database(session, db), name)
    if found is None and schema.columns(db, name) is None:
        raise DorisError(f"Unknown table '{name}'")
    return found
