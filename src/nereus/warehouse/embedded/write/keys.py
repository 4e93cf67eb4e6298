"""What a table's key model makes of rows that a transaction has just written."""

from __future__ import annotations

import duckdb

from nereus.warehouse.embedded.catalog import physical, quoted
from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Table
from nereus.warehouse.embedded.errors import DorisError, Refused

#: DuckDB numbers the rows that a transaction has not committed yet from here on (its MAX_ROW_ID).
NEW_ROWS = 36028797018960000
_MERGED = "temp.nereus_merged"
_SEQUENCE = "function_column.sequence_col"
_HIDDEN_SEQUENCE = "function_column.sequence_type"

#: How two values of an aggregated column become one; NULL takes part in REPLACE alone.
_MERGES = {
    "SUM": "sum({0})",
    "MIN": "min({0})",
    "MAX": "max({0})",
    "REPLACE": "arg_max_null({0}, {1})",
    "REPLACE_IF_NOT_NULL": "arg_max({0}, {1})",
    "BITMAP_UNION": "list_sort(list_distinct(flatten(list({0}) FILTER (WHERE {0} IS NOT NULL))))",
    "HLL_UNION": "doris_hll_merge(list({0}) FILTER (WHERE {0} IS NOT NULL))",
}
#: Types whose order as text is not Doris' order.
_UNORDERED = frozenset({"ipv4", "ipv6"})


def check_is_written(table: Table) -> None:
    """Raise for a materialised view: its rows are what its query gives."""
    if table.materialized is not None:
        raise DorisError("Not allowed to perform current operation on async materialized view")


def check_kept(table: Table) -> None:
    """Raise for a materialised view, and for a table whose rows cannot be merged as Doris merges them."""
    check_is_written(table)
    if _HIDDEN_SEQUENCE in dict(table.properties):
        raise DorisError(f"Table {table.name} has sequence column, need to specify the sequence column")
    for column in table.columns:
        merge = column.aggregation
        if merge is not None and (merge not in _MERGES or (merge in ("MIN", "MAX") and column.type.name in _UNORDERED)):
            raise Refused(
                f"writing to {table.name}, whose column {column.name} is {column.type} {merge}",
                "Use SUM, MIN, MAX, REPLACE or REPLACE_IF_NOT_NULL of numbers, texts and dates, or a bitmap or HLL.",
            )


def sequence_column(table: Table) -> Column | None:
    """The column that decides which row of a UNIQUE key is the latest, where one was declared."""
    name = dict(table.properties).get(_SEQUENCE)
    return None if name is None or table.model is not KeyModel.UNIQUE else table.column(name)


def settle(cursor: duckdb.DuckDBPyConnection, table: Table, *, with_former: bool) -> None:
    """Leave one row per key of a UNIQUE or AGGREGATE table, after rows were added to it in this transaction.

    `with_former`: rows committed before take part too; an overwrite has removed them.
    """
    with_former = with_former and _has_former(cursor, table)
    if table.model is KeyModel.AGGREGATE:
        _merge(cursor, table, with_former=with_former)
    elif table.model is KeyModel.UNIQUE:
        sequence = sequence_column(table)
        if sequence is not None:
            _keep_highest(cursor, table, sequence)
            return
        if with_former:
            keys = ", ".join(quoted(key) for key in table.keys)
            new = f"SELECT {keys} FROM {physical(table)} WHERE rowid >= {NEW_ROWS}"
            cursor.execute(delete_by_keys(table, new, f'"o".rowid < {NEW_ROWS}'))
        _keep_last(cursor, table)


def delete_by_keys(table: Table, source_sql: str, where: str = "TRUE") -> str:
    """DELETE the rows whose keys the source gives, found by a join that reads only where such keys may be."""
    names = [f'"k{i}"' for i in range(len(table.keys))]
    source = f'(SELECT DISTINCT * FROM ({source_sql})) AS "n"({", ".join(names)})'
    terms = [where, *_same_keys(table, names)]
    return f'DELETE FROM {physical(table)} AS "o" USING {source} WHERE {" AND ".join(terms)}'


def _same_keys(table: Table, names: list[str]) -> list[str]:
    """Conditions that row "o" of the table has the keys `names` of row "n"."""
    terms = []
    for key, name in zip(table.keys, names, strict=True):
        column = table.column(key)
        same = "=" if column is not None and not column.nullable else "IS NOT DISTINCT FROM"
        terms.append(f'"o".{quoted(key)} {same} "n".{name}')
    return terms


def _has_former(cursor: duckdb.DuckDBPyConnection, table: Table) -> bool:
    return cursor.execute(f"SELECT 1 FROM {physical(table)} WHERE rowid < {NEW_ROWS} LIMIT 1").fetchone() is not None


def _repeats(cursor: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether two of the new rows have one key."""
    keys = ", ".join(quoted(key) for key in table.keys)
    new = f"FROM {physical(table)} WHERE rowid >= {NEW_ROWS}"
    return cursor.execute(f"SELECT 1 {new} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1").fetchone() is not None


def _keep_last(cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
    if not _repeats(cursor, table):
        return
    keys = ", ".join(quoted(key) for key in table.keys)
    new = f"FROM {physical(table)} WHERE rowid >= {NEW_ROWS}"
    last = f"SELECT max(rowid) {new} GROUP BY {keys}"
    cursor.execute(f"DELETE FROM {physical(table)} WHERE rowid >= {NEW_ROWS} AND rowid NOT IN ({last})")


def _keep_highest(cursor: duckdb.DuckDBPyConnection, table: Table, sequence: Column) -> None:
    """Of rows with one key keep the one with the highest sequence; of equal ones the latest, and NULL is lowest."""
    name = physical(table)
    keys = [quoted(key) for key in table.keys]
    own = ", ".join(f'"o".{key}' for key in keys)
    same = " AND ".join(_same_keys(table, keys))
    found = f'{name} AS "o" SEMI JOIN (SELECT * FROM {name} WHERE rowid >= {NEW_ROWS}) AS "n" ON {same}'
    order = f'"o".{quoted(sequence.name)} DESC NULLS LAST, "o".rowid DESC'
    ranked = f'SELECT "o".rowid AS r, row_number() OVER (PARTITION BY {own} ORDER BY {order}) AS n FROM {found}'
    cursor.execute(f"DELETE FROM {name} WHERE rowid IN (SELECT r FROM ({ranked}) WHERE n > 1)")


def _merge(cursor: duckdb.DuckDBPyConnection, table: Table, *, with_former: bool) -> None:
    """Make one row of all rows with one key, as the aggregations of its columns say."""
    if not with_former and not _repeats(cursor, table):
        return
    name = physical(table)
    keys = [quoted(key) for key in table.keys]
    listed = ", ".join(keys)
    same = " AND ".join(_same_keys(table, keys))
    new = f"SELECT DISTINCT {listed} FROM {name} WHERE rowid >= {NEW_ROWS}"
    items = ", ".join(f"{_merged(column)} AS {quoted(column.name)}" for column in table.columns)
    grouped = ", ".join(f'"o".{key}' for key in keys)
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {_MERGED.removeprefix('temp.')} AS "
        f'SELECT {items} FROM {name} AS "o" JOIN ({new}) AS "n" ON {same} GROUP BY {grouped}'
    )
    cursor.execute(f"DELETE FROM {name} WHERE rowid >= {NEW_ROWS}")
    if with_former:
        cursor.execute(delete_by_keys(table, f"SELECT {listed} FROM {_MERGED}", f'"o".rowid < {NEW_ROWS}'))
    columns = ", ".join(quoted(column.name) for column in table.columns)
    cursor.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {_MERGED}")
    cursor.execute(f"DROP TABLE {_MERGED}")


def _merged(column: Column) -> str:
    value = f'"o".{quoted(column.name)}'
    if column.aggregation is None:
        return value
    return (
        f"CAST({_MERGES[column.aggregation].format(value, chr(34) + 'o' + chr(34) + '.rowid')} AS {column.type.duckdb})"
    )
