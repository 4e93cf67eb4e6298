"""A bound query: its text for DuckDB and the columns it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from nereus.warehouse.embedded.sql.context import Context
from nereus.warehouse.embedded.sql.parts import Parts
from nereus.warehouse.embedded.sql.pruning import PartScan
from nereus.warehouse.embedded.sql.records import record
from nereus.warehouse.embedded.sql.render import quoted
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.scope import Column
from nereus.warehouse.embedded.sql.typed import ColumnRead, Typed
from nereus.warehouse.embedded.types import DorisType


@record(frozen=True, slots=True)
class Output:
    """One column of a query's result. `qualifier` is filled for a plain column and empty for an expression."""

    name: str
    type: DorisType
    qualifier: tuple[str, ...] = ()
    origin: ColumnRead | None = None
    nullable: bool = True
    number: int = 0


@record(frozen=True, slots=True)
class Bound:
    """A bound query or one side of a set operation; DuckDB names its columns c0, c1 ...

    Attributes:
        text: complete DuckDB text.
        items: the SELECT list where a cast may be put around each item in place.
        assemble: makes the text anew from other items.
        parts: the clauses where the query is one SELECT.
        scans: the places in it where conditions on its result may leave out stored parts, with its SELECT list.
    """

    outputs: tuple[Output, ...]
    text: str
    items: tuple[Typed, ...] | None = None
    assemble: Callable[[Sequence[Typed]], str] | None = None
    parts: Parts | None = None
    scans: tuple[tuple[PartScan, tuple[Typed, ...]], ...] = ()

    def cast(self, types: Sequence[DorisType], context: Context) -> Bound:
        """The same rows with columns of other types."""
        if all(output.type == type_ for output, type_ in zip(self.outputs, types, strict=True)):
            return self
        outputs = tuple(
            output if output.type == type_ else Output(output.name, type_, nullable=output.nullable)
            for output, type_ in zip(self.outputs, types, strict=True)
        )
        if self.items is not None and self.assemble is not None:
            cast = [
                casts.implicit(replace(item, node=item.node.copy()), type_)
                for item, type_ in zip(self.items, types, strict=True)
            ]
            return Bound(outputs, self.assemble(cast))
        alias = context.counters.alias()
        columns = [
            Column("", output.type, alias=alias, physical=f"c{i}").typed() for i, output in enumerate(self.outputs)
        ]
        cast = [casts.implicit(column, type_) for column, type_ in zip(columns, types, strict=True)]
        listed = ", ".join(f"{context.render_item(item)} AS {quoted(f'c{i}')}" for i, item in enumerate(cast))
        return Bound(outputs, f"SELECT {listed} FROM ({self.text}) AS {quoted(alias)}")
