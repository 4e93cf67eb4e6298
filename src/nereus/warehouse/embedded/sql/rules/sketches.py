"""approx_count_distinct and ndv: Doris' HyperLogLog, value for value.

Its answer depends on the set of hashed values alone: up to 160 of them are counted exactly, more are estimated from the
highest rank in each of 16,384 registers. With the same hash over the same bytes the estimate is the same.
"""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import aggregate, aggregate_call
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, number, sql, unscaled
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_, let
from nereus.warehouse.embedded.sql.rules.text_arguments import refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, DorisType

Order = list[tuple[Typed, bool]]

#: Bytes of an integer type in memory.
_WIDTHS = {"boolean": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}
#: How a date and a datetime lie in memory: year, month, day, hour ... in bits of their own.
_DATE_BITS = "year(d) * 512 + month(d) * 32 + day(d)"
_DATETIME_BITS = (
    "year(d) * 70368744177664 + month(d) * 4398046511104 + day(d) * 137438953472 + hour(d) * 4294967296 "
    "+ minute(d) * 67108864 + second(d) * 1048576 + microsecond(d) % 1000000"
)


@aggregate("ndv", "approx_count_distinct")
def ndv(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``ndv(a)`` -> the HyperLogLog estimate over ``hash(a)``; up to 160 different values their number"""
    count_check("ndv", args, 1)
    if order:
        raise DorisError("ndv doesn't support order by expression")
    return Typed(estimate(hash_of(args[0])), BIGINT, volatile=args[0].volatile, aggregate=True)


def estimate(hashed: exp.Expression, *, merged: bool = False) -> exp.Expression:
    """The estimated number of different hashes; a hash of 0 or NULL does not count.

    With exactly 160 hashes Doris counts them if they come from values that are `merged`. If they are added one by one,
    it counts or estimates depending on the order of rows; where that matters it is refused.
    """
    listed = aggregate_call(call("list", exp.Distinct(expressions=[hashed])))
    different = call("list_filter", listed, lambda_("h <> 0", "h"))
    return let(
        "n",
        call("doris_hll_cardinality", call("doris_hll_of", different)) if merged else call("doris_ndv", different),
        "CASE WHEN n < 0 THEN CAST(error(m) AS BIGINT) ELSE coalesce(n, 0) END",
        m=refusal_text("an estimate of exactly 160 values. Write count(DISTINCT x)."),
    )


def hash_of(value: Typed) -> exp.Expression:
    """``a`` -> the 64-bit hash of its bytes as they lie in Doris' memory."""
    type_ = value.type
    if type_.is_text:
        return call("doris_hash_text", value)
    if type_.name in _WIDTHS:
        return call("doris_hash_integer", cast(value, BIGINT), number(_WIDTHS[type_.name]))
    if type_.name == "largeint":
        return _wide(value.node)
    if type_.name in ("double", "float"):
        return call(f"doris_hash_{type_.name}", value)
    if type_.name == "date":
        return call("doris_hash_integer", sql(_DATE_BITS, d=value), number(4))
    if type_.name == "datetime":
        return call("doris_hash_integer", sql(_DATETIME_BITS, d=value), number(8))
    if type_.name == "decimal":
        return _decimal(value, type_)
    raise Refused(f"an estimate of different values of {type_}", "Write count(DISTINCT x).")


def _decimal(value: Typed, type_: DorisType) -> exp.Expression:
    digits = unscaled(value.node, type_.scale or 0)
    precision = type_.precision or 0
    if precision > 18:
        return _wide(digits)
    return call("doris_hash_integer", cast(digits, BIGINT), number(4 if precision <= 9 else 8))


def _wide(node: exp.Expression) -> exp.Expression:
    low = cast(sql("x & CAST(m AS HUGEINT)", x=node.copy(), m=exp.Literal.number("18446744073709551615")), "UBIGINT")
    high = cast(sql("x >> CAST(64 AS HUGEINT)", x=node.copy()), BIGINT)
    return call("doris_hash_wide", low, high)
