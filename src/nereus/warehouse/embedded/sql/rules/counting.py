"""Aggregate functions over the different values of a group: topn, topn_array and map_agg."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import aggregate, aggregate_call
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, number, sql, text
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_, let, parameter
from nereus.warehouse.embedded.sql.rules.text_arguments import constant, refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import VARCHAR, DorisType, array

Order = list[tuple[Typed, bool]]

#: Doris counts exactly while a group has fewer different values than this many times the number asked for.
_EXPANSION = 50
#: What would need an escape that the writer of Doris' text and this one may spell in two ways.
_CONTROL = "[\\x00-\\x1f]"


def _result(node: exp.Expression, type_: DorisType, args: list[Typed]) -> Typed:
    return Typed(node, type_, volatile=any(arg.volatile for arg in args), aggregate=True)


def _plain(name: str, args: list[Typed], counts: tuple[int, ...], distinct: bool, order: Order) -> None:
    count_check(name, args, *counts)
    if distinct or order:
        raise Refused(f"{name} with DISTINCT or ORDER BY", "Aggregate a subquery that has them.")


@aggregate("topn")
def topn(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``topn(a, 2)`` -> ``{"x":5,"y":3}``: the most frequent values with their counts, of equal counts the greater"""
    _plain("topn", args, (2, 3), distinct, order)
    best = _most_frequent("topn", casts.implicit(args[0], VARCHAR), args)
    written = lambda_(
        "CASE WHEN regexp_matches(struct_extract(e, 2), x) THEN error(m) "
        "ELSE q || replace(replace(struct_extract(e, 2), b, bb), q, bq) || q || c || struct_extract(e, 1) END",
        "e",
        x=text(_CONTROL),
        m=refusal_text("topn of texts with control characters"),
        q=text('"'),
        c=text(":"),
        b=text("\\"),
        bb=text("\\\\"),
        bq=text('\\"'),
    )
    listed = call("array_to_string", call("list_transform", parameter("s"), written), text(","))
    node = let("s", best, "CASE WHEN s IS NOT NULL THEN o || l || c END", o=text("{"), l=listed, c=text("}"))
    return _result(node, VARCHAR, args)


@aggregate("topn_array")
def topn_array(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``topn_array(a, 2)`` -> the most frequent values, of equal counts the greater first"""
    _plain("topn_array", args, (2, 3), distinct, order)
    type_ = args[0].type
    if not (type_.is_integer or type_.is_text or type_.is_date or type_.name == "decimal"):
        raise Refused(f"topn_array of {type_}", "Cast it to string.")
    values = call("list_transform", _most_frequent("topn_array", args[0], args), lambda_("struct_extract(e, 2)", "e"))
    return _result(cast(values, array(type_)), array(type_), args)


def _most_frequent(name: str, value: Typed, args: list[Typed]) -> exp.Expression:
    """A list of (count, value) in falling order; NULL for a group without values."""
    wanted, expansion = constant(args[1]), _EXPANSION if len(args) == 2 else constant(args[2])
    if wanted is None or wanted < 1 or expansion is None or expansion < 1:
        raise Refused(f"{name} with anything but positive numbers after the value", "Write integer literals.")
    limit = wanted * expansion
    filled = exp.Where(this=sql("a IS NOT NULL", a=value.node.copy()))
    counted = aggregate_call(exp.Filter(this=call("histogram", value.node.copy()), expression=filled))
    pairs = call(
        "list_transform",
        call("map_entries", parameter("h")),
        lambda_("row(struct_extract(e, v), struct_extract(e, k))", "e", v=text("value"), k=text("key")),
    )
    ordered = call("list_slice", call("list_reverse_sort", pairs), number(1), number(wanted))
    return let(
        "h",
        counted,
        f"CASE WHEN cardinality(h) < {limit} THEN o WHEN h IS NULL THEN NULL ELSE error(m) END",
        o=ordered,
        m=refusal_text(f"{name} over {limit} different values or more: Doris estimates. Write GROUP BY ... LIMIT."),
    )


@aggregate("map_agg", "map_agg_v2")
def map_agg(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``map_agg(k, v)`` -> a map of each key to its first value; a key that is NULL is refused: a map cannot hold it"""
    _plain("map_agg", args, (2,), distinct, order)
    key, value = args
    if key.type.args or key.type.name in ("json", "variant", "bitmap", "hll", "null"):
        raise Refused(f"map_agg with keys of {key.type}", "Cast them to string.")
    type_ = DorisType("map", args=(key.type, value.type))
    checked = sql(
        "CASE WHEN k IS NULL THEN error(m) ELSE k END",
        k=key.node.copy(),
        m=refusal_text("map_agg with a key that is NULL"),
    )
    pairs = aggregate_call(call("list", call("row", cast(checked, key.type), value)))
    keys = call("list_transform", parameter("e"), lambda_("struct_extract(p, 1)", "p"))
    firsts = lambda_("list_position(k, struct_extract(p, 1)) = i", "p", "i", k=parameter("k"))
    kept = let("k", keys, "list_filter(e, f)", e=parameter("e"), f=firsts)
    made = let(
        "u",
        let("e", pairs, "x", x=kept),
        "map(list_transform(u, a), list_transform(u, b))",
        a=lambda_("struct_extract(p, 1)", "p"),
        b=lambda_("struct_extract(p, 2)", "p"),
    )
    empty = cast(call("map", exp.Array(expressions=[]), exp.Array(expressions=[])), type_)
    return _result(sql("coalesce(m, e)", m=cast(made, type_), e=empty), type_, args)
