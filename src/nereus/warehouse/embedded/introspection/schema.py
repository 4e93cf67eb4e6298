"""The catalogue together with the system databases, as one session may see them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from nereus.warehouse.embedded import arrow_types, audit
from nereus.warehouse.embedded.catalog.model import Table, View
from nereus.warehouse.embedded.catalog.snapshot import Snapshot, quoted
from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.introspection.columns import (
    DATABASES,
    INFORMATION_SCHEMA,
    INTERNAL,
    MYSQL,
    system_tables,
)
from nereus.warehouse.embedded.sql.typed import Relation, RelationColumn
from nereus.warehouse.embedded.types import DorisType

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

#: Gives the rows of a system table as Python values in the order of its columns.
Provider = Callable[["SystemSchema"], Iterable[Sequence[Any]]]

_PROVIDERS: dict[tuple[str, str], Provider] = {}

#: Everything else goes as text, from which DuckDB casts.
_ARROW = {**arrow_types.PLAIN, "datetime": pa.timestamp("us")}


def provider(db: str, table: str) -> Callable[[Provider], Provider]:
    """Register what fills a system table."""

    def keep(rows: Provider) -> Provider:
        if (db, table) not in system_tables() or (db, table) in _PROVIDERS:
            raise ValueError(f"{db}.{table} is unknown or has rows already")
        _PROVIDERS[db, table] = rows
        return rows

    return keep


@cache
def load() -> None:
    """Import every module of `introspection`, so that each registers what it fills."""
    from nereus.warehouse.embedded import introspection

    for module in pkgutil.iter_modules(introspection.__path__):
        importlib.import_module(f"{introspection.__name__}.{module.name}")


class SystemSchema:
    """A `sql.typed.Schema` for one statement of one session.

    Attributes:
        snapshot: the catalogue that it sees.
        touched: a system table was given out; what is bound to it is good for this statement alone.
    """

    def __init__(self, snapshot: Snapshot, session: Session) -> None:
        self.snapshot = snapshot
        self.session = session
        self.touched = False
        self._given: dict[tuple[str, str], Relation] = {}

    # sql.typed.Schema

    def has_database(self, db: str) -> bool:
        return self.database_name(db) is not None

    def relation(self, db: str, name: str) -> Relation | None:
        found = self.database_name(db)
        if found is None:
            return None
        if found not in DATABASES:
            return self._filtered(self.snapshot.relation(found, name))
        columns = self.columns(found, name)
        if columns is None:
            return None
        key = (found, name if found == INTERNAL else name.lower())
        self.touched = True
        if key not in self._given:
            self._given[key] = self._system_relation(*key, columns)
        return self._given[key]

    def _filtered(self, relation: Relation | None) -> Relation | None:
        """The relation with what row policies let the user see of it."""
        policies = self.session.warehouse.row_policies
        if relation is None or not policies.of_table(relation.db, relation.name):
            return relation
        # What one user may see of it is no plan for another.
        self.touched = True
        user = self.session.identity
        roles = self.session.warehouse.accounts.roles(user)
        return replace(relation, row_filter=policies.condition(relation.db, relation.name, user.name, roles))

    def table_function(self, name: str, properties: Mapping[str, str]) -> Relation | None:
        """What a table function tells of the warehouse; None for an unknown one. Raises DorisError."""
        from nereus.warehouse.embedded.introspection import functions
        from nereus.warehouse.embedded.operations import s3_function

        if name == "s3":
            self.touched = True
            return s3_function.relation(self.session, properties)
        told = functions.rows(self, name, properties)
        if told is None:
            return None
        self.touched = True
        return self.materialize(told.name, told.columns, told.rows)

    # What SHOW asks

    def columns(self, db: str, name: str) -> tuple[RelationColumn, ...] | None:
        """The columns of a system table, or None where it is none."""
        found = self.database_name(db)
        return None if found is None else system_tables().get((found, name if found == INTERNAL else name.lower()))

    def database_name(self, db: str) -> str | None:
        """The name under which a database is known, or None; system databases are found in any case."""
        if db in self.snapshot.databases or db == INTERNAL:
            return db
        lower = db.lower()
        return lower if lower in (INFORMATION_SCHEMA, MYSQL) else None

    def databases(self) -> list[str]:
        """The databases that the user sees, in the order of SHOW DATABASES."""
        rights = self.session.rights
        return [name for name in sorted({*DATABASES, *self.snapshot.databases}) if rights.sees_database(name)]

    def tables(self, db: str) -> Iterator[Table | View]:
        """The tables and views of a database that the user sees, by name. A system database has none."""
        found = self.snapshot.databases.get(db)
        if found is None:
            return
        rights = self.session.rights
        for name in sorted(found.relations):
            if rights.sees_table(db, name):
                yield found.relations[name]

    def all_tables(self) -> Iterator[Table | View]:
        """Every table and view that the user sees."""
        for db in self.databases():
            yield from self.tables(db)

    def materialize(self, name: str, columns: Sequence[RelationColumn], rows: Iterable[Sequence[Any]]) -> Relation:
        """A relation named `name` that holds `rows`; it lives until the session makes another of that name."""
        listed = list(rows)
        arrays = [_array(column.type, [row[i] for row in listed]) for i, column in enumerate(columns)]
        view = f"system_{name}"
        self.session.cursor.register(view, pa.Table.from_arrays(arrays, names=[column.name for column in columns]))
        casts = ", ".join(
            f"CAST({quoted(column.name)} AS {column.type.duckdb}) AS {quoted(column.name)}" for column in columns
        )
        return Relation("", name, tuple(columns), from_sql=f"(SELECT {casts} FROM {quoted(view)})")

    def _system_relation(self, db: str, name: str, columns: tuple[RelationColumn, ...]) -> Relation:
        if (db, name) == (audit.DATABASE, audit.TABLE):
            # What ended before this statement is to be seen by it.
            self.session.warehouse.audit.flush()
            return audit.relation()
        load()
        rows = _PROVIDERS.get((db, name))
        if rows is None:
            raise Refused(f"the system table {db}.{name}", "It tells of parts of a cluster that are not here.")
        made = self.materialize(f"{db}_{name}", columns, rows(self))
        return Relation(db, name, made.columns, from_sql=made.from_sql)


def _array(kind: DorisType, values: list[Any]) -> pa.Array:
    arrow = _ARROW.get(kind.name)
    if arrow is None:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array(values, arrow)
