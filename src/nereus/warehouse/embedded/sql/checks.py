"""What each clause of Doris forbids, with Doris' texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.expressions import Found
from nereus.warehouse.embedded.sql.registry import is_aggregate_call
from nereus.warehouse.embedded.sql.render import Text
from nereus.warehouse.embedded.sql.scope import Column
from nereus.warehouse.embedded.sql.typed import Typed

_CLASSES = {"aggregate": "AggregateFunction", "grouping": "GroupingScalarFunction", "window": "WindowExpression"}


def forbid(found: Found, plan: str, *kinds: str) -> None:
    """Raise Doris' error if an expression of `plan` contains one of `kinds`."""
    for kind in kinds:
        shown = getattr(found, kind)
        if shown is not None:
            raise DorisError(f"{plan} can not contains {_CLASSES[kind]} expression: {shown}")


def ungrouped(values: Iterable[Typed], keys: Sequence[exp.Expression], columns: Sequence[Column]) -> list[str]:
    """The names of columns that stand outside aggregate functions and are no part of a key, each once."""
    names = {(column.alias, column.physical): column.name for column in columns}
    missing: list[str] = []

    def visit(node: exp.Expression) -> None:
        if is_aggregate_call(node) and not isinstance(node.parent, exp.Window):
            return
        if any(node == key for key in keys):
            return
        if isinstance(node, exp.Column):
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


Check = Callable[[Found], None]
