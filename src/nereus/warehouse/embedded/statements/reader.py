"""Reading the parts that many statements have: names, texts, users, property lists, filters."""

from __future__ import annotations

import re
from typing import NamedTuple

from nereus.warehouse.embedded.accounts import UserIdentity
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.cursor import Cursor
from nereus.warehouse.embedded.sql.lexer import END, INTEGER, STRING

_USER_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9.\-_]*")


class Filter(NamedTuple):
    """LIKE 'pattern' or WHERE expression, as text."""

    like: str | None = None
    where: str | None = None


class Reader(Cursor):
    """A cursor over one statement whose opening words have been recognised."""

    @classmethod
    def after(cls, text: str, *words: str) -> Reader:
        """Begin behind the opening `words`."""
        reader = cls(text)
        for word in words:
            reader.expect_word(word)
        return reader

    def string(self) -> str:
        return self.expect(STRING).value if self.kind == STRING else self.fail("STRING_LITERAL")

    def integer(self) -> int:
        return int(self.expect(INTEGER).value) if self.kind == INTEGER else self.fail("INTEGER_VALUE")

    def name_or_string(self) -> str:
        return self.advance().value if self.kind == STRING else self.name()

    def if_not_exists(self) -> bool:
        return self.accept_words("IF", "NOT", "EXISTS")

    def if_exists(self) -> bool:
        return self.accept_words("IF", "EXISTS")

    def dotted(self) -> tuple[str, ...]:
        """``a.b.c``."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return tuple(parts)

    def names(self) -> tuple[str, ...]:
        """``(a, b)``, or one name without brackets."""
        if not self.accept("("):
            return (self.name(),)
        found = [self.name()]
        while self.accept(","):
            found.append(self.name())
        self.expect(")")
        return tuple(found)

    def table(self, current: str | None) -> tuple[str, str]:
        """A table's (database, name); `current` is taken where no database is written."""
        parts = self.dotted()
        if len(parts) == 3:
            parts = internal(parts)
        if len(parts) > 2:
            raise DorisError(f"Not supported name: {'.'.join(parts)}")
        if len(parts) == 2:
            return parts[0], parts[1]
        if current is None:
            raise DorisError("No database selected")
        return current, parts[0]

    def database(self) -> str:
        """A database's name, perhaps behind ``internal.``."""
        parts = self.dotted()
        if len(parts) == 2:
            parts = internal(parts)
        if len(parts) != 1:
            raise DorisError(f"Not supported name: {'.'.join(parts)}")
        return parts[0]

    def user(self) -> UserIdentity:
        """``'name'@'host'``; without a host it is every host."""
        name = self.name_or_string()
        if not _USER_NAME.fullmatch(name):
            raise DorisError(f"invalid user name: {name}" if name else "Does not support anonymous user")
        if not self.accept("@"):
            return UserIdentity(name)
        if self.kind in ("(", "["):
            raise Refused("users of a host's domain name", "Write an address, or a pattern with %.")
        return UserIdentity(name, self.name_or_string() or "%")

    def properties(self) -> dict[str, str]:
        """``PROPERTIES ("key" = "value", ...)``, which may be missing."""
        return self.bracketed() if self.accept_word("PROPERTIES") else {}

    def bracketed(self) -> dict[str, str]:
        self.expect("(")
        found = self.pairs()
        self.expect(")")
        return found

    def pairs(self) -> dict[str, str]:
        """``"key" = "value", ...`` without brackets."""
        found: dict[str, str] = {}
        while True:
            key = self.name_or_string()
            self.expect("=")
            found[key] = self.advance().value if self.kind in (INTEGER, "decimal") else self.name_or_string()
            if not self.accept(","):
                return found

    def comment(self) -> str | None:
        return self.string() if self.accept_word("COMMENT") else None

    def from_database(self, current: str | None) -> str | None:
        """``[FROM | IN] db``, else the current database."""
        return self.database() if self.accept("FROM") or self.accept("IN") else current

    def filter(self, *, ends: tuple[str, ...] = ()) -> Filter:
        """``LIKE 'pattern'`` or ``WHERE expression``, to the end of the statement or to one of the words `ends`."""
        if self.accept("LIKE"):
            return Filter(like=self.string())
        if not self.accept("WHERE"):
            return Filter()
        start, depth = self.token.start, 0
        while self.kind not in (END, ";") and (depth or self.token.word not in ends):
            depth += (self.kind == "(") - (self.kind == ")")
            self.advance()
        return Filter(where=self.source(start))

    def tail(self) -> str:
        """What is left of the statement, as text."""
        start = self.token.start
        while self.kind not in (END, ";"):
            self.advance()
        end = self.token.start
        self.finish()
        return self.text[start:end].strip()


def internal(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The parts behind the catalogue. Raises for another catalogue than ``internal``."""
    if parts[0] != "internal":
        raise DorisError(f"Catalog {parts[0]} does not exist.")
    return parts[1:]
