"""The audit log: one row for every statement, in the columns of Doris' ``__internal_schema.audit_log``.

Recording a statement puts a value in a list; a thread writes the list away in batches. Reading the table writes first
what is pending, so that a reader sees every statement that ended before its own began.

scan_rows and scan_bytes are what DuckDB counted, as `scans` explains: bytes that memory held already are not among
them. scan_bytes_from_remote_storage is what was fetched from the object store; cooled rows that the cache held count as
local. They are 0 for a statement that reads no table, and NULL where nothing is known: it failed or was cancelled, its
rows were not all fetched, it joins numbers(), or it also writes (INSERT ... SELECT, UPDATE, DELETE). What DuckDB does
not tell at all (CPU time, spilled bytes ...) is NULL.

Stream Loads are recorded too, with stmt_type LOAD; Doris tells of them in the file fe.audit.log alone. So are logins
that were refused, with stmt_type LOGIN, which Doris tells of in fe.log.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.introspection.columns import INTERNAL, system_tables
from nereus.warehouse.embedded.masking import mask
from nereus.warehouse.embedded.running import Running
from nereus.warehouse.embedded.scans import NOTHING, Scanned
from nereus.warehouse.embedded.sql.typed import Relation

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session
    from nereus.warehouse.embedded.warehouse import Warehouse

_log = logging.getLogger(__name__)

DATABASE, TABLE = INTERNAL, "audit_log"

#: Write at the latest this many seconds after a statement ended, or when this much is pending. A batch costs about
#: 10 ms of processor time however few its rows, which queries beside it would feel every second.
_DELAY_S = 5.0
_MOST_ROWS = 5_000
_MOST_BYTES = 16 << 20
#: A client that is not logged in may name itself at any length.
_LONGEST_USER = 128
#: Days that rows are kept unless told otherwise, as Doris' own table keeps them (dynamic_partition.start = -30).
_KEPT_DAYS = 30

_STORE = "CREATE TABLE IF NOT EXISTS nereus.audit_settings (kept_days INTEGER)"

_SCHEMA = pa.schema(
    [
        ("query_id", pa.string()),
        ("time", pa.timestamp("ms")),
        ("client_ip", pa.string()),
        ("user", pa.string()),
        ("db", pa.string()),
        ("state", pa.string()),
        ("error_code", pa.int32()),
        ("error_message", pa.string()),
        ("query_time", pa.int64()),
        ("scan_bytes", pa.int64()),
        ("scan_rows", pa.int64()),
        ("scan_bytes_from_local_storage", pa.int64()),
        ("scan_bytes_from_remote_storage", pa.int64()),
        ("return_rows", pa.int64()),
        ("queried_tables_and_views", pa.list_(pa.string())),
        ("schedule_times_ms", pa.map_(pa.string(), pa.int32())),
        ("sql_mode", pa.string()),
        ("stmt_type", pa.string()),
        ("stmt_id", pa.int64()),
        ("is_query", pa.int8()),
        ("workload_group", pa.string()),
        ("stmt", pa.string()),
        ("sql_hash", pa.string()),
    ]
)
#: Kinds of statements that may read tables beside those that `Running.reads` names.
_UNCOUNTED = ("ALTER", "DELETE", "SET")
#: Columns with one value for all.
_CONSTANT = {
    "frontend_ip": "'127.0.0.1'",
    "catalog": "'internal'",
    "sql_digest": "''",
    "is_nereids": "1",
    "is_internal": "0",
    "compute_group": "'UNKNOWN'",
}


class Entry(NamedTuple):
    """One statement, in the order of `_SCHEMA` without its last column."""

    query_id: str
    time: datetime
    client_ip: str
    user: str
    db: str
    state: str
    error_code: int
    error_message: str
    query_time_ms: int
    scan_bytes: int | None
    scan_rows: int | None
    scan_bytes_from_local_storage: int | None
    scan_bytes_from_remote_storage: int | None
    return_rows: int
    reads: tuple[str, ...]
    schedule_times_ms: dict[str, int] | None
    sql_mode: str
    stmt_type: str
    stmt_id: int
    is_query: int
    workload_group: str
    stmt: str


def relation() -> Relation:
    """The table as a query reads it."""
    return Relation(DATABASE, TABLE, system_tables()[DATABASE, TABLE], from_sql="nereus.audit_log")


class Audit:
    """Collects what statements did and writes it behind their back."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Write through `cursor`, which nobody else may use."""
        self._cursor = cursor
        self._swept = datetime.min.replace(tzinfo=UTC)
        self._pending: list[Entry] = []
        self._bytes = 0
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        columns = ", ".join(f'"{column.name}" {column.type.duckdb}' for column in system_tables()[DATABASE, TABLE])
        cursor.execute(f"CREATE TABLE IF NOT EXISTS nereus.audit_log ({columns})")
        cursor.execute(_STORE)
        kept = cursor.execute("SELECT kept_days FROM nereus.audit_settings").fetchone()
        self.kept_days: int = kept[0] if kept else _KEPT_DAYS
        self._thread = threading.Thread(target=self._run, name="audit-log", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """How many statements are recorded and not written yet."""
        return len(self._pending)

    def record(
        self, session: Session, run: Running, *, rows: int = 0, affected: int = 0, error: DorisError | None = None
    ) -> None:
        """Note the end of a statement. Rows that a statement changed count as returned, as Doris counts them."""
        variables = session.warehouse.variables
        if variables.get("enable_audit_plugin") != "true":
            return
        route = run.route
        reads = route is not None and route.reads
        scanned = None if error else _scanned(run)
        # The engine's count has both: what came from the store is known by itself.
        local = max(0, scanned.bytes - run.remote.fetched) if scanned else None
        text = _cut(run.text, int(variables.get("audit_plugin_max_sql_length")))
        entry = Entry(
            run.query_id,
            run.started.replace(tzinfo=None),
            session.host,
            session.identity.name,
            session.database or "",
            "ERR" if error else "EOF" if reads else "OK",
            error.code if error else 0,
            error.text if error else "",
            run.elapsed_ms,
            local + run.remote.fetched if local is not None else None,
            scanned.rows if scanned else None,
            local,
            run.remote.fetched,
            affected or rows,
            run.reads,
            {"schedule_time_ms": run.ticket.waited_ms} if run.ticket is not None else None,
            session.variables["sql_mode"],
            route.kind if route else "OTHER",
            run.number,
            int(reads),
            session.workload_group,
            text,
        )
        if self._keep(entry):
            # Whoever produces faster than the thread writes, writes: memory stays bounded and no row is dropped.
            self.flush()

    def record_load(
        self,
        warehouse: Warehouse,
        *,
        user: str,
        client_ip: str,
        db: str,
        table: str,
        label: str,
        rows: int,
        loaded_rows: int,
        body_bytes: int,
        elapsed_ms: int,
        error: str | None = None,
    ) -> None:
        """Note the end of a Stream Load: the body's rows and bytes as scanned, the loaded rows as returned.

        `error` is why it failed. Never waits for the disk, so that an event loop can call it.
        """
        if warehouse.variables.get("enable_audit_plugin") != "true":
            return
        run = Running(f"PUT /api/{db}/{table}/_stream_load label:{label}")
        known = error is None
        self._keep(
            Entry(
                run.query_id,
                (run.started - timedelta(milliseconds=elapsed_ms)).replace(tzinfo=None),
                client_ip,
                user,
                db,
                "OK" if known else "ERR",
                0 if known else DorisError("").code,
                error or "",
                elapsed_ms,
                body_bytes if known else None,
                rows if known else None,
                None,
                None,
                loaded_rows,
                (),
                None,
                "",
                "LOAD",
                run.number,
                0,
                "",
                run.text,
            )
        )

    def record_login(self, warehouse: Warehouse, *, user: str, client_ip: str, error: DorisError) -> None:
        """Note a login that was refused: a row without a statement. Never waits for the disk."""
        if warehouse.variables.get("enable_audit_plugin") != "true":
            return
        run = Running("")
        self._keep(
            Entry(
                query_id=run.query_id,
                time=run.started.replace(tzinfo=None),
                client_ip=client_ip,
                user=user[:_LONGEST_USER],
                db="",
                state="ERR",
                error_code=error.code,
                error_message=error.text,
                query_time_ms=0,
                scan_bytes=None,
                scan_rows=None,
                scan_bytes_from_local_storage=None,
                scan_bytes_from_remote_storage=None,
                return_rows=0,
                reads=(),
                schedule_times_ms=None,
                sql_mode="",
                stmt_type="LOGIN",
                stmt_id=run.number,
                is_query=0,
                workload_group="",
                stmt="",
            )
        )

    def _keep(self, entry: Entry) -> bool:
        """Put an entry to those that are to be written; gives whether they have become too many."""
        with self._guard:
            self._pending.append(entry)
            self._bytes += len(entry.stmt) + 500
            full = len(self._pending) >= _MOST_ROWS or self._bytes >= _MOST_BYTES
        if not self._wake.is_set():
            self._wake.set()
        return full

    def flush(self) -> None:
        """Write what is pending. Raises nothing: an audit log that cannot be written stops no statement."""
        with self._writing:
            with self._guard:
                entries, self._pending, self._bytes = self._pending, [], 0
            if not entries:
                return
            try:
                self._write(entries)
                self._sweep()
            except Exception:
                _log.exception("%d statements are missing from the audit log", len(entries))

    def keep(self, days: int) -> None:
        """Keep rows for so many days from now on, and remove older ones with the next batch."""
        with self._writing:
            self._cursor.execute("BEGIN")
            self._cursor.execute("DELETE FROM nereus.audit_settings")
            self._cursor.execute("INSERT INTO nereus.audit_settings VALUES (?)", [days])
            self._cursor.execute("COMMIT")
            self.kept_days = days
            self._swept = datetime.min.replace(tzinfo=UTC)

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

    def _write(self, entries: list[Entry]) -> None:
        rows = [_complete(entry) for entry in entries]
        arrays = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), _SCHEMA.types, strict=True)]
        self._cursor.register("audit_batch", pa.Table.from_arrays(arrays, schema=_SCHEMA))
        names = ", ".join(f'"{name}"' for name in (*_SCHEMA.names, *_CONSTANT))
        values = ", ".join((*(f'"{name}"' for name in _SCHEMA.names), *_CONSTANT.values()))
        self._cursor.execute(f"INSERT INTO nereus.audit_log ({names}) SELECT {values} FROM audit_batch")
        self._cursor.unregister("audit_batch")

    def _sweep(self) -> None:
        """Remove what is older than the log keeps, once a day."""
        now = datetime.now(UTC)
        if now - self._swept < timedelta(days=1):
            return
        self._swept = now
        oldest = (now - timedelta(days=self.kept_days)).replace(tzinfo=None)
        self._cursor.execute("DELETE FROM nereus.audit_log WHERE time < ?", [oldest])


def _scanned(run: Running) -> Scanned | None:
    """What a statement that succeeded read of tables, or None where that is not known."""
    if run.scanned is not None:
        return run.scanned
    unknown = run.reads or run.route is None or run.route.kind in _UNCOUNTED
    return None if unknown else NOTHING


def _cut(text: str, most: int) -> str:
    """A text of at most `most` bytes, and what Doris writes behind one that was longer."""
    if len(text) * 4 <= most:
        return text
    encoded = text.encode(errors="replace")
    if len(encoded) <= most:
        return text
    kept = encoded[:most].decode(errors="ignore")
    return f"{kept} ... /* truncated. audit_plugin_max_sql_length={most} */"


def _complete(entry: Entry) -> tuple[Any, ...]:
    """A row of `_SCHEMA`. Texts are masked and hashed when they are written, so that recording stays cheap."""
    # A client may send what is no text at all.
    text = mask(entry.stmt).encode(errors="replace").decode()
    message = entry.error_message.replace("\n", " ").replace("\t", " ")
    clean = entry._replace(stmt=text, error_message=message)
    return (*clean, hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())
