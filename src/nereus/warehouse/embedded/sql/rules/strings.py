"""String functions: length, case, cutting, padding, joining."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, closed, count_check, number, sql, text, twice, typed
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
from nereus.warehouse.embedded.types import BOOLEAN, INT, STRING, TINYINT, VARCHAR, DorisType, varchar

#: Letters whose capital is more than one letter: DuckDB maps letter by letter.
_NO_SIMPLE_CAPITAL = "[\u00df\u0149\u01f0\u0390\u03b0\u0587\u1e96-\u1e9a\u1f50-\u1ffc\ufb00-\ufb17]"
#: Capitals whose small letter is more than one letter or depends on its neighbours.
_NO_SIMPLE_SMALL = "[\u0130\u03a3]"
#: Copies that repeat() makes at most (variable repeat_max_num).
_REPEAT_MAX = 10000


def _measure(name: str, template: str) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        return typed(cast(sql(template, s=as_text(args[0])), INT), INT, *args)

    rule.__doc__ = f"``{name}(s)`` -> ``CAST({template} AS INTEGER)``"
    return rule


function("length")(_measure("length", "strlen(s)"))  # bytes
function("char_length", "character_length")(_measure("char_length", "length(s)"))  # characters
function("bit_length")(_measure("bit_length", "strlen(s) * 8"))


@function("upper", "ucase")
def upper(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``upper(s)`` -> the same; letters with a longer capital (ß) are an error"""
    return _cased("upper", _NO_SIMPLE_CAPITAL, args)


@function("lower", "lcase")
def lower(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``lower(s)`` -> the same; capitals whose small letter depends on its place (Σ) are an error"""
    return _cased("lower", _NO_SIMPLE_SMALL, args)


def _cased(name: str, special: str, args: list[Typed]) -> Typed:
    count_check(name, args, 1)
    value = twice(as_text(args[0]), name)
    node = sql(
        f"CASE WHEN strlen(s) <> length(s) AND regexp_matches(s, p) THEN error(m) ELSE {name}(s) END",
        s=value,
        p=text(special),
        m=refusal_text(f"{name} of a letter that changes its length"),
    )
    return typed(node, result_type([value]), value)


def _trimmer(name: str, ways: str, *, whole: bool) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1, 2)
        value = as_text(args[0])
        cut = " " if len(args) == 1 else constant_text(name, "second argument", args[1])
        type_ = result_type([value])
        if whole and len(cut) > 1:
            return typed(_cut_whole(value, cut, ways), type_, value)
        return typed(call(ways, value, text(cut)) if cut else value.node, type_, value)

    rule.__doc__ = f"``{name}(s, t)`` -> s without {'copies of t' if whole else 'the characters of t'} at its ends"
    return rule


def _cut_whole(value: Typed, cut: str, way: str) -> exp.Expression:
    """Whole copies of a text of several characters, cut by a regular expression."""
    quoted = "".join(char if char.isalnum() or ord(char) > 127 else "\\" + char for char in cut)
    node = value.node
    if way in ("trim", "ltrim"):
        node = sql("regexp_replace(s, p, '')", s=node, p=text(f"^(?:{quoted})+"))
    if way in ("trim", "rtrim"):
        node = sql("regexp_replace(s, p, '')", s=node, p=text(f"(?:{quoted})+$"))
    return node


for _way in ("trim", "ltrim", "rtrim"):
    function(_way)(_trimmer(_way, _way, whole=True))
    function(f"{_way}_in")(_trimmer(f"{_way}_in", _way, whole=False))


@function("substring", "substr")
def substring(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``substring(s, 2, 3)`` -> the same; position 0 and positions before the start give ''"""
    count_check("substring", args, 2, 3)
    value, start = as_text(args[0]), constant(args[1])
    length = constant(args[2]) if len(args) == 3 else 2147483647
    type_ = varchar(length) if length is not None and length >= 0 else VARCHAR
    if start is not None and start > 0 and length is not None:
        length = max(length, 0)
        bounds = [number(start)] if len(args) == 2 else [number(start), number(length)]
        return typed(call("substring", value, *bounds), type_, *args)
    first = as_int(args[1])
    count = as_int(args[2]) if len(args) == 3 else literals.integer_as(2147483647, INT)
    for operand in (value, first, count):
        twice(operand, "substring")
    node = sql(
        "CASE WHEN s IS NULL OR p IS NULL OR n IS NULL THEN NULL"
        " WHEN p = 0 OR n <= 0 OR p < -length(s) THEN '' ELSE substring(s, p, n) END",
        s=value,
        p=first,
        n=count,
    )
    return typed(node, type_, *args)


@function("left", "strleft")
def left(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``left(s, n)`` -> the same; '' for n below 1"""
    count_check("left", args, 2)
    value, count = as_text(args[0]), constant(args[1])
    type_ = result_type([value])
    if count is not None:
        return typed(call("left", value, number(max(0, count))), type_, *args)
    return typed(sql("left(s, greatest(n, n - n))", s=value, n=twice(as_int(args[1]), "left")), type_, *args)


@function("right", "strright")
def right(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``right(s, n)`` -> the same; a negative n means ``substring(s, -n)``"""
    count_check("right", args, 2)
    value, count = as_text(args[0]), constant(args[1])
    type_ = result_type([value])
    if count is not None and count >= 0:
        return typed(call("right", value, number(count)), type_, *args)
    found = twice(as_int(args[1]), "right")
    return typed(sql("CASE WHEN n < 0 THEN substring(s, -n) ELSE right(s, n) END", s=value, n=found), type_, *args)


@function("concat")
def concat(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``concat(a, b)`` -> ``a || b``: NULL if any is NULL"""
    if not args:
        raise DorisError("Can not found function 'concat' which has 0 arity.")
    values = texts(args)
    if any(arg.type.name == "null" for arg in args):
        return typed(literals.null_of(VARCHAR).node, VARCHAR, *args)
    joined = closed(values[0].node)
    for value in values[1:]:
        joined = exp.DPipe(this=joined, expression=closed(value.node))
    return typed(joined, result_type(args), *args)


@function("concat_ws")
def concat_ws(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``concat_ws(',', a, b)`` -> the same: NULLs are left out"""
    if len(args) < 2:
        raise DorisError(f"Can not found function 'concat_ws' which has {len(args)} arity.")
    if any(arg.type.args for arg in args[1:]):
        return _joined_arrays(args)
    return typed(call("concat_ws", *texts(args)), result_type(args), *args)


def _joined_arrays(args: list[Typed]) -> Typed:
    """``concat_ws('-', ['a'], ['b', NULL])`` -> 'a-b'; '' where an array is NULL"""
    arrays = args[1:]
    if not all(arg.type.name == "array" and arg.type.args[0].is_text for arg in arrays):
        raise Refused("concat_ws of arrays and other values", "Give it arrays of texts alone.")
    missing: exp.Expression = exp.false()
    for arg in arrays:
        missing = sql("m OR a IS NULL", m=missing, a=twice(arg, "concat_ws").node.copy())
    listed = arrays[0].node
    for arg in arrays[1:]:
        listed = call("list_concat", listed, arg)
    separator = twice(as_text(args[0]), "concat_ws")
    node = sql(
        "CASE WHEN s IS NULL THEN NULL WHEN m THEN '' ELSE coalesce(array_to_string(l, s), '') END",
        s=separator,
        m=missing,
        l=listed,
    )
    return typed(node, VARCHAR, *args)


@function("replace")
def replace(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``replace(s, a, b)`` -> the same; an empty a changes nothing"""
    count_check("replace", args, 3)
    return typed(call("replace", *texts(args)), result_type(args), *args)


@function("repeat")
def repeat(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``repeat(s, n)`` -> the same; more than 10,000 copies are an error (Doris would make no more)"""
    count_check("repeat", args, 2)
    value = as_text(args[0])
    return typed(_copies(value.node, args[1]), result_type([value]), *args)


@function("space")
def space(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``space(n)`` -> ``repeat(' ', n)``"""
    count_check("space", args, 1)
    return typed(_copies(text(" "), args[0]), VARCHAR, *args)


def _copies(value: exp.Expression, count: Typed) -> exp.Expression:
    found = constant(count)
    if found is not None and found <= _REPEAT_MAX:
        return call("repeat", value, number(max(0, found)))
    return sql(
        f"CASE WHEN n > {_REPEAT_MAX} THEN error(m) ELSE repeat(s, n) END",
        s=value,
        n=twice(as_int(count), "repeat"),
        m=refusal_text(f"more than {_REPEAT_MAX} copies"),
    )


@function("reverse")
def reverse(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``reverse(s)`` -> character by character (DuckDB's own keeps combined characters together)"""
    count_check("reverse", args, 1)
    if args[0].type.name in ("array", "null"):
        raise Refused(f"reverse of {args[0].type}", "Give it a text.")
    value = twice(as_text(args[0]), "reverse")
    node = sql(
        "CASE WHEN strlen(s) = length(s) THEN reverse(s)"
        " ELSE array_to_string(list_reverse(string_split(s, '')), '') END",
        s=value,
    )
    return typed(node, result_type([value]), value)


@function("lpad")
def lpad(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``lpad(s, n, t)`` -> the same; NULL for n below 0, '' where nothing pads"""
    return _padded("lpad", args)


@function("rpad")
def rpad(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``rpad(s, n, t)`` -> the same; NULL for n below 0, '' where nothing pads"""
    return _padded("rpad", args)


def _padded(name: str, args: list[Typed]) -> Typed:
    count_check(name, args, 3)
    value, width, fill = twice(as_text(args[0]), name), twice(as_int(args[1]), name), twice(as_text(args[2]), name)
    node = sql(
        f"CASE WHEN n < 0 OR s IS NULL OR t IS NULL THEN NULL WHEN length(s) >= n THEN left(s, n)"
        f" WHEN t = '' THEN '' ELSE {name}(s, n, t) END",
        s=value,
        n=width,
        t=fill,
    )
    return typed(node, result_type([value, fill]), *args)


@function("ascii")
def ascii_(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``ascii(s)`` -> its first byte; 0 for ''"""
    count_check("ascii", args, 1)
    value = twice(as_text(args[0]), "ascii")
    node = sql(
        "CASE WHEN ascii(s) < 128 THEN ascii(s) WHEN ascii(s) < 2048 THEN 192 + ascii(s) // 64"
        " WHEN ascii(s) < 65536 THEN 224 + ascii(s) // 4096 ELSE 240 + ascii(s) // 262144 END",
        s=value,
    )
    return typed(cast(node, INT), INT, value)


@function("quote")
def quote(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``quote(s)`` -> s between single quotes, nothing escaped"""
    count_check("quote", args, 1)
    return typed(sql("'''' || s || ''''", s=as_text(args[0])), VARCHAR, *args)


def _digest(name: str, target: str) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        return typed(call(target, as_text(args[0])), VARCHAR, *args)

    rule.__doc__ = f"``{name}(s)`` -> ``{target}(s)``"
    return rule


function("md5")(_digest("md5", "md5"))
function("sha1", "sha")(_digest("sha1", "sha1"))


@function("md5sum")
def md5sum(args: list[Typed], facts: SessionFacts) -> Typed:
    """``md5sum(a, b)`` -> ``md5(a || b)``"""
    joined = concat(args, facts)
    return typed(call("md5", joined), VARCHAR, *args)


@function("hex")
def hex_(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``hex(255)`` -> 'FF', ``hex('é')`` -> 'C3A9'"""
    count_check("hex", args, 1)
    value = args[0]
    if value.type.is_integer and value.type.name != "largeint":
        return typed(sql("hex(CAST(n AS BIGINT))", n=value), VARCHAR, *args)
    if value.type.is_text or value.type.name == "null":
        return typed(sql("hex(s)", s=as_text(value)), result_type([value]), *args)
    raise Refused(f"hex of {value.type}", "Cast it to bigint or string.")


@function("to_base64")
def to_base64(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``to_base64(s)`` -> ``base64(encode(s))``"""
    count_check("to_base64", args, 1)
    return typed(sql("base64(encode(s))", s=as_text(args[0])), STRING, *args)


@function("char")
def char(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``char(68, 111)`` -> 'Do'; only constant ASCII codes"""
    codes = [constant(arg) for arg in args[1:]]
    found = [code for code in codes if code is not None and 0 < code < 128]
    if not args or args[0].literal != "utf8" or len(found) != len(codes):
        raise Refused("char() of anything but constant ASCII codes", "Write a string literal.")
    return typed(text("".join(map(chr, found))), STRING, *args)


_Test = Callable[[list[Typed], SessionFacts], Typed]


def _test(name: str, template: str, type_: DorisType, count: int) -> _Test:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, count)
        values = dict(zip("ab", texts(args), strict=False))
        for value in values.values():
            twice(value, name)
        return typed(sql(template, **values), type_, *args)

    rule.__doc__ = f"``{name}({', '.join('ab'[:count])})`` -> ``{template}``"
    return rule


for _name, _template, _type, _count in (
    ("starts_with", "starts_with(a, b)", BOOLEAN, 2),
    ("ends_with", "ends_with(a, b)", BOOLEAN, 2),
    ("null_or_empty", "a IS NULL OR a = ''", BOOLEAN, 1),
    ("not_null_or_empty", "a IS NOT NULL AND a <> ''", BOOLEAN, 1),
    (
        "strcmp",
        "CASE WHEN a = b THEN CAST(0 AS TINYINT) WHEN a < b THEN CAST(-1 AS TINYINT)"
        " WHEN a > b THEN CAST(1 AS TINYINT) END",
        TINYINT,
        2,
    ),
):
    function(_name)(_test(_name, _template, _type, _count))
