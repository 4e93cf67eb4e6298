"""ANALYZE TABLE, SHOW TABLE STATS, SHOW COLUMN STATS, SHOW ANALYZE and DROP STATS."""

from __future__ import annotations

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.denials import command_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok, Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.answers import words
from nereus.warehouse.embedded.statements.reader import Reader

_TABLE = words(
    "updated_rows query_times row_count updated_time columns trigger new_partition user_inject enable_auto_analyze"
    " last_analyze_time"
)
_COLUMN = words(
    "column_name index_name count ndv num_null data_size avg_size_byte min max method type trigger query_times"
    " updated_time update_rows last_analyze_row_count last_analyze_version hot_values"
)
_JOBS = words(
    "job_id catalog_name db_name tbl_name col_name job_type analysis_type message last_exec_time_in_ms state progress"
    " schedule_type start_time end_time priority enable_partition"
)
#: Ways of Doris to find statistics faster; here every value is looked at.
_IGNORED = ("INCREMENTAL", "FULL", "SQL")


@statement("ANALYZE TABLE", kind="ANALYZE")
def analyze(session: Session, text: str) -> Result:
    """ANALYZE TABLE name [(columns)] [WITH SYNC | FULL | SAMPLE ROWS n ...]: done when the statement ends"""
    reader = Reader.after(text, "ANALYZE", "TABLE")
    db, name = reader.table(session.database)
    if reader.token.word in ("PARTITION", "PARTITIONS"):
        raise Refused("ANALYZE of partitions", "Analyze the table.")
    named = _names(reader) if reader.kind == "(" else []
    sync = False
    while reader.accept("WITH"):
        word = reader.advance().word
        if word == "SAMPLE":
            reader.advance()
            reader.integer()
        elif word == "SYNC":
            sync = True
        elif word not in _IGNORED:
            raise Refused(f"ANALYZE ... WITH {word}", "Write ANALYZE TABLE name WITH SYNC.")
    reader.properties()
    reader.finish()
    table = _table(session, db, name)
    session.check("SELECT", db, name, error=command_denied(session, "ANALYZE", f"{db}: {name}"))
    columns = list(table.columns)
    if named:
        columns = []
        for title in named:
            column = table.column(title)
            if column is None:
                raise DorisError(f"The column does not exist, name: {title}")
            columns.append(column)
    warehouse = session.warehouse
    relation = warehouse.catalog.snapshot().relation(db, name)
    source = (relation.from_sql if relation is not None else None) or ""
    version = warehouse.catalog.versions.latest(table.id)
    job = warehouse.statistics.analyze(session.cursor, source, table, columns, version)
    if sync:
        return Ok()
    listed = ",".join(f"{table.name}:{title}" for title in job.columns)
    titles = ["Job_Id", "Catalog_Name", "DB_Name", "Table_Name", "Columns"]
    return text_rows(titles, [[str(job.id), "internal", db, table.name, listed]])


@statement("SHOW TABLE STATS", kind="SHOW")
def show_table_stats(session: Session, text: str) -> Result:
    """SHOW TABLE STATS name"""
    reader = Reader.after(text, "SHOW", "TABLE", "STATS")
    db, name = reader.table(session.database)
    reader.finish()
    table = _table(session, db, name)
    session.check("SHOW", db, name, error=command_denied(session, "SHOW TABLE STATS", f"{db}: {name}"))
    known = session.warehouse.statistics.of(table)
    if known is None:
        rows = session.warehouse.sizes.of(session.cursor, [table])[table.id].rows
        return text_rows(_TABLE, [["", "", str(rows), "", "", "", "", "", "true", ""]])
    listed = "[" + ", ".join(f"{table.name}:{column}" for column in known.columns) + "]"
    row = ["0", "0", str(known.rows), known.updated, listed, "MANUAL", "false", "false", "true", known.updated]
    return text_rows(_TABLE, [row])


@statement("SHOW COLUMN STATS", "SHOW COLUMN CACHED STATS", kind="SHOW")
def show_column_stats(session: Session, text: str) -> Result:
    """SHOW COLUMN [CACHED] STATS name [(columns)]"""
    reader = Reader.after(text, "SHOW", "COLUMN")
    reader.accept_word("CACHED")
    reader.expect_word("STATS")
    db, name = reader.table(session.database)
    named = [column.lower() for column in (_names(reader) if reader.kind == "(" else [])]
    reader.finish()
    table = _table(session, db, name, "Table: {0} not exists")
    session.check("SHOW", db, name, error=command_denied(session, "SHOW COLUMN STATS", f"{db}: {name}"))
    known = session.warehouse.statistics.of(table)
    rows = []
    for column, found in (known.columns if known else {}).items():
        if named and column.lower() not in named:
            continue
        average = found.bytes / found.count if found.count else 0.0
        numbers = [float(found.count), float(found.distinct), float(found.nulls), float(found.bytes), average]
        head = [column, table.name, *map(str, numbers), found.least, found.greatest]
        counts = [str(found.count), str(found.version), "null"]
        rows.append([*head, "FULL", "FUNDAMENTALS", "MANUAL", "0", found.updated, "0", *counts])
    return text_rows(_COLUMN, rows)


@statement("SHOW ANALYZE", kind="SHOW")
def show_analyze(session: Session, text: str) -> Result:
    """SHOW ANALYZE [job id | table]: what was analysed since the warehouse was started"""
    reader = Reader.after(text, "SHOW", "ANALYZE")
    wanted: int | tuple[str, str] | None = None
    if reader.kind == "integer":
        wanted = reader.integer()
    elif reader.at_name():
        wanted = reader.table(session.database)
    reader.finish()
    rows = []
    for job in session.warehouse.statistics.jobs:
        chosen = wanted is None or wanted in (job.id, (job.db, job.table))
        if chosen and session.allows("SHOW", job.db, job.table):
            columns = "[" + ", ".join(f"{job.table}:{column}" for column in job.columns) + "]"
            done = f"{len(job.columns)} Finished  |  0 Failed  |  0 In Progress  |  {len(job.columns)} Total"
            head = [str(job.id), "internal", job.db, job.table, columns, "MANUAL", "FUNDAMENTALS", ""]
            rows.append([*head, job.ended, "FINISHED", done, "ONCE", job.started, job.ended, "MANUAL", "true"])
    return text_rows(_JOBS, rows)


@statement("DROP STATS", kind="DROP")
def drop_stats(session: Session, text: str) -> Ok:
    """DROP STATS name [(columns)]"""
    reader = Reader.after(text, "DROP", "STATS")
    db, name = reader.table(session.database)
    named = _names(reader) if reader.kind == "(" else []
    reader.finish()
    table = _table(session, db, name)
    session.check("DROP", db, name, error=command_denied(session, "DROP", f"{db}: {name}"))
    session.warehouse.statistics.drop(table, named)
    return Ok()


def _table(session: Session, db: str, name: str, unknown: str = "Unknown table '{0}'") -> Table:
    found = session.warehouse.catalog.database(db).relations.get(name)
    if found is None:
        raise DorisError(unknown.format(name))
    if not isinstance(found, Table):
        raise Refused("statistics of a view", "Name a table.")
    return found


def _names(reader: Reader) -> list[str]:
    """``(a, b)``."""
    reader.expect("(")
    found = [reader.name()]
    while reader.accept(","):
        found.append(reader.name())
    reader.expect(")")
    return found
