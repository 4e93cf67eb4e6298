"""What one statement's binding shares: the catalogue, the session's facts, and what was found on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from nereus.warehouse.embedded.sql.lexer import syntax_error
from nereus.warehouse.embedded.sql.parts import Parts, Rewriter
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.scope import Column
from nereus.warehouse.embedded.sql.typed import ColumnRead, Schema, SessionFacts, Typed

#: Views within views deeper than this are refused.
MAX_VIEW_DEPTH = 32


@dataclass(slots=True)
class Counters:
    """Numbers that are unique in a statement: DuckDB table aliases, and Doris' column numbers.

    `common` are the elements of WITH that were read so far, `repeats` says that one was read again.
    """

    aliases: int = 0
    columns: int = 0
    common: set[str] = field(default_factory=set)
    repeats: bool = False

    def alias(self) -> str:
        """A table alias that no column can have as its name: DuckDB would take ``t.c`` for a member of a column t."""
        self.aliases += 1
        return f"#{self.aliases}"

    def column(self) -> int:
        self.columns += 1
        return self.columns - 1

    def several(self, count: int) -> range:
        """The numbers of so many columns."""
        self.columns += count
        return range(self.columns - count, self.columns)

    def read_common(self, name: str) -> None:
        self.repeats = self.repeats or name in self.common
        self.common.add(name)


@dataclass(slots=True)
class Meanings:
    """What names and stars of the statement's own text mean: names by their offset, stars by the id of their node."""

    names: dict[int, Column] = field(default_factory=dict)
    stars: dict[int, list[Column]] = field(default_factory=dict)


@dataclass(slots=True)
class Context:
    """Mutable state of binding one statement, or one view within it.

    Attributes:
        text: the statement that offsets of the syntax tree refer to.
        database: what unqualified table names belong to.
        reads: columns of tables and views that the statement itself names; not those below a view.
        tables: every table or view the statement names.
        volatile: some part may give another value when it is run again.
        meanings: filled in where somebody asks for it.
        stored: every table with rows that is read, those below views too.
        rewriter: may put another SELECT in the place of one (materialised views).
    """

    schema: Schema
    facts: SessionFacts
    text: str
    database: str | None
    counters: Counters = field(default_factory=Counters)
    reads: set[ColumnRead] = field(default_factory=set)
    tables: set[tuple[str, str]] = field(default_factory=set)
    volatile: bool = False
    view_depth: int = 0
    renderer: Renderer = field(default_factory=Renderer)
    meanings: Meanings | None = None
    rewriter: Rewriter | None = None
    stored: set[tuple[str, str]] = field(default_factory=set)

    def rewritten(self, parts: Parts) -> Parts | None:
        """What answers a SELECT faster, where there is something."""
        return None if self.rewriter is None else self.rewriter(parts, self.counters.alias)

    def render(self, node: exp.Expression) -> str:
        """The DuckDB text of an expression."""
        return self.renderer.text(node)

    def render_item(self, value: Typed) -> str:
        """The DuckDB text of a column of a result, which has a type even where it is only NULLs."""
        text = self.renderer.text(value.node)
        return f"CAST({text} AS {value.type.duckdb})" if value.type.name == "null" else text

    def read(self, column: Column) -> None:
        if column.origin is not None:
            self.reads.add(column.origin)

    def position(self, at: int) -> str:
        """``(line 1, pos 26)`` of an offset, as Doris adds to errors of binding."""
        detail = syntax_error(self.text, at, "").detail
        return detail.strip()

    def all_reads(self) -> frozenset[ColumnRead]:
        """The columns read, and each table of which no column is read."""
        named = {(read.db, read.table) for read in self.reads}
        return frozenset(self.reads | {ColumnRead(db, table, "") for db, table in self.tables - named})
