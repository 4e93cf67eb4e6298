"""JSON functions that follow a path into a document."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.paths import BadPath, DoubtfulPath, parse_path
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts, json_texts, literals
from nereus.warehouse.embedded.sql.rules.build import call, count_check, is_null, sql, typed
from nereus.warehouse.embedded.sql.rules.json_values import as_value, document
from nereus.warehouse.embedded.sql.rules.text_arguments import as_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INT,
    JSON,
    LARGEINT,
    STRING,
    DorisType,
    array,
)

_ROOT = "$"


def path(value: Typed) -> Typed:
    """A path argument; a constant one is checked at once."""
    if isinstance(value.literal, str):
        try:
            parse_path(value.literal)
        except BadPath as error:
            raise DorisError(f"[INVALID_ARGUMENT]{error}") from None
        except DoubtfulPath as error:
            construct = str(error).removeprefix("the embedded warehouse refuses ")
            raise Refused(construct, "Write a plain one, such as $.a[0].") from None
    return as_text(value)


def _arity(name: str, args: list[Typed], least: int) -> None:
    if len(args) < least:
        raise DorisError(f"Can not found function '{name}' which has {len(args)} arity.")


def _extracted(args: list[Typed]) -> Typed:
    found, paths = document("json_extract", args[0]), [path(arg) for arg in args[1:]]
    if len(paths) == 1:
        return typed(call("doris_json_extract", found, paths[0]), JSON, *args)
    return typed(_all("doris_json_extract_all", found, paths), JSON, *args)


def _all(target: str, found: Typed, paths: list[Typed]) -> exp.Expression:
    """``f(document, [path, ...])``, NULL if any path is NULL"""
    missing: exp.Expression = exp.false()
    for item in paths:
        if not isinstance(item.literal, str):
            missing = sql("m OR p IS NULL", m=missing, p=item.node.copy())
    listed = exp.Array(expressions=[item.node for item in paths])
    node = call(target, found, listed)
    return node if isinstance(missing, exp.Boolean) else sql("CASE WHEN NOT (m) THEN v END", m=missing, v=node)


@function("json_extract", "jsonb_extract")
def json_extract(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_extract('{"a": 1}', '$.a')`` -> ``doris_json_extract(...)``; of several paths the values as a list"""
    _arity("json_extract", args, 2)
    return _extracted(args)


@function("json_extract_no_quotes")
def json_extract_no_quotes(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_extract_no_quotes(j, '$.a')`` -> ``json_extract`` where a string in quotes of its own loses them"""
    _arity("json_extract_no_quotes", args, 2)
    found, paths = document("json_extract_no_quotes", args[0]), [path(arg) for arg in args[1:]]
    return typed(_all("doris_json_extract_bare", found, paths), JSON, *args)


def _extractor(name: str, to: DorisType) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 2)
        return casts.cast_to(_extracted(args), to)

    rule.__doc__ = f"``{name}(j, '$.a')`` -> ``CAST(json_extract(j, '$.a') AS {to})``"
    return rule


for _names, _type in (
    (("json_extract_int", "jsonb_extract_int", "get_json_int"), INT),
    (("json_extract_bigint", "jsonb_extract_bigint", "get_json_bigint"), BIGINT),
    (("json_extract_largeint", "jsonb_extract_largeint"), LARGEINT),
    (("json_extract_double", "jsonb_extract_double", "get_json_double"), DOUBLE),
    (("json_extract_bool", "jsonb_extract_bool"), BOOLEAN),
    (("json_extract_string", "jsonb_extract_string", "get_json_string"), STRING),
):
    function(*_names)(_extractor(_names[0], _type))


def _question(name: str, target: str, type_: DorisType, *, rooted: bool) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, *((1, 2) if rooted else (2,)))
        where = path(args[1]) if len(args) == 2 else literals.text(_ROOT)
        return typed(call(target, document(name, args[0]), where), type_, *args)

    rule.__doc__ = f"``{name}(j, '$.a')`` -> ``{target}(j, '$.a')``{', by default of the whole' if rooted else ''}"
    return rule


function("json_exists_path", "jsonb_exists_path")(
    _question("json_exists_path", "doris_json_exists", BOOLEAN, rooted=False)
)
function("json_extract_isnull", "jsonb_extract_isnull")(
    _question("json_extract_isnull", "doris_json_is_null", BOOLEAN, rooted=False)
)
function("json_length")(_question("json_length", "doris_json_length", INT, rooted=True))
function("json_keys", "jsonb_keys")(_question("json_keys", "doris_json_keys", array(STRING), rooted=True))


@function("json_type", "jsonb_type")
def json_type(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_type('{"a": 1}', '$.a')`` -> 'int'; of documents made from bigint and decimal it is refused"""
    count_check("json_type", args, 2)
    found = document("json_type", args[0])
    if json_texts.has_typed_numbers(found):
        raise Refused(
            "json_type of a document that was made from bigint or decimal values",
            "Make it from int or double values.",
        )
    return typed(call("doris_json_kind", found, path(args[1])), STRING, *args)


@function("json_contains")
def json_contains(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_contains('[1, 2]', '1')`` -> ``doris_json_contains(...)``; refused of documents made from decimals

    Of a NULL it is NULL whatever the path.
    """
    count_check("json_contains", args, 2, 3)
    if any(map(is_null, args)):
        return literals.null_of(BOOLEAN)
    documents = [document("json_contains", arg) for arg in args[:2]]
    if any(map(json_texts.has_typed_numbers, documents)):
        raise Refused(
            "json_contains of a document that was made from bigint or decimal values",
            "Make it from int or double values.",
        )
    where = path(args[2]) if len(args) == 3 else literals.text(_ROOT)
    return typed(call("doris_json_contains", *documents, where), BOOLEAN, *args)


def _modifier(name: str) -> FunctionRule:
    target = f"doris_{name}"

    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        if len(args) < 3 or len(args) % 2 == 0:
            raise DorisError(f"Can not found function '{name}' which has {len(args)} arity.")
        paths, values = [path(arg) for arg in args[1::2]], [as_value(arg) for arg in args[2::2]]
        return typed(_all_with(target, document(name, args[0]), paths, values), JSON, *args)

    rule.__doc__ = f"``{name}(j, '$.a', 1)`` -> ``{target}(j, ['$.a'], ['1'])``"
    return rule


def _all_with(target: str, found: Typed, paths: list[Typed], values: list[exp.Expression]) -> exp.Expression:
    node = _all(target, found, paths)
    called = node if isinstance(node, exp.Anonymous) else node.args["ifs"][0].args["true"]
    called.append("expressions", exp.Array(expressions=values))
    return node


for _name in ("json_insert", "json_set", "json_replace"):
    function(_name, _name.replace("json", "jsonb"))(_modifier(_name))


@function("json_remove")
def json_remove(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``json_remove('{"a": 1}', '$.a')`` -> ``doris_json_remove(..., ['$.a'])``"""
    _arity("json_remove", args, 2)
    paths = [path(arg) for arg in args[1:]]
    return typed(_all("doris_json_remove", document("json_remove", args[0]), paths), JSON, *args)
