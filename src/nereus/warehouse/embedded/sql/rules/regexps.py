"""Regular expressions. Doris and DuckDB share RE2; ``.`` matches a newline in Doris, hence the option 's'."""

from __future__ import annotations

import re

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import function, operator
from nereus.warehouse.embedded.sql.rules.build import count_check, number, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.text_arguments import as_text, constant, constant_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BOOLEAN, INT, VARCHAR

#: What RE2 and Hyperscan, which Doris tries first for a mere match, read differently or not at all.
_DOUBTFUL = re.compile(r"\\[pPXRKGCzZAQE]|\(\?[^:iP]|\\[1-9]|\[\[[=.]", re.ASCII)

#: A pattern that may match the empty text.
MAYBE_EMPTY = re.compile(r"[*?|]|\{0")


def pattern(name: str, value: Typed) -> str:
    """The pattern of a regular-expression function: a constant that both engines read alike."""
    written = constant_text(name, "pattern", value)
    if _DOUBTFUL.search(written) or (not written.isascii() and "(?i)" in written):
        raise Refused(f"the regular expression '{written}'", "Write a simpler one.")
    return written


@operator(exp.RegexpLike)
def regexp_like(_node: exp.Expression, operands: list[Typed], facts: SessionFacts) -> Typed:
    """``a REGEXP 'b'`` -> ``regexp_matches(a, 'b', 's')``"""
    return regexp(operands, facts)


@function("regexp")
def regexp(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``regexp(a, 'b')`` -> ``regexp_matches(a, 'b', 's')``: a match anywhere, case-sensitive"""
    count_check("regexp", args, 2)
    found = pattern("regexp", args[1])
    return typed(sql("regexp_matches(s, p, 's')", s=as_text(args[0]), p=text(found)), BOOLEAN, *args)


def groups(pattern: str) -> int:
    """How many groups a pattern captures."""
    plain = re.sub(r"\\.|\[(?:\\.|\[:\w+:\]|[^\]])*\]", "", pattern, flags=re.DOTALL)
    return len(re.findall(r"\((?!\?)|\(\?P<", plain))


@function("regexp_extract")
def regexp_extract(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``regexp_extract(s, 'a(b)', 1)`` -> ``regexp_extract(s, 'a(b)', 1, 's')``; '' without a match or such a group"""
    count_check("regexp_extract", args, 3)
    group = constant(args[2])
    if group is None:
        raise Refused("a computed group of regexp_extract", "Write a number.")
    found = pattern("regexp_extract", args[1])
    value = as_text(args[0])
    if group < 0 or group > groups(found) or group > 9:
        return typed(sql("CASE WHEN s IS NOT NULL THEN '' END", s=value), VARCHAR, *args)
    return typed(sql("regexp_extract(s, p, g, 's')", s=value, p=text(found), g=number(group)), VARCHAR, *args)


def _replaced(name: str, args: list[Typed], options: str) -> Typed:
    count_check(name, args, 3)
    found = pattern(name, args[1])
    put = constant_text(name, "replacement", args[2])
    if int(max(re.findall(r"\\([0-9])", put), default="0")) > groups(found) or re.search(r"\\[^0-9\\]|\\$", put):
        raise Refused(f"the replacement '{put}' of {name}")
    node = sql("regexp_replace(s, p, r, o)", s=as_text(args[0]), p=text(found), r=text(put), o=text(options))
    return typed(node, VARCHAR, *args)


@function("regexp_replace")
def regexp_replace(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``regexp_replace(s, 'a', 'b')`` -> ``regexp_replace(s, 'a', 'b', 'gs')``: all matches"""
    return _replaced("regexp_replace", args, "gs")


@function("regexp_replace_one")
def regexp_replace_one(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``regexp_replace_one(s, 'a', 'b')`` -> ``regexp_replace(s, 'a', 'b', 's')``: the first match"""
    return _replaced("regexp_replace_one", args, "s")


@function("regexp_count")
def regexp_count(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``regexp_count(s, 'a')`` -> ``len(regexp_extract_all(s, 'a', 0, 's'))``"""
    count_check("regexp_count", args, 2)
    found = pattern("regexp_count", args[1])
    if not found or MAYBE_EMPTY.search(found):
        raise Refused(f"regexp_count of '{found}', which may match nothing")
    value = twice(as_text(args[0]), "regexp_count")
    node = sql("CAST(len(regexp_extract_all(s, p, 0, 's')) AS INTEGER)", s=value, p=text(found))
    return typed(node, INT, *args)
