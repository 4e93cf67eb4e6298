"""String functions that look for one text in another, or take a text apart."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import function
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, number, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.coercion import common_type
from nereus.warehouse.embedded.sql.rules.text_arguments import (
    as_int,
    as_text,
    constant,
    constant_text,
    refusal_text,
    result_type,
    texts,
)
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import INT, VARCHAR, array


@function("instr")
def instr(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``instr(s, t)`` -> the same, in characters; 1 for an empty t"""
    count_check("instr", args, 2)
    return typed(cast(call("instr", *texts(args)), INT), INT, *args)


@function("locate", "position")
def locate(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``locate(t, s)`` -> ``instr(s, t)``; ``locate(t, s, n)`` looks from the n-th character on"""
    count_check("locate", args, 2, 3)
    wanted, value = texts(args[:2])
    if len(args) == 2:
        return typed(cast(call("instr", value, wanted), INT), INT, *args)
    start = constant(args[2])
    if start is None or start < 1:
        raise Refused("locate with a computed start", "Write a positive number.")
    twice(value, "locate")
    node = sql(
        "CASE WHEN length(s) < p THEN 0 * length(t) WHEN instr(substring(s, p), t) = 0 THEN 0"
        " ELSE instr(substring(s, p), t) + p - 1 END",
        s=value,
        t=twice(wanted, "locate"),
        p=number(start),
    )
    return typed(cast(node, INT), INT, *args)


@function("find_in_set")
def find_in_set(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``find_in_set('b', 'a,b')`` -> its place in the list, 0 where it is not there"""
    count_check("find_in_set", args, 2)
    wanted, listed = texts(args)
    node = sql(
        "CASE WHEN t IS NOT NULL AND s IS NOT NULL THEN coalesce(list_position(string_split(s, ','), t), 0) END",
        t=twice(wanted, "find_in_set"),
        s=twice(listed, "find_in_set"),
    )
    return typed(cast(node, INT), INT, *args)


@function("field")
def field(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``field(a, b, c)`` -> ``CASE WHEN a = b THEN 1 WHEN a = c THEN 2 ELSE 0 END``; NULL if any is NULL"""
    if len(args) < 2:
        raise DorisError(f"Can not found function 'field' which has {len(args)} arity.")
    found = common_type(arg.type for arg in args)
    kinds = {arg.type.is_text for arg in args}
    if found is None or len(kinds) > 1 or any(arg.type.name == "null" for arg in args):
        raise Refused("field of different kinds of values", "Cast them to one type.")
    values = [casts.implicit(arg, found) for arg in args]
    twice(values[0], "field")
    missing: exp.Expression = exp.false()
    for value in values:
        missing = sql("m OR v IS NULL", m=missing, v=value.node.copy())
    branches = [exp.If(this=missing, true=exp.Null())]
    branches += [
        exp.If(this=sql("a = b", a=values[0].node.copy(), b=value), true=number(place))
        for place, value in enumerate(values[1:], start=1)
    ]
    return typed(cast(exp.Case(ifs=branches, default=number(0)), INT), INT, *args)


@function("elt")
def elt(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``elt(2, 'a', 'b')`` -> ``CASE n WHEN 1 THEN 'a' WHEN 2 THEN 'b' END``"""
    if len(args) < 2:
        raise DorisError(f"Can not found function 'elt' which has {len(args)} arity.")
    place = twice(as_int(args[0]), "elt")
    branches = [
        exp.If(this=sql("n = p", n=place.node.copy(), p=number(at)), true=as_text(value).node)
        for at, value in enumerate(args[1:], start=1)
    ]
    return typed(exp.Case(ifs=branches), result_type(args[1:]), *args)


def _place(name: str, value: Typed, separator: str) -> int:
    """The wanted part; from the end only with a separator that cannot overlap itself."""
    found = constant(value)
    if found is None:
        raise Refused(f"a computed part number of {name}", "Write a number.")
    if found < 0 and any(separator[:size] == separator[-size:] for size in range(1, len(separator))):
        raise Refused(f"{name} from the end with the separator '{separator}'", "Count from the start.")
    return found


@function("split_part")
def split_part(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``split_part(s, ',', 2)`` -> ``string_split(s, ',')[2]``; NULL where s has no such part or no separator at all"""
    count_check("split_part", args, 3)
    value = twice(as_text(args[0]), "split_part")
    type_ = result_type(args[:2])
    if args[1].type.name == "null" or args[2].type.name == "null":
        return typed(literals.null_of(type_).node, type_, *args)
    separator = constant_text("split_part", "separator", args[1])
    place = _place("split_part", args[2], separator)
    if place == 0:
        return typed(literals.null_of(type_).node, type_, *args)
    if not separator:
        return typed(sql("CASE WHEN s IS NOT NULL THEN '' END", s=value), type_, *args)
    node = sql(
        "CASE WHEN contains(s, t) THEN list_extract(string_split(s, t), p) END",
        s=value,
        t=text(separator),
        p=number(place),
    )
    return typed(node, type_, *args)


@function("substring_index")
def substring_index(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``substring_index('a.b.c', '.', 2)`` -> 'a.b'; a negative count keeps parts at the end"""
    count_check("substring_index", args, 3)
    value = as_text(args[0])
    type_ = result_type(args[:2])
    separator = constant_text("substring_index", "separator", args[1])
    place = _place("substring_index", args[2], separator)
    if not separator or place == 0:
        return typed(sql("CASE WHEN s IS NOT NULL THEN '' END", s=value), type_, *args)
    parts = "list_slice(string_split(s, t), 1, p)" if place > 0 else "list_slice(string_split(s, t), p, -1)"
    node = sql(f"array_to_string({parts}, t)", s=value, t=text(separator), p=number(place))
    return typed(node, type_, *args)


@function("split_by_string")
def split_by_string(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``split_by_string('a,b', ',')`` -> ``['a', 'b']``; [] for '', single characters for an empty separator"""
    count_check("split_by_string", args, 2)
    value, separator = texts(args)
    twice(value, "split_by_string")
    node = sql(
        "CASE WHEN s = '' AND t IS NOT NULL THEN CAST([] AS VARCHAR[]) WHEN t IS NOT NULL THEN string_split(s, t) END",
        s=value,
        t=twice(separator, "split_by_string"),
    )
    return typed(node, array(VARCHAR), *args)


@function("count_substrings")
def count_substrings(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``count_substrings('a,b,c', ',')`` -> how often it occurs, not overlapping; 0 for an empty one"""
    count_check("count_substrings", args, 2)
    value = twice(as_text(args[0]), "count_substrings")
    wanted = constant_text("count_substrings", "pattern", args[1])
    if not wanted:
        return typed(sql("CASE WHEN s IS NOT NULL THEN CAST(0 AS INTEGER) END", s=value), INT, *args)
    node = sql("(strlen(s) - strlen(replace(s, t, ''))) // n", s=value, t=text(wanted), n=number(len(wanted.encode())))
    return typed(cast(node, INT), INT, *args)


@function("initcap")
def initcap(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``initcap('ab cd')`` -> 'Ab Cd': a word is a run of letters and digits; letters beyond ASCII are an error"""
    count_check("initcap", args, 1)
    value = twice(as_text(args[0]), "initcap")
    words = "regexp_extract_all(s, '[0-9A-Za-z]+|[^0-9A-Za-z]+')"
    node = sql(
        "CASE WHEN strlen(s) <> length(s) THEN error(m) ELSE array_to_string("
        f"list_transform({words}, lambda w: upper(left(w, 1)) || lower(substring(w, 2))), '') END",
        s=value,
        m=refusal_text("initcap of letters beyond ASCII"),
    )
    return typed(node, result_type([value]), value)
