"""What Flight SQL asks about the server and its catalogue, in the schemas that Arrow's specification gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from nereus.warehouse.embedded.flight.arrow import schema_of
from nereus.warehouse.embedded.result import ResultColumn, ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.types import parse_type

_CATALOG = "internal"

CATALOGS = pa.schema([pa.field("catalog_name", pa.string(), nullable=False)])
SCHEMAS = pa.schema([pa.field("catalog_name", pa.string()), pa.field("db_schema_name", pa.string(), nullable=False)])
TABLES = pa.schema(
    [
        pa.field("catalog_name", pa.string()),
        pa.field("db_schema_name", pa.string()),
        pa.field("table_name", pa.string(), nullable=False),
        pa.field("table_type", pa.string(), nullable=False),
    ]
)
TABLES_WITH_COLUMNS = TABLES.append(pa.field("table_schema", pa.binary(), nullable=False))
TABLE_TYPES = pa.schema([pa.field("table_type", pa.string(), nullable=False)])

_SQL_INFO_VALUE = pa.dense_union(
    [
        pa.field("string_value", pa.string()),
        pa.field("bool_value", pa.bool_()),
        pa.field("bigint_value", pa.int64()),
        pa.field("int32_bitmask", pa.int32()),
        pa.field("string_list", pa.list_(pa.string())),
        pa.field("int32_to_int32_list_map", pa.map_(pa.int32(), pa.list_(pa.int32()))),
    ]
)
SQL_INFO = pa.schema(
    [pa.field("info_name", pa.uint32(), nullable=False), pa.field("value", _SQL_INFO_VALUE, nullable=False)]
)
#: Number of the information -> (child of the union, value), as Doris' frontend tells them; 18.2.0 is the version of
#: Arrow that it is built with.
_SQL_INFOS: dict[int, tuple[int, str | bool | int]] = {
    0: (0, "DorisFE"),
    1: (0, "1.0"),
    2: (0, "18.2.0"),
    3: (1, False),
    500: (1, True),
    501: (1, False),
    502: (1, False),
    503: (2, 1),
    504: (0, "`"),
    505: (2, 1),
}


def sql_info(wanted: Iterable[int]) -> pa.Table:
    """The pieces of information asked for that are known; all of them where none is named."""
    numbers = [number for number in (list(wanted) or _SQL_INFOS) if number in _SQL_INFOS]
    children: list[list[Any]] = [[] for _ in _SQL_INFO_VALUE]
    kinds, offsets = [], []
    for number in numbers:
        child, value = _SQL_INFOS[number]
        kinds.append(child)
        offsets.append(len(children[child]))
        children[child].append(value)
    union = pa.UnionArray.from_dense(
        pa.array(kinds, pa.int8()),
        pa.array(offsets, pa.int32()),
        [pa.array(values, field.type) for values, field in zip(children, _SQL_INFO_VALUE, strict=True)],
        [field.name for field in _SQL_INFO_VALUE],
    )
    return pa.Table.from_arrays([pa.array(numbers, pa.uint32()), union], schema=SQL_INFO)


def catalogs(_session: Session) -> pa.Table:
    """There is one."""
    return pa.Table.from_pydict({"catalog_name": [_CATALOG]}, CATALOGS)


def table_types(_session: Session) -> pa.Table:
    """The kinds of tables and views, as information_schema.tables names them."""
    return pa.Table.from_pydict({"table_type": ["BASE TABLE", "SYSTEM VIEW", "VIEW"]}, TABLE_TYPES)


def schemas(session: Session, catalog: str, pattern: str) -> pa.Table:
    """The databases that the user sees; `pattern` is a LIKE pattern, empty for all."""
    names: list[str] = []
    if catalog in ("", _CATALOG):
        sql = "SELECT schema_name FROM information_schema.schemata" + _like("schema_name", pattern)
        names = [row[0] for row in _rows(session, sql + " ORDER BY schema_name")]
    return pa.Table.from_pydict({"catalog_name": [_CATALOG] * len(names), "db_schema_name": names}, SCHEMAS)


def tables(session: Session, catalog: str, pattern: str, name: str, kinds: Sequence[str], *, columns: bool) -> pa.Table:
    """The tables and views that the user sees. With `columns` each with its schema, serialised."""
    schema = TABLES_WITH_COLUMNS if columns else TABLES
    found: list[Sequence[Any]] = []
    if catalog in ("", _CATALOG):
        sql = "SELECT table_schema, table_name, table_type FROM information_schema.tables"
        sql += _like("table_schema", pattern, " WHERE ") + _like("table_name", name, " AND " if pattern else " WHERE ")
        found = [row for row in _rows(session, sql + " ORDER BY 1, 2") if not kinds or row[2] in kinds]
    rows = [[_CATALOG] * len(found), *([row[at] for row in found] for at in range(3))]
    if columns:
        known = _columns(session, pattern, name) if found else {}
        rows.append([_serialised(known.get((row[0], row[1]), [])) for row in found])
    arrays = [pa.array(values, field.type) for values, field in zip(rows, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _columns(session: Session, pattern: str, name: str) -> dict[tuple[str, str], list[ResultColumn]]:
    sql = "SELECT table_schema, table_name, column_name, column_type FROM information_schema.columns"
    sql += _like("table_schema", pattern, " WHERE ") + _like("table_name", name, " AND " if pattern else " WHERE ")
    found: dict[tuple[str, str], list[ResultColumn]] = {}
    for db, table, column, kind in _rows(session, sql + " ORDER BY 1, 2, ordinal_position"):
        found.setdefault((db, table), []).append(ResultColumn(column, parse_type(kind)))
    return found


def _serialised(columns: Sequence[ResultColumn]) -> bytes:
    return bytes(schema_of(columns, "UTC").serialize())


def _like(column: str, pattern: str, word: str = " WHERE ") -> str:
    if not pattern:
        return ""
    quoted = pattern.replace("\\", "\\\\").replace("'", "''")
    return f"{word}{column} LIKE '{quoted}'"


def _rows(session: Session, sql: str) -> list[Sequence[Any]]:
    for result in session.execute(sql):
        if isinstance(result, ResultSet):
            batches = (batch.columns for batch in result.batches)
            return [row for columns in batches for row in zip(*(one.to_pylist() for one in columns), strict=True)]
    return []
