"""Function calls, windows and sort keys of Doris' grammar."""

from __future__ import annotations

from abc import abstractmethod

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.cursor import Cursor
from nereus.warehouse.embedded.sql.lexer import NAME, STRING
from nereus.warehouse.embedded.sql.nodes import make
from nereus.warehouse.embedded.sql.tree import Bound, Call, Lambda, Query, SortItem, Star, Window

#: Aggregates that take DISTINCT in a window.
_DISTINCT_WINDOWS = frozenset({"count", "sum", "group_concat"})
#: Functions with words or a name of their own between the parentheses.
_SPECIAL = frozenset({"CHAR", "CONVERT", "TRIM"})


class CallParser(Cursor):
    """functionCallExpression and windowSpec."""

    @abstractmethod
    def query(self) -> Query: ...

    @abstractmethod
    def expression(self) -> exp.Expression: ...

    @abstractmethod
    def cast_to(self, value: exp.Expression) -> exp.Expression: ...

    def at_query(self) -> bool:
        """Whether a query may begin here: after any opening parentheses comes SELECT, WITH or VALUES."""
        ahead = 0
        while self.ahead(ahead).kind == "(":
            ahead += 1
        return self.ahead(ahead).kind in ("SELECT", "WITH", "VALUES")

    def enclosed_query(self) -> Query | None:
        """The query up to the closing parenthesis; None, and nothing is read, where something else stands there."""
        if not self.at_query():
            return None
        start = self.index
        try:
            query = self.query()
            self.expect(")")
        except DorisError:
            if self.tokens[start].kind != "(":
                raise
            self.seek(start)
            return None
        return query

    def call(self, name: str, word: str, at: int) -> exp.Expression:
        self.expect("(")
        if word in _SPECIAL:
            return {"CHAR": self._char, "CONVERT": self._convert, "TRIM": self._trim}[word](at)
        lowered = name.lower()
        if self.accept(")"):
            return self._over(make(Call, this=lowered, expressions=[], at=at))
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
        self._check_star(lowered, arguments, at)
        call = make(Call, this=lowered, expressions=arguments, at=at, distinct=distinct, order=order)
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
        return self.cast_to(value)

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
