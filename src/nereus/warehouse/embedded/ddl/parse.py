"""DDL text -> `syntax` values, by Doris' grammar."""

from __future__ import annotations

from nereus.warehouse.embedded.catalog.model import KeyModel
from nereus.warehouse.embedded.ddl.alter import AlterParser
from nereus.warehouse.embedded.ddl.syntax import (
    AddIndex,
    AlterDatabase,
    AlterTable,
    ColumnClause,
    CommentView,
    CreateDatabase,
    CreateTable,
    CreateTableLike,
    CreateView,
    Drop,
    DropIndex,
    RollupDef,
    Statement,
    Truncate,
)
from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.lexer import NAME, QUOTED
from nereus.warehouse.embedded.sql.tree import Query


def parse_ddl(text: str, *, sql_mode: str = "") -> Statement:
    """One DDL statement. Raises DorisError as Doris' parser does, Refused for what only a real cluster carries out."""
    parser = DdlParser(text, backslash_escapes="NO_BACKSLASH_ESCAPES" not in sql_mode.upper())
    found = parser.statement()
    parser.finish()
    return found


class DdlParser(AlterParser):
    def statement(self) -> Statement:
        if self.accept("CREATE"):
            return self._create()
        if self.accept("ALTER"):
            return self._alter()
        if self.accept("DROP"):
            return self._drop()
        self.expect_word("TRUNCATE")
        self.expect("TABLE")
        return self._truncate()

    def _create(self) -> Statement:
        if self.kind == "OR":
            self.advance()
            self.expect_word("REPLACE")
            self.expect_word("VIEW")
            return self._create_view(or_replace=True)
        for word in ("EXTERNAL", "TEMPORARY"):
            if self.token.word == word:
                raise Refused(f"CREATE {word} TABLE")
        if self.accept("TABLE"):
            return self._create_table()
        if self.accept_word("VIEW"):
            return self._create_view(or_replace=False)
        if self.accept("INDEX"):
            return self._create_index()
        if not (self.accept("DATABASE") or self.accept_word("SCHEMA")):
            self.fail()
        if_not_exists = self.if_not_exists()
        return CreateDatabase(self.table_name(), if_not_exists, self.properties())

    def _create_table(self) -> CreateTable | CreateTableLike:
        if_not_exists = self.if_not_exists()
        name = self.table_name()
        if self.accept("LIKE"):
            source = self.table_name()
            rollups: tuple[str, ...] | None = None
            if self.accept("WITH"):
                self.expect_word("ROLLUP")
                rollups = self.name_list() if self.kind == "(" else ()
            return CreateTableLike(name, if_not_exists, source, rollups)
        columns: list[ColumnClause] = []
        indexes = []
        names: tuple[str, ...] = ()
        if self.kind == "(" and self._at_name_list():
            names = self.name_list()
        elif self.accept("("):
            while self.kind != ")":
                if self.accept("INDEX"):
                    indexes.append(self.index_definition()[0])
                else:
                    columns.append(self.column())
                if not self.accept(","):
                    break
            self.expect(")")
        engine = None
        if self.accept_word("ENGINE"):
            self.expect("=")
            engine = self.name()
        model, keys, cluster_by = self._keys()
        comment = self.optional_comment() or ""
        partition_by = self.partition_by()
        distributed_by = self.distributed_by()
        made: list[RollupDef] = []
        if self.accept_word("ROLLUP"):
            self.expect("(")
            made.append(self.rollup())
            while self.accept(","):
                made.append(self.rollup())
            self.expect(")")
        properties = self.properties()
        if self.token.word == "BROKER":
            raise Refused("BROKER PROPERTIES")
        query, text = self._optional_query()
        return CreateTable(
            name,
            if_not_exists,
            tuple(columns),
            tuple(indexes),
            names,
            engine,
            model,
            keys,
            cluster_by,
            comment,
            partition_by,
            distributed_by,
            properties,
            tuple(made),
            query,
            text,
        )

    def _at_name_list(self) -> bool:
        """``(a, b)`` of CREATE TABLE ... AS SELECT, unlike ``(a INT, ...)``."""
        return self.ahead(1).kind in (NAME, QUOTED) and self.ahead(2).kind in (",", ")")

    def _keys(self) -> tuple[KeyModel | None, tuple[str, ...], tuple[str, ...]]:
        if self.token.word not in ("AGGREGATE", "UNIQUE", "DUPLICATE"):
            return None, (), ()
        model = KeyModel(self.advance().word)
        self.expect("KEY")
        keys = self.name_list()
        if not self.accept_word("CLUSTER"):
            return model, keys, ()
        self.expect("BY")
        return model, keys, self.name_list()

    def _optional_query(self) -> tuple[Query | None, str]:
        if not self.accept("AS") and not self.at_query():
            return None, ""
        start = self.token.start
        return self.query(), self.source(start)

    def _create_view(self, *, or_replace: bool) -> CreateView:
        if_not_exists = self.if_not_exists()
        name = self.table_name()
        columns = self._view_columns() if self.kind == "(" and not self._query_in_parentheses() else None
        comment = self.optional_comment()
        self.accept("AS")
        start = self.token.start
        query = self.query()
        return CreateView(name, query, self.source(start), columns, comment, or_replace, if_not_exists)

    def _query_in_parentheses(self) -> bool:
        return self.ahead(1).kind in ("SELECT", "WITH", "VALUES", "(")

    def _view_columns(self) -> tuple[tuple[str, str], ...]:
        self.expect("(")
        columns = []
        while True:
            columns.append((self.name(), self.optional_comment() or ""))
            if not self.accept(","):
                break
        self.expect(")")
        return tuple(columns)

    def _create_index(self) -> AlterTable:
        if_not_exists = self.if_not_exists()
        name = self.name()
        self.expect("ON")
        table = self.table_name()
        index = self.index_tail(name)
        return AlterTable(table, (AddIndex(index, if_not_exists),))

    def _alter(self) -> Statement:
        if self.accept("TABLE"):
            return self.alter_table()
        if self.accept("DATABASE"):
            return self._alter_database()
        self.expect_word("VIEW")
        name = self.table_name()
        if self.accept_word("MODIFY"):
            self.expect_word("COMMENT")
            return CommentView(name, self.string())
        columns = self._view_columns() if self.kind == "(" else None
        comment = self.optional_comment()
        self.expect("AS")
        start = self.token.start
        query = self.query()
        return CreateView(name, query, self.source(start), columns, comment, or_replace=True)

    def _alter_database(self) -> AlterDatabase:
        name = self.name()
        if self.accept("RENAME"):
            return AlterDatabase(name, new_name=self.name())
        self.expect("SET")
        if self.token.word in ("DATA", "REPLICA", "TRANSACTION"):
            raise Refused("database quotas")
        self.expect_word("PROPERTIES")
        return AlterDatabase(name, properties=self.property_list())

    def _drop(self) -> Statement:
        if self.accept("INDEX"):
            if_exists = self.if_exists()
            index = self.name()
            self.expect("ON")
            return AlterTable(self.table_name(), (DropIndex(index, if_exists),))
        if self.token.word == "TEMPORARY":
            raise Refused("DROP TEMPORARY TABLE")
        kind = "DATABASE" if self.token.word == "SCHEMA" else self.token.word
        if kind not in ("TABLE", "VIEW", "DATABASE"):
            self.fail()
        self.advance()
        if_exists = self.if_exists()
        name = self.table_name()
        force = kind != "VIEW" and self.accept("FORCE")
        return Drop(kind, name, if_exists, force)

    def _truncate(self) -> Truncate:
        name = self.table_name()
        partitions: tuple[str, ...] = ()
        if self.token.word == "TEMPORARY":
            raise Refused("temporary partitions")
        if self.accept("PARTITION"):
            partitions = self.name_list() if self.kind == "(" else (self.name(),)
        elif self.accept_word("PARTITIONS"):
            partitions = self.name_list()
        self.accept("FORCE")
        return Truncate(name, partitions)
