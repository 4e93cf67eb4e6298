"""The warehouse as every client sees it: SQL over the MySQL protocol, bulk data over Stream Load.

Nothing here knows which engine answers; the same calls work against the embedded warehouse and against Apache Doris.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import pymysql
from pymysql.cursors import DictCursor

from nereus import secrets
from nereus.config import Platform
from nereus.errors import Failure
from nereus.home import Home
from nereus.warehouse.streamload import Source, StreamLoad, StreamLoadResult

__all__ = ["Queries", "Session", "Source", "StreamLoadResult", "Warehouse", "WarehouseError"]

#: One row of a result: column name to value, in the order of the columns.
Row = dict[str, Any]
Parameters = Sequence[Any] | Mapping[str, Any] | None

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, not bound
_COULD_NOT_CONNECT = (2003, 2005)
#: For a measurement of the warehouse: Doris gives an answer again while its tables have not changed.
COMPUTE_ALWAYS = "SET enable_sql_cache = false"


class WarehouseError(Failure):
    """The warehouse refused or lost a statement. `code` is its MySQL error number, 0 when it has none."""

    def __init__(self, message: str, code: int = 0, *, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.code = code

    @property
    def is_gone(self) -> bool:
        """The connection was refused or lost: nothing is known about the statement."""
        return self.code == 0 or 2000 <= self.code < 3000 or self.code == 1045


@dataclass(frozen=True)
class Warehouse:
    """Where the warehouse is and who is asking. Every call opens its own connection and closes it; `session` keeps one.

    Attributes:
        read_timeout_s: how long one answer may take before the connection is given up; None waits for ever.
    """

    host: str = "127.0.0.1"
    mysql_port: int = 9030
    http_port: int = 8030
    user: str = "root"
    password: str = field(default="", repr=False)
    connect_timeout_s: int = 10
    read_timeout_s: float | None = None

    @classmethod
    def for_user(cls, config: Platform, home: Home, user: str) -> Warehouse:
        """The deployment's warehouse as one of its users (``root``, ``loader``, ``portal``, ``bench`` ...).

        The password is the generated secret ``warehouse-<user>``. In a cluster NEREUS_WAREHOUSE_HOST names the
        frontends' service, whose ports are the defaults of platform.yaml. Raises BadInput for a user without a secret.
        """
        return cls(
            host=os.environ.get("NEREUS_WAREHOUSE_HOST") or _ANY_ADDRESS.get(config.local.bind, config.local.bind),
            mysql_port=config.local.ports.warehouse_mysql,
            http_port=config.local.ports.warehouse_http,
            user=user,
            password=secrets.ensure(home, f"warehouse-{user}"),
        )

    def connect(self, database: str | None = None, *, first: str | None = None) -> pymysql.Connection[Any]:
        """A DB-API connection, on which the statement `first` was run.

        Raises WarehouseError when nothing answers or the login is refused.
        """
        try:
            return pymysql.connect(
                host=self.host,
                port=self.mysql_port,
                user=self.user,
                password=self.password,
                database=database,
                charset="utf8mb4",
                connect_timeout=self.connect_timeout_s,
                read_timeout=self.read_timeout_s,
                init_command=first,
                autocommit=None,  # Doris always commits; asking for it costs a round trip
            )
        except pymysql.MySQLError as error:
            code, text = _code_and_text(error)
            where = f"the warehouse at {self.host}:{self.mysql_port}"
            if code in _COULD_NOT_CONNECT:
                raise WarehouseError(
                    f"{where} does not answer: {text}", code, fix="Is it running? See: make status"
                ) from error
            raise WarehouseError(f"{where} refused user {self.user}: {text}", code) from error

    def session(self, database: str | None = None) -> Session:
        """One connection for many statements, to be used in a `with`. Connecting costs more than a small query."""
        return Session(self.connect(database), database)

    def query(self, sql: str, params: Parameters = None, *, database: str | None = None) -> list[Row]:
        """All rows of one statement over a connection of its own; see `Session.query`."""
        with self.session(database) as session:
            return session.query(sql, params)

    def execute(self, sql: str, params: Parameters = None, *, database: str | None = None) -> int:
        """Run one statement for its effect over a connection of its own; see `Session.execute`."""
        with self.session(database) as session:
            return session.execute(sql, params)

    def stream_load(
        self,
        db: str,
        table: str,
        source: Source,
        *,
        format: str = "parquet",
        label: str | None = None,
        columns: str | None = None,
        **headers: str,
    ) -> StreamLoadResult:
        """Load one body into `db`.`table` as one transaction: all its rows are visible afterwards, or none.

        Args:
            source: a file, the bytes, or an iterator of chunks (read once, sent as it comes).
            format: ``csv``, ``csv_with_names``, ``json``, ``parquet``.
            label: the load's identity within `db`. A label that was loaded before loads nothing and is a success.
            columns: Doris' ``columns`` header: names in file order, and derived columns ``c = expression``.
            headers: further Stream Load headers by name: ``column_separator``, ``max_filter_ratio``,
                ``read_json_by_line``, ``strip_outer_array``, ``enclose``, ``compress_type`` ...

        Raises:
            StreamLoadFailed: the warehouse refused the load; its message and the rows it named are in the text.
        """
        given = {"format": format, "label": label, "columns": columns, **headers}
        load = StreamLoad(self.host, self.http_port, self.user, self.password, backends=self._backend_hosts)
        return load.put(db, table, source, {key: value for key, value in given.items() if value is not None})

    def _backend_hosts(self) -> set[str]:
        """Every host that the warehouse names as one of its backends, public endpoints included."""
        return {part for row in self.query("SHOW BACKENDS") for part in _hosts(row)}


class Queries(Protocol):
    """What answers SQL: a `Warehouse`, or one `Session` with it."""

    def query(self, sql: str, params: Parameters = None, *, database: str | None = None) -> list[Row]: ...

    def execute(self, sql: str, params: Parameters = None, *, database: str | None = None) -> int: ...


class Session:
    """One connection. `connection` is the driver's own, for what these methods do not offer."""

    def __init__(self, connection: pymysql.Connection[Any], database: str | None = None) -> None:
        self.connection = connection
        self._database = database

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. A connection that is lost already is closed as quietly."""
        with contextlib.suppress(pymysql.MySQLError):
            self.connection.close()

    def query(self, sql: str, params: Parameters = None, *, database: str | None = None) -> list[Row]:
        """All rows of one statement, each a dict by column name.

        `params` fill ``%s`` or ``%(name)s``, quoted by the driver; with params, a literal percent sign is ``%%``.
        `database` becomes the current one and stays it.
        Raises WarehouseError with the warehouse's own text and the head of the statement.
        """
        with self.connection.cursor(DictCursor) as cursor:
            self._run(cursor, sql, params, database)
            return list(cast("Iterable[Row]", cursor.fetchall()))

    def execute(self, sql: str, params: Parameters = None, *, database: str | None = None) -> int:
        """Run one statement for its effect. Returns the number of rows the warehouse says it touched."""
        with self.connection.cursor() as cursor:
            return self._run(cursor, sql, params, database)

    def _run(self, cursor: pymysql.cursors.Cursor, sql: str, params: Parameters, database: str | None) -> int:
        try:
            if database is not None and database != self._database:
                self.connection.select_db(database)
                self._database = database
            return cursor.execute(sql, params)
        except pymysql.MySQLError as error:
            code, text = _code_and_text(error)
            head = " ".join(sql.split())
            raise WarehouseError(f"{text}\n  in: {head[:200]}{'...' if len(head) > 200 else ''}", code) from error


def _hosts(backend: Row) -> set[str]:
    tag = str(backend.get("Tag") or "")
    endpoints = [piece.strip('"') for piece in tag.replace(",", " ").replace("{", " ").replace("}", " ").split()]
    return {str(backend.get("Host")), *(endpoint.rsplit(":", 1)[0] for endpoint in endpoints if ":" in endpoint)}


def _code_and_text(error: pymysql.MySQLError) -> tuple[int, str]:
    """PyMySQL puts (number, text) into the arguments; a few of its errors have the text alone."""
    match error.args:
        case (int(code), text, *_):
            return code, str(text).removeprefix("errCode = 2, detailMessage = ")
        case _:
            return 0, str(error) or type(error).__name__
