"""The parts that DDL statements share: columns, partitions, distribution, properties."""

from __future__ import annotations

from dataclasses import replace

from nereus.warehouse.embedded.catalog.model import Column, Index
from nereus.warehouse.embedded.ddl.syntax import (
    Bound,
    ColumnClause,
    DistributedBy,
    NameParts,
    PartitionBy,
    PartitionDef,
    Properties,
)
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.lexer import DECIMAL, END, INTEGER, NAME, QUOTED, STRING
from nereus.warehouse.embedded.sql.parse import QueryParser
from nereus.warehouse.embedded.types import UnknownType, parse_type

_AGGREGATIONS = frozenset(
    ["MAX", "MIN", "SUM", "REPLACE", "REPLACE_IF_NOT_NULL", "HLL_UNION", "BITMAP_UNION", "QUANTILE_UNION", "GENERIC"]
)
_BARE_DEFAULTS = frozenset({"PI", "E", "BITMAP_EMPTY", "CURRENT_DATE"})


class ClauseParser(QueryParser):
    """Reads by Doris' grammar; what Doris would not parse raises its parser's error."""

    def table_name(self) -> NameParts:
        """``[catalog.][database.]table``; only the internal catalogue exists."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        if len(parts) == 3:
            if parts[0] != "internal":
                raise DorisError(f"Unknown catalog '{parts[0]}'", 5086)
            parts = parts[1:]
        if len(parts) > 2:
            raise DorisError(f"Not supported name: {'.'.join(parts)}")
        return tuple(parts)

    def if_not_exists(self) -> bool:
        if not self.accept("IF"):
            return False
        self.expect("NOT")
        self.expect("EXISTS")
        return True

    def if_exists(self) -> bool:
        if not self.accept("IF"):
            return False
        self.expect("EXISTS")
        return True

    def string(self) -> str:
        """A string literal."""
        if self.kind != STRING:
            self.fail("STRING_LITERAL")
        return self.advance().value

    def number(self) -> int:
        if self.kind != INTEGER:
            self.fail("INTEGER_VALUE")
        return int(self.advance().value)

    def optional_comment(self) -> str | None:
        return self.string() if self.accept_word("COMMENT") else None

    def properties(self) -> Properties:
        """``PROPERTIES (...)`` or nothing."""
        return self.property_list() if self.accept_word("PROPERTIES") else {}

    def property_list(self) -> Properties:
        self.expect("(")
        found: Properties = {}
        while True:
            key = self._property_text()
            self.expect("=")
            found[key] = self._property_text()
            if not self.accept(","):
                break
        self.expect(")")
        return found

    def _property_text(self) -> str:
        minus = "-" if self.accept("-") else ""
        if self.kind not in (STRING, INTEGER, DECIMAL, NAME, QUOTED) and self.token.word not in ("TRUE", "FALSE"):
            self.fail("STRING_LITERAL")
        return minus + self.advance().value

    # Columns

    def column(self) -> ColumnClause:
        name = self.name()
        kind_text = self._type_text()
        try:
            kind = parse_type(kind_text)
        except UnknownType:
            raise Refused(f"the type {kind_text}") from None
        key = self.accept("KEY")
        aggregation = self.advance().word if self.token.word in _AGGREGATIONS else None
        generated = self._generated()
        nullable: bool | None = None
        if self.accept("NOT"):
            self.expect("NULL")
            nullable = False
        elif self.accept("NULL"):
            nullable = True
        increment = None
        if self.accept_word("AUTO_INCREMENT"):
            increment = 1
            if self.accept("("):
                increment = self.number()
                self.expect(")")
        default, expression = self._default()
        on_update = None
        if self.accept("ON"):
            self.expect("UPDATE")
            on_update = self._timestamp()
        comment = self._column_comment()
        column = Column(
            name,
            kind,
            default=default,
            default_is_expression=expression,
            on_update=on_update,
            comment=comment,
            aggregation=aggregation,
            auto_increment=increment,
            generated=generated,
        )
        return ColumnClause(column, nullable, key)

    def _generated(self) -> str | None:
        """``[GENERATED ALWAYS] AS (expression)``: the expression's text."""
        if self.accept_word("GENERATED"):
            self.expect_word("ALWAYS")
            self.expect("AS")
        elif not self.accept("AS"):
            return None
        self.expect("(")
        start = self.token.start
        self.expression()
        found = self.source(start)
        self.expect(")")
        return found

    def _type_text(self) -> str:
        start = self.token.start
        if self.token.word == "AGG_STATE" or (self.token.word == "VARIANT" and self.ahead().kind == "<"):
            raise Refused(f"the type {self.token.value}<...>")
        self._data_type()
        return self.source(start)

    def _default(self) -> tuple[str | None, bool]:
        if not self.accept("DEFAULT"):
            return None, False
        if self.accept("NULL"):
            return "NULL", True
        if self.kind == STRING:
            return self.advance().value, False
        if self.token.word in _BARE_DEFAULTS:
            return self.advance().word, True
        if self.token.word == "CURRENT_TIMESTAMP":
            return self._timestamp(), True
        minus = "-" if self.accept("-") else ""
        if self.kind not in (INTEGER, DECIMAL):
            self.fail("{'NULL', 'CURRENT_TIMESTAMP', STRING_LITERAL, INTEGER_VALUE, DECIMAL_VALUE}")
        return minus + self.advance().value, False

    def _timestamp(self) -> str:
        self.expect_word("CURRENT_TIMESTAMP")
        if not self.accept("("):
            return "CURRENT_TIMESTAMP"
        digits = self.number()
        self.expect(")")
        return f"CURRENT_TIMESTAMP({digits})"

    def _column_comment(self) -> str:
        """A column's comment loses its backslashes and keeps everything else, as Doris' parser has it."""
        if not self.accept_word("COMMENT"):
            return ""
        token = self.token
        self.string()
        return self.text[token.start + 1 : token.stop - 1].replace("\\", "")

    def index_definition(self) -> tuple[Index, bool]:
        """After INDEX: the index, and whether IF NOT EXISTS was said."""
        if_not_exists = self.if_not_exists()
        name = self.name()
        columns = self.name_list()
        kind = self.index_kind()
        properties = self.properties()
        comment = self.optional_comment() or ""
        return Index(name, columns, kind, tuple(properties.items()), comment), if_not_exists

    def index_kind(self) -> str:
        if not self.accept("USING"):
            return "INVERTED"
        word = self.token.word
        if word in ("ANN", "BITMAP"):
            raise Refused(f"{word} indexes", "Use INVERTED.")
        if word not in ("INVERTED", "NGRAM_BF"):
            self.fail("{'ANN', 'BITMAP', 'INVERTED', 'NGRAM_BF'}")
        return self.advance().word

    # Partitions and buckets

    def partition_by(self) -> PartitionBy | None:
        """``[AUTO] PARTITION BY [RANGE|LIST] (...) (...)`` or nothing. Without a word it is LIST, as in Doris."""
        if self.kind not in ("AUTO", "PARTITION"):
            return None
        auto = self.accept("AUTO")
        self.expect("PARTITION")
        self.expect("BY")
        kind = self.advance().kind if self.kind in ("RANGE", "LIST") else "LIST"
        self.expect("(")
        columns: list[str] = []
        function = None
        while True:
            word = self.token.word
            name = self.name() if self.at_name() else self.advance().value
            if self.kind == "(":
                function = self._partition_function(word.lower(), columns)
            else:
                columns.append(name)
            if not self.accept(","):
                break
        self.expect(")")
        self.expect("(")
        definitions: list[PartitionDef] = []
        if self.kind != ")":
            definitions.append(self.partition_definition())
            while self.accept(","):
                definitions.append(self.partition_definition())
        self.expect(")")
        return PartitionBy(kind, tuple(columns), auto or function is not None, function, tuple(definitions))

    def _partition_function(self, name: str, columns: list[str]) -> tuple[str, tuple[str, ...]]:
        self.expect("(")
        arguments: list[str] = []
        while True:
            if self.at_name():
                columns.append(self.name())
            elif self.kind == "INTERVAL":
                raise Refused(f"AUTO PARTITION BY RANGE ({name}(...))", "Use date_trunc(column, 'unit').")
            else:
                arguments.append(self.advance().value)
            if not self.accept(","):
                break
        self.expect(")")
        return name, tuple(arguments)

    def partition_definition(self) -> PartitionDef:
        if self.kind == "FROM":
            found = self._step()
        else:
            self.expect("PARTITION")
            if_not_exists = self.if_not_exists()
            name = self.name()
            found = self._bounds(name, if_not_exists)
        if self.kind == "(":
            return replace(found, properties=self.property_list())
        return found

    def _bounds(self, name: str, if_not_exists: bool) -> PartitionDef:
        if self.accept("VALUES"):
            if self.accept_words("LESS", "THAN"):
                upper = () if self.accept("MAXVALUE") else self._bound_list()
                return PartitionDef("LESS", name, if_not_exists, upper=upper)
            if self.accept("["):
                lower = self._bound_list()
                self.expect(",")
                upper = self._bound_list()
                self.expect(")")
                return PartitionDef("FIXED", name, if_not_exists, lower=lower, upper=upper)
            self.expect("IN")
        elif self.kind != "(":
            return PartitionDef("IN", name, if_not_exists)
        if self.ahead().kind == "(":
            self.expect("(")
            keys = [self._bound_list()]
            while self.accept(","):
                keys.append(self._bound_list())
            self.expect(")")
            return PartitionDef("IN", name, if_not_exists, values=tuple(keys))
        return PartitionDef("IN", name, if_not_exists, values=tuple((bound,) for bound in self._bound_list()))

    def _step(self) -> PartitionDef:
        self.expect("FROM")
        lower = self._bound_list()
        self.expect("TO")
        upper = self._bound_list()
        self.expect("INTERVAL")
        step = self.number()
        unit = self.advance().value if self.at_name() else None
        return PartitionDef("STEP", lower=lower, upper=upper, step=step, unit=unit)

    def _bound_list(self) -> tuple[Bound, ...]:
        self.expect("(")
        bounds = [self._partition_bound()]
        while self.accept(","):
            bounds.append(self._partition_bound())
        self.expect(")")
        return tuple(bounds)

    def _partition_bound(self) -> Bound:
        if self.kind in ("MAXVALUE", "NULL"):
            self.advance()
            return Bound(None)
        minus = "-" if self.accept("-") else ""
        if self.kind != INTEGER and (self.kind != STRING or minus):
            self.fail("{'MAXVALUE', 'NULL', STRING_LITERAL, INTEGER_VALUE}")
        return Bound(minus + self.advance().value)

    def distributed_by(self) -> DistributedBy | None:
        if not self.accept("DISTRIBUTED"):
            return None
        self.expect("BY")
        columns: tuple[str, ...] | None = None
        if self.accept_word("HASH"):
            columns = self.name_list()
        else:
            self.expect_word("RANDOM")
        if not self.accept_word("BUCKETS"):
            return DistributedBy(columns)
        if self.accept("AUTO"):
            return DistributedBy(columns, auto=True)
        return DistributedBy(columns, self.number())

    def rest(self, start: int) -> str:
        """The text from offset `start` to the end of the statement."""
        stop = next(token.start for token in self.tokens[self.index :] if token.kind in (";", END))
        return self.text[start:stop].strip()
