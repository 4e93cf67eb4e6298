"""One client's session: its variables, its place, and the statement that it runs."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar, cast

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded import describing, dispatch, failures, scans
from nereus.warehouse.embedded.accounts import UserIdentity
from nereus.warehouse.embedded.denials import database_denied, denied
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.privileges import WANTED, Rights
from nereus.warehouse.embedded.result import Ok, Result, ResultColumn, ResultSet
from nereus.warehouse.embedded.running import Running
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.tiers.reading import attributed
from nereus.warehouse.embedded.workload import DEFAULT as DEFAULT_GROUP
from nereus.warehouse.embedded.workload import admission, progress

if TYPE_CHECKING:
    from nereus.warehouse.embedded.statements.transactions import OpenTransaction
    from nereus.warehouse.embedded.warehouse import Warehouse

#: Rows of one Arrow batch: enough to encode cheaply, few enough that a slow client costs little memory.
BATCH_ROWS = 16384

_KILLED = "cancel query by user from {host}"
_TIMEOUT = "query is timeout, killed by timeout checker"
#: Statements to which insert_timeout applies too.
_WRITES = ("INSERT", "UPDATE", "DELETE", "LOAD")
#: How long a session that is being closed waits for its statement to notice, in seconds.
_PATIENCE_S = 10

_Done = TypeVar("_Done")


class Session:
    """What `Warehouse.connect` gives. One thread at a time runs statements; `cancel` and `kill` come from any thread.

    Attributes:
        identity: the account; `host` is where the client is.
        variables: effective session variables by lower-case name.
        database: the current database, or None.
        last_insert: the row of SHOW LAST INSERT, once there was an INSERT.
        on_kill: called when the session is to end (KILL CONNECTION, wait_timeout); the server closes the connection.
        killed: nothing runs any more.
    """

    def __init__(
        self, warehouse: Warehouse, identity: UserIdentity, host: str, connection_id: int, database: str | None
    ) -> None:
        self.warehouse = warehouse
        self.identity = identity
        self.host = host
        self.connection_id = connection_id
        self.login_time = datetime.now(UTC)
        self._cursor: duckdb.DuckDBPyConnection = warehouse.engine.cursor()
        scans.count_scans(self._cursor)
        self.variables: dict[str, str] = warehouse.variables.values()
        self.user_variables: dict[str, Typed] = {}
        self.last_insert: tuple[object, ...] | None = None
        self.database: str | None = None
        self.transaction: OpenTransaction | None = None
        self.running: Running | None = None
        self.last: Running | None = None
        self.on_kill: Callable[[], None] | None = None
        self.killed = False
        self._closed = False
        self._idle_since = time.monotonic()
        self._guard = threading.Condition()
        if database:
            try:
                self.use(database)
            except DorisError as error:
                # Before the session exists, errors go without Doris' prefix.
                self._cursor.close()
                raise DorisError(error.detail, error.code, error.sqlstate, plain=True) from None

    # What the parts of a statement ask for

    @property
    def in_transaction(self) -> bool:
        """Whether BEGIN was said, and neither COMMIT nor ROLLBACK since."""
        return self.transaction is not None

    @property
    def cursor(self) -> duckdb.DuckDBPyConnection:
        """The session's own DuckDB connection, in the way that the running statement's workload group may use it."""
        group = admission.limited(self)
        if group is None:
            return self._cursor
        return cast(duckdb.DuckDBPyConnection, admission.LimitedCursor(self, self._cursor, group))

    @property
    def progress(self) -> float:
        """How much of the running query DuckDB has done, percent; negative where it does not tell."""
        try:
            return self._cursor.query_progress()
        except duckdb.Error:
            return -1

    @property
    def rights(self) -> Rights:
        return self.warehouse.accounts.rights(self.identity)

    @property
    def facts(self) -> SessionFacts:
        """What functions answer from, at this moment (UTC)."""
        return SessionFacts(
            user=self.identity.name,
            host=self.host,
            connection_id=self.connection_id,
            database=self.database,
            variables=self.variables,
            global_variables=self.warehouse.variables.current,
            user_variables=self.user_variables,
            now=datetime.now(UTC).replace(tzinfo=None),
            last_query_id=self.last.query_id if self.last is not None else "Not Available",
        )

    @property
    def workload_group(self) -> str:
        """SET workload_group, else the user's property default_workload_group, else ``normal``."""
        chosen = self.variables["workload_group"]
        if not chosen:
            chosen = self.warehouse.accounts.properties(self.identity.name).get("default_workload_group", "")
        return chosen or DEFAULT_GROUP

    def timeout_s(self, kind: str) -> int:
        """How long a statement of that kind may run: the user's property where it is set, else the variable."""
        properties = self.warehouse.accounts.properties(self.identity.name)

        def limit(name: str) -> int:
            given = int(properties.get(name, 0))
            return given if given > 0 else int(self.variables[name])

        return max(limit("insert_timeout"), limit("query_timeout")) if kind in _WRITES else limit("query_timeout")

    def allows(self, privilege: str, db: str | None = None, table: str | None = None) -> bool:
        """Whether the user holds what a statement wants; `privilege` is a key of `privileges.WANTED`."""
        return self.rights.satisfies(WANTED[privilege.upper()], db, table or None)

    def check(self, privilege: str, db: str | None = None, table: str = "", *, error: DorisError | None = None) -> None:
        """Raise `error`, or what Doris says by default, unless the user holds the privilege there."""
        if not self.allows(privilege, db, table):
            raise error or denied(self, privilege.upper(), db, table)

    def current_database(self) -> str:
        """Raises where no database is in use."""
        if self.database is None:
            raise DorisError("No database selected")
        return self.database

    def check_cancelled(self) -> None:
        """Raise if somebody cancelled the running statement. For work that DuckDB does not do."""
        if self.running is not None and self.running.cancelled is not None:
            raise self.running.cancelled

    def use(self, db: str) -> None:
        """Make `db` (or ``internal.db``) the current database.

        Raises DorisError where the user sees nothing of it, 1049 where it does not exist, 5086 for another catalogue.
        """
        catalog, _, name = db.rpartition(".")
        if catalog not in ("", "internal"):
            raise DorisError(f"Unknown catalog '{catalog}'", 5086, "42000")
        found = self.warehouse.schema(self).database_name(name)
        if not self.rights.sees_database(found or name):
            raise database_denied(self, name)
        if found is None:
            raise DorisError(f"Unknown database '{name}'", 1049, "42000")
        self.database = found

    # Running statements

    def describe(self, sql: str, assumed: str | None = None) -> tuple[ResultColumn, ...]:
        """Columns that a statement's result will have; the arguments are those of `describing.columns`."""
        return describing.columns(self, sql, assumed)

    def execute(self, sql: str) -> Iterator[Result]:
        """Run the statements of a text one after the other.

        Each result is to be consumed (or closed) before the next is asked for; asking for the next closes it.
        Raises DorisError; the statements behind a failing one do not run.
        """
        for text in dispatch.split(sql):
            result = self._run(text)
            try:
                yield result
            finally:
                if isinstance(result, ResultSet):
                    result.close()

    def stream(self, columns: tuple[ResultColumn, ...], sql: str) -> ResultSet:
        """Start DuckDB text and give its rows as they come. DuckDB stops when the result is closed."""
        self.check_cancelled()
        if self.running is not None:
            sql = attributed(sql, str(self.running.number))
        cursor = self.cursor
        if self.running is not None and self.running.group is not None and self.warehouse.workload_policies.count_rows:
            progress.watch(self._cursor)
            self.running.rows_to_read = progress.rows_of(self._cursor, sql)
        cursor.execute(sql)
        if self.running is not None and self.running.reads:
            self.running.countable = scans.countable(sql)
        return ResultSet(columns, iter(cursor.to_arrow_reader(BATCH_ROWS)))

    def _run(self, text: str) -> Result:
        run = Running(text)
        if self.killed:
            # One who killed their own connection got an answer to that first.
            self._tell_killed()
            raise DorisError("the connection was killed", 1317, "70100")
        with self._guard:
            self.running = run
        try:
            route = run.route = dispatch.find(text)
            if self.in_transaction and not route.in_transaction:
                if route.kind in _WRITES:
                    raise Refused(f"{route.kind} between BEGIN and COMMIT", "Each write commits by itself.")
                raise DorisError(
                    "This is in a transaction, only insert, update, delete, commit, rollback is acceptable."
                )
            run.deadline = run.clock + self.timeout_s(route.kind)
            if route.kind in _WRITES or route.opening[-1] == "VIEW":
                admission.check_rules(self)
            result = route.handler(self, text)
        except BaseException as error:
            raise self.failed(run, error) from error
        if isinstance(result, Ok):
            self.finish(run, affected=result.affected_rows)
        else:
            result.batches = Watched(self, run, result)
        return result

    def work(self, text: str, action: Callable[[], _Done]) -> _Done:
        """Do what the warehouse does by itself as if it were the statement `text`: recorded, and open to `cancel`."""
        run = Running(text)
        run.deadline = math.inf
        with self._guard:
            self.running = run
        try:
            run.route = dispatch.find(text)
            done = action()
        except BaseException as error:
            raise self.failed(run, error) from error
        self.finish(run)
        return done

    def failed(self, run: Running, error: BaseException, rows: int = 0) -> BaseException:
        """End a statement by an error; gives what is to be raised."""
        mapped = run.cancelled or failures.to_doris(error)
        self.finish(run, rows=rows, error=mapped)
        return mapped if isinstance(error, Exception) else error

    def finish(self, run: Running, *, rows: int = 0, affected: int = 0, error: DorisError | None = None) -> None:
        """End a statement and record it. Running it twice changes nothing."""
        with self._guard:
            if self.running is not run:
                return
            self.running = None
            self.last = run
            self._idle_since = time.monotonic()
            self._guard.notify_all()
        if run.ticket is not None:
            self.warehouse.queues.leave(run.ticket)
        if run.fetched is not None:
            run.fetched.close()
        run.remote = self.warehouse.engine.cold_files.take_usage(str(run.number))
        query = run.route is not None and run.route.reads
        self.warehouse.counters.observe(run.elapsed_ms, query=query, failed=error is not None)
        self.warehouse.audit.record(self, run, rows=rows, affected=affected, error=error)

    # Ending

    def cancel(self, error: DorisError) -> None:
        """Stop the running statement, which then raises `error`. Any thread; nothing happens when nothing runs."""
        with self._guard:
            run = self.running
            if run is None:
                return
            run.cancelled = run.cancelled or error
        # An interrupt that comes before DuckDB begins is lost: the watch repeats it until the statement is over.
        self._interrupt()

    def kill(self, *, connection: bool, by: str) -> None:
        """KILL: stop what runs, and with `connection` end the session. `by` is the host of who asked."""
        self.cancel(DorisError(_KILLED.format(host=by)))
        if connection:
            self.killed = True
            self._tell_killed()

    def _tell_killed(self) -> None:
        if self.on_kill is not None:
            self.on_kill()

    def tick(self, now: float) -> None:
        """What the watch does several times a second; `now` is time.monotonic()."""
        run = self.running
        if run is None:
            if now - self._idle_since > int(self.variables["wait_timeout"]) and not self.killed:
                self.kill(connection=True, by="wait_timeout")
        elif run.cancelled is not None:
            self._interrupt()
        elif now > run.deadline:
            self.cancel(DorisError(_TIMEOUT))

    def _interrupt(self) -> None:
        # The cursor may be closed in the same moment.
        with contextlib.suppress(duckdb.Error):
            self._cursor.interrupt()

    def close(self) -> None:
        """End the session and whatever it runs. Running it twice changes nothing."""
        if self._closed:
            return
        self._closed = True
        self.killed = True
        self.cancel(DorisError("the connection is closed", 1317, "70100"))
        run = self.running
        if run is not None and run.result is not None:
            run.result.close()
        with self._guard:
            self._guard.wait_for(lambda: self.running is None, _PATIENCE_S)
        self.warehouse.processes.remove(self)
        self._cursor.close()


class Watched:
    """The batches of a result. The statement ends with the last one, with an error or with `close`."""

    def __init__(self, session: Session, run: Running, result: ResultSet) -> None:
        self._session = session
        self._run = run
        self._result = result
        self._batches: Iterator[pa.RecordBatch] = result.batches
        self._sent = 0
        # A session may be closed by another thread than the one that reads.
        self._reading = threading.Lock()
        run.result = self

    def __iter__(self) -> Watched:
        return self

    def __next__(self) -> pa.RecordBatch:
        with self._reading:
            try:
                self._session.check_cancelled()
                batch = next(self._batches)
            except StopIteration:
                if self._run.countable:
                    self._run.scanned = scans.scanned(self._session.cursor)
                self._end()
                raise
            except BaseException as error:
                raise self._session.failed(self._run, error, self._sent) from error
            self._sent += batch.num_rows
            self._result.rows_sent = self._sent
            return batch

    def close(self) -> None:
        """Stop the engine's work."""
        with self._reading:
            self._end()

    def _end(self) -> None:
        # DuckDB goes on as long as somebody could still read.
        self._batches = iter(())
        self._run.result = None
        self._session.finish(self._run, rows=self._sent)
