"""How these tests talk to a warehouse: no socket, the same sessions that sockets get."""

from __future__ import annotations

from typing import Any

from nereus.warehouse.embedded.catalog.model import Column, Distribution, KeyModel, Table, View
from nereus.warehouse.embedded.result import Ok, ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.types import parse_type
from nereus.warehouse.embedded.warehouse import Warehouse

PASSWORD = "correct horse"


def ask(session: Session, sql: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement of a text."""
    found: list[tuple[Any, ...]] = []
    for result in session.execute(sql):
        found = []
        if isinstance(result, ResultSet):
            for batch in result.batches:
                found += list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    return found


def columns(session: Session, sql: str) -> list[str]:
    """The column names of one statement."""
    (result,) = list(session.execute(sql))
    assert isinstance(result, ResultSet)
    return [column.name for column in result.columns]


def do(session: Session, sql: str) -> Ok:
    """Run one statement that gives no rows."""
    (result,) = list(session.execute(sql))
    assert isinstance(result, Ok)
    return result


def table(
    warehouse: Warehouse,
    db: str,
    name: str,
    types: dict[str, str],
    rows: str = "",
    *,
    model: KeyModel = KeyModel.DUPLICATE,
    **more: Any,
) -> Table:
    """Create a table whose first column is its key, and put the rows of a VALUES list in it."""
    first = next(iter(types))
    made = warehouse.catalog.create_table(
        Table(
            db,
            name,
            0,
            tuple(Column(column, parse_type(kind), is_key=column == first) for column, kind in types.items()),
            model,
            (first,),
            distribution=Distribution((first,), 1),
            **more,
        )
    )
    assert made is not None
    if rows:
        cursor = warehouse.engine.cursor()
        warehouse.writer.append(cursor, made, list(types), f"SELECT * FROM (VALUES {rows})")
        cursor.close()
    return made


def view(warehouse: Warehouse, db: str, name: str, sql: str, types: dict[str, str]) -> None:
    listed = tuple((column, parse_type(kind), "") for column, kind in types.items())
    warehouse.catalog.create_view(View(db, name, 0, sql, listed))
