"""Doris queries as text -> syntax tree. What Doris' grammar does not have is refused as Doris' parser refuses it.

The tree keeps every function call as it is written (no call is given a meaning here) and every SELECT item with the
text that Doris names its column by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.lexer import INTEGER, STRING, first_words, split_statements
from nereus.warehouse.embedded.sql.parse_relations import RelationParser
from nereus.warehouse.embedded.sql.tree import (
    Body,
    CommonTable,
    GroupBy,
    Item,
    Name,
    Query,
    Select,
    SetOperation,
    SortItem,
    Values,
)

__all__ = ["QueryParser", "first_words", "parse", "parse_expression", "parse_query", "split_statements"]

_HINT = re.compile(r"\bset_var\s*\(([^)]*)\)", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"\s*([\w.]+)\s*=\s*('[^']*'|\"[^\"]*\"|[-\w.]+)\s*,?")
_TRIMMED = "".join(chr(code) for code in range(33))


def parse(text: str, *, sql_mode: str = "") -> list[Query]:
    """The queries of a script. Raises DorisError with the line and position of the token that does not fit."""
    return [parse_query(part, sql_mode=sql_mode) for part in split_statements(text)]


def parse_query(text: str, *, sql_mode: str = "") -> Query:
    """One query: SELECT, WITH, VALUES, set operations, parenthesised or not."""
    parser = _parser(text, sql_mode)
    query = parser.query()
    if parser.kind == "INTO":
        raise Refused("INTO OUTFILE of a query that is not sent by itself", "Send SELECT ... INTO OUTFILE.")
    parser.finish()
    return query


def before_into(text: str, *, sql_mode: str = "") -> int | None:
    """Where INTO OUTFILE begins behind a query, or None where it does not follow one."""
    parser = _parser(text, sql_mode)
    parser.query()
    return parser.token.start if parser.kind == "INTO" else None


def parse_expression(text: str, *, sql_mode: str = "") -> exp.Expression:
    """One expression, as in DEFAULT, a column mapping of a load or the WHERE of DELETE."""
    parser = _parser(text, sql_mode)
    found = parser.expression()
    parser.finish()
    return found


def _parser(text: str, sql_mode: str) -> QueryParser:
    modes = {mode.strip().upper() for mode in sql_mode.split(",")}
    return QueryParser(
        text,
        pipes_as_concat="PIPES_AS_CONCAT" in modes,
        backslash_escapes="NO_BACKSLASH_ESCAPES" not in modes,
    )


class QueryParser(RelationParser):
    """The query half of Doris' grammar."""

    def query(self) -> Query:
        tables: list[CommonTable] = []
        if self.accept("WITH"):
            tables.append(self._common_table())
            while self.accept(","):
                tables.append(self._common_table())
        body = self._term()
        order = self.sort_items() if self.kind == "ORDER" else ()
        limit, offset = self._limit()
        return Query(body, order, limit, offset, tuple(tables), self.text, self._set_var())

    def _set_var(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for hint in self.hints:
            for group in _HINT.finditer(hint.text):
                for name, value in _ASSIGNMENT.findall(group[1]):
                    found[name.lower()] = value.strip("'\"")
        return found

    def _common_table(self) -> CommonTable:
        name = self.name()
        columns: tuple[str, ...] = ()
        if self.kind == "(":
            columns = self.name_list()
        self.expect("AS")
        self.expect("(")
        query = self.query()
        self.expect(")")
        return CommonTable(name, columns, query)

    def _limit(self) -> tuple[int | None, int]:
        if not self.accept("LIMIT"):
            return None, 0
        first = self._count()
        if self.accept(","):
            return self._count(), first
        if self.accept_word("OFFSET"):
            return first, self._count()
        return first, 0

    def _count(self) -> int:
        token = self.expect(INTEGER) if self.kind == INTEGER else self.fail("INTEGER_VALUE")
        value = int(token.value)
        if value >= 2**63:
            raise self.error(f'For input string: "{token.value}"', token.start)
        return value

    # queryTerm

    def _term(self) -> Body:
        left = self._intersection()
        while self.kind in ("UNION", "EXCEPT", "MINUS"):
            kind = "UNION" if self.advance().kind == "UNION" else "EXCEPT"
            keep_all = self._quantifier()
            left = SetOperation(kind, keep_all, left, self._intersection())
        return left

    def _intersection(self) -> Body:
        left = self._query_primary()
        while self.accept("INTERSECT"):
            keep_all = self._quantifier()
            left = SetOperation("INTERSECT", keep_all, left, self._query_primary())
        return left

    def _quantifier(self) -> bool:
        if self.accept("ALL"):
            return True
        self.accept("DISTINCT")
        return False

    def _query_primary(self) -> Body:
        if self.accept("("):
            with self.nested():
                query = self.query()
            self.expect(")")
            return query
        if self.kind == "VALUES":
            return self._values()
        if self.kind != "SELECT":
            self.fail("{'(', 'SELECT', 'VALUES', 'WITH'}")
        return self._select()

    def _values(self) -> Values:
        self.expect("VALUES")
        rows = [self._row()]
        while self.accept(","):
            rows.append(self._row())
        return Values(tuple(rows))

    def _row(self) -> tuple[Item, ...]:
        self.expect("(")
        items: list[Item] = []
        while not self.accept(")"):
            if items:
                self.expect(",")
            if self.kind == "DEFAULT":
                raise DorisError("Default expression can't exist in SELECT statement at row 1")
            items.append(self._item())
        return tuple(items)

    def _select(self) -> Select:
        self.expect("SELECT")
        distinct = self.accept("DISTINCT")
        if not distinct:
            self.accept("ALL")
        items = [self._item()]
        while self.accept(","):
            items.append(self._item())
        if self.kind == "INTO" and self.ahead().word != "OUTFILE":
            raise self.error("Only procedure supports insert into variables", self.token.start)
        relation = self.relations() if self.accept("FROM") else None
        where = self.expression() if self.accept("WHERE") else None
        group = self._group() if self.kind == "GROUP" else None
        having = self.expression() if self.accept("HAVING") else None
        qualify = self.expression() if self.accept_word("QUALIFY") else None
        return Select(tuple(items), distinct, relation, where, group, having, qualify)

    def _item(self) -> Item:
        start = self.token.start
        expression = self.expression()
        text = self.source(start)
        if self.accept("AS"):
            if not self.at_name() and self.kind != STRING:
                self.fail("{IDENTIFIER, STRING_LITERAL}")
            return Item(expression, self.advance().value, True)
        if self.kind == STRING or (self.at_name() and not self.opens_clause()):
            return Item(expression, self.advance().value, True)
        if isinstance(expression, Name):
            return Item(expression, expression.args["parts"][-1], False)
        if isinstance(expression, exp.Literal) and expression.is_string:
            return Item(expression, expression.name.lstrip(_TRIMMED).split("\0", 1)[0], False)
        return Item(expression, text, False)

    def _group(self) -> GroupBy:
        self.expect("GROUP")
        self.expect("BY")
        if self.token.word in ("ROLLUP", "CUBE") and self.ahead().kind == "(":
            word = self.advance().word
            keys = self._key_list()
            return GroupBy((), _rollup(keys) if word == "ROLLUP" else _cube(keys))
        if self.accept_words("GROUPING", "SETS"):
            self.expect("(")
            sets = [self._key_list()]
            while self.accept(","):
                sets.append(self._key_list())
            self.expect(")")
            return GroupBy((), tuple(sets))
        keys_, order = self._ordered_keys()
        if self.accept("WITH"):
            self.expect_word("ROLLUP")
            return GroupBy((), _rollup(keys_), order)
        return GroupBy(keys_, None, order)

    def _ordered_keys(self) -> tuple[tuple[exp.Expression, ...], tuple[SortItem, ...]]:
        """Keys with MySQL's ASC and DESC: one of them orders the result by every key."""
        keys: list[exp.Expression] = []
        order: list[SortItem] = []
        ordered = False
        while True:
            key = self.expression()
            descending = self.kind == "DESC"
            if self.kind in ("ASC", "DESC"):
                self.advance()
                ordered = True
            keys.append(key)
            order.append(SortItem(key, descending, not descending))
            if not self.accept(","):
                return tuple(keys), tuple(order) if ordered else ()

    def _key_list(self) -> tuple[exp.Expression, ...]:
        self.expect("(")
        keys: list[exp.Expression] = []
        while not self.accept(")"):
            if keys:
                self.expect(",")
            keys.append(self.expression())
        return tuple(keys)


def _rollup(keys: tuple[exp.Expression, ...]) -> tuple[tuple[exp.Expression, ...], ...]:
    return tuple(keys[:count] for count in range(len(keys), -1, -1))


def _cube(keys: tuple[exp.Expression, ...]) -> tuple[tuple[exp.Expression, ...], ...]:
    masks = range(2 ** len(keys) - 1, -1, -1)
    return tuple(tuple(key for i, key in enumerate(keys) if mask >> (len(keys) - 1 - i) & 1) for mask in masks)
