"""One load, from the body in the spool to the durable transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb

from nereus.warehouse.embedded import failures
from nereus.warehouse.embedded.catalog.model import Column
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.http.answers import LoadReport
from nereus.warehouse.embedded.http.error_log import SHOWN_ROWS, log_text, shown
from nereus.warehouse.embedded.http.failures import LoadFailed, analysis, from_doris, refused
from nereus.warehouse.embedded.http.formats.csv import csv_source
from nereus.warehouse.embedded.http.formats.json_rows import JsonSource
from nereus.warehouse.embedded.http.formats.parquet import ParquetFile, parquet_file, unreadable
from nereus.warehouse.embedded.http.formats.source import TextSource, sql_text
from nereus.warehouse.embedded.http.plan import LoadPlan, check_targets, missing_texts
from nereus.warehouse.embedded.http.spool import Spool
from nereus.warehouse.embedded.http.stage import Stage
from nereus.warehouse.embedded.http.statements import LINE_NAME, REASON_NAME, Fields, field_name
from nereus.warehouse.embedded.http.stop import Stop
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.write.writer import BadRow, Writer, Written

if TYPE_CHECKING:
    from nereus.warehouse.embedded.warehouse import Warehouse

_NOT_TOLERATED = (
    "Encountered unqualified data, stop processing. Please check if the source data matches the schema, "
    "and consider disabling strict mode or increasing max_filter_ratio."
)
_REFUSAL = "the embedded warehouse refuses"


def run_load(warehouse: Warehouse, plan: LoadPlan, spool: Spool, report: LoadReport, stop: Stop) -> str:
    """Load the spooled body and fill in the report; gives the text of the error log, empty without bad rows.

    Blocks until the transaction is durable or everything is undone, and removes the body. Never raises for a load
    that fails: the report has the failure. `stop` ends it early.
    """
    load = _Load(warehouse, plan, report, stop)
    started = time.monotonic()
    try:
        with stop.watching(load.cursor):
            load.run(spool)
    except LoadFailed as failure:
        report.failure = failure
    except DorisError as error:
        report.failure = from_doris(error)
    except duckdb.Error as error:
        report.failure = _engine_failure(error, plan)
    except Exception as error:
        report.failure = from_doris(failures.to_doris(error))
    finally:
        load.cursor.close()
        report.write_ms = _since(started)
        # Here rather than by the event loop, which a large file would hold up.
        spool.remove()
    if report.failure is not None:
        report.loaded_rows = 0
    return load.log


class _Load:
    def __init__(self, warehouse: Warehouse, plan: LoadPlan, report: LoadReport, stop: Stop) -> None:
        self.cursor = warehouse.engine.cursor()
        self.log = ""
        self._writer: Writer = warehouse.writer
        self._plan = plan
        self._report = report
        self._stop = stop

    def run(self, spool: Spool) -> None:
        if self._plan.options.format == "parquet":
            self._parquet(parquet_file(self.cursor, spool.path))
        else:
            self._text(self._source(spool))

    def _source(self, spool: Spool) -> TextSource:
        plan = self._plan
        if plan.options.format == "csv":
            return csv_source(spool.path, plan.options)
        return JsonSource(spool.path, plan.options, plan.columns.file, missing_texts(self.cursor, plan))

    def _text(self, source: TextSource) -> None:
        fields = len(self._plan.columns.file)
        targets = self._plan.columns.targets(self._plan.table)
        started = time.monotonic()
        stage = Stage(self.cursor, targets)
        tolerant = self._plan.options.max_filter_ratio > 0
        stage.take_text(source, self._plan.statements, fields, self._stop, tolerant=tolerant)
        self._report.read_ms = _since(started)
        self._write_staged(stage, targets)

    def _parquet(self, file: ParquetFile) -> None:
        fields = self._parquet_fields(file)
        statements = self._plan.statements
        targets = statements.targets(fields)
        if not (self._plan.options.where or self._plan.options.strict):
            # Straight from file to table: the usual file has no bad row, and the writer notices the first one.
            try:
                written = self._write(targets, statements.plain(fields))
            except BadRow:
                self._stop.check()
            else:
                self._report.total_rows = written.rows
                return
        started = time.monotonic()
        stage = Stage(self.cursor, targets)
        stage.take(statements.sorted_out(fields), file.rows)
        self._report.read_ms = _since(started)
        self._write_staged(stage, targets)

    def _parquet_fields(self, file: ParquetFile) -> Fields:
        items: list[str] = []
        types: list[DorisType | None] = []
        renderer = Renderer()
        for at, name in enumerate(self._plan.columns.file):
            column = file.column(name)
            if column is None:
                if self._plan.columns.given:
                    raise analysis(f"the header columns names {name}, which is not in the Parquet file")
                types.append(None)
                continue
            typed = column.typed(self._plan.options.timezone)
            if typed is None:
                raise refused(f"the Parquet column {column.name} of type {column.physical}")
            types.append(typed.type)
            items.append(f"{renderer.text(typed.node)} AS {field_name(at)}")
        if not items:
            raise analysis("the Parquet file has no column of the table")
        shown_row = " || chr(9) || ".join(
            f"coalesce(CAST({field_name(at)} AS VARCHAR), {sql_text(chr(92) + 'N')})"
            for at, kind in enumerate(types)
            if kind is not None
        )
        inner = f"SELECT {', '.join(items)} FROM {file.from_sql}"
        marks = f"{shown_row} AS {LINE_NAME}, CAST(NULL AS VARCHAR) AS {REASON_NAME}"
        return Fields(f"SELECT *, {marks} FROM ({inner})", tuple(types))

    def _write_staged(self, stage: Stage, targets: Sequence[Column]) -> None:
        report = self._report
        report.total_rows = stage.total
        report.filtered_rows = stage.filtered()
        good = stage.good()
        report.unselected_rows = stage.total - report.filtered_rows - good
        if report.filtered_rows:
            self._judge(stage)
        self._write(targets, stage.good_rows())

    def _judge(self, stage: Stage) -> None:
        """Keep the log of the bad rows; raise LoadFailed where there are too many."""
        report = self._report
        bad = stage.bad_rows()
        self.log = log_text(bad, report.filtered_rows)
        selected = report.total_rows - report.unselected_rows
        ratio = self._plan.options.max_filter_ratio
        if report.filtered_rows / selected <= ratio:
            return
        reason, line = bad[0]
        report.first_error = f"{reason}. Src line: {shown(line)}"
        if ratio <= 0 and report.filtered_rows > SHOWN_ROWS + 1:
            raise LoadFailed("DATA_QUALITY_ERROR", _NOT_TOLERATED)
        raise LoadFailed("DATA_QUALITY_ERROR", "too many filtered rows")

    def _write(self, targets: Sequence[Column], source_sql: str) -> Written:
        plan, started = self._plan, time.monotonic()
        options = plan.options
        names = [column.name for column in targets]
        if options.format == "parquet":
            check_targets(plan.table, options, names)
        written = self._writer.append(
            self.cursor,
            plan.table,
            names,
            f"SELECT *, 1 FROM ({source_sql})" if options.deletes else source_sql,
            label=options.label,
            partitions=options.partitions,
            partial=options.new_rows if options.partial and len(names) < len(plan.table.columns) else None,
            signed=options.deletes,
            now=plan.now,
            while_waiting=self._stop.check,
        )
        self._report.txn_id = written.txn_id
        self._report.loaded_rows = written.rows
        self._report.commit_ms = _since(started)
        return written


def _engine_failure(error: duckdb.Error, plan: LoadPlan) -> LoadFailed:
    """What DuckDB raised while it read or wrote rows."""
    _, refusal, rest = str(error).partition("\n")[0].partition(_REFUSAL)
    if refusal:
        return analysis(refusal + rest)
    broken = not isinstance(error, duckdb.InterruptException | duckdb.OutOfMemoryException)
    if plan.options.format == "parquet" and broken and not isinstance(error, duckdb.TransactionException):
        return unreadable(error)
    return from_doris(failures.to_doris(error))


def _since(started: float) -> int:
    """Milliseconds since a moment of time.monotonic()."""
    return int((time.monotonic() - started) * 1000)
