"""Regular expressions. Doris and DuckDB share RE2; ``.`` matches a newline in Doris, hence the option 's'."""

from __future__ import annotations

import re

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import function, operator
from nereus.warehouse.embedded.sql.rules.build import cast, count_check, number, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.lambdas import let
from nereus.warehouse.embedded.sql.rules.text_arguments import as_text, constant, constant_text, refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BOOLEAN, INT, VARCHAR, array

#: What RE2 and Hyperscan, which Doris tries first for a mere match, read differently or not at all.
_DOUBTFUL = re.compile(r"\\[pPXRKGCzZAQE]|\(\?[^:iP]|\\[1-9]|\[\[[=.]", re.ASCII)

#: Repetitions of a group that RE2 takes.
_MAX_REPEAT = 1000
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
        raise Refused(f"the replacement '{put}' of {name}", "Put backslashes before numbers of groups only.")
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
        raise Refused(f"regexp_count of '{found}', which may match nothing", "Write + where it says *.")
    value = twice(as_text(args[0]), "regexp_count")
    node = sql("CAST(len(regexp_extract_all(s, p, 0, 's')) AS INTEGER)", s=value, p=text(found))
    return typed(node, INT, *args)


@function("split_by_regexp")
def split_by_regexp(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``split_by_regexp(s, '[0-9]+')`` -> ``regexp_split_to_array(s, '(?s)[0-9]+')``

    With a limit, the last piece is all the rest; an empty pattern parts ASCII characters.
    """
    count_check("split_by_regexp", args, 2, 3)
    limit = constant(args[2]) if len(args) == 3 else -1
    if limit is None:
        raise Refused("a computed limit of split_by_regexp", "Write a number.")
    type_, value = array(VARCHAR), twice(as_text(args[0]), "split_by_regexp")
    found = pattern("split_by_regexp", args[1])
    if not found and limit <= 0:
        node = sql(
            "CASE WHEN strlen(s) > length(s) THEN error(m) WHEN s = '' THEN [] ELSE string_split(s, '') END",
            s=value,
            m=refusal_text("split_by_regexp of letters beyond ASCII by an empty pattern"),
        )
        return typed(cast(sql("CASE WHEN s IS NOT NULL THEN v END", s=value.node.copy(), v=node), type_), type_, *args)
    if not found or MAYBE_EMPTY.search(found) or re.search(r"[$^]|\\[bB]", found):
        raise Refused(f"split_by_regexp by '{found}', which may match nothing", "Name the characters between.")
    pieces = sql("regexp_split_to_array(s, p)", s=value, p=text(f"(?s){found}"))
    if limit <= 0:
        return typed(pieces, type_, *args)
    if groups(found) or limit > _MAX_REPEAT:
        what = f"split_by_regexp by '{found}' with the limit {limit}"
        if groups(found):
            raise Refused(what, "Write (?: instead of (.")
        node = let(
            "l",
            pieces,
            "CASE WHEN len(l) > n THEN error(m) ELSE l END",
            n=number(limit),
            m=refusal_text(f"{what}: there are more pieces"),
        )
        return typed(node, type_, *args)
    rest = sql(
        "regexp_extract(s, p, 1, 's')",
        s=value.node.copy(),
        p=text(f"^(?:.*?(?:{found})){{{limit - 1}}}(.*)$" if limit > 1 else "^(.*)$"),
    )
    node = let(
        "l",
        pieces,
        "CASE WHEN len(l) > n THEN list_append(list_slice(l, 1, n - 1), r) ELSE l END",
        n=number(limit),
        r=rest,
    )
    return typed(node, type_, *args)
