"""JSON paths of Doris: ``$.a."b c"[0][last-1]``, with the wildcards ``.*``, ``[*]`` and ``**``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from nereus.warehouse.embedded.sql.rows import Told

_SPACE = " \t\n\v\f\r"
_INDEX = re.compile(r"-?[0-9]+")
_LAST = "last"
_INT_MAX = (1 << 31) - 1


class BadPath(Told):
    """A text that is no path, with Doris' words."""

    def __init__(self, text: str) -> None:
        super().__init__(f"Json path error: Invalid Json Path for value: {text}")


class DoubtfulPath(Told):
    """A path that Doris reads in a way that is not certain."""

    def __init__(self, text: str) -> None:
        super().__init__(f"the embedded warehouse refuses the JSON path {text}")


@dataclass(frozen=True, slots=True)
class Leg:
    """One step: a member's name ("*" is any), or an index (below 0 from the end); neither is any element."""

    name: str | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """`wildcard`: it has ``.*`` or ``[*]``. `anywhere`: it began with ``$**``, which looks at every depth."""

    legs: tuple[Leg, ...]
    wildcard: bool = False
    anywhere: bool = False


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Raises BadPath as Doris would, and DoubtfulPath for odd escapes and quotes."""
    return _Reader(text).path()


class _Reader:
    def __init__(self, text: str) -> None:
        self.whole = text
        self.text = text.rstrip(_SPACE)
        self.at = 0

    def path(self) -> Path:
        self._space()
        if self._peek() != "$":
            raise BadPath(self.whole)
        self.at += 1
        legs: list[Leg] = []
        anywhere = False
        while self.at < len(self.text):
            self._space()
            if self.text.startswith("**", self.at):
                anywhere = True
                self._skip(2)
            if self._peek() == ".":
                self._skip(1)
                legs.append(self._element() if self._peek() == "[" else self._member())
            elif self._peek() == "[":
                legs.append(self._element())
            elif self._peek() == "*":
                raise DoubtfulPath(self.whole)
            else:
                raise BadPath(self.whole)
        wildcard = any(leg.name == "*" or leg == Leg() for leg in legs)
        return Path(tuple(legs), wildcard, anywhere)

    def _space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip(self, count: int) -> None:
        self.at += count
        self._space()

    def _element(self) -> Leg:
        self._skip(1)
        close = self.text.find("]", self.at)
        if close < 0:
            raise BadPath(self.whole)
        written = self.text[self.at : close]
        self.at = close
        self._skip(1)
        if written.startswith("*"):
            if written.strip(_SPACE) != "*":
                raise BadPath(self.whole)
            return Leg()
        if written[:4].lower() == _LAST:
            return Leg(index=-1 - self._from_end(written[4:]))
        return Leg(index=self._number(written))

    def _from_end(self, written: str) -> int:
        """What stands behind ``last``: nothing, or a minus and a number."""
        if not written:
            return 0
        before, minus, number = written.partition("-")
        if not minus or before.strip(_SPACE):
            raise BadPath(self.whole)
        return self._number(number.strip(" "))

    def _number(self, written: str) -> int:
        found = _INDEX.match(written)
        if found is None or abs(int(found[0])) > _INT_MAX:
            raise BadPath(self.whole)
        return int(found[0])

    def _member(self) -> Leg:
        if self._peek() == "*":
            self._skip(1)
            return Leg(name="*")
        if self._peek() == '"':
            return self._quoted_member()
        start = self.at
        while self._peek() not in ("", ".", "["):
            char = self._peek()
            if char in _SPACE:
                raise BadPath(self.whole)
            if char == '"':
                raise DoubtfulPath(self.whole)
            self._pass(char)
        return self._named(self.text[start : self.at])

    def _quoted_member(self) -> Leg:
        self.at += 1
        start = self.at
        while self._peek() not in ("", '"'):
            self._pass(self._peek())
        if not self._peek():
            raise BadPath(self.whole)
        name = self.text[start : self.at]
        self._skip(1)
        return self._named(name)

    def _pass(self, char: str) -> None:
        """Over one character, or over a backslash and the one behind it."""
        if char == "\\":
            self.at += 1
            if not self._peek():
                raise BadPath(self.whole)
            if self._peek() in _SPACE or self._peek() == "\\":
                raise DoubtfulPath(self.whole)
        self.at += 1

    def _named(self, written: str) -> Leg:
        if not written:
            raise BadPath(self.whole)
        return Leg(name=written.replace("\\", ""))
