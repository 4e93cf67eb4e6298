"""percentile, percentile_array, median and percentile_approx."""

from __future__ import annotations

from decimal import Decimal

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import digests
from nereus.warehouse.embedded.sql.registry import aggregate, aggregate_call
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, sql, text
from nereus.warehouse.embedded.sql.rules.lambdas import let
from nereus.warehouse.embedded.sql.rules.text_arguments import refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import DOUBLE, DorisType, array

Order = list[tuple[Typed, bool]]

_PLACE = "CAST(floor((len(s) - 1) * q) AS BIGINT)"
#: The part q of the way from the first to the last of the sorted list s, between two neighbours.
_BETWEEN = (
    "CASE WHEN s IS NULL THEN NULL WHEN q = 1 OR len(s) = 1 THEN CAST(list_extract(s, len(s)) AS DOUBLE) "
    f"ELSE CAST(list_extract(s, {_PLACE} + 1) AS DOUBLE) + ((len(s) - 1) * q - {_PLACE}) "
    f"* CAST(list_extract(s, {_PLACE} + 2) - list_extract(s, {_PLACE} + 1) AS DOUBLE) END"
)


@aggregate("percentile")
def percentile(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``percentile(a, 0.5)`` -> the sorted list of a, and the way between the two values around (n - 1) * 0.5"""
    count_check("percentile", args, 2)
    _plain("percentile", distinct, order)
    value = _number("percentile", args[0])
    return _result(_between(value, _fraction("percentile", args[1])), DOUBLE, args)


@aggregate("median")
def median(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``median(a)`` -> as ``percentile(a, 0.5)``"""
    count_check("median", args, 1)
    _plain("median", distinct, order)
    if not args[0].type.is_numeric and args[0].type.name != "null":
        raise DorisError("median requires a numeric parameter")
    return _result(_between(_number("median", args[0]), 0.5), DOUBLE, args)


@aggregate("percentile_array")
def percentile_array(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``percentile_array(a, [0.1, 0.9])`` -> a list of ``percentile(a, p)``; of no rows an empty one"""
    count_check("percentile_array", args, 2)
    _plain("percentile_array", distinct, order)
    value = _number("percentile_array", args[0])
    node = args[1].node
    while isinstance(node, exp.Cast):
        node = node.this
    if not isinstance(node, exp.Array):
        raise Refused("percentile_array with computed fractions", "Write a list of numbers, such as [0.5, 0.9].")
    found = [_between(_copied(value), _of_node("percentile_array", item)) for item in node.expressions]
    type_ = array(DOUBLE)
    listed = exp.Array(expressions=found)
    counted = aggregate_call(call("count", value.node.copy()))
    empty = cast(exp.Array(expressions=[]), type_)
    return _result(cast(sql("CASE WHEN n = 0 THEN e ELSE l END", n=counted, e=empty, l=listed), type_), type_, args)


@aggregate("percentile_approx")
def percentile_approx(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``percentile_approx(a, 0.5)`` -> the answer of Doris' t-digest; refused where it would merge values

    Doris' own answer depends on the order of rows once a group has more values than the digest keeps one by one.
    """
    count_check("percentile_approx", args, 2, 3)
    _plain("percentile_approx", distinct, order)
    value = casts.cast_to(args[0], DOUBLE)
    fraction = _fraction("percentile_approx", args[1])
    compression = float(digests.COMPRESSION)
    if len(args) == 3:
        given = args[2].literal
        if not isinstance(given, (int, float, Decimal)) or isinstance(given, bool):
            raise Refused("a computed compression of percentile_approx", "Write a number.")
        compression = float(given)
    limit = digests.exact_up_to(compression)
    node = sql(
        f"CASE WHEN n > {limit} THEN CAST(error(m) AS DOUBLE) ELSE doris_digest_quantile(s, q) END",
        n=aggregate_call(call("count", value.node.copy())),
        m=refusal_text(f"percentile_approx of more than {limit} values in a group. Write percentile(x, p)."),
        s=_listed(value),
        q=_double(fraction),
    )
    return _result(node, DOUBLE, args)


def _result(node: exp.Expression, type_: DorisType, args: list[Typed]) -> Typed:
    return Typed(node, type_, volatile=any(arg.volatile for arg in args), aggregate=True)


def _plain(name: str, distinct: bool, order: Order) -> None:
    if order:
        raise DorisError(f"{name} doesn't support order by expression")
    if distinct:
        raise Refused(f"{name}(DISTINCT ...)", "Take the distinct values in a derived table.")


def _number(name: str, value: Typed) -> Typed:
    """Integers as they are; everything else as double, as Doris' signatures have it."""
    if value.type.is_integer or value.type == DOUBLE:
        return value
    if value.type.name == "float":
        raise Refused(f"{name} of a float", "Cast it to double.")
    return casts.cast_to(value, DOUBLE)


def _fraction(name: str, value: Typed) -> float:
    found = value.literal
    if isinstance(found, bool) or not isinstance(found, (int, float, Decimal)):
        raise Refused(f"a computed fraction of {name}", "Write a number between 0 and 1.")
    return _checked(name, float(found))


def _of_node(name: str, node: exp.Expression) -> float:
    while isinstance(node, (exp.Cast, exp.Paren)):
        node = node.this
    try:
        return _checked(name, float(node.name))
    except ValueError:
        raise Refused(f"computed fractions of {name}", "Write numbers between 0 and 1.") from None


def _checked(name: str, fraction: float) -> float:
    if not 0 <= fraction <= 1:
        raise DorisError(f"quantile in func percentile should in [0, 1], but real data is:{fraction:.6f}")
    return fraction


def _between(value: Typed, fraction: float) -> exp.Expression:
    listed = call("list_sort", _listed(value))
    return let("s", listed, _BETWEEN, q=_double(fraction))


def _listed(value: Typed) -> exp.Expression:
    filled = exp.Where(this=sql("a IS NOT NULL", a=value.node.copy()))
    return aggregate_call(exp.Filter(this=call("list", value.node.copy()), expression=filled))


def _double(fraction: float) -> exp.Expression:
    return cast(text(repr(fraction)), DOUBLE)


def _copied(value: Typed) -> Typed:
    return Typed(value.node.copy(), value.type)
