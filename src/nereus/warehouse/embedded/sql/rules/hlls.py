"""HLL values: hll_hash, hll_union, hll_cardinality and their like.

A value is the list of its 64-bit hashes while it has at most 160, else a 0 and its registers, each as
register * 64 + rank (UBIGINT[]); a hash of 0 is never kept. Doris answers from the same two states.
"""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.registry import aggregate, aggregate_call, function
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, signature_error, sql, typed
from nereus.warehouse.embedded.sql.rules.sketches import estimate, hash_of
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, STRING, DorisType

Order = list[tuple[Typed, bool]]

HLL = DorisType("hll")
#: Marks the hash from which hll_hash() made a value, for estimates without making lists.
HASH = "hash"


def _hll(name: str, args: list[Typed]) -> Typed:
    count_check(name, args, 1)
    if args[0].type.name == "null":
        return literals.null_of(HLL)
    if args[0].type != HLL:
        raise signature_error(name, [args[0].type])
    return args[0]


def _empty() -> exp.Expression:
    return cast(exp.Array(expressions=[]), HLL)


@function("hll_empty")
def hll_empty(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``hll_empty()`` -> ``[]``"""
    count_check("hll_empty", args, 0)
    return typed(_empty(), HLL)


@function("hll_hash")
def hll_hash(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``hll_hash(a)`` -> ``[hash of the text of a]``; of NULL the empty value"""
    count_check("hll_hash", args, 1)
    hashed = hash_of(casts.implicit(args[0], STRING))
    one = exp.Array(expressions=[hashed.copy()])
    found = typed(cast(sql("CASE WHEN h <> 0 THEN l ELSE e END", h=hashed, l=one, e=_empty()), HLL), HLL, *args)
    found.node.meta[HASH] = hashed
    return found


@function("hll_cardinality")
def hll_cardinality(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``hll_cardinality(h)`` -> its estimate; of NULL 0"""
    value = _hll("hll_cardinality", args)
    return typed(sql("coalesce(doris_hll_cardinality(h), 0)", h=value), BIGINT, *args)


def _merged(value: Typed) -> exp.Expression:
    """The values of a group as one, NULL where there is none."""
    hashed = value.node.meta.get(HASH)
    if isinstance(hashed, exp.Expression):
        listed = call("list", exp.Distinct(expressions=[hashed.copy()]))
        condition = sql("h <> 0", h=hashed.copy())
        return call("doris_hll_of", aggregate_call(exp.Filter(this=listed, expression=exp.Where(this=condition))))
    condition = sql("h IS NOT NULL", h=value.node.copy())
    listed = call("list", value.node.copy())
    return call("doris_hll_merge", aggregate_call(exp.Filter(this=listed, expression=exp.Where(this=condition))))


def _aggregated(name: str, args: list[Typed], order: Order) -> Typed:
    if order:
        raise DorisError(f"{name} doesn't support order by expression")
    return _hll(name, args)


@aggregate("hll_union", "hll_raw_agg")
def hll_union(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``hll_union(h)`` -> the values of a group as one; of no values the empty one"""
    value = _aggregated("hll_union", args, order)
    node = cast(sql("coalesce(m, e)", m=_merged(value), e=_empty()), HLL)
    return Typed(node, HLL, volatile=value.volatile, aggregate=True)


@aggregate("hll_union_agg")
def hll_union_agg(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``hll_union_agg(h)`` -> ``hll_cardinality(hll_union(h))``"""
    value = _aggregated("hll_union_agg", args, order)
    hashed = value.node.meta.get(HASH)
    if isinstance(hashed, exp.Expression):
        node = estimate(hashed, merged=True)
    else:
        node = sql("coalesce(doris_hll_cardinality(m), 0)", m=_merged(value))
    return Typed(node, BIGINT, volatile=value.volatile, aggregate=True)
