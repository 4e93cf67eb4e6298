"""Maps and structs: their constructors, members and contents."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, number, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.coercion import common_type
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_
from nereus.warehouse.embedded.sql.rules.text_arguments import as_text, constant, constant_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, STRING, TINYINT, DorisType, array

_NO_MEMBERS = ("json", "variant", "bitmap", "hll", "quantile_state")


def _common(what: str, values: list[Typed]) -> DorisType:
    found = common_type(value.type for value in values)
    if found is None or len({value.type.is_text for value in values if value.type.name != "null"}) > 1:
        raise Refused(f"{what} of texts and other values", "Cast them to one type.")
    return TINYINT if found.name == "null" else found


@function("map")
def map_(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``map('a', 1, 'b', 2)`` or ``{'a': 1, 'b': 2}`` -> ``map(['a', 'b'], [1, 2])``; a key twice is an error"""
    if len(args) % 2:
        raise DorisError("map can't be odd parameters, need even parameters")
    if not args:
        raise Refused("an empty map", "Cast a NULL to the map type.")
    if any(arg.type.name in _NO_MEMBERS for arg in args):
        raise DorisError("map does not support jsonb/variant type")
    if any(arg.type.name == "null" for arg in args[::2]):
        raise Refused("a map with a NULL as its key", "Write a value that stands for it.")
    keys, values = args[::2], args[1::2]
    key, value = _common("a map", keys), _common("a map", values)
    type_ = DorisType("map", args=(key, value))
    lists = [
        cast(exp.Array(expressions=[casts.implicit(item, of).node for item in items]), array(of))
        for items, of in ((keys, key), (values, value))
    ]
    return typed(call("map", *lists), type_, *args)


def of_map(name: str, value: Typed) -> tuple[DorisType, DorisType]:
    """The types of a map's keys and values."""
    if value.type.name != "map":
        raise Refused(f"{name} of {value.type}", "Give it a map.")
    return value.type.args[0], value.type.args[1]


def member(name: str, wanted: Typed, of: DorisType) -> Typed:
    """A key or value to look for, in the type the map has."""
    found = literals.beside(wanted, of)
    same = found.type == of or (found.type.is_text and of.is_text) or found.type.name == "null"
    narrower = found.type.is_integer and of.is_integer and common_type([of, found.type]) == of
    if not (same or narrower) or of.args:
        raise Refused(f"{name} of {found.type} in a map of {of}", "Cast it.")
    return casts.implicit(found, of)


def extracted(args: list[Typed]) -> Typed:
    """``m['a']`` -> ``map_extract(m, 'a')[1]``: NULL where there is no such key"""
    key, value = of_map("element_at", args[0])
    found = call("map_extract", args[0], member("element_at", args[1], key))
    return typed(call("list_extract", found, number(1)), value, *args)


@function("map_keys")
def map_keys(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``map_keys(m)`` -> the same"""
    count_check("map_keys", args, 1)
    return typed(call("map_keys", args[0]), array(of_map("map_keys", args[0])[0]), *args)


@function("map_values")
def map_values(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``map_values(m)`` -> the same"""
    count_check("map_values", args, 1)
    return typed(call("map_values", args[0]), array(of_map("map_values", args[0])[1]), *args)


@function("map_entries")
def map_entries(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``map_entries(m)`` -> an array of structs with key and value"""
    count_check("map_entries", args, 1)
    key, value = of_map("map_entries", args[0])
    type_ = array(DorisType("struct", args=(key, value), fields=("key", "value")))
    return typed(cast(call("map_entries", args[0]), type_), type_, *args)


@function("map_size")
def map_size(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``map_size(m)`` -> ``cardinality(m)``"""
    count_check("map_size", args, 1)
    of_map("map_size", args[0])
    return sized(args[0])


def sized(value: Typed) -> Typed:
    """The number of a map's entries."""
    return typed(cast(call("cardinality", value), BIGINT), BIGINT, value)


def _holds(name: str, target: str, place: int) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 2)
        wanted = member(name, args[1], of_map(name, args[0])[place])
        if args[1].type.name == "null" and place == 0:
            raise Refused(f"{name} of NULL", "Name the type by a CAST.")
        listed = call(target, twice(args[0], name))
        found = call("list_filter", listed, lambda_("x IS NOT DISTINCT FROM w", "x", w=twice(wanted, name)))
        return typed(sql("CASE WHEN m IS NOT NULL THEN len(f) > 0 END", m=args[0].node.copy(), f=found), BOOLEAN, *args)

    rule.__doc__ = f"``{name}(m, x)`` -> whether ``{target}(m)`` has x; NULL equals NULL"
    return rule


function("map_contains_key")(_holds("map_contains_key", "map_keys", 0))
function("map_contains_value")(_holds("map_contains_value", "map_values", 1))


@function("str_to_map")
def str_to_map(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``str_to_map('a:1,b:2')`` -> {'a': '1', 'b': '2'}; a part without a colon has the value NULL"""
    count_check("str_to_map", args, 1, 2, 3)
    between = constant_text("str_to_map", "second argument", args[1]) if len(args) > 1 else ","
    within = constant_text("str_to_map", "third argument", args[2]) if len(args) > 2 else ":"
    if not between or not within:
        raise Refused("str_to_map with an empty delimiter", "Write one character or more.")
    value = twice(as_text(args[0]), "str_to_map")
    parts = call("string_split", value, text(between))
    keys = call("list_transform", parts, lambda_("split_part(p, k, 1)", "p", k=text(within)))
    rest = "CASE WHEN contains(p, k) THEN substring(p, instr(p, k) + length(k)) END"
    values = call("list_transform", parts.copy(), lambda_(rest, "p", k=text(within)))
    type_ = DorisType("map", args=(STRING, STRING))
    return typed(
        sql("CASE WHEN s IS NOT NULL THEN m END", s=value.node.copy(), m=call("map", keys, values)), type_, *args
    )


# structs


def _struct(names: tuple[str, ...], values: list[Typed]) -> Typed:
    if any(value.type.name in _NO_MEMBERS for value in values):
        raise DorisError("struct does not support jsonb/variant type")
    types = tuple(TINYINT if value.type.name == "null" else value.type for value in values)
    type_ = DorisType("struct", args=types, fields=names)
    members = [casts.implicit(value, of).node for value, of in zip(values, types, strict=True)]
    return typed(cast(call("row", *members), type_), type_, *values)


@function("struct")
def struct(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``struct(1, 'a')`` or ``{1, 'a'}`` -> ``CAST(row(1, 'a') AS STRUCT(col1 ..., col2 ...))``"""
    if not args:
        raise DorisError("struct requires at least one argument, like: struct(1)")
    return _struct(tuple(f"col{place}" for place in range(1, len(args) + 1)), args)


@function("named_struct")
def named_struct(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``named_struct('a', 1)`` -> ``CAST(row(1) AS STRUCT(a ...))``"""
    if len(args) < 2:
        raise DorisError("named_struct requires at least two arguments, like: named_struct('a', 1)")
    if len(args) % 2:
        raise DorisError("named_struct can't be odd parameters, need even parameters")
    names: list[str] = []
    for name in args[::2]:
        if not isinstance(name.literal, str):
            raise DorisError("named_struct only allows constant string parameter in odd position")
        names.append(name.literal.lower())
    if len(set(names)) != len(names):
        raise DorisError("The name of the struct field cannot be repeated.")
    return _struct(tuple(names), args[1::2])


@function("struct_element")
def struct_element(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``struct_element(s, 'a')`` or ``struct_element(s, 1)`` -> ``struct_extract(s, 'a')``"""
    count_check("struct_element", args, 2)
    type_ = args[0].type
    if type_.name != "struct":
        raise DorisError("struct_element only allows the first parameter to be a struct")
    place = constant(args[1])
    if place is None:
        name = constant_text("struct_element", "second argument", args[1]).lower()
        lowered = [field.lower() for field in type_.fields]
        if name not in lowered:
            raise DorisError(f"the specified field name {name} was not found")
        place = lowered.index(name) + 1
    if not 1 <= place <= len(type_.fields):
        raise DorisError("the specified field index out of bound")
    node = call("struct_extract", args[0], text(type_.fields[place - 1]))
    return typed(node, type_.args[place - 1], *args)
