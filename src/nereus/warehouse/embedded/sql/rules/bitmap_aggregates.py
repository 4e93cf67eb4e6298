"""Aggregate functions that give bitmaps, or count their members."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import aggregate, aggregate_call
from nereus.warehouse.embedded.sql.rules import comparison
from nereus.warehouse.embedded.sql.rules.bitmaps import BITMAP, MEMBER, bitmap, empty, from_members, intersection
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, sql, try_cast
from nereus.warehouse.embedded.sql.rules.text_arguments import refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, DorisType

Order = list[tuple[Typed, bool]]


def _result(node: exp.Expression, type_: DorisType, args: list[Typed]) -> Typed:
    return Typed(node, type_, volatile=any(arg.volatile for arg in args), aggregate=True)


def _one(name: str, args: list[Typed], order: Order) -> Typed:
    count_check(name, args, 1)
    if order:
        raise DorisError(f"{name} doesn't support order by expression")
    return args[0]


def _where(node: exp.Expression, condition: exp.Expression) -> exp.Expression:
    return aggregate_call(exp.Filter(this=node, expression=exp.Where(this=condition)))


def _lists(value: Typed, condition: exp.Expression | None = None) -> exp.Expression:
    """The members of the bitmaps of a group as one list, with repetitions; NULL where there is no bitmap."""
    filled = sql("b IS NOT NULL", b=value.node.copy())
    if condition is not None:
        filled = exp.And(this=filled, expression=condition)
    return call("flatten", _where(call("list", value.node.copy()), filled))


def _members(value: Typed) -> exp.Expression:
    """The union of a group as a bitmap, NULL where the group has none."""
    member = value.node.meta.get(MEMBER)
    if isinstance(member, exp.Expression):
        listed = call("list", exp.Distinct(expressions=[member.copy()]))
        return call("list_sort", _where(listed, sql("m IS NOT NULL", m=member.copy())))
    return from_members(_lists(value))


@aggregate("bitmap_union")
def bitmap_union(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``bitmap_union(b)`` -> the distinct members of all lists, sorted; of no bitmaps an empty one"""
    value = bitmap("bitmap_union", _one("bitmap_union", args, order))
    return _result(cast(sql("coalesce(m, e)", m=_members(value), e=empty()), BITMAP), BITMAP, args)


@aggregate("bitmap_union_count")
def bitmap_union_count(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``bitmap_union_count(b)`` -> the number of distinct members; of ``to_bitmap(n)``: ``count(DISTINCT n)``"""
    value = bitmap("bitmap_union_count", _one("bitmap_union_count", args, order))
    member = value.node.meta.get(MEMBER)
    if isinstance(member, exp.Expression):
        return _result(aggregate_call(call("count", exp.Distinct(expressions=[member.copy()]))), BIGINT, args)
    return _result(sql("coalesce(len(m), 0)", m=_members(value)), BIGINT, args)


@aggregate("bitmap_union_int")
def bitmap_union_int(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``bitmap_union_int(n)`` -> ``count(DISTINCT n)``"""
    value = _one("bitmap_union_int", args, order)
    if value.type.name not in ("tinyint", "smallint", "int", "bigint"):
        raise DorisError("BITMAP_UNION_INT params only support TINYINT or SMALLINT or INT")
    return _result(aggregate_call(call("count", exp.Distinct(expressions=[value.node]))), BIGINT, args)


@aggregate("bitmap_agg")
def bitmap_agg(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``bitmap_agg(n)`` -> the distinct numbers as a bitmap; a negative one is refused"""
    value = _one("bitmap_agg", args, order)
    if value.type.name not in ("tinyint", "smallint", "int", "bigint"):
        raise Refused(f"bitmap_agg of {value.type}", "Cast it to bigint.")
    member = sql(
        "CASE WHEN n < 0 THEN CAST(error(m) AS UBIGINT) ELSE u END",
        n=value.node.copy(),
        m=refusal_text("bitmap_agg of a negative number"),
        u=try_cast(value.node.copy(), "UBIGINT"),
    )
    listed = call("list", exp.Distinct(expressions=[member]))
    found = call("list_sort", _where(listed, sql("n IS NOT NULL", n=value.node.copy())))
    return _result(cast(sql("coalesce(m, e)", m=found, e=empty()), BITMAP), BITMAP, args)


@aggregate("bitmap_intersect")
def bitmap_intersect(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``bitmap_intersect(b)`` -> the members that all bitmaps of a group have; of no bitmaps an empty one"""
    value = bitmap("bitmap_intersect", _one("bitmap_intersect", args, order))
    listed = _where(call("list", value.node.copy()), sql("b IS NOT NULL", b=value.node.copy()))
    node = sql("coalesce(doris_bitmap_intersect(l), e)", l=listed, e=empty())
    return _result(cast(node, BITMAP), BITMAP, args)


@aggregate("group_bitmap_xor")
def group_bitmap_xor(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``group_bitmap_xor(b)`` -> the members that an odd number of bitmaps of a group have; of no bitmaps NULL"""
    value = bitmap("group_bitmap_xor", _one("group_bitmap_xor", args, order))
    return _result(cast(call("doris_bitmap_odd", _lists(value)), BITMAP), BITMAP, args)


@aggregate("intersect_count")
def intersect_count(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``intersect_count(b, k, 1, 2)`` -> how many members the rows with k = 1 and those with k = 2 have in common"""
    if len(args) < 3:
        count_check("intersect_count", args, 3)
    if distinct or order:
        raise Refused("intersect_count with DISTINCT or ORDER BY", "Leave them out: a bitmap holds each value once.")
    if args[0].type != BITMAP:
        raise DorisError(
            f"intersect_countfunction first argument should be of BITMAP type, but was {str(args[0].type).upper()}"
        )
    unions: list[exp.Expression] = []
    for key in args[2:]:
        if key.literal is None:
            raise Refused("a computed key of intersect_count", "Write constants.")
        one, other = comparison.pair(Typed(args[1].node.copy(), args[1].type), key)
        same = exp.EQ(this=one.node, expression=other.node)
        unions.append(sql("coalesce(m, e)", m=from_members(_lists(args[0], same)), e=empty()))
    found = unions[0]
    for members in unions[1:]:
        found = intersection(found, members)
    return _result(call("len", found), BIGINT, args)
