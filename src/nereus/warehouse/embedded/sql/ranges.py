"""Whether one comparison with a constant says at least what another says: ``a >= 5`` implies ``a > 3``."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from sqlglot import exp

#: A constant that compares with others of its kind.
Constant = tuple[str, Decimal | str]

_LOWER = (exp.GT, exp.GTE)
_UPPER = (exp.LT, exp.LTE)


def implies(known: exp.Expression, wanted: exp.Expression, text: Callable[[exp.Expression], str]) -> bool:
    """Whether `wanted` is true wherever `known` is. Both sides must be one expression compared with a constant."""
    if isinstance(known, exp.Between):
        low = exp.GTE(this=known.this.copy(), expression=known.args["low"].copy())
        high = exp.LTE(this=known.this.copy(), expression=known.args["high"].copy())
        return implies(low, wanted, text) or implies(high, wanted, text)
    if isinstance(wanted, exp.Between):
        low = exp.GTE(this=wanted.this.copy(), expression=wanted.args["low"].copy())
        high = exp.LTE(this=wanted.this.copy(), expression=wanted.args["high"].copy())
        return implies(known, low, text) and implies(known, high, text)
    if not isinstance(known, (exp.EQ, *_LOWER, *_UPPER)) or not isinstance(wanted, (*_LOWER, *_UPPER)):
        return False
    one, other = constant(known.expression), constant(wanted.expression)
    if one is None or other is None or one[0] != other[0] or text(known.this) != text(wanted.this):
        return False
    mine, theirs = one[1], other[1]
    if isinstance(wanted, _LOWER):
        if isinstance(known, _UPPER):
            return False
        strict = isinstance(wanted, exp.GT) and not isinstance(known, exp.GT)
        return mine > theirs if strict else mine >= theirs  # type: ignore[operator]
    if isinstance(known, _LOWER):
        return False
    strict = isinstance(wanted, exp.LT) and not isinstance(known, exp.LT)
    return mine < theirs if strict else mine <= theirs  # type: ignore[operator]


def constant(node: exp.Expression) -> Constant | None:
    """A number, or a date or time written in full; its kind and what compares."""
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return "number", -Decimal(node.this.name)
    if isinstance(node, exp.Literal) and not node.is_string:
        try:
            return "number", Decimal(node.name)
        except InvalidOperation:
            return None
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string:
        kind = node.args["to"].this
        written = node.this.name
        if kind == exp.DataType.Type.DATE and len(written) == 10:
            return "date", written
        if kind == exp.DataType.Type.TIMESTAMP and len(written) == 19:
            return "timestamp", written
    return None
