"""The FROM clause of Doris' grammar."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.lexer import INTEGER, NAME, STRING
from nereus.warehouse.embedded.sql.parse_expressions import ExpressionParser
from nereus.warehouse.embedded.sql.tree import Derived, Join, LateralView, Relation, TableFunction, TableName
from nereus.warehouse.embedded.sql.words import CLAUSE_WORDS

_AFTER = (
    "end , ) WHERE GROUP ORDER HAVING LIMIT ON USING JOIN INNER LEFT RIGHT FULL CROSS UNION EXCEPT MINUS INTERSECT "
    "LATERAL ; TABLESAMPLE INTO"
)
#: What may follow a table alias: then a word that could open a clause is the alias.
_AFTER_ALIAS = frozenset(_AFTER.split())


class RelationParser(ExpressionParser):
    """relations, joinRelation and relationPrimary."""

    #: Where the innermost FROM list begins: Doris reports an unknown table there.
    list_start = 0

    def relations(self) -> Relation:
        self.list_start = self.token.start
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
                    self._skew_hint()
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

    def _skew_hint(self) -> None:
        """``[skew(t.c(1, 2))]``: how to shuffle, nothing for one machine."""
        self.expect("[")
        self.name()
        self.expect("(")
        self.name()
        while self.accept("."):
            self.name()
        self.expect("(")
        self.constants(")")
        self.expect(")")
        self.expect("]")

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
        at = self.list_start
        parts = [self._relation_name()]
        if self.kind == "(":
            return self._table_function(parts[0])
        while self.accept("."):
            parts.append(self._relation_name())
        if self.kind == "@":
            raise Refused("scan parameters (table@...)")
        if self.kind == "INDEX":
            raise Refused("INDEX after a table name")
        if self.kind == "FOR" and self.ahead().word in ("VERSION", "TIME"):
            raise Refused("FOR VERSION or TIME AS OF")
        partitions: tuple[str, ...] = ()
        temporary = self.token.word == "TEMPORARY" and self.ahead().word in ("PARTITION", "PARTITIONS")
        if temporary:
            self.advance()
        if self.kind == "PARTITION" or (self.token.word == "PARTITIONS" and self.ahead().kind == "("):
            self.advance()
            partitions = self.name_list() if self.kind == "(" else (self.name(),)
        if self.kind == "TABLET":
            raise Refused("TABLET")
        alias = self._alias()
        if self.kind == "TABLESAMPLE":
            raise Refused("TABLESAMPLE")
        if self.accept("["):
            self.name()
            while self.accept(","):
                self.name()
            self.expect("]")
        return TableName(tuple(parts), alias, partitions, self._lateral_views(), at, temporary)

    def _relation_name(self) -> str:
        """An identifier; ``a-b`` without backquotes gets the error that says what to write."""
        token = self.token
        name = self.name()
        if self.kind == "-" and self.ahead().kind == NAME:
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
        query = self.enclosed_query()
        if query is not None:
            alias = self._alias()
            if alias is None:
                raise self.error("Every derived table must have its own alias", at)
            return Derived(query, alias, self._lateral_views())
        relation = self.relations()
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

    def opens_clause(self) -> bool:
        return self.token.word in CLAUSE_WORDS and self.ahead().kind not in _AFTER_ALIAS

    def _alias(self) -> str | None:
        explicit = self.accept("AS")
        if not explicit and (not self.at_name() or self.opens_clause()):
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
