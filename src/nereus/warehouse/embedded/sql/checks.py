"""What each clause of Doris forbids, with Doris' texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.expressions import Found
from nereus.warehouse.embedded.sql.nodes import same
from nereus.warehouse.embedded.sql.registry import is_aggregate_call
from nereus.warehouse.embedded.sql.render import Text
from nereus.warehouse.embedded.sql.scope import Column
from nereus.warehouse.embedded.sql.tree import SortItem
from nereus.warehouse.embedded.sql.typed import Typed

_CLASSES = {"aggregate": "AggregateFunction", "grouping": "GroupingScalarFunction", "window": "WindowExpression"}


def forbid(found: Found, plan: str, *kinds: str) -> None:
    """Raise Doris' error if an expression of `plan` contains one of `kinds`."""
    for kind in kinds:
        shown = getattr(found, kind)
        if shown is not None:
            raise DorisError(f"{plan} can not contains {_CLASSES[kind]} expression: {shown}")


def ordinal_of(node: exp.Expression) -> int | None:
    """The number of ``ORDER BY 2``; None for anything but an integer."""
    if isinstance(node, exp.Literal) and not node.is_string and node.name.lstrip("-").isdigit():
        return int(node.name)
    return None


def direction(item: SortItem) -> str:
    """What follows a sort key."""
    return f" {'DESC' if item.descending else 'ASC'} NULLS {'FIRST' if item.nulls_first else 'LAST'}"


def is_constant(value: Typed) -> bool:
    """Whether a value is the same in every row of a statement."""
    return not value.volatile and not any(isinstance(node, (exp.Column, Text)) for node in value.node.walk())


def outside_aggregates(node: exp.Expression) -> Iterator[exp.Expression]:
    """An expression and its parts, without those inside aggregate functions."""
    yield node
    if not is_aggregate_call(node) or isinstance(node.parent, exp.Window):
        for child in node.iter_expressions():
            yield from outside_aggregates(child)


def ungrouped(values: Iterable[Typed], keys: Sequence[exp.Expression], columns: Sequence[Column]) -> list[str]:
    """The names of columns that stand outside aggregate functions and are no part of a key, each once."""
    names: dict[tuple[str, str], str] = {}
    missing: list[str] = []

    def visit(node: exp.Expression) -> None:
        if is_aggregate_call(node) and not (isinstance(node.parent, exp.Window) and node.parent.this is node):
            return
        if any(same(node, key) for key in keys):
            return
        if isinstance(node, exp.Column):
            if not names:
                names.update(((column.alias, column.physical), column.name) for column in columns)
            name = names.get((node.table, node.name))
            if name is not None and name not in missing:
                missing.append(name)
            return
        children = node.args.get("columns") or () if isinstance(node, Text) else node.iter_expressions()
        for child in children:
            visit(child)

    for value in values:
        visit(value.node)
    return missing
