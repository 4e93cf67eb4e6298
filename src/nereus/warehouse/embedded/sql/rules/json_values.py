"""JSON functions that read, make, quote and check whole documents."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import documents
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import json_texts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.text_arguments import as_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import INT, JSON, VARCHAR

#: Bytes of a member's name.
_MAX_NAME = 255


def document(name: str, value: Typed) -> Typed:
    """An argument of type JSON: a text is read as a document, NULL where it is none."""
    if value.type == JSON:
        return value
    if value.type.name == "null":
        return literals.null_of(JSON)
    if value.type.is_text:
        return json_texts.parsed(value)
    raise Refused(f"{name} of {value.type}", "Give it a JSON document or a text.")


def as_value(value: Typed) -> exp.Expression:
    """An argument as a document in a document: ``'a'`` -> '"a"', NULL -> 'null'."""
    return sql("coalesce(v, 'null')", v=json_texts.written(value))


@function("json_parse", "jsonb_parse")
def json_parse(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_parse('[1, 2]')`` -> '[1,2]'; a text that is no document is an error"""
    count_check("json_parse", args, 1)
    value = twice(as_text(args[0]), "json_parse")
    found = json_texts.parsed(value)
    node = sql(
        "CASE WHEN s IS NOT NULL THEN coalesce(d, error(m)) END",
        s=value,
        d=Typed(found.node.copy(), JSON),
        m=text("Parse json document failed, it is no JSON"),
    )
    return typed(node, JSON, *args)


@function("json_parse_error_to_null", "jsonb_parse_error_to_null")
def json_parse_error_to_null(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_parse_error_to_null('[1, 2')`` -> NULL"""
    count_check("json_parse_error_to_null", args, 1)
    return typed(json_texts.parsed(as_text(args[0])).node, JSON, *args)


@function("json_parse_error_to_value", "jsonb_parse_error_to_value")
def json_parse_error_to_value(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_parse_error_to_value('[1, 2', '[]')`` -> '[]'; ``{}`` where no value is given"""
    count_check("json_parse_error_to_value", args, 1, 2)
    value = twice(as_text(args[0]), "json_parse_error_to_value")
    other = document("json_parse_error_to_value", args[1]) if len(args) == 2 else Typed(text("{}"), JSON)
    found = Typed(json_texts.parsed(value).node.copy(), JSON)
    return typed(sql("CASE WHEN s IS NOT NULL THEN coalesce(d, o) END", s=value, d=found, o=other), JSON, *args)


@function("to_json")
def to_json(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``to_json('a')`` -> '"a"', ``to_json([1, 2])`` -> '[1,2]'"""
    count_check("to_json", args, 1)
    return typed(json_texts.written(args[0]), JSON, *args)


def _joined(parts: list[exp.Expression], opening: str, closing: str) -> exp.Expression:
    if not parts:
        return text(opening + closing)
    node = parts[0]
    for part in parts[1:]:
        node = sql("a || ',' || b", a=node, b=part)
    return sql(f"'{opening}' || a || '{closing}'", a=node)


@function("json_array", "jsonb_array")
def json_array(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_array(1, 'a', NULL)`` -> '[1,"a",null]'"""
    return typed(_joined([as_value(arg) for arg in args], "[", "]"), JSON, *args)


@function("json_array_ignore_null", "jsonb_array_ignore_null")
def json_array_ignore_null(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_array_ignore_null(1, NULL)`` -> '[1]'"""
    if not args:
        return Typed(text("[]"), JSON)
    listed = call("concat_ws", text(","), *(json_texts.written(arg) for arg in args))
    return typed(sql("'[' || l || ']'", l=listed), JSON, *args)


@function("json_object", "jsonb_object")
def json_object(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_object('a', 1, 'b', NULL)`` -> '{"a":1,"b":null}'"""
    if len(args) % 2:
        raise DorisError("json_object can't be odd parameters, need even parameters")
    members = [
        sql("k || ':' || v", k=_name(key), v=as_value(value)) for key, value in zip(args[::2], args[1::2], strict=True)
    ]
    return typed(_joined(members, "{", "}"), JSON, *args)


def _name(key: Typed) -> exp.Expression:
    if key.type.name == "null":
        raise DorisError("json_object key can't be NULL")
    value = as_text(key)
    if isinstance(value.literal, str):
        if len(value.literal.encode()) > _MAX_NAME:
            raise DorisError("JSON object keys must be less than 256 bytes")
        return text(documents.write(value.literal))
    twice(value, "json_object")
    return sql(
        f"CASE WHEN k IS NULL OR strlen(k) > {_MAX_NAME} THEN error(m) ELSE q END",
        k=value.node.copy(),
        q=json_texts.written(Typed(value.node, VARCHAR)),
        m=text("JSON documents may not contain NULL member name, and names have at most 255 bytes"),
    )


def _plain(name: str, target: str) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        return typed(call(target, as_text(args[0])), VARCHAR, *args)

    rule.__doc__ = f"``{name}(s)`` -> ``{target}(s)``"
    return rule


function("json_quote")(_plain("json_quote", "doris_json_quote"))
function("json_unquote")(_plain("json_unquote", "doris_json_unquote"))


@function("json_valid", "jsonb_valid")
def json_valid(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_valid('{')`` -> 0"""
    count_check("json_valid", args, 1)
    value = twice(args[0] if args[0].type == JSON else as_text(args[0]), "json_valid")
    if value.type == JSON:
        return typed(sql("CASE WHEN j IS NOT NULL THEN CAST(1 AS INTEGER) END", j=value), INT, *args)
    node = sql("CASE WHEN s IS NOT NULL THEN doris_json_parse(s) IS NOT NULL END", s=value)
    return typed(cast(node, INT), INT, *args)
