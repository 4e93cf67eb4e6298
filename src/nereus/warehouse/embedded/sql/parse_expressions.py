"""The expression half of Doris' grammar, production by production."""

from __future__ import annotations

from abc import abstractmethod

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.cursor import Cursor
from nereus.warehouse.embedded.sql.lexer import DECIMAL, END, HEX, INTEGER, NAME, QUOTED, STRING
from nereus.warehouse.embedded.sql.tree import (
    Bound,
    Call,
    Lambda,
    Name,
    Query,
    QueryExpression,
    SortItem,
    Star,
    Window,
)
from nereus.warehouse.embedded.sql.words import FUNCTION_WORDS, TYPE_WORDS
from nereus.warehouse.embedded.types import UnknownType, parse_type

_BINARY: dict[str, tuple[int, type[exp.Expression]]] = {
    "=": (1, exp.EQ),
    "<>": (1, exp.NEQ),
    "<": (1, exp.LT),
    "<=": (1, exp.LTE),
    ">": (1, exp.GT),
    ">=": (1, exp.GTE),
    "<=>": (1, exp.NullSafeEQ),
    "|": (2, exp.BitwiseOr),
    "&": (3, exp.BitwiseAnd),
    "+": (4, exp.Add),
    "-": (4, exp.Sub),
    "*": (5, exp.Mul),
    "/": (5, exp.Div),
    "%": (5, exp.Mod),
    "DIV": (5, exp.IntDiv),
    "^": (6, exp.BitwiseXor),
}
_LOGICAL = {"||": 1, "OR": 2, "XOR": 3, "AND": 4, "&&": 4}
_MATCHES = frozenset(
    {"MATCH", "MATCH_ANY", "MATCH_ALL", "MATCH_PHRASE", "MATCH_PHRASE_PREFIX", "MATCH_REGEXP", "MATCH_PHRASE_EDGE"}
)
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
#: Aggregates that take DISTINCT in a window.
_DISTINCT_WINDOWS = frozenset({"count", "sum", "group_concat"})
#: Deeper text than this is refused before it can exhaust the stack.
MAX_DEPTH = 120


class ExpressionParser(Cursor):
    """Expressions by precedence climbing; the comments name the productions of Doris' grammar."""

    depth = 0

    @abstractmethod
    def query(self) -> Query: ...

    # booleanExpression

    def expression(self) -> exp.Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Refused(f"an expression nested deeper than {MAX_DEPTH} levels")
        try:
            return self._logical(1)
        finally:
            self.depth -= 1

    def _logical(self, least: int) -> exp.Expression:
        left = self._predicated()
        while True:
            level = _LOGICAL.get(self.kind)
            if level is None or level < least:
                return left
            operator = self.advance().kind
            operands = [left, self._logical(level + 1)]
            if operator == "||" and self.pipes_as_concat:
                left = Call(this="concat", expressions=operands)
                continue
            if operator == "XOR":
                left = exp.Xor(this=operands[0], expression=operands[1])
                continue
            while _LOGICAL.get(self.kind) == level and (operator == "||") == (self.kind == "||"):
                self.advance()
                operands.append(self._logical(level + 1))
            left = (exp.And if level == 4 else exp.Or)(expressions=operands)

    def _predicated(self) -> exp.Expression:
        if self.kind in ("!", "NOT"):
            negation = self.advance().kind
            operand = self._negated(5 if negation == "NOT" else 10)
            return exp.Not(this=operand)
        if self.kind == "EXISTS":
            self.advance()
            self.expect("(")
            found = QueryExpression(query=self.query(), kind="exists")
            self.expect(")")
            return found
        if self.token.word in ("ISNULL", "IS_NULL_PRED", "IS_NOT_NULL_PRED") and self.ahead().kind == "(":
            word = self.advance().word
            self.expect("(")
            test: exp.Expression = exp.Is(this=self.value(), expression=exp.Null())
            self.expect(")")
            return exp.Not(this=test) if word == "IS_NOT_NULL_PRED" else test
        return self._predicate(self.value())

    def _negated(self, least: int) -> exp.Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Refused(f"an expression nested deeper than {MAX_DEPTH} levels")
        try:
            return self._logical(least)
        finally:
            self.depth -= 1

    def _predicate(self, value: exp.Expression) -> exp.Expression:
        if self.kind == "IS":
            return self._is(value)
        start = self.index
        negated = self.accept("NOT")
        word = self.token.word
        found: exp.Expression
        if self.accept("BETWEEN"):
            low = self.value()
            self.expect("AND")
            found = exp.Between(this=value, low=low, high=self.value())
        elif self.accept("IN"):
            found = self._in(value)
        elif self.accept("LIKE"):
            found = exp.Like(this=value, expression=self.value())
            if self.accept_word("ESCAPE"):
                found.set("escape", self.value())
        elif word in ("REGEXP", "RLIKE") and (word == "REGEXP" or self._starts_value(1)):
            self.advance()
            found = exp.RegexpLike(this=value, expression=self.value())
        elif word in _MATCHES and (word == "MATCH" or self._starts_value(1)):
            self.advance()
            name = "match_any" if word == "MATCH" else word.lower()
            found = Call(this=name, expressions=[value, self.value()])
        else:
            if negated:
                self.fail("{'BETWEEN', 'IN', 'LIKE', 'REGEXP', 'RLIKE', 'MATCH'}")
            self.seek(start)
            return value
        return exp.Not(this=found) if negated else found

    def _starts_value(self, ahead: int) -> bool:
        """Whether the token `ahead` can only begin a value: then the word before it is an operator, not an alias."""
        return self.ahead(ahead).kind in (STRING, NAME, QUOTED, INTEGER, DECIMAL, "(", "NULL", "CAST", "CASE", "@")

    def _is(self, value: exp.Expression) -> exp.Expression:
        self.expect("IS")
        negated = self.accept("NOT")
        found: exp.Expression
        if self.accept("NULL"):
            found = exp.Is(this=value, expression=exp.Null())
        elif self.accept("TRUE"):
            found = exp.Cast(this=value, to=parse_type("boolean"))
        elif self.accept("FALSE"):
            found = exp.Not(this=exp.Cast(this=value, to=parse_type("boolean")))
        else:
            self.fail("{'NULL', 'TRUE', 'FALSE', 'NOT'}")
        return exp.Not(this=found) if negated else found

    def _in(self, value: exp.Expression) -> exp.Expression:
        opening = self.expect("(")
        if self.at_query():
            restart = self.index
            try:
                query = self.query()
                self.expect(")")
            except DorisError:
                if self.tokens[restart].kind != "(":
                    raise
                self.seek(restart)
            else:
                return QueryExpression(query=query, kind="in", this=value, at=opening.start)
        items = [self.expression()]
        while self.accept(","):
            items.append(self.expression())
        self.expect(")")
        return exp.In(this=value, expressions=items)

    # valueExpression

    def value(self, least: int = 1) -> exp.Expression:
        left = self._unary()
        while True:
            level, operation = _BINARY.get(self.kind, (0, None))
            if operation is None or level < least:
                return left
            at = self.advance()
            left = self._combine(operation, left, self.value(level + 1), at.start)

    def _combine(
        self, operation: type[exp.Expression], left: exp.Expression, right: exp.Expression, at: int
    ) -> exp.Expression:
        if isinstance(left, exp.Interval) or isinstance(right, exp.Interval):
            date, interval = (right, left) if isinstance(left, exp.Interval) else (left, right)
            if operation is exp.Add:
                return exp.DateAdd(this=date, expression=interval.this, unit=interval.args["unit"])
            if operation is exp.Sub and interval is right:
                return exp.DateSub(this=date, expression=interval.this, unit=interval.args["unit"])
            allowed = "ADD" if interval is left else "ADD and SUBTRACT"
            raise self.error(f"Only supported: {allowed}", at)
        return operation(this=left, expression=right)

    def _unary(self) -> exp.Expression:
        sign = self.kind
        if sign not in ("-", "+", "~") or (sign == "-" and self.ahead().kind in (INTEGER, DECIMAL)):
            return self._postfix(self._primary())
        self.advance()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Refused(f"an expression nested deeper than {MAX_DEPTH} levels")
        operand = self._unary()
        self.depth -= 1
        if sign == "-":
            return exp.Neg(this=operand)
        return exp.BitwiseNot(this=operand) if sign == "~" else operand

    def _postfix(self, value: exp.Expression) -> exp.Expression:
        while True:
            if self.kind == "[" and not isinstance(value, Star):
                self.advance()
                first = self.value()
                if self.accept(":"):
                    rest = [] if self.kind == "]" else [self.value()]
                    value = Call(this="array_slice", expressions=[value, first, *rest])
                else:
                    value = Call(this="element_at", expressions=[value, first])
                self.expect("]")
            elif self.accept("COLLATE"):
                if self.kind not in (STRING, "DEFAULT"):
                    self.name()
                else:
                    self.advance()
            elif self.kind == ".":
                raise self.error("Unsupported dereference expression: " + self.source(0), self.token.start)
            else:
                return value

    # primaryExpression

    def _primary(self) -> exp.Expression:
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
        if kind in (STRING, INTEGER, DECIMAL, HEX, "NULL", "TRUE", "FALSE", "[", "{", "?"):
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
            return exp.Literal(this=token.value, is_string=True)
        if kind in (INTEGER, DECIMAL):
            return exp.Literal(this=token.value, is_string=False)
        if kind == "-":
            return exp.Literal(this="-" + self.advance().value, is_string=False)
        if kind == "NULL":
            return exp.Null()
        if kind in ("TRUE", "FALSE"):
            return exp.Boolean(this=kind == "TRUE")
        if kind == "[":
            return Call(this="array", expressions=self._constants("]"))
        if kind == "{":
            return self._braces()
        if kind == HEX:
            return exp.HexString(this=token.value)
        if kind == "BINARY":
            return exp.Literal(this=self.advance().value, is_string=True)
        if kind == "?":
            return exp.Placeholder()
        return exp.Introducer(this=token.word, expression=exp.Literal(this=self.advance().value, is_string=True))

    def _constants(self, closing: str) -> list[exp.Expression]:
        found: list[exp.Expression] = []
        while not self.accept(closing):
            if found:
                self.expect(",")
            if not self.at_constant():
                self.fail("a constant")
            found.append(self.constant())
        return found

    def _braces(self) -> exp.Expression:
        found: list[exp.Expression] = []
        is_map = self.kind == "}"
        while not self.accept("}"):
            if found:
                self.expect(",")
            if not self.at_constant():
                self.fail("a constant")
            found.append(self.constant())
            if is_map or len(found) == 1:
                is_map = self.kind == ":" or is_map
            if is_map:
                self.expect(":")
                if not self.at_constant():
                    self.fail("a constant")
                found.append(self.constant())
        return Call(this="map" if is_map else "struct", expressions=found)

    def _parenthesised(self) -> exp.Expression:
        self.expect("(")
        if self.at_query():
            restart = self.index
            try:
                found: exp.Expression = QueryExpression(query=self.query(), kind="scalar")
                self.expect(")")
            except DorisError:
                if self.tokens[restart].kind != "(":
                    raise
                self.seek(restart)
            else:
                return found
        found = self.expression()
        self.expect(")")
        return found

    def at_query(self) -> bool:
        """Whether a query may begin here: after any opening parentheses comes SELECT, WITH or VALUES."""
        ahead = 0
        while self.ahead(ahead).kind == "(":
            ahead += 1
        return self.ahead(ahead).kind in ("SELECT", "WITH", "VALUES")

    def _named(self, word: str) -> exp.Expression:
        token = self.advance()
        if self.kind == "(":
            return self._call(token.value, word, token.start)
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
        return Name(parts=tuple(parts), at=token.start)

    def _star(self, parts: tuple[str, ...]) -> exp.Expression:
        excepted: list[exp.Expression] = []
        replaced: list[tuple[exp.Expression, str]] = []
        while self.kind == "EXCEPT" and self.ahead().kind == "(" and self.ahead(2).kind not in ("SELECT", "(", "WITH"):
            if excepted:
                raise self.error("only one except clause is supported", self.token.start)
            self.advance()
            self.expect("(")
            excepted = [self._except_name()]
            while self.accept(","):
                excepted.append(self._except_name())
            self.expect(")")
        if self.token.word == "REPLACE" and self.ahead().kind == "(":
            self.advance()
            self.expect("(")
            replaced = [self._replacement()]
            while self.accept(","):
                replaced.append(self._replacement())
            self.expect(")")
        return Star(parts=parts, excepted=excepted, replaced=replaced)

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
        return self._cast_to(value)

    def _cast_to(self, value: exp.Expression) -> exp.Expression:
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

    # functionCallExpression

    def _call(self, name: str, word: str, at: int) -> exp.Expression:
        self.expect("(")
        special = {"CHAR": self._char, "CONVERT": self._convert, "TRIM": self._trim}.get(word)
        if special is not None:
            return special(at)
        lowered = name.lower()
        call = Call(this=lowered, expressions=[], at=at)
        if self.accept(")"):
            return self._over(call)
        distinct = self.accept("DISTINCT")
        if not distinct:
            self.accept("ALL")
        if self.kind == "[" and self.ahead().kind == NAME and self.ahead(2).kind == "]":
            self.seek(self.index + 3)
        arguments = [self._argument()]
        if word == "GROUP_CONCAT":
            separator = [self.expression()] if self.accept(",") else []
            order = self.sort_items() if self.kind == "ORDER" else ()
            if not separator and self.accept_word("SEPARATOR"):
                separator = [self.expression()]
            arguments += separator
        else:
            while self.accept(","):
                arguments.append(self._argument())
            order = self.sort_items() if self.kind == "ORDER" else ()
        self.expect(")")
        call.set("expressions", arguments)
        call.set("distinct", distinct)
        call.args["order"] = order
        self._check_star(lowered, arguments, at)
        return self._over(call)

    def _check_star(self, name: str, arguments: list[exp.Expression], at: int) -> None:
        stars = [argument for argument in arguments if isinstance(argument, Star)]
        if not stars:
            return
        if name != "count":
            raise self.error(f"'*' can only be used in conjunction with COUNT: {name}", at)
        if stars[0].args["parts"]:
            raise self.error("'*' can not has qualifier: 1", at)

    def _argument(self) -> exp.Expression:
        if self.at_name() and self.ahead().kind == "->":
            parameters = [self.name()]
        elif self.kind == "(" and (parameters := self._lambda_parameters()):
            pass
        else:
            return self.expression()
        self.expect("->")
        return Lambda(parameters=tuple(parameters), body=self.expression())

    def _lambda_parameters(self) -> list[str]:
        """``(a, b)`` if ``->`` follows it, else nothing is read."""
        start = self.index
        self.expect("(")
        names: list[str] = []
        while self.at_name():
            names.append(self.name())
            if not self.accept(","):
                break
        if len(names) > 1 and self.kind == ")" and self.ahead().kind == "->":
            self.advance()
            return names
        self.seek(start)
        return []

    def _char(self, at: int) -> exp.Expression:
        codes = [self.expression()]
        while self.accept(","):
            codes.append(self.expression())
        charset = "utf8"
        if self.accept("USING"):
            charset = self.advance().value if self.kind == STRING else self.name()
        self.expect(")")
        return Call(this="char", expressions=[exp.Literal(this=charset, is_string=True), *codes], at=at)

    def _convert(self, at: int) -> exp.Expression:
        value = self.expression()
        if self.accept("USING"):
            charset = self.advance().value if self.kind == STRING else self.name()
            self.expect(")")
            return Call(this="convert_to", expressions=[value, exp.Literal(this=charset, is_string=True)], at=at)
        self.expect(",")
        return self._cast_to(value)

    def _trim(self, at: int) -> exp.Expression:
        side = self.advance().kind if self.kind in ("BOTH", "LEADING", "TRAILING") else None
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side or "", "trim")
        if side and self.accept("FROM"):
            arguments = [self.expression()]
        else:
            arguments = [self.expression()]
            if self.accept("FROM"):
                arguments.insert(0, self.expression())
            elif side:
                self.fail("'FROM'")
            else:
                while self.accept(","):
                    arguments.append(self.expression())
        self.expect(")")
        return self._over(Call(this=name, expressions=arguments, at=at))

    # windows

    def _over(self, call: Call) -> exp.Expression:
        at = self.token.start
        if not self.accept("OVER"):
            return call
        if call.args.get("distinct") and call.this not in _DISTINCT_WINDOWS:
            raise self.error(f"DISTINCT not allowed in analytic function: {call.this}", at)
        self.expect("(")
        partition: list[exp.Expression] = []
        if self.accept("PARTITION"):
            self.expect("BY")
            if self.kind == "[" and self.ahead().kind == NAME and self.ahead(2).kind == "]":
                self.seek(self.index + 3)
            partition.append(self.expression())
            while self.accept(","):
                partition.append(self.expression())
        order = self.sort_items() if self.kind == "ORDER" else ()
        unit, start, end = None, None, None
        if self.kind in ("ROWS", "RANGE"):
            unit = self.advance().kind
            if self.accept("BETWEEN"):
                start = self._bound()
                self.expect("AND")
                end = self._bound()
            else:
                start = self._bound()
        self.expect(")")
        call.args["over"] = Window(tuple(partition), order, unit, start, end)
        return call

    def _bound(self) -> Bound:
        at = self.token.start
        if self.accept("CURRENT"):
            self.expect("ROW")
            return Bound("CURRENT")
        value: exp.Expression | None = None
        if not self.accept("UNBOUNDED"):
            value = self.expression()
            if not isinstance(value, exp.Literal):
                raise self.error("Unsupported expression in WindowFrame : " + self.source(at), at)
        if self.kind not in ("PRECEDING", "FOLLOWING"):
            self.fail("{'PRECEDING', 'FOLLOWING'}")
        return Bound(self.advance().kind, value)

    def sort_items(self) -> tuple[SortItem, ...]:
        """ORDER BY and its items; Doris puts NULLs first in ascending order and last in descending order."""
        self.expect("ORDER")
        self.expect("BY")
        items = [self._sort_item()]
        while self.accept(","):
            items.append(self._sort_item())
        return tuple(items)

    def _sort_item(self) -> SortItem:
        expression = self.expression()
        descending = self.accept("DESC")
        if not descending:
            self.accept("ASC")
        nulls_first = not descending
        if self.accept_word("NULLS"):
            if self.token.word not in ("FIRST", "LAST"):
                self.fail("{'FIRST', 'LAST'}")
            nulls_first = self.advance().word == "FIRST"
        return SortItem(expression, descending, nulls_first)

    def at_end(self) -> bool:
        return self.kind == END
