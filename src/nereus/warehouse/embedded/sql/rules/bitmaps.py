"""Bitmaps: sets of unsigned 64-bit integers, held as sorted lists without repetition (UBIGINT[]).

Doris keeps them as roaring bitmaps; what a query sees of them, their members, is the same.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql import hashes
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import (
    call,
    cast,
    count_check,
    number,
    signature_error,
    sql,
    text,
    try_cast,
    twice,
    typed,
)
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_, let
from nereus.warehouse.embedded.sql.rules.text_arguments import refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, STRING, DorisType, array

BITMAP = DorisType("bitmap")

#: Digits, with the white space around them that Doris skips.
_DIGITS = "[ \\t\\n\\x0b\\f\\r]*[0-9]+[ \\t\\n\\x0b\\f\\r]*"
_SIGNED = "[ \\t\\n\\x0b\\f\\r]*\\+?[0-9]+[ \\t\\n\\x0b\\f\\r]*"
_BLANKS = " \t\n\v\f\r"
#: Marks the only member of a bitmap that to_bitmap() made, for counting without making lists.
MEMBER = "member"


def bitmap(name: str, value: Typed) -> Typed:
    """The argument of a bitmap function. Raises DorisError for any other type."""
    if value.type.name == "null":
        return literals.null_of(BITMAP)
    if value.type != BITMAP:
        raise signature_error(name, [value.type])
    return value


def empty() -> exp.Expression:
    """``[]`` as a bitmap."""
    return cast(exp.Array(expressions=[]), BITMAP)


def _wrapped(signed: exp.Expression) -> exp.Expression:
    """A BIGINT as the unsigned number with the same bits."""
    wrap = cast(text("18446744073709551616"), "HUGEINT")
    return sql("CAST(CASE WHEN n < 0 THEN CAST(n AS HUGEINT) + w ELSE n END AS UBIGINT)", n=signed, w=wrap)


def from_members(members: exp.Expression) -> exp.Expression:
    """Any list of UBIGINT as a bitmap."""
    return call("list_sort", call("list_distinct", members))


@function("bitmap_empty")
def bitmap_empty(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_empty()`` -> ``[]``"""
    count_check("bitmap_empty", args, 0)
    return typed(empty(), BITMAP)


@function("to_bitmap")
def to_bitmap(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``to_bitmap(n)`` -> ``[n]``; of NULL, a negative number or other text the empty bitmap"""
    count_check("to_bitmap", args, 1)
    return _single(_member("to_bitmap", args[0]), args)


def _single(member: exp.Expression, args: list[Typed]) -> Typed:
    """The bitmap of one member, empty where it is NULL; it remembers the member for counting."""
    one = exp.Array(expressions=[member.copy()])
    node = sql("CASE WHEN m IS NOT NULL THEN l ELSE e END", m=member, l=one, e=empty())
    found = typed(cast(node, BITMAP), BITMAP, *args)
    found.node.meta[MEMBER] = member
    return found


@function("to_bitmap_with_check")
def to_bitmap_with_check(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``to_bitmap_with_check(n)`` -> ``[n]``; of NULL the empty bitmap, of anything else an error"""
    count_check("to_bitmap_with_check", args, 1)
    value = twice(args[0], "to_bitmap_with_check")
    member = _member("to_bitmap_with_check", value)
    message = text(
        "The input is not valid, to_bitmap only support bigint value from 0 to 18446744073709551615 currently"
    )
    node = sql(
        "CASE WHEN v IS NULL THEN e WHEN m IS NULL THEN error(t) ELSE l END",
        v=value.node.copy(),
        e=empty(),
        m=member,
        t=message,
        l=exp.Array(expressions=[member.copy()]),
    )
    return typed(cast(node, BITMAP), BITMAP, *args)


def _member(name: str, value: Typed) -> exp.Expression:
    """An argument as UBIGINT, NULL where it is none."""
    if value.type.is_text:
        return sql(
            "CASE WHEN regexp_full_match(s, d) THEN TRY_CAST(trim(s, b) AS UBIGINT) END",
            s=twice(value, name),
            d=text(_DIGITS),
            b=text(_BLANKS),
        )
    if value.type.name == "null":
        return cast(exp.Null(), "UBIGINT")
    if not (value.type.is_integer or value.type == BOOLEAN) or value.type.name == "largeint":
        raise Refused(f"{name} of {value.type}", "Cast it to bigint.")
    return try_cast(casts.cast_to(value, BIGINT), "UBIGINT")


@function("bitmap_from_string")
def bitmap_from_string(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_from_string('1, 2')`` -> ``[1, 2]``; NULL where the first part is no number

    Where only a later part is none, Doris carries the parts before it into the next row: that is refused.
    """
    count_check("bitmap_from_string", args, 1)
    value = args[0]
    if value.type.name == "null":
        return literals.null_of(BITMAP)
    if not value.type.is_text:
        raise signature_error("bitmap_from_string", [value.type])
    parts = call("list_filter", call("string_split", value, text(",")), lambda_("x <> e", "x", e=text("")))
    read = "CASE WHEN regexp_full_match(x, d) THEN TRY_CAST(trim(trim(x, b), p) AS UBIGINT) END"
    numbers = call("list_transform", parts, lambda_(read, "x", d=text(_SIGNED), b=text(_BLANKS), p=text("+")))
    node = let(
        "m",
        numbers,
        "CASE WHEN len(list_filter(m, f)) = 0 THEN list_sort(list_distinct(m)) "
        "WHEN list_extract(m, 1) IS NULL OR one THEN NULL ELSE error(t) END",
        f=lambda_("x IS NULL", "x"),
        one=exp.Boolean(this=value.literal is not None),
        t=refusal_text("bitmap_from_string of a text in which only a later part is no number"),
    )
    return typed(cast(node, BITMAP), BITMAP, *args)


@function("bitmap_from_array")
def bitmap_from_array(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_from_array([1, 2])`` -> ``[1, 2]``; NULL where an element is NULL or negative"""
    count_check("bitmap_from_array", args, 1)
    type_ = args[0].type
    if type_.name != "array" or not (type_.args[0].is_integer or type_.args[0].name in ("boolean", "null")):
        raise signature_error("bitmap_from_array", [type_])
    if type_.args[0].name == "largeint":
        raise Refused("bitmap_from_array of array<largeint>", "Cast it to array<bigint>.")
    node = let(
        "a",
        cast(args[0], array(BIGINT)),
        "CASE WHEN len(list_filter(a, bad)) = 0 THEN CAST(list_sort(list_distinct(a)) AS UBIGINT[]) END",
        bad=lambda_("x IS NULL OR x < 0", "x"),
    )
    return typed(node, BITMAP, *args)


@function("bitmap_hash")
def bitmap_hash(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_hash(s)`` -> ``[MurmurHash3 of s in 32 bits]``; of NULL the empty bitmap"""
    return _hashed("bitmap_hash", 32, hashes.MURMUR3_32_SEED, args)


@function("bitmap_hash64")
def bitmap_hash64(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_hash64(s)`` -> ``[MurmurHash3 of s in 64 bits]``; of NULL the empty bitmap"""
    return _hashed("bitmap_hash64", 64, 0, args)


def _hashed(name: str, bits: int, seed: int, args: list[Typed]) -> Typed:
    count_check(name, args, 1)
    hashed = call(f"doris_murmur3_{bits}", casts.implicit(args[0], STRING), number(seed))
    return _single(_wrapped(hashed), args)


@function("bitmap_count")
def bitmap_count(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_count(b)`` -> ``coalesce(len(b), 0)``"""
    count_check("bitmap_count", args, 1)
    return typed(sql("coalesce(len(b), 0)", b=bitmap("bitmap_count", args[0])), BIGINT, *args)


def _view(name: str, template: str, type_: DorisType) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        return typed(sql(template, b=bitmap(name, args[0])), type_, *args)

    rule.__doc__ = f"``{name}(b)`` -> ``{template}``"
    return rule


function("bitmap_min")(_view("bitmap_min", "CAST(list_extract(b, 1) AS BIGINT)", BIGINT))
function("bitmap_max")(_view("bitmap_max", "CAST(list_extract(b, -1) AS BIGINT)", BIGINT))
function("bitmap_to_string")(_view("bitmap_to_string", "array_to_string(b, ',')", STRING))
function("bitmap_to_array")(_view("bitmap_to_array", "CAST(b AS BIGINT[])", array(BIGINT)))


# two and more bitmaps

_Join = Callable[[exp.Expression, exp.Expression], exp.Expression]


def union(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return from_members(call("list_concat", left, right))


def intersection(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return call("list_sort", call("list_intersect", left, right))


def difference(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return call("doris_bitmap_minus", left, right)


def symmetric(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return call("doris_bitmap_xor", left, right)


def _bitmaps(name: str, args: list[Typed], most: int | None = None) -> list[Typed]:
    if len(args) < 2 or (most is not None and len(args) > most):
        count_check(name, args, 2)
    return [bitmap(name, arg) for arg in args]


def _folded(join: _Join, nodes: list[exp.Expression]) -> exp.Expression:
    found = nodes[0]
    for node in nodes[1:]:
        found = join(found, node)
    return found


def _null_when_any(values: list[Typed], node: exp.Expression) -> exp.Expression:
    """`node`, NULL where one of the values is: list functions take a NULL list for an empty one."""
    missing: exp.Expression = sql("v IS NULL", v=values[0].node.copy())
    for value in values[1:]:
        missing = exp.Or(this=missing, expression=sql("v IS NULL", v=value.node.copy()))
    return cast(sql("CASE WHEN NOT m THEN n END", m=exp.Paren(this=missing), n=node), BITMAP)


def _combined(name: str, join: _Join, most: int | None = None) -> None:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        values = _bitmaps(name, args, most)
        node = _folded(join, [value.node for value in values])
        return typed(_null_when_any(values, node), BITMAP, *args)

    rule.__doc__ = f"``{name}(a, b)`` -> the {join.__name__} of the lists; NULL where one is NULL"
    function(name)(rule)


def _counted(name: str, join: _Join, most: int | None = None) -> None:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        values = _bitmaps(name, args, most)
        node = _folded(join, [value.node for value in values])
        return typed(sql("coalesce(len(n), 0)", n=_null_when_any(values, node)), BIGINT, *args)

    rule.__doc__ = f"``{name}(a, b)`` -> the length of the {join.__name__}; 0 where one is NULL"
    function(name)(rule)


_combined("bitmap_and", intersection)
_combined("bitmap_xor", symmetric)
for _name in ("bitmap_not", "bitmap_and_not", "bitmap_andnot"):
    _combined(_name, difference, 2)
_counted("bitmap_and_count", intersection)
_counted("bitmap_xor_count", symmetric)
for _name in ("bitmap_and_not_count", "bitmap_andnot_count"):
    _counted(_name, difference, 2)


def _either(values: list[Typed]) -> exp.Expression:
    return _folded(union, [sql("coalesce(b, e)", b=value.node.copy(), e=empty()) for value in values])


@function("bitmap_or")
def bitmap_or(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_or(a, b)`` -> the union of the lists; NULLs are skipped, NULL where all are"""
    values = _bitmaps("bitmap_or", args)
    filled = call("coalesce", *[value.node.copy() for value in values])
    node = sql("CASE WHEN f IS NOT NULL THEN n END", f=filled, n=_either(values))
    return typed(cast(node, BITMAP), BITMAP, *args)


@function("bitmap_or_count")
def bitmap_or_count(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_or_count(a, b)`` -> the length of the union; NULLs are skipped"""
    return typed(call("len", _either(_bitmaps("bitmap_or_count", args))), BIGINT, *args)


@function("bitmap_has_any")
def bitmap_has_any(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_has_any(a, b)`` -> ``list_has_any(a, b)``"""
    count_check("bitmap_has_any", args, 2)
    values = _bitmaps("bitmap_has_any", args)
    return typed(
        sql("CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN list_has_any(a, b) END", a=values[0], b=values[1]),
        BOOLEAN,
        *args,
    )


@function("bitmap_has_all")
def bitmap_has_all(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_has_all(a, b)`` -> ``list_has_all(a, b)``"""
    count_check("bitmap_has_all", args, 2)
    values = _bitmaps("bitmap_has_all", args)
    return typed(
        sql("CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN list_has_all(a, b) END", a=values[0], b=values[1]),
        BOOLEAN,
        *args,
    )


# one bitmap and numbers


def _unsigned(value: Typed) -> exp.Expression:
    return _wrapped(casts.cast_to(value, BIGINT).node)


@function("bitmap_contains")
def bitmap_contains(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_contains(b, n)`` -> ``list_contains(b, n)``"""
    count_check("bitmap_contains", args, 2)
    value = bitmap("bitmap_contains", args[0])
    node = sql("CASE WHEN b IS NOT NULL AND n IS NOT NULL THEN list_contains(b, n) END", b=value, n=_unsigned(args[1]))
    return typed(node, BOOLEAN, *args)


@function("bitmap_remove")
def bitmap_remove(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_remove(b, n)`` -> b without n"""
    count_check("bitmap_remove", args, 2)
    value, number = bitmap("bitmap_remove", args[0]), _unsigned(args[1])
    kept = call("list_filter", value, lambda_("x <> n", "x", n=number))
    node = sql("CASE WHEN n IS NOT NULL THEN k END", n=number.copy(), k=kept)
    return typed(cast(node, BITMAP), BITMAP, *args)


@function("bitmap_subset_in_range")
def bitmap_subset_in_range(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_subset_in_range(b, 2, 5)`` -> the members from 2 to 4; NULL for a negative or empty range"""
    value, start, end = _bounds("bitmap_subset_in_range", args)
    kept = call("list_filter", value, lambda_("x >= s AND x < e", "x", s=start.node.copy(), e=end.node.copy()))
    node = sql("CASE WHEN s >= 0 AND s < e THEN k END", s=start, e=end, k=kept)
    return typed(cast(node, BITMAP), BITMAP, *args)


@function("bitmap_subset_limit")
def bitmap_subset_limit(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bitmap_subset_limit(b, 4, 2)`` -> the first 2 members from 4 on; NULL for negative numbers"""
    value, start, limit = _bounds("bitmap_subset_limit", args)
    kept = call("list_filter", value, lambda_("x >= s", "x", s=start.node.copy()))
    node = sql(
        "CASE WHEN s < 0 OR n < 0 THEN NULL WHEN n = 0 THEN error(m) WHEN s >= 0 THEN list_slice(k, 1, n) END",
        s=start,
        n=limit,
        m=refusal_text("bitmap_subset_limit with a limit of 0"),
        k=kept,
    )
    return typed(cast(node, BITMAP), BITMAP, *args)


@function("sub_bitmap")
def sub_bitmap(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``sub_bitmap(b, 0, 3)`` -> 3 members from a position, from the end below 0; NULL where there are none"""
    value, offset, limit = _bounds("sub_bitmap", args)
    first = sql("CASE WHEN o < 0 THEN len(b) + o ELSE o END", o=offset.node.copy(), b=value.node.copy())
    node = sql(
        "CASE WHEN n <= 0 OR abs(o) > len(b) OR o = len(b) THEN NULL WHEN o = -len(b) THEN error(m) "
        "WHEN o IS NOT NULL AND n IS NOT NULL THEN list_slice(b, f + 1, f + n) END",
        n=limit,
        o=offset,
        b=value,
        m=refusal_text("sub_bitmap from the first member, counted from the end"),
        f=first,
    )
    return typed(cast(node, BITMAP), BITMAP, *args)


def _bounds(name: str, args: list[Typed]) -> tuple[Typed, Typed, Typed]:
    count_check(name, args, 3)
    return bitmap(name, args[0]), casts.cast_to(args[1], BIGINT), casts.cast_to(args[2], BIGINT)
