"""ALTER TABLE, clause by clause."""

from __future__ import annotations

from dataclasses import replace

from nereus.warehouse.embedded.catalog.model import Index
from nereus.warehouse.embedded.ddl.clauses import ClauseParser
from nereus.warehouse.embedded.ddl.syntax import (
    AddColumns,
    AddIndex,
    AddPartitions,
    AddRollup,
    AlterClause,
    AlterTable,
    ColumnClause,
    CommentColumn,
    CommentTable,
    DropColumn,
    DropIndex,
    DropPartition,
    DropRollup,
    EnableFeature,
    ModifyColumn,
    ModifyPartitions,
    OrderColumns,
    RenameColumn,
    RenamePartition,
    RenameRollup,
    RenameTable,
    ReplacePartitions,
    ReplaceTable,
    RollupDef,
    SetProperties,
)
from nereus.warehouse.embedded.errors import Refused


class AlterParser(ClauseParser):
    def alter_table(self) -> AlterTable:
        name = self.table_name()
        clauses = [self._clause()]
        while self.accept(","):
            last = clauses[-1]
            if isinstance(last, AddRollup):
                clauses.append(AddRollup(self.rollup()))
            elif isinstance(last, DropRollup):
                clauses.append(DropRollup(self.name()))
            else:
                clauses.append(self._clause())
        return AlterTable(name, tuple(clauses))

    def index_tail(self, name: str) -> Index:
        """CREATE INDEX after the table's name: columns, kind, properties, comment."""
        columns = self.name_list()
        kind = self.index_kind()
        properties = self.properties()
        return Index(name, columns, kind, tuple(properties.items()), self.optional_comment() or "")

    def _clause(self) -> AlterClause:
        word = self.advance().word
        if word == "ADD":
            return self._add()
        if word == "DROP":
            return self._drop_part()
        if word == "MODIFY":
            return self._modify()
        if word == "RENAME":
            return self._rename()
        if word == "ORDER":
            self.expect("BY")
            return OrderColumns(self.name_list())
        if word == "SET":
            return SetProperties(self.property_list())
        if word == "REPLACE":
            return self._replace()
        if word == "ENABLE":
            self.expect_word("FEATURE")
            name = self.string()
            if self.accept("WITH"):
                self.properties()
            return EnableFeature(name)
        self.seek(self.index - 1)
        return self.fail()

    def _add(self) -> AlterClause:
        if self.accept("COLUMN"):
            if self.accept("("):
                columns: list[ColumnClause] = [self.column()]
                while self.accept(","):
                    columns.append(self.column())
                self.expect(")")
                self._no_rollup()
                return AddColumns(tuple(columns))
            column = self.column()
            after = self._position()
            self._no_rollup()
            return AddColumns((column,), after)
        if self.accept("INDEX"):
            return AddIndex(*self.index_definition())
        if self.accept_word("ROLLUP"):
            return AddRollup(self.rollup())
        if self.token.word == "CONSTRAINT":
            raise Refused("ALTER TABLE ... ADD CONSTRAINT")
        temporary = self.accept_word("TEMPORARY")
        if self.accept_word("PARTITIONS"):
            step = self.partition_definition()
            properties = self.properties()
            return AddPartitions(replace(step, properties=properties), temporary=temporary)
        definition = self.partition_definition()
        distributed_by = self.distributed_by()
        definition.properties.update(self.properties())
        return AddPartitions(definition, distributed_by, temporary)

    def _drop_part(self) -> AlterClause:
        if self.accept("COLUMN"):
            name = self.name()
            self._no_rollup()
            return DropColumn(name)
        temporary = self.accept_word("TEMPORARY")
        if self.kind == "PARTITION" or temporary:
            self.expect("PARTITION")
            if_exists = self.if_exists()
            name = self.name()
            force = self.accept("FORCE")
            if self.kind == "FROM":
                raise Refused("DROP PARTITION ... FROM INDEX")
            return DropPartition(name, if_exists, force, temporary)
        if self.accept("INDEX"):
            if_exists = self.if_exists()
            return DropIndex(self.name(), if_exists)
        if self.accept_word("ROLLUP"):
            name = self.name()
            self.properties()
            return DropRollup(name)
        if self.token.word == "CONSTRAINT":
            raise Refused("ALTER TABLE ... DROP CONSTRAINT")
        return self.fail()

    def _modify(self) -> AlterClause:
        if self.accept_word("COMMENT"):
            return CommentTable(self.string())
        if self.accept("COLUMN"):
            if self.ahead().word == "COMMENT":
                name = self.name()
                self.expect_word("COMMENT")
                return CommentColumn(name, self.string())
            column = self.column()
            after = self._position()
            self._no_rollup()
            return ModifyColumn(column, after)
        temporary = self.accept_word("TEMPORARY")
        if self.kind == "PARTITION" or temporary:
            self.expect("PARTITION")
            names: tuple[str, ...] | None = None
            if self.kind != "(":
                names = (self.name(),)
            elif self.ahead().kind == "*":
                self.advance()
                self.advance()
                self.expect(")")
            else:
                names = self.name_list()
            self.expect("SET")
            return ModifyPartitions(names, self.property_list(), temporary)
        raise Refused(f"ALTER TABLE ... MODIFY {self.token.word or self.token.value}")

    def _rename(self) -> AlterClause:
        if self.accept("COLUMN"):
            return RenameColumn(self.name(), self.name())
        if self.accept("PARTITION"):
            return RenamePartition(self.name(), self.name())
        if self.token.word == "ROLLUP" and self.ahead().kind not in (",", "end", ";"):
            self.advance()
            return RenameRollup(self.name(), self.name())
        return RenameTable(self.name())

    def _replace(self) -> AlterClause:
        if self.token.word in ("PARTITION", "PARTITIONS"):
            names = self._partition_names()
            self.expect("WITH")
            self.expect_word("TEMPORARY")
            temporary = self._partition_names()
            self.accept("FORCE")
            return ReplacePartitions(names, temporary, self.properties())
        self.expect("WITH")
        self.expect("TABLE")
        other = self.name()
        swap = self.properties().get("swap", "true").lower() == "true"
        self.accept("FORCE")
        return ReplaceTable(other, swap)

    def _partition_names(self) -> tuple[str, ...]:
        if self.token.word not in ("PARTITION", "PARTITIONS"):
            self.fail("'PARTITION'")
        self.advance()
        return self.name_list() if self.kind == "(" else (self.name(),)

    def rollup(self) -> RollupDef:
        """``name (columns) [DUPLICATE KEY (keys)] [PROPERTIES (...)]``; properties of a rollup have no effect here."""
        name = self.name()
        columns = self.name_list()
        keys: tuple[str, ...] = ()
        if self.accept_word("DUPLICATE"):
            self.expect("KEY")
            keys = self.name_list()
        self.properties()
        return RollupDef(name, columns, keys)

    def _position(self) -> str | None:
        if self.accept_word("FIRST"):
            return ""
        if self.accept_word("AFTER"):
            return self.name()
        return None

    def _no_rollup(self) -> None:
        """Columns of a rollup cannot be named: there are none. PROPERTIES of the change itself have no effect."""
        if self.kind in ("TO", "IN", "FROM"):
            raise Refused("columns of a rollup")
        self.properties()
