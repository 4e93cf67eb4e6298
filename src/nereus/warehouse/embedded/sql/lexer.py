"""Doris' lexical grammar: text to tokens, and a script to statements."""

from __future__ import annotations

import re
from typing import NamedTuple

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.words import RESERVED

#: Kinds of token. Keywords and operators have their upper-case text as kind instead.
NAME, QUOTED, STRING, INTEGER, DECIMAL, HEX, END = "name", "quoted", "string", "integer", "decimal", "hex", "end"

#: A token and the space behind it.
_TOKEN = re.compile(
    r"""
    (?:
      (?P<space>[ \r\n\t]+|--(?:\\\n|[^\r\n])*|[fF][rR][oO][mM][ \r\n\t]+[dD][uU][aA][lL])
    | (?P<comment>/\*)
    | (?P<hex>[xX]'[0-9a-fA-F]*'|[xX]"[0-9a-fA-F]*")
    | (?P<decimal>(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_])
                |[0-9]+[eE][+-]?[0-9]+(?![A-Za-z0-9_$\x80-\U0010ffff]))
    | (?P<integer>[0-9]+(?![A-Za-z0-9_$\x80-\U0010ffff]))
    | (?P<word>[A-Za-z0-9_$\x80-\U0010ffff]+)
    | (?P<quoted>`[^`]*(?:``[^`]*)*`)
    | (?P<string>'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'|"[^"\\]*(?:(?:\\.|"")[^"\\]*)*")
    | (?P<operator><=>|<=|<>|<|>=|>|==|=|!=|!>|!<|!|&&|&|\|\||\||->|-|@@|@|\.\.\.|[-+*/%~^:;,.()\[\]{}?])
    )[ \r\n\t]*
    """,
    re.VERBOSE | re.DOTALL,
)
_RAW_STRING = re.compile(r"'(?:''|[^'])*'|\"(?:\"\"|[^\"])*\"", re.DOTALL)
_COMMENT_MARK = re.compile(r"/\*|\*/")

_SAME_OPERATOR = {"==": "=", "!=": "<>", "!>": "<=", "!<": ">="}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a", "_": "\\_", "%": "\\%"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Token(NamedTuple):
    """`value` is the unquoted text of a name or string; `word` the upper-case text of an unquoted word, else empty."""

    kind: str
    value: str
    word: str
    start: int
    stop: int


class Hint(NamedTuple):
    """The inside of a comment ``/*+ ... */`` and where it begins."""

    text: str
    start: int


class Tokens(NamedTuple):
    text: str
    tokens: list[Token]
    hints: list[Hint]


def syntax_error(text: str, at: int, message: str) -> DorisError:
    """The error of Doris' parser: what was wrong, and line and position (from 0) of the token at offset `at`."""
    line = text.count("\n", 0, at) + 1
    position = at - (text.rfind("\n", 0, at) + 1)
    return DorisError(f"\n{message}(line {line}, pos {position})\n")


def tokenize(text: str, *, backslash_escapes: bool = True) -> Tokens:
    """Read `text`. Raises DorisError where a character begins no token.

    Args:
        backslash_escapes: False under sql_mode NO_BACKSLASH_ESCAPES.
    """
    tokens: list[Token] = []
    hints: list[Hint] = []
    at, size = 0, len(text)
    match, add, new = _TOKEN.match, tokens.append, tuple.__new__
    while at < size:
        found = match(text, at)
        kind = found.lastgroup if found else None
        if found is None or kind is None:
            raise syntax_error(text, at, f"extraneous input '{text[at]}' expecting <EOF>")
        stop, after = found.end(kind), found.end()
        if kind == "word":
            raw = found[kind]
            upper = raw.upper()
            add(new(Token, (upper if upper in RESERVED else NAME, raw, upper, at, stop)))
        elif kind == "operator":
            raw = found[kind]
            add(new(Token, (_SAME_OPERATOR.get(raw, raw), raw, "", at, stop)))
        elif kind == "comment":
            after = stop = _comment_end(text, at)
            if text.startswith("/*+", at):
                hints.append(Hint(text[at + 3 : stop - 2], at))
        elif kind == "string":
            if not backslash_escapes:
                raw_string = _RAW_STRING.match(text, at)
                if raw_string is None:
                    raise syntax_error(text, at, f"extraneous input '{text[at]}' expecting <EOF>")
                after = stop = raw_string.end()
            add(Token(STRING, _unquote(text[at:stop], backslash_escapes), "", at, stop))
        elif kind == "quoted":
            add(Token(QUOTED, text[at + 1 : stop - 1].replace("``", "`"), "", at, stop))
        elif kind == "hex":
            add(Token(HEX, text[at + 2 : stop - 1], "", at, stop))
        elif kind != "space":
            add(Token(kind, found[kind], "", at, stop))
        at = after
    tokens.append(Token(END, "<EOF>", "", size, size))
    return Tokens(text, tokens, hints)


def split_statements(text: str, *, backslash_escapes: bool = True) -> list[str]:
    """The statements of a script without their semicolons; empty ones are left out.

    Text that the lexer cannot read stays one statement, so that its error is reported when it is parsed.
    """
    try:
        tokens = tokenize(text, backslash_escapes=backslash_escapes).tokens
    except DorisError:
        return [text]
    statements: list[str] = []
    start = 0
    seen = False
    for token in tokens:
        if token.kind not in (";", END):
            seen = True
            continue
        if seen:
            statements.append(text[start : token.start].strip())
        start, seen = token.stop, False
    return statements


def first_words(text: str, count: int = 3) -> tuple[str, ...]:
    """The first words of a statement in upper case, leading parentheses skipped; it ends at the first non-word."""
    words: list[str] = []
    try:
        tokens = tokenize(text).tokens
    except DorisError:
        return tuple(word.upper() for word in re.findall(r"[A-Za-z_]+", text)[:count])
    for token in tokens:
        if token.kind == "(" and not words:
            continue
        if not token.word or len(words) == count:
            break
        words.append(token.word)
    return tuple(words)


def _comment_end(text: str, at: int) -> int:
    """Where the comment at `at` ends: comments nest where their marks are balanced."""
    depth = 0
    first_close = -1
    for mark in _COMMENT_MARK.finditer(text, at):
        if mark.group() == "/*":
            depth += 1
            continue
        depth -= 1
        if first_close < 0:
            first_close = mark.end()
        if depth == 0:
            return mark.end()
    if first_close < 0:
        raise syntax_error(text, at, "mismatched input '/*' expecting <EOF>")
    return first_close


def _unquote(raw: str, backslash_escapes: bool) -> str:
    quote = raw[0]
    inner = raw[1:-1].replace(quote * 2, quote)
    if not backslash_escapes or "\\" not in inner:
        return inner
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), inner)
