"""What a load will do, settled before its body is taken: a load that cannot work is refused before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb

from nereus.warehouse.embedded.catalog.model import KeyModel, Table, View
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.http.columns import Columns, read_columns
from nereus.warehouse.embedded.http.failures import from_doris, not_found, refused
from nereus.warehouse.embedded.http.formats.jsonpath import parse_path, parse_paths
from nereus.warehouse.embedded.http.options import LoadOptions
from nereus.warehouse.embedded.http.statements import Fields, LoadStatements
from nereus.warehouse.embedded.sql.typed import SessionFacts
from nereus.warehouse.embedded.types import STRING
from nereus.warehouse.embedded.variables import UTC_NAMES
from nereus.warehouse.embedded.write.keys import sequence_column
from nereus.warehouse.embedded.write.labels import LabelUsed
from nereus.warehouse.embedded.write.rows import target_columns
from nereus.warehouse.embedded.write.values import default

if TYPE_CHECKING:
    from nereus.warehouse.embedded.warehouse import Warehouse

_UTC = UTC_NAMES | {"z"}


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """A load whose headers fit its table. `now` dates defaults, in UTC."""

    user: str
    table: Table
    options: LoadOptions
    columns: Columns
    statements: LoadStatements
    now: datetime


def plan_load(warehouse: Warehouse, user: str, host: str, db: str, name: str, options: LoadOptions) -> LoadPlan:
    """Raises LoadFailed for an unknown table, a label that was used, and headers that do not fit the table."""
    snapshot = warehouse.catalog.snapshot()
    if db not in snapshot.databases:
        raise not_found(f"unknown database, database={db}")
    table = snapshot.table(db, name)
    if table is None:
        raise not_found(f"table not found, tableName={name}")
    if isinstance(table, View):
        raise not_found(f"table type is not OLAP, tableName={name}, type=VIEW")
    variables = warehouse.variables.values()
    _check_timezone(options.timezone, variables.get("time_zone", "UTC"))
    now = datetime.now(UTC).replace(tzinfo=None)
    facts = SessionFacts(user=user, host=host, database=db, variables=variables, now=now)
    try:
        _check_label(warehouse, snapshot.databases[db].id, options.label)
        columns = read_columns(options.columns, table, sql_mode=variables.get("sql_mode", ""))
        statements = LoadStatements(table, columns, options, snapshot, facts)
        if options.format != "parquet":
            # The types of a Parquet file are known only when it is here.
            fields = Fields("SELECT 1", (STRING,) * len(columns.file))
            statements.sorted_out(fields)
            check_targets(table, options, [column.name for column in statements.targets(fields)])
    except DorisError as error:
        raise from_doris(error) from error
    if options.format == "json":
        _ = options.jsonpaths and parse_paths(options.jsonpaths)
        _ = options.json_root and parse_path(options.json_root)
    return LoadPlan(user, table, options, columns, statements, now)


def check_targets(table: Table, options: LoadOptions, names: Sequence[str]) -> None:
    """Raise for columns with which the load cannot fill the table, delete from it or update it."""
    given = {name.lower() for name in names}
    on_write = dict(table.properties).get("enable_unique_key_merge_on_write", "true") == "true"
    unique = table.model is KeyModel.UNIQUE
    if options.partial and not (unique and on_write):
        raise DorisError("Only unique key merge on write support partial update")
    if options.deletes and not unique:
        raise DorisError("load by MERGE or DELETE is only supported in unique tables.")
    sequence = sequence_column(table)
    if options.deletes and sequence is not None:
        raise Refused("merge_type DELETE into a table with a sequence column")
    if options.partial or options.deletes:
        for key in table.keys:
            if key.lower() not in given:
                what = "Partial update" if options.partial else "merge_type DELETE"
                raise DorisError(f"{what} should include all key columns, missing: {key}")
    elif sequence is not None and sequence.name.lower() not in given:
        raise DorisError(f"Table {table.name} has sequence column, need to specify the sequence column")
    target_columns(table, names, all_needed=not (options.partial or options.deletes))


def missing_texts(cursor: duckdb.DuckDBPyConnection, plan: LoadPlan) -> dict[str, str]:
    """What a column of a JSON file holds in a row without its key, by its name in the file: the table's default."""
    texts: dict[str, str] = {}
    for name in plan.columns.file:
        column = plan.table.column(name)
        if column is None or column.default is None:
            continue
        if column.default_is_expression:
            found = cursor.execute(f"SELECT CAST({default(column, plan.now)} AS VARCHAR)").fetchone()
            texts[name] = str(found[0]) if found else ""
        else:
            texts[name] = column.default
    return texts


def _check_timezone(wanted: str, kept: str) -> None:
    if wanted and wanted.lower() not in _UTC and wanted.lower() != kept.lower():
        raise refused(f"the timezone {wanted} of a load", f"The warehouse keeps {kept}: convert before the load.")


def _check_label(warehouse: Warehouse, db_id: int, label: str) -> None:
    """Raise LabelUsed early; the writer looks again when it commits."""
    cursor = warehouse.engine.cursor()
    try:
        found = cursor.execute(
            "SELECT txn_id FROM nereus.labels WHERE db_id = ? AND label = ?", [db_id, label]
        ).fetchone()
    finally:
        cursor.close()
    if found is not None:
        raise LabelUsed(label, found[0], running=False)
