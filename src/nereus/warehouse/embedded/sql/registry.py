"""The table of rules. What is not registered here is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlglot import exp

from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed

#: A scalar function: bound arguments and session facts in, bound call out.
FunctionRule = Callable[[list[Typed], SessionFacts], Typed]
#: A node of the grammar (operator, CASE, IN ...): the node and its operands, bound in the order of `exp` args.
NodeRule = Callable[[exp.Expression, list[Typed], SessionFacts], Typed]
#: An aggregate function: arguments, whether DISTINCT, ORDER BY terms as (expression, descending).
AggregateRule = Callable[[list[Typed], bool, list[tuple[Typed, bool]], SessionFacts], Typed]

FUNCTIONS: dict[str, FunctionRule] = {}
OPERATORS: dict[type[exp.Expression], NodeRule] = {}
AGGREGATES: dict[str, AggregateRule] = {}
#: Window-only functions (row_number, lag ...); aggregates may stand in windows too.
WINDOWS: dict[str, FunctionRule] = {}
#: name -> why it is refused and what to write instead.
REFUSED: dict[str, str] = {}

_F = TypeVar("_F", FunctionRule, AggregateRule)


def function(*names: str) -> Callable[[FunctionRule], FunctionRule]:
    """Register a scalar function under its Doris name and aliases (lower case)."""
    return lambda rule: _register(FUNCTIONS, names, rule)


def aggregate(*names: str) -> Callable[[AggregateRule], AggregateRule]:
    """Register an aggregate function under its Doris name and aliases (lower case)."""
    return lambda rule: _register(AGGREGATES, names, rule)


def window(*names: str) -> Callable[[FunctionRule], FunctionRule]:
    """Register a window-only function under its Doris name and aliases (lower case)."""
    return lambda rule: _register(WINDOWS, names, rule)


def operator(*types: type[exp.Expression]) -> Callable[[NodeRule], NodeRule]:
    """Register the rule of an operator by its syntax-tree class."""

    def keep(rule: NodeRule) -> NodeRule:
        for kind in types:
            if kind in OPERATORS:
                raise ValueError(f"two rules for {kind.__name__}")
            OPERATORS[kind] = rule
        return rule

    return keep


def _register(table: dict[str, _F], names: tuple[str, ...], rule: _F) -> _F:
    for name in names:
        if name != name.lower() or name in table:
            raise ValueError(f"rule name {name!r} is taken or not lower case")
        table[name] = rule
    return rule
