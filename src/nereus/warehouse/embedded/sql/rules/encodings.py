"""Digests, encodings, masks and addresses."""

from __future__ import annotations

import string

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, number, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.regexps import MAYBE_EMPTY, groups, pattern
from nereus.warehouse.embedded.sql.rules.text_arguments import as_text, constant, constant_text, result_type, texts
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, VARCHAR, DorisType, decimal

_SHA2 = (224, 384, 512)


@function("sha2")
def sha2(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``sha2(s, 256)`` -> ``sha256(s)``; also of 224, 384 and 512 bits"""
    count_check("sha2", args, 2)
    bits = constant(args[1])
    if bits == 256:
        return typed(call("sha256", as_text(args[0])), VARCHAR, *args)
    if bits not in _SHA2:
        raise Refused("sha2 with a length other than 224, 256, 384 and 512", "Write one of these.")
    return typed(call("doris_sha2", as_text(args[0]), number(bits)), VARCHAR, *args)


def _encoding(name: str, target: str, type_: DorisType | None = None) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        value = as_text(args[0])
        return typed(call(target, value), type_ or result_type([value]), *args)

    rule.__doc__ = f"``{name}(s)`` -> ``{target}(s)``"
    return rule


function("crc32")(_encoding("crc32", "doris_crc32", BIGINT))
function("from_base64")(_encoding("from_base64", "doris_from_base64"))
function("unhex_null")(_encoding("unhex_null", "doris_unhex"))
function("url_encode")(_encoding("url_encode", "doris_url_encode"))
function("soundex")(_encoding("soundex", "doris_soundex"))
function("ipv4_string_to_num_or_null", "inet_aton")(
    _encoding("ipv4_string_to_num_or_null", "doris_ipv4_number", BIGINT)
)
function("is_ipv4_string")(_encoding("is_ipv4_string", "doris_is_ipv4", BOOLEAN))


@function("unhex")
def unhex(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``unhex('41')`` -> 'A'; '' for what is no hexadecimal text"""
    count_check("unhex", args, 1)
    value = twice(as_text(args[0]), "unhex")
    node = sql("CASE WHEN s IS NOT NULL THEN coalesce(doris_unhex(s), '') END", s=value)
    return typed(node, result_type([value]), *args)


@function("ipv4_string_to_num")
def ipv4_string_to_num(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``ipv4_string_to_num('127.0.0.1')`` -> 2130706433; a text that is no address is an error"""
    count_check("ipv4_string_to_num", args, 1)
    value = twice(as_text(args[0]), "ipv4_string_to_num")
    node = sql(
        "CASE WHEN s IS NOT NULL THEN coalesce(doris_ipv4_number(s), error(m)) END",
        s=value,
        m=text("Invalid IPv4 value"),
    )
    return typed(cast(node, BIGINT), BIGINT, *args)


@function("ipv4_string_to_num_or_default")
def ipv4_string_to_num_or_default(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``ipv4_string_to_num_or_default('abc')`` -> 0"""
    count_check("ipv4_string_to_num_or_default", args, 1)
    return typed(sql("coalesce(doris_ipv4_number(s), CAST(0 AS BIGINT))", s=as_text(args[0])), BIGINT, *args)


@function("ipv4_num_to_string", "inet_ntoa")
def ipv4_num_to_string(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``ipv4_num_to_string(2130706433)`` -> '127.0.0.1'; NULL outside 32 bits"""
    count_check("ipv4_num_to_string", args, 1)
    return typed(call("doris_ipv4_text", casts.cast_to(args[0], BIGINT)), VARCHAR, *args)


def _masked(value: Typed, args: list[Typed]) -> Typed:
    """Letters and digits replaced by one character of each kind."""
    marks = ["X", "x", "n"]
    for place, arg in enumerate(args):
        mark = constant_text("mask", "mask", arg)
        if len(mark) != 1 or not mark.isascii():
            raise Refused("a mask of anything but one ASCII character", "Write one character, such as 'X'.")
        marks[place] = mark
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
    put = "".join(mark * len(kind) for mark, kind in zip(marks, kinds, strict=True))
    return typed(call("translate", value, text("".join(kinds)), text(put)), VARCHAR, value)


@function("mask")
def mask(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``mask('aB1-')`` -> ``translate('aB1-', 'A...Za...z0...9', 'X...Xx...xn...n')``"""
    count_check("mask", args, 1, 2, 3, 4)
    return _masked(as_text(args[0]), args[1:])


@function("mask_first_n")
def mask_first_n(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``mask_first_n('abc1', 2)`` -> 'xxc1'; all of it without a number"""
    value, count = _counted("mask_first_n", args)
    if count is None:
        return _masked(value, [])
    head = _masked(Typed(sql("left(s, n)", s=value.node.copy(), n=number(count)), VARCHAR), [])
    return typed(sql("h || substring(s, n)", h=head, s=value, n=number(count + 1)), VARCHAR, *args)


@function("mask_last_n")
def mask_last_n(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``mask_last_n('abc1', 2)`` -> 'abxn'; all of it without a number"""
    value, count = _counted("mask_last_n", args)
    if count is None:
        return _masked(value, [])
    tail = _masked(Typed(sql("right(s, n)", s=value.node.copy(), n=number(count)), VARCHAR), [])
    rest = sql("left(s, greatest(length(s) - n, 0)) || t", s=value, n=number(count), t=tail)
    return typed(rest, VARCHAR, *args)


def _counted(name: str, args: list[Typed]) -> tuple[Typed, int | None]:
    count_check(name, args, 1, 2)
    value = twice(as_text(args[0]), name)
    if len(args) == 1:
        return value, None
    count = constant(args[1])
    if count is None or count < 0:
        raise Refused(f"{name} with a computed number", "Write a number.")
    return value, count


@function("translate")
def translate(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``translate(s, 'ab', 'x')`` -> the same: characters without a counterpart are removed"""
    count_check("translate", args, 3)
    return typed(call("translate", *texts(args)), result_type(args), *args)


@function("append_trailing_char_if_absent")
def append_trailing_char_if_absent(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``append_trailing_char_if_absent('a', 'c')`` -> 'ac'; NULL where the second is no single character"""
    count_check("append_trailing_char_if_absent", args, 2)
    value, tail = (twice(item, "append_trailing_char_if_absent") for item in texts(args))
    node = sql(
        "CASE WHEN strlen(t) <> 1 THEN NULL WHEN ends_with(s, t) THEN s ELSE s || t END",
        s=value,
        t=tail,
    )
    return typed(node, result_type([value, tail]), *args)


@function("regexp_extract_or_null")
def regexp_extract_or_null(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``regexp_extract_or_null(s, 'a(b)', 1)`` -> the group; NULL without a match or such a group"""
    count_check("regexp_extract_or_null", args, 3)
    group = constant(args[2])
    if group is None:
        raise Refused("a computed group of regexp_extract_or_null", "Write a number.")
    found, value = pattern("regexp_extract_or_null", args[1]), twice(as_text(args[0]), "regexp_extract_or_null")
    if not 0 <= group <= min(groups(found), 9):
        return typed(cast(sql("NULL"), "VARCHAR"), VARCHAR, *args)
    node = sql(
        "CASE WHEN regexp_matches(s, p, 's') THEN regexp_extract(s, p, g, 's') END",
        s=value,
        p=text(found),
        g=number(group),
    )
    return typed(node, VARCHAR, *args)


@function("regexp_extract_all")
def regexp_extract_all(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``regexp_extract_all('a1b2', '([0-9])')`` -> "['1','2']": the first group of all matches, '' without one"""
    count_check("regexp_extract_all", args, 2)
    found = pattern("regexp_extract_all", args[1])
    if not groups(found):
        raise Refused("regexp_extract_all of a pattern without a group", "Put the pattern in parentheses.")
    if MAYBE_EMPTY.search(found):
        raise Refused(f"regexp_extract_all of '{found}', which may match nothing", "Write + where it says *.")
    matches = call("regexp_extract_all", as_text(args[0]), text(found), number(1), text("s"))
    node = sql(
        "CASE WHEN len(l) = 0 THEN '' WHEN l IS NOT NULL THEN '[''' || array_to_string(l, ''',''') || ''']' END",
        l=matches,
    )
    return typed(node, result_type(args), *args)


@function("money_format")
def money_format(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``money_format(1234.567)`` -> '1,234.57' for integers and decimals"""
    count_check("money_format", args, 1)
    value = twice(args[0], "money_format")
    if value.type.is_integer and value.type.name != "largeint":
        return typed(sql("format('{:,}', CAST(n AS BIGINT)) || '.00'", n=value), VARCHAR, *args)
    if value.type.name != "decimal" or (value.type.precision or 0) - (value.type.scale or 0) > 16:
        raise Refused(f"money_format of {value.type}", "Cast it to decimal(18,2).")
    cents = casts.cast_to(value, decimal(18, 2))
    digits = sql("CAST(abs(c) * 100 AS BIGINT)", c=cents)
    node = sql(
        "CASE WHEN d < 0 THEN '-' ELSE '' END || format('{:,}', u // 100) || '.'"
        " || lpad(CAST(u % 100 AS VARCHAR), 2, '0')",
        d=cents.node.copy(),
        u=digits,
    )
    return typed(node, VARCHAR, *args)
