"""Comparisons, IN, BETWEEN, LIKE, IS NULL and the logical operators."""

from __future__ import annotations

from functools import reduce

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.nodes import make
from nereus.warehouse.embedded.sql.registry import operator
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import closed, sql, text, typed
from nereus.warehouse.embedded.sql.rules.coercion import common_type, wider
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BOOLEAN, STRING, DorisType

#: Types that DuckDB orders as Doris does (text by its bytes).
_ORDERED = ("boolean", "decimal", "float", "double", "date", "datetime", "null")


@operator(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
def compare(node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``date_column < '2024-01-01'`` -> ``date_column < CAST('2024-01-01' AS DATE)``; ``'10' < 9`` compares numbers"""
    left, right = pair(*operands)
    return typed(make(type(node), this=closed(left.node), expression=closed(right.node)), BOOLEAN, *operands)


@operator(exp.NullSafeEQ)
def same(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``a <=> b`` -> ``a IS NOT DISTINCT FROM b``"""
    left, right = pair(*operands)
    return typed(sql("a IS NOT DISTINCT FROM b", a=left, b=right), BOOLEAN, *operands)


def pair(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Both operands of a comparison in the type Doris compares them in; also for join keys and IN (subquery).

    Raises DorisError for types that Doris does not compare.
    """
    if left.type == right.type:
        _check(left.type)
        return left, right
    left, right = literals.beside(left, right.type), literals.beside(right, left.type)
    found = wider(left.type, right.type)
    if found is None:
        raise DorisError(f"unsupported comparison predicate between {left.type} and {right.type}")
    _check(found)
    return _plain(left, found, right), _plain(right, found, left)


def _plain(value: Typed, to: DorisType, other: Typed) -> Typed:
    """`value` in type `to`; between integers (and between texts) DuckDB compares alike without a cast."""
    if value.type.is_integer and other.type.is_integer:
        return value
    return casts.implicit(value, to)


def check_sortable(value: Typed) -> None:
    """Refuse a sort key of type JSON: Doris orders its binary form, not its text."""
    if value.type.name == "json":
        raise Refused("ORDER BY of a JSON document", "Order by a value from it: json_extract_string(j, '$.a').")


def _check(type_: DorisType) -> None:
    if type_.is_integer or type_.is_text or type_.name in _ORDERED:
        return
    if type_.name in ("json", "variant", "bitmap", "hll", "quantile_state", "map", "struct"):
        raise DorisError(f"data type {str(type_).upper()} could not used in ComparisonPredicate")
    raise Refused(f"a comparison of {type_}", "Compare what is in it.")


@operator(exp.In)
def within(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``k IN (1, '2')`` -> ``k IN (1, 2)``: all items and the value in one type"""
    value, items = operands[0], [literals.beside(item, operands[0].type) for item in operands[1:]]
    types = [value.type, *(item.type for item in items)]
    found = value.type if all(type_ == value.type for type_ in types) else common_type(types)
    if found is None:
        raise DorisError("unsupported in predicate: its items have no common type")
    _check(found)
    integers = all(type_.is_integer for type_ in types)
    cast = [operand if integers else casts.implicit(operand, found) for operand in (value, *items)]
    node = make(exp.In, this=closed(cast[0].node), expressions=[item.node for item in cast[1:]])
    return typed(node, BOOLEAN, *operands)


@operator(exp.Between)
def between(_node: exp.Expression, operands: list[Typed], facts: SessionFacts) -> Typed:
    """``a BETWEEN b AND c`` -> the same, where both bounds are compared in one type; else ``a >= b AND a <= c``"""
    value, low, high = operands
    above, least = pair(value, low)
    below, most = pair(value, high)
    if above.node == value.node == below.node:
        return typed(
            make(exp.Between, this=closed(value.node), low=closed(least.node), high=closed(most.node)),
            BOOLEAN,
            *operands,
        )
    del facts
    return typed(
        sql("a >= b AND c <= d", a=above, b=least, c=Typed(below.node.copy(), below.type), d=most), BOOLEAN, *operands
    )


@operator(exp.Is)
def is_null(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``a IS NULL`` -> the same"""
    return typed(sql("a IS NULL", a=operands[0]), BOOLEAN, *operands)


@operator(exp.And, exp.Or)
def connect(node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``a AND b AND c`` -> the same over booleans; ``1 AND 'true'`` reads its operands as booleans"""
    parts = [closed(truth(operand).node) for operand in operands]
    kind = type(node)
    return typed(reduce(lambda left, right: make(kind, this=left, expression=right), parts), BOOLEAN, *operands)


@operator(exp.Not)
def negate(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``NOT a`` -> ``NOT a``"""
    return typed(sql("NOT (a)", a=truth(operands[0])), BOOLEAN, *operands)


@operator(exp.Xor)
def exclusive(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``a XOR b`` -> ``a <> b`` for booleans; Doris takes nothing else"""
    if not all(operand.type.name in ("boolean", "null") for operand in operands):
        raise DorisError(
            "Can not find the compatibility function signature: "
            f"xor({', '.join(str(operand.type).upper() for operand in operands)})"
        )
    left, right = (truth(operand) for operand in operands)
    return typed(sql("a <> b", a=left, b=right), BOOLEAN, *operands)


def truth(value: Typed) -> Typed:
    """A condition: a value of any type as boolean."""
    return casts.cast_to(value, BOOLEAN)


@operator(exp.Like)
def like(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    r"""``a LIKE 'x\_%'`` -> ``a LIKE 'x\_%' ESCAPE '\'``"""
    value, pattern = (casts.implicit(operand, STRING) for operand in operands[:2])
    escape = "\\"
    if len(operands) == 3:
        if not isinstance(operands[2].literal, str) or len(operands[2].literal) != 1:
            raise DorisError("like escape character must be a single ascii character")
        escape = operands[2].literal
    if not isinstance(operands[1].literal, str):
        return typed(_dynamic_like(value, pattern, escape), BOOLEAN, *operands)
    written = _escaped(operands[1].literal, escape)
    if written is None:
        return typed(sql("a LIKE p", a=value, p=pattern), BOOLEAN, *operands)
    return typed(sql(r"a LIKE p ESCAPE '\'", a=value, p=text(written)), BOOLEAN, *operands)


def _escaped(pattern: str, escape: str) -> str | None:
    r"""The pattern with ``\`` as its escape character; None where it has none.

    An escape character before anything but ``%``, ``_`` and itself stands for itself, and so does one at the end.
    """
    if escape not in pattern and "\\" not in pattern:
        return None
    written, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        following = pattern[at + 1 : at + 2]
        if char == escape and following and following in ("%", "_", escape):
            written.append("\\" + following)
            at += 1
        else:
            written.append("\\\\" if char == "\\" else char)
        at += 1
    return "".join(written)


def _dynamic_like(value: Typed, pattern: Typed, escape: str) -> exp.Expression:
    """A pattern of which only the run time knows the text: one with an escape character is an error."""
    return sql(
        "CASE WHEN contains(p, e) THEN error(m) ELSE a LIKE p END",
        a=value,
        p=pattern,
        e=text(escape),
        m=text("the embedded warehouse refuses a computed LIKE pattern with an escape character"),
    )
