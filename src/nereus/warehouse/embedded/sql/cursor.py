"""Walking over the tokens of one statement."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.lexer import END, NAME, QUOTED, Token, Tokens, syntax_error, tokenize

#: Parentheses, negations and subqueries within each other; one level takes about 30 calls, so Python's own limit rises.
MAX_DEPTH = 200
sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))


class Cursor:
    """A position in a token list, and the questions a recursive-descent parser asks of it."""

    def __init__(self, text: str, *, pipes_as_concat: bool = False, backslash_escapes: bool = True) -> None:
        read: Tokens = tokenize(text, backslash_escapes=backslash_escapes)
        self.text = text
        self.tokens = read.tokens
        self.hints = read.hints
        self.pipes_as_concat = pipes_as_concat
        self.index = 0
        self.depth = 0
        self.token = self.tokens[0]
        self.kind = self.token.kind

    def advance(self) -> Token:
        """Step over the current token and return it."""
        token = self.token
        if self.kind != END:
            self.index += 1
            self.token = following = self.tokens[self.index]
            self.kind = following.kind
        return token

    def seek(self, index: int) -> None:
        self.index = index
        self.token = self.tokens[index]
        self.kind = self.token.kind

    def ahead(self, count: int = 1) -> Token:
        """The token `count` places ahead; the end token where there is none."""
        tokens, index = self.tokens, self.index + count
        return tokens[index] if index < len(tokens) else tokens[-1]

    def accept(self, kind: str) -> bool:
        """Step over the current token if it is a reserved word or operator `kind`."""
        if self.kind != kind:
            return False
        self.index += 1
        self.token = following = self.tokens[self.index]
        self.kind = following.kind
        return True

    def accept_word(self, word: str) -> bool:
        """Step over the current token if it is the word `word`, reserved or not, without quotes."""
        if self.token.word == word:
            self.seek(self.index + 1)
            return True
        return False

    def accept_words(self, *words: str) -> bool:
        """Step over several words if they all follow."""
        if all(self.ahead(i).word == word for i, word in enumerate(words)):
            self.seek(self.index + len(words))
            return True
        return False

    def expect(self, kind: str) -> Token:
        if self.kind != kind:
            self.fail(f"'{kind}'")
        return self.advance()

    def expect_word(self, word: str) -> None:
        if not self.accept_word(word):
            self.fail(f"'{word}'")

    def at_name(self) -> bool:
        return self.kind in (NAME, QUOTED)

    def name(self) -> str:
        """An identifier: backquoted, or a word that is not reserved."""
        if not self.at_name():
            self.fail("IDENTIFIER")
        return self.advance().value

    def finish(self) -> None:
        """Only semicolons may follow."""
        while self.accept(";"):
            pass
        if self.kind != END:
            self.fail("{<EOF>, ';'}")

    def source(self, start: int) -> str:
        """The text from offset `start` to the end of the token before the current one."""
        return self.text[start : self.tokens[self.index - 1].stop]

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level of parentheses, negation or subquery."""
        self.enter()
        try:
            yield
        finally:
            self.depth -= 1

    def enter(self) -> None:
        """One level deeper, which the caller leaves by ``depth -= 1``: too many are refused before the stack ends."""
        if self.depth >= MAX_DEPTH:
            raise Refused(f"a statement nested deeper than {MAX_DEPTH} levels")
        self.depth += 1

    def fail(self, expected: str | None = None, token: Token | None = None) -> NoReturn:
        """Raise the parser's error at `token` (the current one by default)."""
        wrong = token or self.token
        shown = "<EOF>" if wrong.kind == END else self.text[wrong.start : wrong.stop]
        if expected is None:
            raise syntax_error(self.text, wrong.start, f"no viable alternative at input '{shown}'")
        raise syntax_error(self.text, wrong.start, f"mismatched input '{shown}' expecting {expected}")

    def error(self, message: str, at: int) -> DorisError:
        """An error of what Doris does with a tree that its grammar takes: it shows the statement and the place."""
        lines = self.text.split("\n")
        line = self.text.count("\n", 0, at) + 1
        position = at - (self.text.rfind("\n", 0, at) + 1)
        shown = [*lines[:line], "-" * position + "^^^", *lines[line:]]
        place = syntax_error(self.text, at, message).detail
        return DorisError(f"{place}\n== SQL ==\n" + "".join(f"{text}\n" for text in shown))
