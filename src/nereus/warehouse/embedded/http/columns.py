"""The header `columns`: which columns a file has, and which columns of the table are computed from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from nereus.warehouse.embedded.catalog.model import Column, Table
from nereus.warehouse.embedded.http.failures import analysis, refused
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.parse import parse_query

#: What the header is parsed behind; positions in errors count from here, as Doris' do.
_SELECT = "SELECT "


@dataclass(frozen=True, slots=True)
class Columns:
    """What a load does with the columns of its file.

    Attributes:
        file: the columns of the file in order, under the names of the header (or of the table).
        computed: expressions over columns of the file, by declared name of the table's column they fill.
        given: the header named the columns of the file.
        text: what the expressions were parsed from.
    """

    file: tuple[str, ...]
    computed: Mapping[str, exp.Expression]
    given: bool
    text: str = ""

    def targets(self, table: Table) -> tuple[Column, ...]:
        """The columns of the table that get values, in the table's order; the others get their defaults."""
        names = {name.lower() for name in self.file} | {name.lower() for name in self.computed}
        return tuple(column for column in table.columns if column.name.lower() in names)

    def namesake(self, column: Column) -> int | None:
        """Where in the file the column of this name is."""
        return next((at for at, name in enumerate(self.file) if name.lower() == column.name.lower()), None)

    def position(self, column: Column) -> int | None:
        """Where in the file the column is that fills `column` as it stands; None for a computed one."""
        return None if column.name in self.computed else self.namesake(column)


def read_columns(header: str, table: Table, *, sql_mode: str = "") -> Columns:
    """Raises DorisError for what Doris' parser does not take, LoadFailed for what means nothing here.

    ``a, b, tmp, c = tmp + 1``: three columns in the file, of which `tmp` is not in the table, and a computed one.
    An expression may use what is computed before it. A computed name that is not in the table only serves others.
    """
    file: list[str] = []
    computed: dict[str, tuple[str, exp.Expression]] = {}
    text = _SELECT + header
    for expression in _expressions(text, sql_mode) if header.strip() else ():
        if isinstance(expression, tree.Name):
            _add_file_column(file, _plain_name(expression))
        elif isinstance(expression, exp.EQ) and isinstance(expression.this, tree.Name):
            name = _plain_name(expression.this)
            if name.lower() in computed:
                raise refused(f"the header columns: {name} is computed twice")
            known = {key: value for key, (_, value) in computed.items()}
            computed[name.lower()] = name, _replaced(expression.expression, known)
        else:
            raise analysis(f"{tree.describe(expression)} is unsupported")
    given = bool(file)
    if not given:
        constant = {key for key, (_, value) in computed.items() if value.find(tree.Name) is None}
        file = [column.name for column in table.columns if column.name.lower() not in constant]
    kept = {column.name: value for key, (_, value) in computed.items() if (column := table.column(key)) is not None}
    columns = Columns(tuple(file), kept, given, text)
    if not columns.targets(table):
        raise refused("the header columns: it names no column of the table")
    return columns


def _expressions(text: str, sql_mode: str) -> list[exp.Expression]:
    query = parse_query(text, sql_mode=sql_mode)
    body = query.body
    plain = isinstance(body, tree.Select) and not (body.distinct or body.relation or body.where or body.group)
    if not plain or query.order or query.limit is not None or query.tables:
        raise analysis(f"parse expression failed: {text.removeprefix(_SELECT)}")
    assert isinstance(body, tree.Select)  # noqa: S101
    return [item.expression for item in body.items]


def _plain_name(name: tree.Name) -> str:
    parts: tuple[str, ...] = name.args["parts"]
    if len(parts) > 1:
        raise refused(f"the header columns: {'.'.join(parts)}", "Name the column alone.")
    if parts[0].startswith("|"):
        raise refused(f"the header columns: a name that begins with |: {parts[0]}")
    return parts[0]


def _add_file_column(file: list[str], name: str) -> None:
    if name.lower() in (other.lower() for other in file):
        raise refused(f"the header columns: {name} is named twice")
    file.append(name)


def _replaced(expression: exp.Expression, known: Mapping[str, exp.Expression]) -> exp.Expression:
    """`expression` with names that are computed before it written out."""

    def replace(node: exp.Expression) -> exp.Expression:
        if isinstance(node, tree.Name) and len(node.args["parts"]) == 1:
            meaning = known.get(node.args["parts"][0].lower())
            return node if meaning is None else meaning.copy()
        return node

    return expression.transform(replace)
