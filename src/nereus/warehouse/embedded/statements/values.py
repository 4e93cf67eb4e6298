"""INSERT ... VALUES: rows of literals go to the engine as columns, everything else row by row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
from sqlglot import exp

from nereus.warehouse.embedded.catalog.model import Column, Table
from nereus.warehouse.embedded.ddl.clauses import ClauseParser
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.binder import bind_scalar
from nereus.warehouse.embedded.sql.lexer import DECIMAL, INTEGER, STRING
from nereus.warehouse.embedded.sql.render import Renderer, quoted
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.statements.assign import assigned
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, NULL, DorisType, decimal
from nereus.warehouse.embedded.types import STRING as TEXT
from nereus.warehouse.embedded.write.values import constant, default, has_default

#: The name under which rows of literals are registered with the session's cursor.
_VIEW = "insert_values"


class Default:
    """DEFAULT in a row."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal of one of the kinds that have one text form: `kind` is "string", "integer", "decimal", "boolean"."""

    kind: str
    value: str | int | Decimal | bool


Cell = Literal | Default | exp.Expression | None


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands behind VALUES; None is NULL."""

    rows: list[list[Cell]]

    @classmethod
    def read(cls, parser: ClauseParser) -> Rows:
        parser.expect("VALUES")
        rows = [_row(parser)]
        while parser.accept(","):
            rows.append(_row(parser))
        return cls(rows)


_HEAD = re.compile(r"[^'\"]*?\bVALUES\s*(?=\()", re.IGNORECASE)
_CELL = re.compile(
    r"\s*(?:'([^'\\]*(?:''[^'\\]*)*)'|(-?\d{1,18})|(-?\d{1,18}\.\d{1,18})|(NULL|TRUE|FALSE))\s*([,)])", re.IGNORECASE
)
_NEXT_ROW = re.compile(r"\s*,\s*\(")
_END = re.compile(r"[\s;]*\Z")
_WORDS: dict[str, Cell] = {"NULL": None, "TRUE": Literal("boolean", True), "FALSE": Literal("boolean", False)}


def split_literals(text: str) -> tuple[str, Rows] | None:
    """A statement that ends in VALUES with rows of plain literals: what stands before VALUES, and the rows.

    None where there is anything else in it; then it is to be parsed as a whole. This is what makes an INSERT of
    thousands of rows bearable: no tokens are made of them.
    """
    head = _HEAD.match(text)
    if head is None or "SELECT" in head.group().upper():
        return None
    rows: list[list[Cell]] = []
    at = head.end() + 1
    match = _CELL.match
    while True:
        row: list[Cell] = []
        while True:
            found = match(text, at)
            if found is None:
                return None
            string, integer, number, word, mark = found.groups()
            if string is not None:
                row.append(Literal("string", string.replace("''", "'")))
            elif integer is not None:
                row.append(Literal("integer", int(integer)))
            elif number is not None:
                row.append(Literal("decimal", Decimal(number)))
            else:
                row.append(_WORDS[word.upper()])
            at = found.end()
            if mark == ")":
                break
        rows.append(row)
        following = _NEXT_ROW.match(text, at)
        if following is None:
            break
        at = following.end()
    if _END.match(text, at) is None:
        return None
    return text[: head.end()], Rows(rows)


def _row(parser: ClauseParser) -> list[Cell]:
    parser.expect("(")
    cells: list[Cell] = []
    if parser.accept(")"):
        return cells
    while True:
        cells.append(_cell(parser))
        if not parser.accept(","):
            break
    parser.expect(")")
    return cells


def _cell(parser: ClauseParser) -> Cell:
    ahead = 1 if parser.kind == "-" else 0
    token = parser.ahead(ahead)
    if parser.ahead(ahead + 1).kind in (",", ")"):
        found = _literal(token.kind, token.value, minus=ahead == 1)
        if found is not None or (token.kind == "NULL" and not ahead):
            parser.seek(parser.index + ahead + 1)
            return found
        if token.kind == "DEFAULT" and not ahead:
            parser.advance()
            return Default()
    return parser.expression()


def _literal(kind: str, value: str, *, minus: bool) -> Literal | None:
    if kind == STRING and not minus:
        return Literal("string", value)
    if kind == INTEGER:
        number = -int(value) if minus else int(value)
        return Literal("integer", number) if -(2**63) <= number < 2**63 else None
    if kind == DECIMAL and "e" not in value.lower():
        return Literal("decimal", Decimal("-" + value if minus else value))
    if kind in ("TRUE", "FALSE") and not minus:
        return Literal("boolean", kind == "TRUE")
    return None


def rows_select(session: Session, source: Rows, table: Table, columns: Sequence[Column], text: str) -> str:
    """A DuckDB SELECT of the rows in the physical types of the columns. Raises what Doris raises."""
    rows = [row or [Default()] * len(columns) for row in source.rows]
    if any(len(row) != len(columns) for row in rows):
        raise DorisError("Column count doesn't match value count")
    by_column = list(zip(*rows, strict=True))
    kinds = [_common(cells) for cells in by_column]
    if any(kind is None for kind in kinds):
        return " UNION ALL ".join(_one(session, row, columns, text) for row in rows)
    renderer = Renderer()
    arrays, items = [], []
    for position, (cells, kind, column) in enumerate(zip(by_column, kinds, columns, strict=True)):
        array, source_type = _array(cells, kind or NULL)
        arrays.append(array)
        name = f"v{position}"
        reference = exp.Column(this=exp.Identifier(this=name, quoted=True))
        items.append(renderer.text(assigned(Typed(reference, source_type), column.type, session).node))
    session.cursor.register(_VIEW, pa.Table.from_arrays(arrays, names=[f"v{i}" for i in range(len(arrays))]))
    return f"SELECT {', '.join(items)} FROM {quoted(_VIEW)}"


def forget_rows(session: Session) -> None:
    """Let go of the rows that `rows_select` registered."""
    session.cursor.unregister(_VIEW)


def _common(cells: Sequence[Cell]) -> DorisType | None:
    """The type in which all literals of a column can go together, or None where they cannot."""
    kinds: set[str] = set()
    for cell in cells:
        if isinstance(cell, Literal):
            kinds.add(cell.kind)
        elif cell is not None:
            return None
    if not kinds:
        return NULL
    if len(kinds) > 1:
        return None
    kind = kinds.pop()
    if kind != "decimal":
        return {"string": TEXT, "integer": BIGINT, "boolean": BOOLEAN}[kind]
    numbers = [cell.value for cell in cells if isinstance(cell, Literal) and isinstance(cell.value, Decimal)]
    scale = max(-int(number.as_tuple().exponent) for number in numbers)
    whole = max(len(str(abs(int(number)))) for number in numbers)
    return decimal(whole + scale, scale) if whole + scale <= 38 else None


def _array(cells: Sequence[Cell], kind: DorisType) -> tuple[pa.Array, DorisType]:
    values = [cell.value if isinstance(cell, Literal) else None for cell in cells]
    arrow = {
        "string": pa.string(),
        "bigint": pa.int64(),
        "boolean": pa.bool_(),
        "null": pa.int32(),
    }.get(kind.name)
    return pa.array(values, arrow or pa.decimal128(kind.precision or 38, kind.scale or 0)), kind


def _one(session: Session, row: Sequence[Cell], columns: Sequence[Column], text: str) -> str:
    """One row as a SELECT of its own: each value is cast by itself, as Doris does."""
    renderer = Renderer()
    return "SELECT " + ", ".join(
        _value(session, cell, column, text, renderer) for cell, column in zip(row, columns, strict=True)
    )


def _value(session: Session, cell: Cell, column: Column, text: str, renderer: Renderer) -> str:
    if cell is None:
        return constant(None, column.type)
    if isinstance(cell, Default):
        if not has_default(column):
            raise DorisError(f"Column has no default value, column={column.name}")
        return default(column, session.facts.now)
    node = _node(cell) if isinstance(cell, Literal) else cell
    value = bind_scalar(node, session.warehouse.schema(session), session.facts, None, text)
    return renderer.text(assigned(value, column.type, session).node)


def _node(cell: Literal) -> exp.Expression:
    if cell.kind == "boolean":
        return exp.Boolean(this=cell.value)
    if cell.kind == "string":
        return exp.Literal(this=str(cell.value), is_string=True)
    number = format(cell.value, "f") if isinstance(cell.value, Decimal) else str(cell.value)
    literal = exp.Literal(this=number.lstrip("-"), is_string=False)
    return exp.Neg(this=literal) if number.startswith("-") else literal
