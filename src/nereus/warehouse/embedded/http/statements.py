"""The DuckDB text of a load: from fields of a file to columns of a table, bad rows told from good ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from nereus.warehouse.embedded.catalog import quoted
from nereus.warehouse.embedded.catalog.model import Column, Table
from nereus.warehouse.embedded.http.casting import to_column
from nereus.warehouse.embedded.http.columns import Columns
from nereus.warehouse.embedded.http.failures import analysis, refused
from nereus.warehouse.embedded.http.options import LoadOptions
from nereus.warehouse.embedded.http.quality import (
    Check,
    first_reason,
    length_check,
    null_check,
    partition_check,
    strict_check,
)
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.binder import RELATION_ALIAS, bind_scalar
from nereus.warehouse.embedded.sql.parse import parse_expression
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.rules.casts import cast_to, implicit
from nereus.warehouse.embedded.sql.typed import Relation, RelationColumn, Schema, SessionFacts, Typed
from nereus.warehouse.embedded.types import STRING, DorisType
from nereus.warehouse.embedded.write.rows import BAD_ROW

#: The row as it was sent, and why it cannot be read, or NULL. No column of a file or table can be called so.
LINE_NAME, REASON_NAME = '"|line"', '"|reason"'


def field_name(at: int) -> str:
    """The quoted name of a file's column while a load works on it."""
    return f'"|f{at}"'


@dataclass(frozen=True, slots=True)
class Fields:
    """The rows of a file before anything is made of them.

    Attributes:
        sql: a DuckDB SELECT of LINE_NAME, REASON_NAME and the fields under their `field_name`.
        types: of the fields, in the order of `Columns.file`; None for a column that the file lacks.
    """

    sql: str
    types: tuple[DorisType | None, ...]


class LoadStatements:
    """Writes the statements of one load. Raises DorisError and LoadFailed for expressions that cannot be bound."""

    def __init__(
        self,
        table: Table,
        columns: Columns,
        options: LoadOptions,
        schema: Schema,
        facts: SessionFacts,
    ) -> None:
        self._table = table
        self._columns = columns
        self._options = options
        self._schema = schema
        self._facts = facts
        self._renderer = Renderer()

    def targets(self, fields: Fields) -> tuple[Column, ...]:
        """The columns that are filled. A column that the file lacks is left to its default."""
        return tuple(
            column
            for column in self._columns.targets(self._table)
            if (at := self._columns.position(column)) is None or fields.types[at] is not None
        )

    def plain(self, fields: Fields) -> str:
        """A SELECT of the target columns for a source that is expected to have no bad row; the writer checks them."""
        values = []
        for column in self.targets(fields):
            name = quoted(column.name)
            check = length_check(column) if column.type.name == "string" else None
            if check is not None:
                name = f"CASE WHEN {check[0]} THEN error('{BAD_ROW}' || {check[1]}) ELSE {name} END"
            values.append(name)
        return f"SELECT {', '.join(values)} FROM ({self._values(fields)})"

    def sorted_out(self, fields: Fields) -> str:
        """A SELECT of the target columns, of the reason (NULL for a good row) and of the line of a bad one.

        Rows that the header `where` leaves out are missing, unless they are bad.
        """
        targets = self.targets(fields)
        names = ", ".join(quoted(column.name) for column in targets)
        early = first_reason(self._early_checks(targets, fields))
        late = first_reason(self._late_checks(targets))
        where = self._where(targets)
        told = (
            f"SELECT {names}, {LINE_NAME}, coalesce({REASON_NAME}, {early}) AS {REASON_NAME}"
            f" FROM ({self._values(fields)})"
        )
        judged = (
            f"SELECT {names}, {LINE_NAME}, coalesce({REASON_NAME}, CASE WHEN {where} THEN {late} END) AS {REASON_NAME}"
            f" FROM ({told}) AS {RELATION_ALIAS} WHERE {REASON_NAME} IS NOT NULL OR {where}"
        )
        line = f"CASE WHEN {REASON_NAME} IS NOT NULL THEN {LINE_NAME} END"
        return f"SELECT {names}, {REASON_NAME}, {line} FROM ({judged})"

    def _early_checks(self, targets: Sequence[Column], fields: Fields) -> list[Check]:
        """What a backend looks at before the header `where`."""
        checks: list[Check] = []
        for column in targets:
            at = self._columns.namesake(column)
            if self._options.strict and at is not None and fields.types[at] is not None:
                checks.append(strict_check(column, field_name(at)))
            if (check := null_check(column)) is not None:
                checks.append(check)
        return checks

    def _late_checks(self, targets: Sequence[Column]) -> list[Check]:
        checks = [check for column in targets if (check := length_check(column)) is not None]
        partition = partition_check(self._table, self._options.partitions, targets)
        return checks if partition is None else [*checks, partition]

    def _where(self, targets: Sequence[Column]) -> str:
        if not self._options.where:
            return "TRUE"
        node = parse_expression(self._options.where, sql_mode=self._facts.variables.get("sql_mode", ""))
        columns = tuple(RelationColumn(column.name, column.type, column.nullable) for column in targets)
        bound = self._bound(node, columns, self._options.where)
        if bound.type.name != "boolean":
            raise refused("a where that is no comparison", "Write where: column = value.")
        return f"coalesce({self._renderer.text(bound.node)}, FALSE)"

    def _values(self, fields: Fields) -> str:
        """A SELECT of the target columns in their types, of the marks and of the fields as they were."""
        scan = self._scan(fields)
        scanned = tuple(
            RelationColumn(name, kind) for name, kind in zip(self._columns.file, scan.types, strict=True) if kind
        )
        items = []
        for column in self.targets(fields):
            expression = self._columns.computed.get(column.name)
            if expression is None:
                value = f"{RELATION_ALIAS}.{quoted(self._columns.file[self._position(column)])}"
            else:
                bound = self._bound(expression, scanned, self._columns.text)
                value = self._renderer.text(implicit(bound, column.type).node)
            items.append(f"{value} AS {quoted(column.name)}")
        items += [LINE_NAME, REASON_NAME, *map(field_name, self._kept(fields))]
        return f"SELECT {', '.join(items)} FROM ({scan.sql}) AS {RELATION_ALIAS}"

    def _position(self, column: Column) -> int:
        at = self._columns.position(column)
        assert at is not None  # noqa: S101 - a target is computed or in the file
        return at

    def _kept(self, fields: Fields) -> list[int]:
        """Fields that strict mode compares with what became of them."""
        return [at for at, kind in enumerate(fields.types) if kind is not None and self._options.strict]

    def _scan(self, fields: Fields) -> Fields:
        """The fields under the names of the file's columns: cast to the column they go to, otherwise text."""
        items: list[str] = []
        types: list[DorisType | None] = []
        for at, (name, kind) in enumerate(zip(self._columns.file, fields.types, strict=True)):
            if kind is None:
                types.append(None)
                continue
            field = Typed(exp.column(f"|f{at}", quoted=True), kind)
            column = self._table.column(name)
            if column is not None and column.name not in self._columns.computed:
                value = to_column(field, column.type)
            else:
                value = cast_to(field, STRING)
            types.append(value.type)
            items.append(f"{self._renderer.text(value.node)} AS {quoted(name)}")
        items += [LINE_NAME, REASON_NAME, *map(field_name, self._kept(fields))]
        return Fields(f"SELECT {', '.join(items)} FROM ({fields.sql})", tuple(types))

    def _bound(self, node: exp.Expression, columns: tuple[RelationColumn, ...], text: str) -> Typed:
        if node.find(tree.QueryExpression) is not None:
            raise refused("a query within an expression of a load")
        relation = Relation(self._table.db, self._table.name, columns, from_sql="")
        bound = bind_scalar(node, self._schema, self._facts, relation, text)
        if bound.aggregate:
            raise analysis("Don't support aggregation function in load expression")
        return bound
