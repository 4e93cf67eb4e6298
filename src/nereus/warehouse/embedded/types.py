"""Doris' types: how they are written, stored in DuckDB and described on the wire.

Source of the wire figures: a Doris 4.0 frontend's column definitions (type, length, decimals).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

#: Longest VARCHAR of Doris, in bytes.
VARCHAR_MAX = 65533


class Wire(NamedTuple):
    """MySQL column type, display length, decimals."""

    code: int
    length: int
    decimals: int


@dataclass(frozen=True, slots=True)
class DorisType:
    """One Doris type. `name` is its canonical lower-case name.

    Attributes:
        length: of char and varchar, in bytes.
        precision, scale: of decimal; scale alone of datetime and time (fractional digits, 0 to 6).
        args: element of array; key and value of map; members of struct.
        fields: member names of struct.
    """

    name: str
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    args: tuple[DorisType, ...] = ()
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As DESC and SHOW CREATE TABLE write it: ``decimal(10,2)``, ``datetime(3)``, ``array<int>``."""
        if self.name in ("char", "varchar"):
            return f"{self.name}({self.length})"
        if self.name == "string":
            return "text"
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.name in ("datetime", "time") and self.scale:
            return f"{self.name}({self.scale})"
        if self.name == "struct":
            inner = ",".join(f"{name}:{arg}" for name, arg in zip(self.fields, self.args, strict=True))
            return f"struct<{inner}>"
        if self.args:
            return f"{self.name}<{','.join(map(str, self.args))}>"
        return self.name

    @property
    def duckdb(self) -> str:
        """The DuckDB type that holds it, as SQL text."""
        if self.name == "decimal":
            return f"DECIMAL({self.precision},{self.scale})"
        if self.name == "array":
            return f"{self.args[0].duckdb}[]"
        if self.name == "map":
            return f"MAP({self.args[0].duckdb}, {self.args[1].duckdb})"
        if self.name == "struct":
            members = ", ".join(
                '"' + name.replace('"', '""') + '" ' + arg.duckdb
                for name, arg in zip(self.fields, self.args, strict=True)
            )
            return f"STRUCT({members})"
        return _DUCKDB[self.name]

    @property
    def wire(self) -> Wire:
        """How its column definition packet describes it."""
        if self.name == "decimal":
            return Wire(246, (self.precision or 0) + (2 if self.scale else 1), self.scale or 0)
        if self.name == "datetime":
            return Wire(12, 19, self.scale or 0)
        if self.name == "time":
            return Wire(11, 255, self.scale or 0)
        return _WIRE.get(self.name, Wire(254, 255, 0))

    @property
    def is_integer(self) -> bool:
        return self.name in INTEGERS

    @property
    def is_text(self) -> bool:
        return self.name in ("char", "varchar", "string")

    @property
    def is_date(self) -> bool:
        return self.name in ("date", "datetime")

    @property
    def is_numeric(self) -> bool:
        return self.name in INTEGERS or self.name in ("boolean", "float", "double", "decimal")


#: Integer types from narrow to wide.
INTEGERS = ("tinyint", "smallint", "int", "bigint", "largeint")

_DUCKDB = {
    "null": "INTEGER",
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "largeint": "HUGEINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "time": "INTERVAL",
    "char": "VARCHAR",
    "varchar": "VARCHAR",
    "string": "VARCHAR",
    "json": "VARCHAR",
    "variant": "VARCHAR",
    "bitmap": "UBIGINT[]",
    "hll": "UBIGINT[]",
    "quantile_state": "BLOB",
    "ipv4": "VARCHAR",
    "ipv6": "VARCHAR",
}

_WIRE = {
    "boolean": Wire(1, 1, 0),
    "tinyint": Wire(1, 4, 0),
    "smallint": Wire(2, 6, 0),
    "int": Wire(3, 11, 0),
    "bigint": Wire(8, 20, 0),
    "largeint": Wire(254, 255, 0),
    "float": Wire(4, 12, 31),
    "double": Wire(5, 22, 31),
    "date": Wire(10, 10, 0),
    "string": Wire(252, 255, 0),
    "json": Wire(245, 255, 0),
    "variant": Wire(245, 255, 0),
}

NULL = DorisType("null")
BOOLEAN = DorisType("boolean")
TINYINT = DorisType("tinyint")
SMALLINT = DorisType("smallint")
INT = DorisType("int")
BIGINT = DorisType("bigint")
LARGEINT = DorisType("largeint")
FLOAT = DorisType("float")
DOUBLE = DorisType("double")
DATE = DorisType("date")
DATETIME = DorisType("datetime", scale=0)
VARCHAR = DorisType("varchar", length=VARCHAR_MAX)
STRING = DorisType("string")
JSON = DorisType("json")


@cache
def decimal(precision: int, scale: int) -> DorisType:
    return DorisType("decimal", precision=precision, scale=scale)


@cache
def datetime(scale: int) -> DorisType:
    return DorisType("datetime", scale=scale)


@lru_cache(maxsize=4096)
def varchar(length: int) -> DorisType:
    return DorisType("varchar", length=length)


def array(element: DorisType) -> DorisType:
    return DorisType("array", args=(element,))


_ALIASES = {
    "text": "string",
    "integer": "int",
    "bool": "boolean",
    "datev2": "date",
    "datetimev2": "datetime",
    "decimalv3": "decimal",
    "numeric": "decimal",
    "jsonb": "json",
}


class UnknownType(ValueError):
    """A type text that Doris would not parse. Its message is the text."""


def parse_type(text: str) -> DorisType:
    """Read a Doris type as DDL and CAST write it, e.g. ``decimal(10, 2)`` or ``MAP<STRING, INT>``.

    Raises UnknownType where Doris would refuse the text.
    """
    parser = _TypeParser(text)
    result = parser.type()
    if parser.rest():
        raise UnknownType(text)
    return result


class _TypeParser:
    """Recursive descent over the characters of a type text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def rest(self) -> str:
        return self._text[self._at :].strip()

    def type(self) -> DorisType:
        word = self._word().lower()
        name = _ALIASES.get(word, word)
        special: dict[str, Callable[[], DorisType]] = {
            "array": lambda: array(self._angled(1)[0]),
            "map": lambda: DorisType("map", args=self._angled(2)),
            "struct": self._struct,
        }
        if name in special:
            return special[name]()
        if name not in _DUCKDB and name != "decimal":
            raise UnknownType(self._text)
        numbers = self._numbers()
        if name == "decimal":
            precision, scale = (*numbers, 0, 0)[:2] if numbers else (38, 9)
            if not (1 <= precision <= 38 and 0 <= scale <= precision):
                raise UnknownType(self._text)
            return decimal(precision, scale)
        if name in ("datetime", "time"):
            scale = numbers[0] if numbers else 0
            if scale > 6:
                raise UnknownType(self._text)
            return DorisType(name, scale=scale)
        if name == "varchar":
            return varchar(numbers[0] if numbers else VARCHAR_MAX)
        if name == "char":
            return DorisType("char", length=numbers[0] if numbers else 1)
        return DorisType(name)

    def _struct(self) -> DorisType:
        self._expect("<")
        fields: list[str] = []
        args: list[DorisType] = []
        while True:
            fields.append(self._word())
            self._expect(":")
            args.append(self.type())
            if not self._accept(","):
                break
        self._expect(">")
        return DorisType("struct", args=tuple(args), fields=tuple(fields))

    def _angled(self, count: int) -> tuple[DorisType, ...]:
        self._expect("<")
        found = [self.type()]
        while self._accept(","):
            found.append(self.type())
        self._expect(">")
        if len(found) != count:
            raise UnknownType(self._text)
        return tuple(found)

    def _numbers(self) -> tuple[int, ...]:
        if not self._accept("("):
            return ()
        if self._accept("*"):
            self._expect(")")
            return ()
        numbers = [self._word()]
        while self._accept(","):
            numbers.append(self._word())
        self._expect(")")
        if not all(number.isdigit() for number in numbers):
            raise UnknownType(self._text)
        return tuple(map(int, numbers))

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _word(self) -> str:
        self._skip()
        start = self._at
        while self._at < len(self._text) and (self._text[self._at].isalnum() or self._text[self._at] in "_`"):
            self._at += 1
        if start == self._at:
            raise UnknownType(self._text)
        return self._text[start : self._at].strip("`")

    def _accept(self, mark: str) -> bool:
        self._skip()
        if self._text.startswith(mark, self._at):
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise UnknownType(self._text)
