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
from nereus.warehouse.embedded.sql.parse_expressions import ExpressionParser
from nereus.warehouse.embedded.sql.tree import (
    Body,
    CommonTable,
    Derived,
    GroupBy,
    Item,
    Join,
    LateralView,
    Name,
    Query,
    Relation,
    Select,
    SetOperation,
    SortItem,
    Star,
    TableFunction,
    TableName,
    Values,
)
from nereus.warehouse.embedded.sql.words import CLAUSE_WORDS

__all__ = ["QueryParser", "first_words", "parse", "parse_expression", "parse_query", "split_statements"]

_AFTER = (
    "end , ) WHERE GROUP ORDER HAVING LIMIT ON USING JOIN INNER LEFT RIGHT FULL CROSS UNION EXCEPT MINUS INTERSECT "
    "LATERAL ; TABLESAMPLE INTO"
)
#: What may follow a table alias: then a word that could open a clause is the alias.
_AFTER_ALIAS = frozenset(_AFTER.split())
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
        raise Refused("SELECT ... INTO OUTFILE", "Fetch the result and write it where it is needed.")
    parser.finish()
    return query


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


class QueryParser(ExpressionParser):
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
            self.depth += 1
            if self.depth > 100:
                raise Refused("a query nested deeper than 100 levels")
            query = self.query()
            self.depth -= 1
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
        relation = self._relations() if self.accept("FROM") else None
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
        if self.kind == STRING or (self.at_name() and not self._opens_clause()):
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

    # relations

    def _relations(self) -> Relation:
        left = self._relation()
        while self.accept(","):
            left = Join(left, self._relation(), "CROSS")
        return left

    def _relation(self) -> Relation:
        left = self._relation_primary()
        while True:
            at = self.token.start
            kind = self._join_kind()
            if kind is None:
                return left
            if self.accept("["):
                hint = self.name()
                if hint.lower() not in ("shuffle", "broadcast"):
                    raise self.error(f"Invalid join hint: {hint}", at)
                if self.kind == "[":
                    raise Refused("a skew hint")
                self.expect("]")
            right = self._relation_primary()
            on = self.expression() if self.accept("ON") else None
            using: tuple[str, ...] = ()
            if on is None and self.accept("USING"):
                using = self.name_list()
            if kind == "CROSS" and (on is not None or using):
                raise self.error("Cross join can't be used with ON clause", at)
            if kind not in ("CROSS", "INNER") and on is None and not using:
                raise self.error("on mustn't be empty except for cross/inner join", at)
            left = Join(left, right, kind, on, using)

    def _join_kind(self) -> str | None:
        if self.kind in ("LEFT", "RIGHT", "FULL"):
            kind = self.advance().kind
            if kind != "FULL" and self.kind in ("SEMI", "ANTI"):
                kind = f"{kind} {self.advance().kind}"
            else:
                self.accept("OUTER")
            self.expect("JOIN")
            return kind
        if self.kind in ("INNER", "CROSS"):
            kind = self.advance().kind
            self.expect("JOIN")
            return kind
        return "INNER" if self.accept("JOIN") else None

    def _relation_primary(self) -> Relation:
        if self.kind == "(":
            return self._enclosed_relation()
        at = self.token.start
        parts = [self._relation_name()]
        if self.kind == "(":
            return self._table_function(parts[0])
        while self.accept("."):
            parts.append(self._relation_name())
        if self.kind == "@":
            raise Refused("scan parameters (table@...)")
        if self.kind in ("INDEX", "FOR", "TABLET"):
            what = {"INDEX": "INDEX after a table name", "FOR": "FOR VERSION or TIME AS OF", "TABLET": "TABLET"}
            raise Refused(what[self.kind])
        partitions: tuple[str, ...] = ()
        if self.token.word == "TEMPORARY" and self.ahead().word in ("PARTITION", "PARTITIONS"):
            raise Refused("temporary partitions")
        if self.kind == "PARTITION" or (self.token.word == "PARTITIONS" and self.ahead().kind == "("):
            self.advance()
            partitions = self.name_list() if self.kind == "(" else (self.name(),)
        alias = self._alias()
        if self.kind == "TABLESAMPLE":
            raise Refused("TABLESAMPLE")
        if self.accept("["):
            self.name()
            while self.accept(","):
                self.name()
            self.expect("]")
        return TableName(tuple(parts), alias, partitions, self._lateral_views(), at)

    def _relation_name(self) -> str:
        """An identifier; ``a-b`` without backquotes gets the error that says what to write."""
        token = self.token
        name = self.name()
        if self.kind == "-" and self.ahead().kind == "name":
            self.advance()
            self.advance()
            found = self.source(token.start)
            raise self.error(
                f"Possibly unquoted identifier {found} detected. "
                f"Please consider quoting it with back-quotes as `{found}`",
                token.start,
            )
        return name

    def _enclosed_relation(self) -> Relation:
        at = self.expect("(").start
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
                alias = self._alias()
                if alias is None:
                    raise self.error("Every derived table must have its own alias", at)
                return Derived(query, alias, self._lateral_views())
        relation = self._relations()
        self.expect(")")
        return relation

    def _table_function(self, name: str) -> TableFunction:
        self.expect("(")
        properties: dict[str, str] = {}
        while not self.accept(")"):
            if properties:
                self.expect(",")
            key = self._property()
            self.expect("=")
            properties[key] = self._property()
        return TableFunction(name.lower(), properties, self._alias())

    def _property(self) -> str:
        if self.kind not in (STRING, INTEGER) and not self.at_name():
            self.fail("{IDENTIFIER, STRING_LITERAL}")
        return self.advance().value

    def _opens_clause(self) -> bool:
        return self.token.word in CLAUSE_WORDS and self.ahead().kind not in _AFTER_ALIAS

    def _alias(self) -> str | None:
        explicit = self.accept("AS")
        if not explicit and (not self.at_name() or self._opens_clause()):
            return None
        alias = self.name()
        if self.kind == "(":
            raise self.error("Do not implemented", self.token.start)
        return alias

    def _lateral_views(self) -> tuple[LateralView, ...]:
        views: list[LateralView] = []
        while self.accept("LATERAL"):
            self.expect_word("VIEW")
            function = self.name()
            self.expect("(")
            arguments: list[exp.Expression] = []
            while not self.accept(")"):
                if arguments:
                    self.expect(",")
                arguments.append(self.expression())
            table = self.name()
            self.expect("AS")
            columns = [self.name()]
            while self.accept(","):
                columns.append(self.name())
            views.append(LateralView(function.lower(), tuple(arguments), table, tuple(columns)))
        return tuple(views)

    def name_list(self) -> tuple[str, ...]:
        """``(a, b)``."""
        self.expect("(")
        names = [self.name()]
        while self.accept(","):
            names.append(self.name())
        self.expect(")")
        return tuple(names)


def _rollup(keys: tuple[exp.Expression, ...]) -> tuple[tuple[exp.Expression, ...], ...]:
    return tuple(keys[:count] for count in range(len(keys), -1, -1))


def _cube(keys: tuple[exp.Expression, ...]) -> tuple[tuple[exp.Expression, ...], ...]:
    masks = range(2 ** len(keys) - 1, -1, -1)
    return tuple(tuple(key for i, key in enumerate(keys) if mask >> (len(keys) - 1 - i) & 1) for mask in masks)


def is_star(item: Item) -> bool:
    return isinstance(item.expression, Star)
