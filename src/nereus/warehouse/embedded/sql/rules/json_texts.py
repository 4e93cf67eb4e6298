"""JSON documents from values of other types, and back: what CAST, to_json and json_object have in common."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import documents
from nereus.warehouse.embedded.sql.rules import date_casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, sql, text, try_cast, twice, typed
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_, parameter
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import BOOLEAN, DOUBLE, JSON, LARGEINT, STRING, DorisType, array

#: Marks a document whose numbers have types that their text does not tell (bigint, decimal).
_TYPED_NUMBERS = "typed_numbers"

_Cast = Callable[[Typed, DorisType], Typed]


def has_typed_numbers(value: Typed) -> bool:
    """Whether a document was made from numbers whose type json_type and json_contains would look at."""
    return any(node.meta.get(_TYPED_NUMBERS) for node in value.node.walk())


def constant(written: str) -> Typed:
    """The document in a string literal; NULL where it is none."""
    try:
        found = documents.canonical(written)
    except documents.Doubtful as error:
        construct = str(error).removeprefix("the embedded warehouse refuses ")
        raise Refused(construct, "Write a plainer document.") from None
    return literals.null_of(JSON) if found is None else Typed(text(found), JSON)


def parsed(value: Typed) -> Typed:
    """``'{"a": 1}'`` -> ``doris_json_parse(s)``: a text read as a document, NULL where it is none"""
    if isinstance(value.literal, str):
        return constant(value.literal)
    return typed(call("doris_json_parse", value), JSON, value)


def convert(value: Typed, to: DorisType, cast_to: _Cast) -> Typed:
    """CAST to or from JSON, for the pairs that Doris knows."""
    if to == JSON:
        return _to_json(value)
    if to.is_text:
        return typed(plain_text(value), to, value)
    if to.name == "array":
        return _to_array(value, to, cast_to)
    if to.is_numeric:
        return _to_number(value, to, cast_to)
    raise Refused(f"a cast from json to {to}", "Take values out with json_extract_string and cast them.")


def _to_json(value: Typed) -> Typed:
    if not value.type.is_text:
        return typed(written(value), JSON, value)
    found = parsed(value)
    if isinstance(value.literal, str) and _printed_otherwise(value.literal):
        raise Refused(
            "a JSON literal with such a number: Doris' frontend prints it another way than its backend",
            "Read it from a column.",
        )
    return found


def _printed_otherwise(literal: str) -> bool:
    """Whether a literal has a number that Java prints with an exponent, or an escape that it prints in capitals."""
    found = documents.canonical(literal)
    return found is not None and ("\\u" in found or _far(documents.load(found)))


def _far(value: documents.Document) -> bool:
    if isinstance(value, (dict, list)):
        return any(map(_far, value.values() if isinstance(value, dict) else value))
    if isinstance(value, documents.Number):
        return float(value) != 0.0 and not 1e-3 <= abs(value) < 1e7
    return isinstance(value, int) and abs(value) >= 1 << 127


# values -> documents


def written(value: Typed, depth: int = 0) -> exp.Expression:
    """The document of a value, NULL for NULL: ``1.50`` -> '1.50', ``'a'`` -> '"a"', ``[1, NULL]`` -> '[1,null]'"""
    type_ = value.type
    if type_ == JSON:
        return value.node
    if type_.name == "null":
        return cast(exp.Null(), "VARCHAR")
    if type_.is_text:
        return _string(value)
    if type_.is_date:
        return sql("'\"' || d || '\"'", d=date_casts.from_date(value, STRING))
    if type_ == BOOLEAN or type_.is_integer:
        return _marked(cast(value, "VARCHAR"), type_.name in ("bigint", "largeint"))
    if type_.name == "decimal":
        return _marked(cast(value, "VARCHAR"), True)
    if type_ == DOUBLE:
        twice(value, "to_json")
        return sql(
            "CASE WHEN isfinite(d) THEN CAST(d AS VARCHAR) WHEN d IS NOT NULL THEN error(m) END",
            d=value,
            m=text("the embedded warehouse refuses JSON of a number that is not finite"),
        )
    if type_.name == "array":
        return _list(value, type_.args[0], depth)
    if type_.name == "struct":
        return _struct(value, depth)
    if type_.name == "map" and type_.args[0].is_text:
        return _map(value, depth)
    if type_.name == "map":
        raise DorisError("to_json only support map with string-like key type")
    raise Refused(f"JSON of {type_}", "Cast it to double or string.")


def _marked(node: exp.Expression, typed_number: bool) -> exp.Expression:
    if typed_number:
        node.meta[_TYPED_NUMBERS] = True
    return node


def _string(value: Typed) -> exp.Expression:
    if isinstance(value.literal, str):
        return text(documents.write(value.literal))
    twice(value, "to_json")
    return sql(
        "CASE WHEN regexp_matches(s, p) THEN doris_json_string(s) ELSE '\"' || s || '\"' END",
        s=value,
        p=text(r'["\\[:cntrl:]]'),
    )


def _or_null(node: exp.Expression) -> exp.Expression:
    return sql("coalesce(v, 'null')", v=node)


def _list(value: Typed, element: DorisType, depth: int) -> exp.Expression:
    name = f"j{depth}"
    body = _or_null(written(Typed(parameter(name), element), depth + 1))
    return sql("'[' || array_to_string(l, ',') || ']'", l=call("list_transform", value, lambda_("b", name, b=body)))


def _struct(value: Typed, depth: int) -> exp.Expression:
    twice(value, "to_json")
    node: exp.Expression = text("{")
    for place, (name, type_) in enumerate(zip(value.type.fields, value.type.args, strict=True)):
        lead = text(("," if place else "") + documents.write(name) + ":")
        member = Typed(call("struct_extract", value.node.copy(), text(name)), type_)
        node = sql("n || k || v", n=node, k=lead, v=_or_null(written(member, depth + 1)))
    return sql("CASE WHEN v IS NOT NULL THEN n || '}' END", v=value, n=node)


def _map(value: Typed, depth: int) -> exp.Expression:
    name = f"j{depth}"
    key_type, value_type = value.type.args
    key = Typed(call("struct_extract", parameter(name), text("key")), key_type)
    item = Typed(call("struct_extract", parameter(name), text("value")), value_type)
    pair = sql("k || ':' || v", k=_string(key), v=_or_null(written(item, depth + 1)))
    entries = call("list_transform", call("map_entries", value), lambda_("b", name, b=pair))
    return sql("'{' || array_to_string(l, ',') || '}'", l=entries)


# documents -> values


def plain_text(value: Typed) -> exp.Expression:
    """``"a"`` -> 'a', ``null`` -> NULL, everything else as it is printed"""
    twice(value, "a cast of json")
    return sql(
        "CASE WHEN left(j, 1) <> '\"' THEN nullif(j, 'null') WHEN contains(j, '\\') THEN doris_json_unquote(j)"
        " ELSE substring(j, 2, length(j) - 2) END",
        j=value,
    )


def _to_number(value: Typed, to: DorisType, cast_to: _Cast) -> Typed:
    """``12`` -> 12, ``"12"`` -> 12, ``true`` -> 1, ``12.7`` as int -> 12; objects and arrays -> NULL"""
    twice(value, "a cast of json")
    node = value.node
    string = cast_to(Typed(plain_text(Typed(node.copy(), JSON)), STRING), to)
    whole = cast_to(Typed(try_cast(node.copy(), LARGEINT), LARGEINT), to)
    double = cast_to(Typed(try_cast(node.copy(), DOUBLE), DOUBLE), to)
    yes, no = (cast_to(literals.boolean_of(flag), to) for flag in (True, False))
    found = sql(
        "CASE left(j, 1) WHEN '\"' THEN s WHEN 't' THEN y WHEN 'f' THEN n WHEN 'n' THEN NULL WHEN '{' THEN NULL"
        " WHEN '[' THEN NULL ELSE CASE WHEN regexp_matches(j, '[.e]') THEN d ELSE w END END",
        j=value,
        s=string,
        y=yes,
        n=no,
        d=double,
        w=whole,
    )
    return typed(found, to, value)


def _to_array(value: Typed, to: DorisType, cast_to: _Cast) -> Typed:
    """``[1,"2"]`` as array<int> -> [1, 2]; a document that is no array -> NULL"""
    twice(value, "a cast of json")
    item = cast_to(Typed(parameter("e"), JSON), to.args[0])
    elements = call("list_transform", call("doris_json_elements", value), lambda_("i", "e", i=item))
    node = sql(
        "CASE WHEN left(j, 1) = '\"' THEN error(m) ELSE l END",
        j=value.node.copy(),
        l=cast(elements, array(to.args[0])),
        m=text("the embedded warehouse refuses a cast of a JSON string to an array"),
    )
    return typed(cast(node, to), to, value)
