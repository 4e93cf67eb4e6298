"""Boolean and arithmetic expressions of Doris' grammar, by precedence climbing."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.sql.lexer import DECIMAL, INTEGER, NAME, QUOTED, STRING
from nereus.warehouse.embedded.sql.nodes import make
from nereus.warehouse.embedded.sql.parse_primary import PrimaryParser
from nereus.warehouse.embedded.sql.tree import Call, Name, QueryExpression, Star
from nereus.warehouse.embedded.types import parse_type

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
#: Words behind a value that make a predicate of it, and those before a value that do so.
_PREDICATES = frozenset({"IS", "NOT", "BETWEEN", "IN", "LIKE", "REGEXP", "RLIKE"}) | _MATCHES
_NULL_TESTS = frozenset({"ISNULL", "IS_NULL_PRED", "IS_NOT_NULL_PRED"})
_SIGNS = frozenset("-+~")
_POSTFIXES = frozenset({"[", "COLLATE", "."})


class ExpressionParser(PrimaryParser):
    """booleanExpression, predicate and valueExpression; the comments name these productions."""

    # booleanExpression

    def expression(self) -> exp.Expression:
        self.enter()
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
            left = make(exp.And if level == 4 else exp.Or, expressions=operands)

    def _predicated(self) -> exp.Expression:
        if self.kind in ("NOT", "!"):
            negation = self.advance().kind
            with self.nested():
                return exp.Not(this=self._logical(5 if negation == "NOT" else 10))
        if self.kind == "EXISTS":
            self.advance()
            self.expect("(")
            found = QueryExpression(query=self.query(), kind="exists")
            self.expect(")")
            return found
        if self.token.word in _NULL_TESTS and self.ahead().kind == "(":
            word = self.advance().word
            self.expect("(")
            test: exp.Expression = exp.Is(this=self.value(), expression=exp.Null())
            self.expect(")")
            return exp.Not(this=test) if word == "IS_NOT_NULL_PRED" else test
        value = self.value()
        return self._predicate(value) if self.token.word in _PREDICATES else value

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
        self.expect("(")
        query = self.enclosed_query()
        if query is not None:
            return QueryExpression(query=query, kind="in", this=value)
        items = [self.expression()]
        while self.accept(","):
            items.append(self.expression())
        self.expect(")")
        return exp.In(this=value, expressions=items)

    # valueExpression

    def value(self, least: int = 1) -> exp.Expression:
        start = self.token.start
        left = self._unary()
        while True:
            found = _BINARY.get(self.kind)
            if found is None or found[0] < least:
                return left
            level, operation = found
            at = self.advance()
            right = self.value(level + 1)
            if type(right) is Name and len(right.args["parts"]) == 1:
                right.args["place"], right.args["at"] = right.args.get("place", right.args["at"]), start
            left = self._combine(operation, left, right, at.start)

    def _combine(
        self, operation: type[exp.Expression], left: exp.Expression, right: exp.Expression, at: int
    ) -> exp.Expression:
        if type(left) is exp.Interval or type(right) is exp.Interval:
            date, interval = (right, left) if isinstance(left, exp.Interval) else (left, right)
            if operation is exp.Add:
                return exp.DateAdd(this=date, expression=interval.this, unit=interval.args["unit"])
            if operation is exp.Sub and interval is right:
                return exp.DateSub(this=date, expression=interval.this, unit=interval.args["unit"])
            allowed = "ADD" if interval is left else "ADD and SUBTRACT"
            raise self.error(f"Only supported: {allowed}", at)
        return make(operation, this=left, expression=right)

    def _unary(self) -> exp.Expression:
        sign = self.kind
        if sign not in _SIGNS or (sign == "-" and self.ahead().kind in (INTEGER, DECIMAL)):
            value = self.primary()
            return self._postfix(value) if self.kind in _POSTFIXES else value
        self.advance()
        with self.nested():
            operand = self._unary()
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
