"""CAST between arrays, maps and structs, member by member, and to text."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.rules.build import call, cast, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_, parameter
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import STRING, DorisType

_Cast = Callable[[Typed, DorisType], Typed]


def convert(value: Typed, to: DorisType, cast_to: _Cast, depth: int = 0) -> Typed:
    """``[1, 2]`` as array<string> -> ``list_transform([1, 2], LAMBDA e : CAST(e AS VARCHAR))``.

    Raises DorisError for kinds that Doris does not cast into each other.
    """
    source = value.type
    if source == to:
        return value
    if source.name != to.name or len(source.args) != len(to.args):
        raise DorisError(f"cannot cast {str(source).upper()} to {str(to).upper()}")
    if source.name == "array":
        node = _each(value.node, source.args[0], to.args[0], cast_to, depth)
    elif source.name == "map":
        keys, values = (
            _each(call(f"map_{part}", value.node.copy()), source.args[place], to.args[place], cast_to, depth)
            for place, part in enumerate(("keys", "values"))
        )
        twice(value, "a cast of a map")
        node = sql("CASE WHEN v IS NOT NULL THEN m END", v=value, m=call("map", keys, values))
    else:
        node = _members(value, to, cast_to, depth)
    return typed(cast(node, to), to, value)


def _each(items: exp.Expression, of: DorisType, to: DorisType, cast_to: _Cast, depth: int) -> exp.Expression:
    if of == to:
        return items
    name = f"e{depth}"
    body = _inner(Typed(parameter(name), of), to, cast_to, depth)
    return call("list_transform", items, lambda_("b", name, b=body))


def _inner(value: Typed, to: DorisType, cast_to: _Cast, depth: int) -> Typed:
    return convert(value, to, cast_to, depth + 1) if value.type.args and to.args else cast_to(value, to)


def _members(value: Typed, to: DorisType, cast_to: _Cast, depth: int) -> exp.Expression:
    twice(value, "a cast of a struct")
    members = [
        _inner(Typed(call("struct_extract", value.node.copy(), text(name)), of), target, cast_to, depth)
        for name, of, target in zip(value.type.fields, value.type.args, to.args, strict=True)
    ]
    return sql("CASE WHEN v IS NOT NULL THEN r END", v=value, r=cast(call("row", *members), to))


def to_text(value: Typed, cast_to: _Cast, depth: int = 0) -> exp.Expression:
    """``['a', NULL]`` -> '["a", null]', ``map('k', 1)`` -> '{"k":1}': what Doris prints"""
    type_ = value.type
    name = f"t{depth}"
    if type_.name == "array":
        body = _shown(Typed(parameter(name), type_.args[0]), cast_to, depth)
        listed = call("list_transform", value, lambda_("b", name, b=body))
        return sql("'[' || array_to_string(l, ', ') || ']'", l=listed)
    if type_.name == "map":
        key, item = (
            _shown(Typed(call("struct_extract", parameter(name), text(part)), of), cast_to, depth)
            for part, of in zip(("key", "value"), type_.args, strict=True)
        )
        pairs = call("list_transform", call("map_entries", value), lambda_("k || ':' || v", name, k=key, v=item))
        return sql("'{' || array_to_string(l, ', ') || '}'", l=pairs)
    if type_.name != "struct":
        raise Refused(f"a cast from {type_} to text", "Cast its elements one by one.")
    twice(value, "a cast of a struct")
    node: exp.Expression = text("{")
    for place, (field, of) in enumerate(zip(type_.fields, type_.args, strict=True)):
        member = Typed(call("struct_extract", value.node.copy(), text(field)), of)
        lead = text(f'{", " if place else ""}"{field}":')
        node = sql("n || k || v", n=node, k=lead, v=_shown(member, cast_to, depth))
    return sql("CASE WHEN v IS NOT NULL THEN n || '}' END", v=value, n=node)


def _shown(value: Typed, cast_to: _Cast, depth: int) -> exp.Expression:
    """A member: texts and dates in double quotes, NULL as the word."""
    if value.type.args:
        return sql("coalesce(v, 'null')", v=to_text(value, cast_to, depth + 1))
    shown = cast_to(value, STRING)
    if value.type.is_text or value.type.is_date:
        return sql("coalesce('\"' || v || '\"', 'null')", v=shown)
    if value.type.name == "json":
        raise Refused("the text of JSON in an array, map or struct", "Cast the documents to string inside it.")
    return sql("coalesce(v, 'null')", v=shown)
