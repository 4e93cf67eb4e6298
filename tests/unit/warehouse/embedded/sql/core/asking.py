"""A small catalogue over a real DuckDB, and questions to it in Doris SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.binder import bind_query
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.sql.typed import BoundQuery, Relation, RelationColumn, SessionFacts
from nereus.warehouse.embedded.types import parse_type


@dataclass(frozen=True)
class Answer:
    bound: BoundQuery
    rows: list[tuple[Any, ...]]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.bound.columns]

    @property
    def types(self) -> list[str]:
        return [str(column.type) for column in self.bound.columns]

    @property
    def reads(self) -> set[str]:
        return {".".join(filter(None, (read.db, read.table, read.column))) for read in self.bound.reads}


@dataclass
class House:
    """Databases of tables and views; `ask` binds Doris text, runs it and checks the physical types it promised."""

    connection: duckdb.DuckDBPyConnection
    facts: SessionFacts = field(default_factory=lambda: SessionFacts(database="shop"))
    relations: dict[tuple[str, str], Relation] = field(default_factory=dict)

    def has_database(self, db: str) -> bool:
        return any(name == db for name, _ in self.relations)

    def relation(self, db: str, name: str) -> Relation | None:
        return self.relations.get((db, name))

    def table(self, name: str, columns: Mapping[str, str], rows: str = "", db: str = "shop") -> None:
        """Create a table with Doris types; `rows` is DuckDB text after VALUES."""
        typed = {column: parse_type(type_) for column, type_ in columns.items()}
        listed = ", ".join(f'"{column}" {type_.duckdb}' for column, type_ in typed.items())
        physical = f'main."{db}_{name}"'
        self.connection.execute(f"CREATE TABLE {physical} ({listed})")
        if rows:
            self.connection.execute(f"INSERT INTO {physical} VALUES {rows}")
        known = tuple(RelationColumn(column, type_) for column, type_ in typed.items())
        self.relations[db, name] = Relation(db, name, known, from_sql=physical)

    def view(self, name: str, columns: Mapping[str, str], query: str, db: str = "shop") -> None:
        known = tuple(RelationColumn(column, parse_type(type_)) for column, type_ in columns.items())
        self.relations[db, name] = Relation(db, name, known, view_sql=query)

    def bind(self, text: str, **facts: Any) -> BoundQuery:
        used = replace(self.facts, **facts)
        return bind_query(parse_query(text, sql_mode=used.variables.get("sql_mode", "")), self, used)

    def ask(self, text: str, **facts: Any) -> Answer:
        bound = self.bind(text, **facts)
        result = self.connection.execute(bound.sql)
        physical = [str(column[1]) for column in result.description or ()]
        assert physical == [column.type.duckdb for column in bound.columns], text
        return Answer(bound, result.fetchall())

    def rows(self, text: str, **facts: Any) -> list[tuple[Any, ...]]:
        return self.ask(text, **facts).rows

    def column(self, text: str, **facts: Any) -> list[Any]:
        """The only column of an answer."""
        return [row[0] for row in self.rows(text, **facts)]

    def value(self, text: str, **facts: Any) -> Any:
        """The only value of an answer."""
        ((found,),) = self.rows(text, **facts)
        return found

    def error(self, text: str, **facts: Any) -> str:
        """The text of the error that a statement gives."""
        with pytest.raises(DorisError) as caught:
            self.ask(text, **facts)
        assert caught.value.code == 1105
        return caught.value.detail
