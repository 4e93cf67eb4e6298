"""Functions of arrays that take a lambda: array_map, array_filter and what Doris makes of array_map."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import call, count_check, number, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_, let
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, DorisType, array


def is_lambda(args: list[Typed]) -> bool:
    """Whether the first argument is a lambda."""
    return bool(args) and isinstance(args[0].node, exp.Lambda)


def mapped(args: list[Typed], to: DorisType | None = None) -> Typed:
    """``(x -> f(x), a)`` -> ``list_transform(a, LAMBDA x : f(x))`` with f(x) as `to`.

    Several arrays go side by side; arrays of different lengths are an error, as in Doris.
    """
    function_, arrays = args[0], args[1:]
    if not arrays:
        raise DorisError("lambda functions need an array")
    body = Typed(function_.node.this, function_.type)
    if body.type.name == "null":
        raise Refused("a lambda that gives NULL", "Cast the NULL.")
    value = casts.cast_to(body, to) if to is not None else body
    names = [item.name for item in function_.node.expressions]
    if len(arrays) == 1:
        made = exp.Lambda(this=value.node, expressions=[exp.Identifier(this=names[0], quoted=True)])
        return typed(call("list_transform", arrays[0], made), array(value.type), *args)
    return typed(_side_by_side(arrays, names, value.node), array(value.type), *args)


def _side_by_side(arrays: list[Typed], names: list[str], body: exp.Expression) -> exp.Expression:
    for item in arrays:
        twice(item, "array_map")
    places = {name: place for place, name in enumerate(names, start=1)}

    def member(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column) and not node.args.get("table") and node.name in places:
            row = exp.Column(this=exp.Identifier(this=names[0], quoted=True))
            return call("struct_extract", row, number(places[node.name]))
        return node

    made = exp.Lambda(this=body.transform(member), expressions=[exp.Identifier(this=names[0], quoted=True)])
    zipped = call("list_zip", *(item.node.copy() for item in arrays))
    same: exp.Expression = exp.true()
    missing: exp.Expression = exp.false()
    for item in arrays:
        same = sql("s AND len(a) = len(b)", s=same, a=arrays[0].node.copy(), b=item.node.copy())
        missing = sql("m OR a IS NULL", m=missing, a=item.node.copy())
    return sql(
        "CASE WHEN m THEN NULL WHEN NOT (s) THEN error(t) ELSE v END",
        m=missing,
        s=same,
        t=text("in array map function, the input column size are not equal completely"),
        v=call("list_transform", zipped, made),
    )


def flags(name: str, args: list[Typed]) -> Typed:
    """The array of booleans that the argument is, or that a lambda makes."""
    if is_lambda(args):
        return mapped(args, BOOLEAN)
    count_check(name, args, 1)
    if args[0].type.name != "array":
        raise Refused(f"{name} of {args[0].type}", "Give it a lambda and an array.")
    return casts.cast_to(args[0], array(BOOLEAN))


@function("array_map")
def array_map(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_map(x -> x + 1, a)`` -> ``list_transform(a, LAMBDA x : x + 1)``"""
    if not is_lambda(args):
        raise DorisError("The 1st arg of array_map must be lambda")
    return mapped(args)


@function("array_filter")
def array_filter(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_filter(x -> x > 1, a)`` -> ``list_filter(a, LAMBDA x : x > 1)``; or an array and its flags"""
    if is_lambda(args):
        if len(args) == 2:
            condition = casts.cast_to(Typed(args[0].node.this, args[0].type), BOOLEAN)
            made = exp.Lambda(this=condition.node, expressions=list(args[0].node.expressions))
            return typed(call("list_filter", args[1], made), args[1].type, *args)
        value, kept = args[1], mapped(args, BOOLEAN)
    else:
        count_check("array_filter", args, 2)
        value, kept = args[0], flags("array_filter", args[1:])
    if value.type.name != "array":
        raise Refused(f"array_filter of {value.type}", "Give it an array.")
    twice(value, "array_filter")
    pairs = call("list_filter", call("list_zip", value, kept), lambda_("struct_extract(p, 2)", "p"))
    node = call("list_transform", pairs, lambda_("struct_extract(p, 1)", "p"))
    missing = sql("a IS NULL OR k IS NULL", a=value.node.copy(), k=kept.node.copy())
    return typed(sql("CASE WHEN NOT (m) THEN v END", m=missing, v=node), value.type, *args)


@function("array_exists")
def array_exists(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_exists(x -> x > 1, a)`` -> the flags of all elements, as an array"""
    return typed(flags("array_exists", args).node, array(BOOLEAN), *args)


@function("array_count")
def array_count(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_count(x -> x > 1, a)`` -> how many are true; 0 for NULL"""
    kept = call("list_filter", flags("array_count", args), lambda_("f", "f"))
    return typed(sql("coalesce(len(l), 0)", l=kept), BIGINT, *args)


def _place(name: str, *, last: bool) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        found = flags(name, args)
        node = sql("coalesce(CAST(list_position(l, TRUE) AS BIGINT), 0)", l=found)
        if last:
            node = let(
                "l",
                found,
                "CASE WHEN list_contains(l, TRUE) THEN len(l) + 1 - list_position(list_reverse(l), TRUE) ELSE 0 END",
            )
            node = sql("coalesce(CAST(n AS BIGINT), 0)", n=node)
        return typed(node, BIGINT, *args)

    rule.__doc__ = f"``{name}(x -> x > 1, a)`` -> the place of the {'last' if last else 'first'} one; 0 for none"
    return rule


function("array_first_index")(_place("array_first_index", last=False))
function("array_last_index")(_place("array_last_index", last=True))


def _chosen(name: str, place: int) -> FunctionRule:
    def rule(args: list[Typed], facts: SessionFacts) -> Typed:
        if not is_lambda(args):
            raise DorisError(f"The 1st arg of {name} must be lambda")
        kept = array_filter(args, facts)
        return typed(call("list_extract", kept, number(place)), kept.type.args[0], *args)

    rule.__doc__ = f"``{name}(x -> x > 1, a)`` -> ``array_filter(x -> x > 1, a)[{place}]``"
    return rule


function("array_first")(_chosen("array_first", 1))
function("array_last")(_chosen("array_last", -1))


def _match(name: str, *, every: bool) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        word, other = ("FALSE", "TRUE") if every else ("TRUE", "FALSE")
        node = let(
            "l",
            flags(name, args),
            f"CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, {word}) THEN {word}"
            f" WHEN len(list_filter(l, lambda f: f IS NULL)) > 0 THEN NULL ELSE {other} END",
        )
        return typed(node, BOOLEAN, *args)

    rule.__doc__ = f"``{name}(x -> x > 1, a)`` -> whether {'all are' if every else 'any is'} true; NULL if unknown"
    return rule


function("array_match_all")(_match("array_match_all", every=True))
function("array_match_any")(_match("array_match_any", every=False))


@function("array_sortby")
def array_sortby(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_sortby(x -> -x, a)`` -> the elements of a in the order of what the lambda makes"""
    if not args:
        count_check("array_sortby", args, 2)
    value = args[1] if is_lambda(args) and len(args) > 1 else args[0]
    keys = mapped(args) if is_lambda(args) else args[-1]
    if value.type.name != "array" or keys.type.name != "array" or keys.type.args[0].args:
        raise Refused(f"array_sortby of {value.type}", "Give it an array.")
    twice(value, "array_sortby")
    places = call("list_zip", keys, sql("range(len(a))", a=value.node.copy()), value.node.copy())
    ordered = call("list_sort", places, text("ASC"), text("NULLS FIRST"))
    node = sql(
        "CASE WHEN list_count(k) < len(k) THEN error(m) ELSE v END",
        k=keys.node.copy(),
        m=text("the embedded warehouse refuses array_sortby with a NULL as its key"),
        v=call("list_transform", ordered, lambda_("struct_extract(p, 3)", "p")),
    )
    return typed(sql("CASE WHEN a IS NOT NULL THEN v END", a=value, v=node), value.type, *args)
