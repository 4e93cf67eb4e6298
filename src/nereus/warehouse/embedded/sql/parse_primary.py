"""The smallest parts of Doris' expressions: constants, names, variables and the forms with words inside."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.lexer import DECIMAL, HEX, INTEGER, NAME, QUOTED, STRING
from nereus.warehouse.embedded.sql.nodes import make
from nereus.warehouse.embedded.sql.parse_calls import CallParser
from nereus.warehouse.embedded.sql.tree import Call, Name, QueryExpression, Star
from nereus.warehouse.embedded.sql.words import FUNCTION_WORDS, TYPE_WORDS
from nereus.warehouse.embedded.types import UnknownType, parse_type

_TYPED_LITERALS = frozenset({"DATE", "DATEV1", "DATEV2", "TIMESTAMP"})
_UNITS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"})
_BARE_CALLS = {
    "CURRENT_DATE": "current_date",
    "CURRENT_TIME": "current_time",
    "CURRENT_TIMESTAMP": "now",
    "LOCALTIME": "current_time",
    "LOCALTIMESTAMP": "now",
    "CURRENT_USER": "current_user",
    "SESSION_USER": "session_user",
}

#: Kinds of token that are a constant or can only begin one.
_CONSTANTS = frozenset({STRING, INTEGER, DECIMAL, HEX, "NULL", "TRUE", "FALSE", "[", "{", "?"})

_T = TypeVar("_T")


class PrimaryParser(CallParser):
    """primaryExpression and what it is made of."""

    @abstractmethod
    def value(self, least: int = 1) -> exp.Expression: ...

    def primary(self) -> exp.Expression:
        kind, word = self.kind, self.token.word
        if self.at_constant():
            return self.constant()
        if kind == "(":
            return self._parenthesised()
        if kind in (NAME, QUOTED) or kind in FUNCTION_WORDS:
            return self._named(word)
        if kind == "CASE":
            return self._case()
        if kind == "CAST":
            return self._cast()
        if kind == "INTERVAL":
            return self._interval()
        if kind == "EXTRACT":
            return self._extract()
        if kind == "*":
            self.advance()
            return self._star(())
        if kind in ("@", "@@"):
            return self._variable()
        if kind == "BINARY":
            self.advance()
            return Name(parts=(self.name(),), at=self.tokens[self.index - 1].start)
        if kind == "KEY":
            raise Refused("KEY references to encryption keys")
        return self.fail()

    def at_constant(self) -> bool:
        kind = self.kind
        if kind in _CONSTANTS:
            return True
        if kind == NAME:
            return self.token.word in _TYPED_LITERALS and self.ahead().kind == STRING
        return (kind == "-" and self.ahead().kind in (INTEGER, DECIMAL)) or (
            kind == "BINARY" and self.ahead().kind == STRING
        )

    def constant(self) -> exp.Expression:
        token = self.advance()
        kind = token.kind
        if kind == STRING:
            return make(exp.Literal, this=token.value, is_string=True)
        if kind in (INTEGER, DECIMAL):
            return make(exp.Literal, this=token.value, is_string=False)
        if kind == "-":
            return exp.Literal(this="-" + self.advance().value, is_string=False)
        if kind == "NULL":
            return exp.Null()
        if kind in ("TRUE", "FALSE"):
            return exp.Boolean(this=kind == "TRUE")
        if kind == "[":
            return Call(this="array", expressions=self.constants("]"))
        if kind == "{":
            return self._braces()
        if kind == HEX:
            return exp.HexString(this=token.value)
        if kind == "BINARY":
            return exp.Literal(this=self.advance().value, is_string=True)
        if kind == "?":
            return exp.Placeholder()
        return exp.Introducer(this=token.word, expression=exp.Literal(this=self.advance().value, is_string=True))

    def constants(self, closing: str) -> list[exp.Expression]:
        """Constants with commas up to `closing`."""
        found: list[exp.Expression] = []
        while not self.accept(closing):
            if found:
                self.expect(",")
            found.append(self._item_constant())
        return found

    def _item_constant(self) -> exp.Expression:
        if not self.at_constant():
            self.fail("a constant")
        return self.constant()

    def _braces(self) -> exp.Expression:
        """``{k: v, ...}`` is a map, ``{a, b}`` a struct."""
        if self.accept("}"):
            return Call(this="map", expressions=[])
        first = self._item_constant()
        if self.kind != ":":
            rest = self.constants("}") if self.accept(",") else []
            if not rest:
                self.expect("}")
            return Call(this="struct", expressions=[first, *rest])
        found = [first]
        while True:
            self.expect(":")
            found.append(self._item_constant())
            if self.accept("}"):
                return Call(this="map", expressions=found)
            self.expect(",")
            found.append(self._item_constant())

    def _parenthesised(self) -> exp.Expression:
        self.expect("(")
        query = self.enclosed_query()
        if query is not None:
            return QueryExpression(query=query, kind="scalar")
        found = self.expression()
        self.expect(")")
        return found

    def _named(self, word: str) -> exp.Expression:
        token = self.advance()
        if self.kind == "(":
            return self.call(token.value, word, token.start)
        if token.kind in FUNCTION_WORDS:
            self.fail(token=token)
        if word in _BARE_CALLS and self.kind != ".":
            return Call(this=_BARE_CALLS[word], expressions=[], at=token.start)
        parts = [token.value]
        while self.kind == ".":
            self.advance()
            if self.accept("*"):
                return self._star(tuple(parts))
            if not (self.at_name() or self.kind in FUNCTION_WORDS):
                self.fail("IDENTIFIER")
            part = self.advance()
            if self.kind == "(":
                raise Refused(f"the function {'.'.join(parts)}.{part.value}", "User-defined functions are not known.")
            if part.kind in FUNCTION_WORDS:
                self.fail("IDENTIFIER", part)
            parts.append(part.value)
        return make(Name, parts=tuple(parts), at=token.start)

    def _star(self, parts: tuple[str, ...]) -> exp.Expression:
        excepted: list[exp.Expression] = []
        replaced: list[tuple[exp.Expression, str]] = []
        while self.kind == "EXCEPT" or self.token.word == "REPLACE":
            if self.ahead().kind != "(" or self.ahead(2).kind in ("SELECT", "(", "WITH", "VALUES"):
                break
            at = self.token.start
            if self.advance().kind == "EXCEPT":
                if excepted:
                    raise self.error("only one except clause is supported", at)
                excepted = self._enclosed_list(self._except_name)
            else:
                if replaced:
                    raise self.error("only one replace clause is supported", at)
                replaced = self._enclosed_list(self._replacement)
        return Star(parts=parts, excepted=excepted, replaced=replaced)

    def _enclosed_list(self, part: Callable[[], _T]) -> list[_T]:
        self.expect("(")
        found = [part()]
        while self.accept(","):
            found.append(part())
        self.expect(")")
        return found

    def _except_name(self) -> exp.Expression:
        at = self.token.start
        found = self.expression()
        if not isinstance(found, Name):
            raise self.error("only column name is supported in except clause", at)
        return found

    def _replacement(self) -> tuple[exp.Expression, str]:
        at = self.token.start
        found = self.expression()
        self.accept("AS")
        if not self.at_name() and self.kind != STRING:
            raise self.error("only alias is supported in select-replace clause", at)
        return found, self.advance().value

    def _variable(self) -> exp.Expression:
        if self.advance().kind == "@":
            if self.kind == STRING:
                return exp.Parameter(this=self.advance().value)
            return exp.Parameter(this=self.name())
        kind = None
        if self.token.word in ("GLOBAL", "SESSION") and self.ahead().kind == ".":
            kind = self.advance().word
            self.expect(".")
        return exp.SessionParameter(this=self.name(), kind=kind)

    # forms with words inside their parentheses

    def _case(self) -> exp.Expression:
        self.expect("CASE")
        subject = None if self.kind == "WHEN" else self.expression()
        branches: list[exp.Expression] = []
        while self.accept("WHEN"):
            condition = self.expression()
            if subject is not None:
                condition = exp.EQ(this=subject.copy(), expression=condition)
            self.expect("THEN")
            branches.append(exp.If(this=condition, true=self.expression()))
        if not branches:
            self.fail("'WHEN'")
        default = self.expression() if self.accept("ELSE") else None
        self.expect_word("END")
        return exp.Case(ifs=branches, default=default)

    def _cast(self) -> exp.Expression:
        self.expect("CAST")
        self.expect("(")
        value = self.expression()
        self.expect("AS")
        return self.cast_to(value)

    def cast_to(self, value: exp.Expression) -> exp.Expression:
        """``type)`` after CAST(x AS or CONVERT(x,: a sized text type cuts with substr, as Doris' parser has it."""
        if self.kind in ("SIGNED", "UNSIGNED"):
            to = parse_type("bigint" if self.advance().kind == "SIGNED" else "largeint")
            if self.kind in ("INT", "INTEGER"):
                self.advance()
            self.expect(")")
            return exp.Cast(this=value, to=to)
        start = self.token.start
        self._data_type()
        text = self.source(start)
        try:
            to = parse_type(text)
        except UnknownType:
            raise Refused(f"CAST to {text}") from None
        sized = text.endswith(")") and to.name in ("char", "varchar")
        self.expect(")")
        cast = exp.Cast(this=value, to=to)
        if not sized or "*" in text:
            return cast
        bounds = [exp.Literal(this="1", is_string=False), exp.Literal(this=str(to.length), is_string=False)]
        return Call(this="substr", expressions=[cast, *bounds])

    def _data_type(self) -> None:
        word = self.advance().word
        if word in ("ARRAY", "MAP", "STRUCT") and self.accept("<"):
            while True:
                if word == "STRUCT":
                    self.name()
                    self.expect(":")
                self._data_type()
                if not self.accept(","):
                    break
            self.expect(">")
            return
        if word not in TYPE_WORDS:
            self.seek(self.index - 1)
            self.fail("a type")
        if self.accept("("):
            if not self.accept("*"):
                self.expect(INTEGER)
            while self.accept(","):
                self.expect(INTEGER)
            self.expect(")")

    def _interval(self) -> exp.Expression:
        self.expect("INTERVAL")
        amount = self.expression()
        return exp.Interval(this=amount, unit=exp.Var(this=self.unit()))

    def unit(self) -> str:
        """The unit of an INTERVAL, in upper case."""
        if self.token.word not in _UNITS:
            self.fail("{'YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND'}")
        return self.advance().word

    def _extract(self) -> exp.Expression:
        at = self.expect("EXTRACT").start
        self.expect("(")
        field = self.name().lower()
        self.expect("FROM")
        if self.token.word in ("DATE", "TIMESTAMP") and self.ahead().kind not in (STRING, "(", ")", "."):
            self.advance()
        source = self.value()
        self.expect(")")
        return Call(this=field, expressions=[source], at=at)
