"""The audit log: one row for every statement, in the columns of Doris' ``__internal_schema.audit_log``.

Recording a statement puts a tuple in a list; a thread writes the list away in batches. Reading the table writes first
what is pending, so that a reader sees every statement that ended before its own began.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.masking import mask
from nereus.warehouse.embedded.running import Running
from nereus.warehouse.embedded.sql.typed import Relation, RelationColumn
from nereus.warehouse.embedded.types import parse_type

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

_log = logging.getLogger(__name__)

DATABASE, TABLE = "__internal_schema", "audit_log"

#: Doris' columns. What DuckDB does not tell (CPU time, spilled bytes, plan times ...) is NULL.
COLUMNS: tuple[tuple[str, str], ...] = tuple(
    (line.split(" ", 1)[0], line.split(" ", 1)[1])
    for line in """
query_id varchar(48)
time datetime(3)
client_ip varchar(128)
user varchar(128)
frontend_ip varchar(1024)
catalog varchar(128)
db varchar(128)
state varchar(128)
error_code int
error_message text
query_time bigint
cpu_time_ms bigint
peak_memory_bytes bigint
scan_bytes bigint
scan_rows bigint
return_rows bigint
shuffle_send_rows bigint
shuffle_send_bytes bigint
spill_write_bytes_from_local_storage bigint
spill_read_bytes_from_local_storage bigint
scan_bytes_from_local_storage bigint
scan_bytes_from_remote_storage bigint
parse_time_ms int
plan_times_ms map<text,int>
get_meta_times_ms map<text,int>
schedule_times_ms map<text,int>
hit_sql_cache tinyint
handled_in_fe tinyint
queried_tables_and_views array<text>
chosen_m_views array<text>
changed_variables map<text,text>
sql_mode text
stmt_type varchar(48)
stmt_id bigint
sql_hash varchar(128)
sql_digest varchar(128)
is_query tinyint
is_nereids tinyint
is_internal tinyint
workload_group text
compute_group text
stmt text
""".strip().splitlines()
)

#: Write at the latest this many seconds after a statement ended, or when this much is pending.
_DELAY_S = 1.0
_MOST_ROWS = 5_000
_MOST_BYTES = 16 << 20
#: Days that rows are kept, as Doris' own table keeps them (dynamic_partition.start = -30).
_KEPT_DAYS = 30

_SCHEMA = pa.schema(
    [
        ("query_id", pa.string()),
        ("time", pa.timestamp("ms")),
        ("client_ip", pa.string()),
        ("user", pa.string()),
        ("frontend_ip", pa.string()),
        ("catalog", pa.string()),
        ("db", pa.string()),
        ("state", pa.string()),
        ("error_code", pa.int32()),
        ("error_message", pa.string()),
        ("query_time", pa.int64()),
        ("return_rows", pa.int64()),
        ("queried_tables_and_views", pa.list_(pa.string())),
        ("sql_mode", pa.string()),
        ("stmt_type", pa.string()),
        ("stmt_id", pa.int64()),
        ("sql_hash", pa.string()),
        ("sql_digest", pa.string()),
        ("is_query", pa.int8()),
        ("is_nereids", pa.int8()),
        ("is_internal", pa.int8()),
        ("workload_group", pa.string()),
        ("compute_group", pa.string()),
        ("stmt", pa.string()),
    ]
)


def relation() -> Relation:
    """The table as a query reads it."""
    columns = tuple(RelationColumn(name, parse_type(kind)) for name, kind in COLUMNS)
    return Relation(DATABASE, TABLE, columns, from_sql="nereus.audit_log")


class Audit:
    """Collects what statements did and writes it behind their back."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, *, kept_days: int = _KEPT_DAYS) -> None:
        """Write through `cursor`, which nobody else may use. Rows older than `kept_days` are removed."""
        self._cursor = cursor
        self._kept = timedelta(days=kept_days)
        self._swept = datetime.min.replace(tzinfo=UTC)
        self._pending: list[tuple[Any, ...]] = []
        self._bytes = 0
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        columns = ", ".join(f'"{name}" {parse_type(kind).duckdb}' for name, kind in COLUMNS)
        cursor.execute(f"CREATE TABLE IF NOT EXISTS nereus.audit_log ({columns})")
        self._thread = threading.Thread(target=self._run, name="audit-log", daemon=True)
        self._thread.start()

    def record(
        self, session: Session, run: Running, *, rows: int = 0, affected: int = 0, error: DorisError | None = None
    ) -> None:
        """Note the end of a statement. Rows that a statement changed count as returned, as Doris counts them."""
        if session.warehouse.variables.get("enable_audit_plugin") != "true":
            return
        route = run.route
        reads = route is not None and route.reads
        row = (
            run.query_id,
            run.started.replace(tzinfo=None),
            session.host,
            session.identity.name,
            session.database or "",
            "ERR" if error else "EOF" if reads else "OK",
            error.code if error else 0,
            error.text if error else "",
            run.elapsed_ms,
            affected or rows,
            run.reads,
            session.variables["sql_mode"],
            route.kind if route else "OTHER",
            run.number,
            int(reads),
            session.workload_group,
            run.text,
        )
        size = len(run.text) + 500
        with self._guard:
            self._pending.append(row)
            self._bytes += size
            full = len(self._pending) >= _MOST_ROWS or self._bytes >= _MOST_BYTES
        if full:
            # Whoever produces faster than the thread writes, writes: memory stays bounded and no row is dropped.
            self.flush()
        elif not self._wake.is_set():
            self._wake.set()

    @property
    def pending(self) -> int:
        """How many statements are recorded and not written yet."""
        return len(self._pending)

    def flush(self) -> None:
        """Write what is pending. Raises nothing: an audit log that cannot be written stops no statement."""
        with self._writing:
            with self._guard:
                rows, self._pending, self._bytes = self._pending, [], 0
            if not rows:
                return
            try:
                self._write(rows)
                self._sweep()
            except duckdb.Error:
                _log.exception("%d statements are missing from the audit log", len(rows))

    def close(self) -> None:
        """Write what is pending and end the thread."""
        self._closing.set()
        self._wake.set()
        self._thread.join()
        self.flush()
        self._cursor.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            # Statements that end soon after the first go into the same batch.
            self._closing.wait(_DELAY_S)
            self._wake.clear()
            self.flush()

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        columns = list(zip(*map(_complete, rows), strict=True))
        table = pa.Table.from_arrays(
            [pa.array(values, kind) for values, kind in zip(columns, _SCHEMA.types, strict=True)], schema=_SCHEMA
        )
        self._cursor.register("audit_batch", table)
        names = ", ".join(f'"{name}"' for name in _SCHEMA.names)
        self._cursor.execute(f"INSERT INTO nereus.audit_log ({names}) SELECT {names} FROM audit_batch")
        self._cursor.unregister("audit_batch")

    def _sweep(self) -> None:
        """Remove what is older than the log keeps, once a day."""
        now = datetime.now(UTC)
        if now - self._swept < timedelta(days=1):
            return
        self._swept = now
        oldest = (now - self._kept).replace(tzinfo=None)
        self._cursor.execute("DELETE FROM nereus.audit_log WHERE time < ?", [oldest])


def _complete(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A recorded row in the order of `_SCHEMA`. Done when it is written, so that recording stays cheap."""
    (
        query_id,
        time,
        host,
        user,
        db,
        state,
        code,
        message,
        took,
        rows,
        reads,
        mode,
        kind,
        number,
        query,
        group,
        text,
    ) = row
    text = mask(text)
    return (
        query_id,
        time,
        host,
        user,
        "127.0.0.1",
        "internal",
        db,
        state,
        code,
        message.replace("\n", " ").replace("\t", " "),
        took,
        rows,
        list(reads),
        mode,
        kind,
        number,
        hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "",
        query,
        1,
        0,
        group,
        "UNKNOWN",
        text,
    )
