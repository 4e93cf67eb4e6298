"""The table of rules. What is not registered here is refused by name.

How the parser presents Doris' grammar to `OPERATORS` (class: operands in order). Parentheses leave no node.

=========================  ==========================================================================================
Literal, Null, Boolean     none. Numbers keep their text with sign ("-1", "1.50", "1e3"); strings are already unescaped.
Introducer                 none. DATE '...', TIMESTAMP '...': `this` is "DATE" | "DATEV1" | "DATEV2" | "TIMESTAMP",
                           `expression` the string Literal.
HexString                  none. X'...'.
Add Sub Mul Div Mod        left, right. IntDiv is DIV.
IntDiv BitwiseAnd
BitwiseOr BitwiseXor
Neg, BitwiseNot            operand. Doris reads -x as 0 - x with an INT zero; -1 is a Literal.
DateAdd, DateSub           date, amount of `d + INTERVAL n DAY`; the unit is `node.text("unit")`, upper case.
EQ NEQ LT LTE GT GTE       left, right.
NullSafeEQ
And, Or                    two or more operands (a chain arrives flat). Xor has two; `||` is Or or concat().
Not                        operand. NOT LIKE, NOT IN, NOT BETWEEN, IS NOT NULL are Not around the positive form.
Between                    value, low, high.
Like                       value, pattern[, escape]. RegexpLike: value, pattern.
In                         value, item, ... (subqueries never reach a rule).
Is                         value: IS NULL. (IS TRUE is a Cast to boolean.)
Case                       condition, result, condition, result ...[, default]. CASE x WHEN y is already x = y.
=========================  ==========================================================================================

CAST and CONVERT go to `rules.casts.cast_to`; everything else is a function call by lower-case name:
element_at (``a[1]``), array_slice (``a[1:2]``), array, map, struct (``[1]``, ``{k: v}``, ``{1, 2}``), match_any ...,
trim/ltrim/rtrim (text[, what]), char (charset, codes ...), convert_to, year/month... for EXTRACT, now() for
CURRENT_TIMESTAMP, current_date(), current_time(), current_user(), session_user().

Two kinds of argument are no values: ``INTERVAL n DAY`` arrives as Typed(Interval(this=n, unit=Var("DAY"))) with the
type and literal of n; the unit of timestampdiff(DAY, a, b) arrives as Typed(Var("DAY")) with literal "DAY".
``f(x -> x + 1, a)`` arrives with a Typed whose node is a Lambda.

An aggregate rule marks every DuckDB aggregate call it builds (with its FILTER, if any) by `aggregate_call`, so that the
binder knows where OVER goes. count(*) has no arguments.
"""

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

_AGGREGATE_CALL = "aggregate_call"


def aggregate_call(node: exp.Expression) -> exp.Expression:
    """Mark `node` as a DuckDB aggregate call and return it."""
    node.meta[_AGGREGATE_CALL] = True
    return node


def is_aggregate_call(node: exp.Expression) -> bool:
    return bool(node.meta_get(_AGGREGATE_CALL))


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
