"""The Flight SQL port: which call does what."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.flight as fl

from nereus.errors import BadInput
from nereus.warehouse.embedded import failures
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.flight import messages, metadata
from nereus.warehouse.embedded.flight.results import Opened
from nereus.warehouse.embedded.flight.sessions import Authentication, Login, Logins, Open

if TYPE_CHECKING:
    from nereus.warehouse.embedded.warehouse import Warehouse

_log = logging.getLogger(__name__)

#: Where platform.yaml names the port.
KEY = "local.ports.warehouse_flight"

_MIDDLEWARE = "login"
_CREATE, _CLOSE, _CLOSE_SESSION = "CreatePreparedStatement", "ClosePreparedStatement", "CloseSession"
#: CloseSessionResult with status CLOSED (its first field, an enum, is 1).
_SESSION_CLOSED = b"\x08\x01"
#: What a prepared statement says of its rows before it has run, as with Doris: an empty schema would mean an update.
_UNTOLD = pa.schema([pa.field("ResultMeta", pa.string())])


class FlightServer(fl.FlightServerBase):  # type: ignore[misc]
    """Serves from the moment it is made; `close` ends every login and the port.

    Attributes:
        host, port: where it listens.
    """

    def __init__(self, warehouse: Warehouse, host: str, port: int, *, tls: tuple[bytes, bytes] | None = None) -> None:
        """Raises BadInput where the port cannot be had. `tls` is a certificate chain and its key, PEM."""
        self._logins = Logins(warehouse)
        scheme, named = "grpc+tls" if tls else "grpc", f"[{host}]" if ":" in host else host
        try:
            super().__init__(
                f"{scheme}://{named}:{port}",
                auth_handler=Open(),
                tls_certificates=[tls] if tls else None,
                middleware={_MIDDLEWARE: Authentication(self._logins)},
            )
        except (pa.ArrowException, OSError) as error:
            raise BadInput(
                f"cannot listen on {host}:{port}: {str(error).splitlines()[0]}",
                fix=f"Change {KEY} in platform.yaml, or stop what uses the port.",
            ) from error
        self.host = host
        self._thread = threading.Thread(target=self.serve, name="flight", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop every statement, and the port."""
        self._logins.close()
        self.shutdown()
        self._thread.join()

    # Calls

    def get_flight_info(self, context: fl.ServerCallContext, descriptor: fl.FlightDescriptor) -> fl.FlightInfo:
        """Run a statement; or tell the schema of what a question about the catalogue will give."""
        with _told():
            name, command = messages.read(descriptor.command)
            login = _login(context)
            if name in _SCHEMAS:
                return _info(_SCHEMAS[name](command), descriptor, descriptor.command)
            if name == "CommandStatementQuery":
                text = command.query
            elif name == "CommandPreparedStatementQuery":
                text = _prepared(login, command.prepared_statement_handle)
            else:
                raise messages.Unknown(name)
            with self._logins.session(login, context) as session:
                if login.opened is not None:
                    # Doris too forgets the result before when the next statement comes.
                    login.opened.stop(DorisError("another statement came before all rows were fetched"))
                login.opened = None
                login.opened = opened = Opened(session, text)
                ticket = messages.write("TicketStatementQuery", statement_handle=opened.handle)
                return _info(opened.schema, descriptor, ticket)

    def do_get(self, context: fl.ServerCallContext, ticket: fl.Ticket) -> fl.FlightDataStream:
        """The rows that a ticket stands for. Each ticket is good once."""
        with _told():
            name, command = messages.read(ticket.ticket)
            login = _login(context)
            if name == "TicketStatementQuery":
                opened = login.opened
                if opened is None or not secrets.compare_digest(opened.handle, command.statement_handle):
                    raise DorisError("the result is gone: it was fetched already, or another statement came after it")
                return fl.GeneratorStream(opened.schema, self._rows(login, context, opened))
            with self._logins.session(login, context) as session:
                return fl.RecordBatchStream(_ANSWERS[name](session, command))

    def _rows(self, login: Login, context: fl.ServerCallContext, opened: Opened) -> Iterator[pa.RecordBatch]:
        opened.context = context
        with _told():
            try:
                yield from opened.batches()
            finally:
                if login.opened is opened:
                    login.opened = None

    def do_action(self, context: fl.ServerCallContext, action: fl.Action) -> Iterator[fl.Result]:
        """Prepare a statement and forget it; end the session."""
        with _told():
            login = _login(context)
            if action.type == _CLOSE_SESSION:
                self._logins.forget(login)
                yield fl.Result(_SESSION_CLOSED)
                return
            _, request = messages.read(action.body.to_pybytes())
            if action.type == _CREATE:
                handle = secrets.token_bytes(16)
                login.prepared[handle] = request.query
                yield fl.Result(
                    messages.write(
                        "ActionCreatePreparedStatementResult",
                        prepared_statement_handle=handle,
                        dataset_schema=_UNTOLD.serialize().to_pybytes(),
                        parameter_schema=pa.schema([]).serialize().to_pybytes(),
                    )
                )
            elif action.type == _CLOSE:
                login.prepared.pop(request.prepared_statement_handle, None)
            else:
                raise messages.Unknown(action.type)

    def list_actions(self, _context: fl.ServerCallContext) -> list[fl.ActionType]:
        return [
            fl.ActionType(_CREATE, "prepares a statement"),
            fl.ActionType(_CLOSE, "forgets a prepared statement"),
            fl.ActionType(_CLOSE_SESSION, "ends the session"),
        ]


_SCHEMAS: dict[str, Callable[[Any], pa.Schema]] = {
    "CommandGetSqlInfo": lambda _: metadata.SQL_INFO,
    "CommandGetCatalogs": lambda _: metadata.CATALOGS,
    "CommandGetDbSchemas": lambda _: metadata.SCHEMAS,
    "CommandGetTables": lambda command: metadata.TABLES_WITH_COLUMNS if command.include_schema else metadata.TABLES,
    "CommandGetTableTypes": lambda _: metadata.TABLE_TYPES,
}

_ANSWERS: dict[str, Callable[[Any, Any], pa.Table]] = {
    "CommandGetSqlInfo": lambda _, command: metadata.sql_info(command.info),
    "CommandGetCatalogs": lambda session, _: metadata.catalogs(session),
    "CommandGetDbSchemas": lambda session, command: metadata.schemas(
        session, command.catalog, command.db_schema_filter_pattern
    ),
    "CommandGetTables": lambda session, command: metadata.tables(
        session,
        command.catalog,
        command.db_schema_filter_pattern,
        command.table_name_filter_pattern,
        list(command.table_types),
        columns=command.include_schema,
    ),
    "CommandGetTableTypes": lambda session, _: metadata.table_types(session),
}


def _info(schema: pa.Schema, descriptor: fl.FlightDescriptor, ticket: bytes) -> fl.FlightInfo:
    # No location: the client fetches where it asked.
    return fl.FlightInfo(schema, descriptor, [fl.FlightEndpoint(ticket, [])], -1, -1)


def _login(context: fl.ServerCallContext) -> Login:
    found: Login = context.get_middleware(_MIDDLEWARE).login
    return found


def _prepared(login: Login, handle: bytes) -> str:
    try:
        return login.prepared[handle]
    except KeyError:
        raise DorisError("the prepared statement is not known, or closed") from None


@contextmanager
def _told() -> Iterator[None]:
    """Errors as Flight errors with Doris' text: nothing of the inside goes to a client."""
    try:
        yield
    except (fl.FlightError, GeneratorExit):
        raise
    except messages.Unknown as unknown:
        raise NotImplementedError(f"{unknown}: not supported over Flight SQL") from None
    except BaseException as error:
        mapped = failures.to_doris(error)
        raise fl.FlightInternalError(mapped.text) from None
