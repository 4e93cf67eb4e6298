"""Which stored parts of a table a query can need: conditions on columns, for whoever knows what the parts hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp

from nereus.warehouse.embedded.sql.render import quoted
from nereus.warehouse.embedded.sql.typed import Typed

#: (column of the table, operator, DuckDB text of a constant): text of a condition on a part, or None where the column
#: says nothing of parts. Operators are those of `_MIRRORED`.
Judge = Callable[[str, str, str], str | None]

_OPERATORS: Mapping[type[exp.Expression], str] = {exp.EQ: "=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_CONSTANT = (exp.Cast, exp.Literal, exp.Neg, exp.Paren, exp.DataType)


class StoredParts(Protocol):
    """The stored parts of one table."""

    def judge(self, column: str, operator: str, constant: str) -> str | None: ...

    def reading(self, conditions: Sequence[str]) -> str:
        """DuckDB text for FROM: the rows of the parts for which all these conditions (of `judge`) may be true."""


@dataclass(slots=True)
class PartScan:
    """One place where a query reads a table of several parts.

    Attributes:
        text: how it stands in the query's DuckDB text now.
        columns: the table's columns by (alias, name) as the clause that is being bound sees them.
    """

    parts: StoredParts
    alias: str
    text: str
    columns: Mapping[tuple[str, str], str]
    conditions: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, parts: StoredParts, alias: str, text: str, names: Sequence[str]) -> PartScan:
        """A scan of all parts, which stands as `text` behind FROM under an alias of its own."""
        return cls(parts, alias, text, {(alias, name): name for name in names})

    def narrow(self, conditions: Sequence[exp.Expression], text: str, render: Callable[[exp.Expression], str]) -> str:
        """`text` with this scan reading only what all the conditions leave. They must hold for every row of the result.

        A part that no row of the result comes from may go unread: a comparison with a constant is never true for the
        NULLs that an outer join puts in the place of a missing row.
        """
        found = [part for node in conditions if (part := self._may(node, render)) is not None]
        if not found:
            return text
        self.conditions.extend(found)
        former, self.text = self.text, self.parts.reading(self.conditions)
        # The alias makes the place unique.
        place = f" AS {quoted(self.alias)}"
        return text.replace(former + place, self.text + place)

    def seen_as(self, alias: str, items: Sequence[Typed]) -> PartScan:
        """The same scan from the clause around, where item i of its SELECT list is column c<i> of `alias`."""
        columns = {
            (alias, f"c{i}"): name
            for i, item in enumerate(items)
            if isinstance(item.node, exp.Column) and (name := self.columns.get((item.node.table, item.node.name)))
        }
        return PartScan(self.parts, self.alias, self.text, columns, self.conditions)

    def _may(self, node: exp.Expression, render: Callable[[exp.Expression], str]) -> str | None:
        """A condition on parts that is true wherever `node` may be true for a row; None where every part may."""
        if isinstance(node, exp.Paren):
            return self._may(node.this, render)
        if isinstance(node, exp.And | exp.Or):
            operands = list(node.expressions) or [node.args["this"], node.args["expression"]]
            found = [self._may(operand, render) for operand in operands]
            known = [text for text in found if text is not None]
            if not known or (isinstance(node, exp.Or) and len(known) < len(found)):
                return None
            word = " AND " if isinstance(node, exp.And) else " OR "
            return f"({word.join(known)})"
        if isinstance(node, exp.Between):
            low = self._compare(node.this, ">=", node.args["low"], render)
            high = self._compare(node.this, "<=", node.args["high"], render)
            known = [text for text in (low, high) if text is not None]
            return f"({' AND '.join(known)})" if known else None
        if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
            each = [self._compare(node.this, "=", value, render) for value in node.expressions]
            return None if None in each else f"({' OR '.join(text for text in each if text)})"
        operator = _OPERATORS.get(type(node))
        if operator is None:
            return None
        left, right = node.args["this"], node.args["expression"]
        return self._compare(left, operator, right, render) or self._compare(right, _MIRRORED[operator], left, render)

    def _compare(
        self, column: exp.Expression, operator: str, value: exp.Expression, render: Callable[[exp.Expression], str]
    ) -> str | None:
        if not isinstance(column, exp.Column) or not all(isinstance(part, _CONSTANT) for part in value.walk()):
            return None
        name = self.columns.get((column.table, column.name))
        return None if name is None else self.parts.judge(name, operator, render(value))
