"""DESC FUNCTION: the columns of a table function."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.operations import s3_function
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.reader import Reader

#: Functions that read files or other systems: their columns are those of what is read.
_ELSEWHERE = ("hdfs", "local", "file", "query", "http_stream", "group_commit", "hudi_meta", "parquet_meta")

_COLUMNS = ["Field", "Type", "Null", "Key", "Default", "Extra"]


@cache
def function_columns() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """(name, type) of the columns by function, with the type of the job behind a space."""
    data = resources.files("nereus.warehouse.embedded.statements").joinpath("table_functions.tsv").read_text("utf-8")
    found = {}
    for line in data.splitlines():
        if not line.startswith("#"):
            name, _, columns = line.partition("\t")
            found[name] = tuple((column.split()[0], column.split()[1]) for column in columns.split("; "))
    return found


def describe_function(session: Session, reader: Reader) -> Result:
    """``DESC FUNCTION name("key" = "value", ...)``. Raises DorisError for an unknown name or a missing argument."""
    name = reader.name().lower()
    reader.expect("(")
    given = {} if reader.kind == ")" else {key.lower(): value for key, value in reader.pairs().items()}
    reader.expect(")")
    reader.finish()
    if name == "iceberg_meta" and given.get("table", "").count(".") != 2:
        raise DorisError("The iceberg table name contains the catalogName, databaseName, and tableName")
    if name == "s3":
        found = s3_function.files(session, given)
        listed = [[column.name, column.type, "Yes", "false", None, "NONE"] for column in found.columns]
        return text_rows(_COLUMNS, listed)
    if name in _ELSEWHERE or name == "iceberg_meta":
        raise Refused(f"DESC FUNCTION {name}", "It reads no files of users and no other systems.")
    if name in ("jobs", "tasks"):
        kind = given.get("type", "").lower()
        if not kind:
            raise DorisError("Invalid " + name[:-1] + " metadata query")
        name = f"{name} {kind}"
    columns = function_columns().get(name)
    if columns is None:
        raise DorisError(f"Can not build FunctionTable {name.split()[0]}")
    rows = [[column, kind, "No", "false", None, "NONE"] for column, kind in columns]
    return text_rows(_COLUMNS, rows)
