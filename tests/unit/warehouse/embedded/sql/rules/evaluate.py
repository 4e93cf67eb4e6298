"""One expression of Doris through the binder, the rules and DuckDB, as the MySQL wire would print it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import duckdb

from nereus.warehouse.embedded.sql.binder import bind_scalar
from nereus.warehouse.embedded.sql.parse import parse_expression
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


def bind(text: str, facts: SessionFacts = FACTS, columns: dict[str, str] | None = None) -> Typed:
    """`columns` gives names and Doris types of a table t0 that the expression may read."""
    relation = None
    if columns is not None:
        listed = tuple(RelationColumn(name, parse_type(type_)) for name, type_ in columns.items())
        relation = Relation("fx", "t0", listed, from_sql="t0")
    return bind_scalar(parse_expression(text), NoTables(), facts, relation, text)


def sql_of(value: Typed) -> str:
    return Renderer().text(value.node)


def evaluate(cursor: duckdb.DuckDBPyConnection, text: str, facts: SessionFacts = FACTS) -> tuple[str | None, str]:
    """Wire text (None is NULL) and Doris type. Raises DorisError where refused, duckdb.Error at run time."""
    found, type_ = rows(cursor, text, facts=facts)
    return found[0], type_


def rows(
    cursor: duckdb.DuckDBPyConnection,
    text: str,
    columns: dict[str, str] | None = None,
    values: list[tuple[object, ...]] | None = None,
    facts: SessionFacts = FACTS,
) -> tuple[list[str | None], str]:
    """The expression over rows of t0: wire texts and Doris type; its physical type is checked."""
    value = bind(text, facts, columns)
    source = ""
    if columns is not None:
        names = ", ".join(f'"{name}"' for name in columns)
        types = [parse_type(type_).duckdb for type_ in columns.values()]
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE t0 ({', '.join(f'{n} {t}' for n, t in zip(columns, types, strict=True))})"
        )
        for row in values or []:
            cursor.execute(f"INSERT INTO t0 ({names}) VALUES ({', '.join('?' * len(row))})", row)
        source = "FROM t0"
    written = f"SELECT {sql_of(value)} AS x {source}"
    physical = cursor.execute(f"DESCRIBE {written}").fetchall()[0][1]
    wanted = cursor.execute(f"DESCRIBE SELECT CAST(NULL AS {value.type.duckdb})").fetchall()[0][1]
    assert physical == wanted or value.type.name == "null", (physical, wanted, written)
    table = cursor.execute(written).to_arrow_table()
    found = few_texts(table.column(0).combine_chunks(), value.type)
    return [None if item is None else item.decode() for item in found], str(value.type)


def with_variables(**variables: str) -> SessionFacts:
    return replace(FACTS, variables={**FACTS.variables, **variables})
