"""The grammar of INSERT, UPDATE and DELETE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from nereus.warehouse.embedded.ddl.clauses import ClauseParser
from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.statements.values import Rows


@dataclass(frozen=True, slots=True)
class Partitions:
    """``PARTITION (a, b)``; `touched` is ``PARTITION (*)``."""

    names: tuple[str, ...] = ()
    touched: bool = False
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What an INSERT writes to."""

    name: tuple[str, ...]
    overwrite: bool
    partitions: Partitions
    label: str | None
    columns: tuple[str, ...]


class WriteParser(ClauseParser):
    """Reads by Doris' grammar; `insert` and its like begin at the start of the statement."""

    def common_tables(self) -> tuple[tree.CommonTable, ...]:
        """``WITH a AS (...), b AS (...)`` before INSERT, UPDATE or DELETE."""
        found: list[tree.CommonTable] = []
        if self.accept("WITH"):
            found.append(self._common_table())
            while self.accept(","):
                found.append(self._common_table())
        return tuple(found)

    def insert(self) -> tuple[Target, tree.Query | Rows]:
        tables = self.common_tables()
        self.expect("INSERT")
        overwrite = self.accept("OVERWRITE")
        self.expect("TABLE" if overwrite else "INTO")
        name = self.table_name()
        partitions = self.partitions(starred=overwrite)
        label = None
        if self.kind == "WITH" and self.ahead().word == "LABEL" and self.ahead(2).kind not in ("AS", "("):
            self.advance()
            self.advance()
            label = self.name()
        columns = self.name_list() if self.kind == "(" and not self._query_follows() else ()
        if self.accept("["):
            self._hints()
        target = Target(name, overwrite, partitions, label, columns)
        if self.kind == "VALUES":
            return target, Rows.read(self)
        query = self.query()
        return target, replace(query, tables=(*tables, *query.tables)) if tables else query

    def _query_follows(self) -> bool:
        return self.ahead(1).kind in ("SELECT", "WITH", "VALUES", "(")

    def _hints(self) -> None:
        """Hints in brackets ([SHUFFLE]) have no effect here."""
        self.name()
        while self.accept(","):
            self.name()
        self.expect("]")

    def partitions(self, *, starred: bool = False) -> Partitions:
        """``[TEMPORARY] PARTITION name | PARTITION[S] (names)``, and where it may be `starred` ``PARTITION (*)``."""
        temporary = self.token.word == "TEMPORARY" and self.ahead().word in ("PARTITION", "PARTITIONS")
        if temporary:
            self.advance()
        if self.token.word not in ("PARTITION", "PARTITIONS"):
            return Partitions()
        plural = self.advance().word == "PARTITIONS"
        if self.kind == "WITH" and self.ahead().word == "RECENT":
            raise Refused("PARTITION WITH RECENT")
        if self.kind == "(" and self.ahead().kind == "*" and not temporary:
            at = self.advance().start
            if not starred:
                raise self.error("ASTERISK is only supported in overwrite partition for OverwriteTable", at)
            self.advance()
            self.expect(")")
            return Partitions(touched=True)
        if self.kind != "(" and not plural:
            return Partitions((self.name(),), temporary=temporary)
        return Partitions(self.name_list(), temporary=temporary)

    def alias(self) -> str | None:
        self.accept("AS")
        return self.name() if self.at_name() else None

    def assignments(self) -> list[tuple[tuple[str, ...], exp.Expression]]:
        found = []
        while True:
            parts = [self.name()]
            while self.accept("."):
                parts.append(self.name())
            self.expect("=")
            if self.kind == "DEFAULT":
                raise Refused("SET column = DEFAULT", "Write the default value.")
            found.append((tuple(parts), self.expression()))
            if not self.accept(","):
                return found


def write_parser(session: Session, text: str) -> WriteParser:
    """A parser of `text` under the session's sql_mode."""
    modes = session.variables["sql_mode"].upper()
    return WriteParser(
        text,
        pipes_as_concat="PIPES_AS_CONCAT" in modes,
        backslash_escapes="NO_BACKSLASH_ESCAPES" not in modes,
    )


def query_of(
    items: Sequence[tree.Item],
    name: tuple[str, str],
    alias: str | None,
    others: tree.Relation | None,
    where: exp.Expression | None,
    text: str,
    tables: tuple[tree.CommonTable, ...] = (),
    partitions: tuple[str, ...] = (),
) -> tree.Query:
    """SELECT items FROM the written table [, others] [WHERE ...]: what UPDATE and DELETE read."""
    relation: tree.Relation = tree.TableName(name, alias, partitions)
    if others is not None:
        relation = tree.Join(relation, others, "CROSS")
    return tree.Query(tree.Select(tuple(items), relation=relation, where=where), tables=tables, text=text)
