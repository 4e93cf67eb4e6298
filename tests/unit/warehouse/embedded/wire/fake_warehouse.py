"""A stand-in for the warehouse: DuckDB's own SQL, streamed as the session streams it, without accounts or catalogue."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import threading
import time
from types import SimpleNamespace

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded.dispatch import split
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Ok, ResultColumn, ResultSet
from nereus.warehouse.embedded.types import DorisType, parse_type

_KINDS = {
    pa.bool_(): "boolean",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.timestamp("us"): "datetime(6)",
    pa.month_day_nano_interval(): "time",
    pa.string(): "varchar(100)",
}


def doris_type(kind: pa.DataType) -> DorisType:
    if pa.types.is_decimal(kind):
        name = "largeint" if kind == pa.decimal128(38, 0) else f"decimal({kind.precision},{kind.scale})"
        return parse_type(name)
    if pa.types.is_map(kind):
        return DorisType("map", args=(doris_type(kind.key_type), doris_type(kind.item_type)))
    if pa.types.is_struct(kind):
        return DorisType("struct", args=tuple(doris_type(f.type) for f in kind), fields=tuple(f.name for f in kind))
    if pa.types.is_list(kind):
        return DorisType("array", args=(doris_type(kind.value_type),))
    return parse_type(_KINDS[kind])


class FakeSession:
    def __init__(self, warehouse, user, host, number, database):
        self.warehouse, self.user, self.host, self.number = warehouse, user, host, number
        self.cursor = warehouse.db.cursor()
        self.database = None
        self.on_kill = None
        self.killed = False
        self.cancelled = None
        self.closed = threading.Event()
        self.busy = False
        if database:
            self.use(database)

    def use(self, db):
        name = db.removeprefix("internal.")
        if name != "d":
            raise DorisError(f"Unknown database '{name}'", 1049, "42000")
        self.database = name

    def describe(self, sql, assumed=None):
        if not sql.startswith("SELECT"):
            return ()
        reader = self.cursor.execute(f"SELECT * FROM ({assumed or sql}) LIMIT 0").to_arrow_reader()
        return tuple(ResultColumn(field.name, doris_type(field.type)) for field in reader.schema)

    def execute(self, sql):
        for text in split(sql):
            self.busy, self.cancelled = True, None
            try:
                yield from self._one(text)
            except duckdb.Error as error:
                raise self.cancelled or DorisError(str(error)) from error
            finally:
                self.busy = False

    def _one(self, text):
        self.warehouse.statements.append((self.user, text))
        if text.startswith("OK"):
            yield Ok(7, text[2:].strip())
            return
        if text == "KILL ME":
            self.killed = True
            yield Ok()
            return
        if text.upper().startswith(("SET ", "COMMIT", "ROLLBACK")):
            yield Ok()
            return
        if text == "DATABASE":
            text = f"SELECT '{self.database}' AS db, '{self.user}' AS user"
        self.cursor.execute(text)
        reader = self.cursor.to_arrow_reader(16384)
        columns = tuple(ResultColumn(field.name, doris_type(field.type)) for field in reader.schema)
        yield ResultSet(columns, self._batches(reader))

    def _batches(self, reader):
        while True:
            try:
                batch = next(reader)
            except StopIteration:
                return
            except Exception as error:
                raise self.cancelled or error from error
            self.warehouse.rows += batch.num_rows
            yield batch

    def cancel(self, error):
        if self.busy:
            self.cancelled = error
            threading.Thread(target=self._insist, args=(error,), daemon=True).start()

    def _insist(self, error):
        """An interrupt that comes before DuckDB begins is lost: it is repeated until the statement is over."""
        with contextlib.suppress(duckdb.Error):
            while self.busy and self.cancelled is error:
                self.cursor.interrupt()
                time.sleep(0.02)

    def close(self):
        self.warehouse.sessions.discard(self)
        self.cursor.close()
        self.warehouse.closed += 1
        self.closed.set()


class FakeWarehouse:
    """Users: ann with the password secret, empty without one, root with rootpw. Databases: d."""

    def __init__(self):
        self.db = duckdb.connect(":memory:", config={"threads": 2})
        self.statements: list[tuple[str, str]] = []
        self.sessions: set[FakeSession] = set()
        self.rows = 0
        self.closed = 0
        self.accounts = SimpleNamespace(native_hash=self._hash)
        self.refused = []
        numbers = itertools.count(1)
        self.processes = SimpleNamespace(next_id=lambda: next(numbers))

    def login_refused(self, user, host, error):
        self.refused.append((user, host, error.code))

    def _hash(self, user, host):
        passwords = {"ann": "secret", "root": "rootpw", "bob": "bobpw"}
        if user == "empty":
            return b""
        if user not in passwords:
            return None
        return hashlib.sha1(hashlib.sha1(passwords[user].encode()).digest()).digest()

    def connect(self, user, host, number, database):
        session = FakeSession(self, user, host, number, database)
        self.sessions.add(session)
        return session
