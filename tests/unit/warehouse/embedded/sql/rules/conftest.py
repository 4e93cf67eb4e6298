"""Expressions of Doris through the binder, the rules and DuckDB, as the MySQL wire would print them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import duckdb
import pytest

from nereus.warehouse.embedded.sql import functions
from nereus.warehouse.embedded.sql.binder import bind_query, bind_scalar
from nereus.warehouse.embedded.sql.parse import parse_expression, parse_query
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.typed import Relation, RelationColumn, SessionFacts, Typed
from nereus.warehouse.embedded.types import parse_type
from nereus.warehouse.embedded.wire.few import few_texts

FACTS = SessionFacts(
    user="root",
    host="127.0.0.1",
    connection_id=7,
    database="fx",
    variables={"time_zone": "UTC"},
    now=datetime(2024, 5, 8, 10, 20, 30, 123456),
)


class NoTables:
    """A catalogue without tables."""

    def has_database(self, db: str) -> bool:
        return False

    def relation(self, db: str, name: str) -> Relation | None:
        return None


class OneTable:
    """A catalogue with one table fx.t, which DuckDB knows as t0."""

    def __init__(self, columns: dict[str, str]) -> None:
        listed = tuple(RelationColumn(name, parse_type(type_)) for name, type_ in columns.items())
        self.only = Relation("fx", "t", listed, from_sql="t0")

    def has_database(self, db: str) -> bool:
        return db == "fx"

    def relation(self, db: str, name: str) -> Relation | None:
        return self.only if name == "t" else None


def bind(text: str, facts: SessionFacts = FACTS, columns: dict[str, str] | None = None) -> Typed:
    """`columns` gives names and Doris types of a table t0 that the expression may read."""
    relation = None
    if columns is not None:
        listed = tuple(RelationColumn(name, parse_type(type_)) for name, type_ in columns.items())
        relation = Relation("fx", "t0", listed, from_sql="t0")
    return bind_scalar(parse_expression(text), NoTables(), facts, relation, text)


class Rules:
    """Binds and runs expressions on one DuckDB connection."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self._physical: dict[str, str] = {}

    def physical(self, type_: str) -> str:
        """DuckDB's own spelling of one of its types."""
        if type_ not in self._physical:
            self.cursor.execute(f"SELECT CAST(NULL AS {type_})")
            self._physical[type_] = str((self.cursor.description or [])[0][1])
        return self._physical[type_]

    def bind(self, text: str, columns: dict[str, str] | None = None, **variables: str) -> Typed:
        """`columns` gives names and Doris types of a table t0 that the expression may read."""
        return bind(text, replace(FACTS, variables={**FACTS.variables, **variables}), columns)

    def sql(self, text: str, columns: dict[str, str] | None = None) -> str:
        """The DuckDB text of a bound expression."""
        return Renderer().text(self.bind(text, columns).node)

    def answer(self, text: str, **variables: str) -> tuple[str | None, str]:
        """Wire text (None is NULL) and Doris type. Raises DorisError where refused, duckdb.Error at run time."""
        found, type_ = self.answers(text, **variables)
        return found[0], type_

    def answers(
        self,
        text: str,
        columns: dict[str, str] | None = None,
        values: list[tuple[object, ...]] | None = None,
        **variables: str,
    ) -> tuple[list[str | None], str]:
        """The expression over rows of t0: wire texts and Doris type; its physical type is checked."""
        value = self.bind(text, columns, **variables)
        source = ""
        if columns is not None:
            self.table(columns, values or [])
            source = "FROM t0"
        written = f"SELECT {Renderer().text(value.node)} AS x {source}"
        table = self.cursor.execute(written).to_arrow_table()
        physical = str((self.cursor.description or [])[0][1])
        assert physical == self.physical(value.type.duckdb) or value.type.name == "null", (physical, written)
        found = few_texts(table.column(0).combine_chunks(), value.type)
        return [None if item is None else item.decode() for item in found], str(value.type)

    def rows_of(self, value: Typed) -> list[object]:
        """The values of a bound expression over t0."""
        return [row[0] for row in self.cursor.execute(f"SELECT {Renderer().text(value.node)} FROM t0").fetchall()]

    def query(
        self, text: str, columns: dict[str, str], values: list[tuple[object, ...]]
    ) -> tuple[list[list[str | None]], list[str]]:
        """A query over the rows of a table t: wire texts by row, and Doris types."""
        self.table(columns, values)
        bound = bind_query(parse_query(text), OneTable(columns), FACTS)
        table = self.cursor.execute(bound.sql).to_arrow_table()
        types = [column.type for column in bound.columns]
        for column, of in zip(self.cursor.description or [], types, strict=True):
            assert str(column[1]) == self.physical(of.duckdb), (str(column[1]), str(of), bound.sql)
        printed = [few_texts(table.column(i).combine_chunks(), of) for i, of in enumerate(types)]
        listed = [[None if cell is None else cell.decode() for cell in row] for row in zip(*printed, strict=True)]
        return listed, [str(of) for of in types]

    def table(self, columns: dict[str, str], values: list[tuple[object, ...]]) -> None:
        declared = ", ".join(f'"{name}" {parse_type(type_).duckdb}' for name, type_ in columns.items())
        self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE t0 ({declared})")
        for row in values:
            self.cursor.execute(f"INSERT INTO t0 VALUES ({', '.join('?' * len(row))})", row)


@pytest.fixture(scope="session")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:", config={"threads": 1})
    functions.register(connection)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def rules(engine: duckdb.DuckDBPyConnection) -> Rules:
    return Rules(engine)
