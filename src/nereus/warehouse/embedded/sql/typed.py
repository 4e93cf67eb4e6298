"""What rules take and give: a DuckDB expression with the Doris type it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime as _datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sqlglot import exp

from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.sql.records import record
from nereus.warehouse.embedded.types import DorisType

if TYPE_CHECKING:
    from nereus.warehouse.embedded.sql.pruning import StoredParts


@record(frozen=True, slots=True)
class Typed:
    """A bound expression.

    Attributes:
        node: DuckDB syntax tree; functions are `exp.Anonymous` with DuckDB's names.
        type: Doris' type of the value. The physical DuckDB type of `node` must be `type.duckdb`.
        literal: the Python value (str, int, Decimal, float, bool) when the source was a literal: Doris treats a
            string literal '2024-01-01' unlike a column of type varchar.
        volatile: its value may differ between two executions of the same text (now(), rand(), a variable).
        aggregate: it contains an aggregate function call.
    """

    node: exp.Expression
    type: DorisType
    literal: object = None
    volatile: bool = False
    aggregate: bool = False


@record(frozen=True, slots=True)
class RelationColumn:
    name: str
    type: DorisType
    nullable: bool = True


@record(frozen=True, slots=True)
class Relation:
    """A table, view or system table as a query may read it.

    Exactly one of `from_sql` (DuckDB text that stands in FROM) and `view_sql` (Doris SELECT text, bound in turn)
    is given. `view_sql_mode` is the sql_mode under which the view was made: its text is read as it was then.
    `partition_filter` gives, for a table and names of its partitions, a DuckDB predicate over its columns that is true
    for their rows; it raises KeyError with the name of one that the table does not have. `row_filter` is the Doris
    condition that row policies put on the rows this user sees. `stored` is given where the rows lie in parts of which a
    query may need only some; `from_sql` reads them all.
    """

    db: str
    name: str
    columns: tuple[RelationColumn, ...]
    from_sql: str | None = None
    view_sql: str | None = None
    view_sql_mode: str = ""
    partition_filter: Callable[[Sequence[str]], str] | None = None
    stored: StoredParts | None = None
    row_filter: str = ""
    temporary: Mapping[str, str] = field(default_factory=dict)
    _told: list[_Told] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def types(self) -> Mapping[str, DorisType]:
        """The types of the columns by name."""
        return self._tell().types

    @property
    def required(self) -> frozenset[str]:
        """The columns that are never NULL."""
        return self._tell().required

    @property
    def reads(self) -> tuple[ColumnRead, ...]:
        """What is read of it where a column is named, in the order of the columns."""
        return self._tell().reads

    def _tell(self) -> _Told:
        """Found once: a catalogue gives the same relation to all queries until it changes."""
        if not self._told:
            self._told.append(
                _Told(
                    {column.name: column.type for column in self.columns},
                    frozenset(column.name for column in self.columns if not column.nullable),
                    tuple(ColumnRead(self.db, self.name, column.name) for column in self.columns),
                )
            )
        return self._told[0]


class _Told(NamedTuple):
    types: Mapping[str, DorisType]
    required: frozenset[str]
    reads: tuple[ColumnRead, ...]


class Schema(Protocol):
    """What the binder needs to know of the catalogue. One instance sees one consistent state."""

    def has_database(self, db: str) -> bool: ...

    def relation(self, db: str, name: str) -> Relation | None: ...


@record(frozen=True, slots=True)
class SessionFacts:
    """What functions like user(), database() and now() answer from.

    `variables` holds the effective session variables by lower-case name, as text, and `global_variables` what
    ``@@global.name`` reads; `last_query_id` is the id of the statement before, or Doris' words where there was none.
    """

    user: str = "root"
    host: str = "127.0.0.1"
    connection_id: int = 0
    database: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    global_variables: Mapping[str, str] = field(default_factory=dict)
    user_variables: Mapping[str, Typed] = field(default_factory=dict)
    now: _datetime = field(default_factory=_datetime.now)
    last_query_id: str = "Not Available"


class ColumnRead(NamedTuple):
    """One column that a statement reads; `column` is empty where only the table is named (count(*))."""

    db: str
    table: str
    column: str


@record(frozen=True, slots=True)
class BoundQuery:
    """A query ready for DuckDB.

    Attributes:
        sql: DuckDB text; running it gives the physical types of `columns`, in order.
        reads: what privileges must be checked for. A view counts as itself, not as the tables below it.
        volatile: must not be cached by text.
        stored: every (database, table) with rows that it reads, those below views too.
        repeats: an element of some WITH is read more than once.
    """

    sql: str
    columns: tuple[ResultColumn, ...]
    reads: frozenset[ColumnRead]
    volatile: bool
    stored: frozenset[tuple[str, str]] = frozenset()
    repeats: bool = False
