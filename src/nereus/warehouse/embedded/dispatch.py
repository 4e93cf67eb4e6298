"""From the opening words of a statement to the code that runs it.

A handler registers itself for one or more openings; the longest opening that a statement begins with wins::

    @statement("SHOW TABLES", "SHOW FULL TABLES", kind="SHOW")
    def show_tables(session: Session, text: str) -> Result: ...
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.openings import syntax_error
from nereus.warehouse.embedded.result import Result
from nereus.warehouse.embedded.sql.lexer import first_words, split_statements, tokenize

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

#: Runs one statement: the session that asks and the statement's text without its semicolon.
Handler = Callable[["Session", str], Result]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a family of statements goes.

    Attributes:
        opening: the words it begins with, in upper case.
        kind: Doris' statement type, as the audit log shows it (SELECT, INSERT, SHOW, CREATE ...).
        reads: it is a query in the audit log's sense (is_query) and is under query_timeout.
        in_transaction: Doris accepts it between BEGIN and COMMIT.
    """

    opening: tuple[str, ...]
    kind: str
    handler: Handler
    reads: bool = False
    in_transaction: bool = False


_ROUTES: dict[tuple[str, ...], Route] = {}
_LONGEST = 5

# Possessive throughout: a text full of comments is read once, whatever follows it.
_SPACE = r"(?>\s|--[^\n]*+(?:\n|\Z)|/\*(?!\+).*?\*/)*+"
_WORD = re.compile(rf"{_SPACE}([A-Za-z_][A-Za-z0-9_]*|\()", re.DOTALL)
_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_BODIES = ("SELECT", "VALUES", "INSERT", "UPDATE", "DELETE")
_EMPTY = re.compile(rf"{_SPACE}\Z", re.DOTALL)


def statement(
    *openings: str, kind: str, reads: bool = False, in_transaction: bool = False
) -> Callable[[Handler], Handler]:
    """Register a handler for statements that begin with one of `openings`."""

    def keep(handler: Handler) -> Handler:
        for opening in openings:
            words = tuple(opening.upper().split())
            if words in _ROUTES or len(words) > _LONGEST:
                raise ValueError(f"the opening {opening!r} is taken or too long")
            _ROUTES[words] = Route(words, kind, handler, reads, in_transaction)
        return handler

    return keep


def refuse(*openings: str, kind: str, instead: str | None = None) -> None:
    """Register openings of statements that Doris knows and the embedded warehouse does not carry out."""
    for opening in openings:

        def handler(session: Session, text: str, *, opening: str = opening) -> Result:
            raise Refused(f"{opening.upper()} statements", instead)

        statement(opening, kind=kind)(handler)


@cache
def load() -> None:
    """Import every module of `statements`, so that each registers what it runs."""
    from nereus.warehouse.embedded import statements

    for module in pkgutil.iter_modules(statements.__path__):
        importlib.import_module(f"{statements.__name__}.{module.name}")


def opening_words(text: str) -> list[str]:
    """The first words of a statement in upper case, comments skipped; ``(`` counts as a word."""
    words: list[str] = []
    at = 0
    while len(words) < _LONGEST and (found := _WORD.match(text, at)):
        words.append(found.group(1).upper())
        at = found.end()
    return words


def _written_after_with(text: str) -> str | None:
    """INSERT, UPDATE or DELETE where such a statement begins with WITH and its common tables."""
    if not _WRITES.search(text):
        return None
    depth = 0
    for token in tokenize(text).tokens:
        depth += (token.kind == "(") - (token.kind == ")")
        if depth == 0 and token.word in _BODIES:
            return token.word if token.word in ("INSERT", "UPDATE", "DELETE") else None
    return None


def find(text: str) -> Route:
    """The route of one statement. Raises DorisError for one that no family takes."""
    load()
    # Comments within comments are for the lexer.
    words = opening_words(text) or list(first_words(text, _LONGEST))
    if words[:1] == ["WITH"]:
        written = _written_after_with(text)
        words = ["WITH", written] if written else ["WITH"]
    for length in range(len(words), 0, -1):
        route = _ROUTES.get(tuple(words[:length]))
        if route is not None:
            return route
    if not words:
        raise DorisError(f"the statement begins with no word: {text.strip()[:40]!r}")
    raise syntax_error(text, words) or Refused(f"statements that begin with {' '.join(words[:2])}")


def split(text: str) -> list[str]:
    """Cut a text into statements at its semicolons; quotes and comments are respected, empty statements dropped."""
    bare = text.rstrip()
    while bare.endswith(";"):
        bare = bare[:-1].rstrip()
    if ";" in bare:
        return split_statements(bare)
    return [] if _EMPTY.match(bare) else [bare]
