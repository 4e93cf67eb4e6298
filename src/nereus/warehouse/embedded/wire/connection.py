"""One client from its first byte to its last: login, commands, and their answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from mysql_mimic.types import Commands

from nereus.warehouse.embedded import dispatch, failures
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.wire import auth, login, packets
from nereus.warehouse.embedded.wire.channel import Channel, Closed, TooLarge, failure_of
from nereus.warehouse.embedded.wire.fields import field_list
from nereus.warehouse.embedded.wire.limits import Limits
from nereus.warehouse.embedded.wire.prepared import Prepared
from nereus.warehouse.embedded.wire.reader import Malformed, Reader, text
from nereus.warehouse.embedded.wire.reply import Piece, Reply

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session
    from nereus.warehouse.embedded.warehouse import Warehouse

_log = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")

#: How often the statement of a client that is gone is told to stop, in seconds.
_REPEAT_S = 0.2
#: How long a killed connection may take to send the end of its answer, in seconds.
_LAST_WORDS_S = 1.0
#: Doris lets nobody become these by COM_CHANGE_USER.
_NOBODY_BECOMES = frozenset({"root", "admin"})
_GONE = DorisError("the client went away", 1317, "70100")


@dataclass(frozen=True, slots=True)
class Serving:
    """What all connections of one server share."""

    warehouse: Warehouse
    executor: Executor
    limits: Limits
    tls: ssl.SSLContext | None = None


class Connection:
    """
    Attributes:
        number: connection id, as KILL and SHOW PROCESSLIST name it.
        session: None until the client has logged in.
    """

    def __init__(self, serving: Serving, channel: Channel, number: int) -> None:
        self._serving = serving
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._host = channel.host
        self._nonce = auth.new_nonce()
        self._multi_statements = False
        self._prepared: dict[int, Prepared] = {}
        self._statement_ids = 0
        self._running: Reply | None = None
        self._ending = False
        self.number = number
        self._user: str | None = None
        self.session: Session | None = None
        channel.on_lost = self._lost

    async def serve(self) -> None:
        """Everything, up to the closed socket. Raises nothing that a client can provoke."""
        try:
            await self._log_in()
            await self._obey()
        except Closed:
            pass
        except (Malformed, TooLarge) as reason:
            _log.info("connection %d from %s: %s", self.number, self._host, failure_of(reason).detail)
            self._channel.send(packets.error(failure_of(reason)))
        except DorisError as refusal:
            _log.info("connection %d from %s refused: %s", self.number, self._host, refusal.detail)
            self._refused(refusal)
            self._channel.send(packets.error(refusal))
        except TimeoutError:
            _log.info("connection %d from %s did not log in in time", self.number, self._host)
        except (ssl.SSLError, ConnectionError) as error:
            _log.info("connection %d from %s: %s", self.number, self._host, error)
        except Exception as error:
            _log.exception("connection %d from %s failed", self.number, self._host)
            self._channel.send(packets.error(failures.to_doris(error)))
        finally:
            self._channel.close()
            if self.session is not None:
                await self._call(self.session.close)

    def end(self, reason: DorisError) -> None:
        """Stop what runs, which then answers with `reason`, and close."""
        self._ending = True
        if self._cancelled(reason):
            self._loop.call_later(_LAST_WORDS_S, self._channel.abort)
        else:
            self._channel.close()

    # Login

    async def _log_in(self) -> None:
        channel = self._channel
        async with asyncio.timeout(self._serving.limits.login_seconds):
            channel.send(packets.handshake(self.number, self._nonce, tls=self._serving.tls is not None))
            answer = await channel.read()
            if self._serving.tls is not None:
                if not login.wants_tls(answer):
                    raise DorisError(
                        "This warehouse accepts encrypted connections only: switch TLS on in the client, "
                        "for example with ssl_ca or --ssl-mode=REQUIRED",
                        3159,
                        plain=True,
                    )
                await channel.start_tls(self._serving.tls)
                answer = await channel.read()
            client = login.introduction(answer)
            self._user = client.user
            await self._authenticate(client)
            self._multi_statements = client.multi_statements
            await self._open(client)
        channel.send(packets.ok())
        channel.logged_in(compressed=client.compressed)

    def _refused(self, error: DorisError) -> None:
        """Tell the warehouse of a client who named a user and was sent away."""
        if self._user is not None and self.session is None:
            self._serving.warehouse.login_refused(self._user, self._host, error)

    async def _authenticate(self, client: login.Introduction) -> None:
        """Returns only for the right password; raises DorisError 1045 otherwise."""
        user = await auth.AccountIdentities(self._serving.warehouse.accounts, self._host).get_user(client.user)
        scramble, nonce = client.scramble, self._nonce
        if client.plugin not in (None, packets.AUTH_PLUGIN):
            nonce = auth.new_nonce()
            self._channel.send(packets.auth_switch(nonce))
            scramble = await self._channel.read()
        if not auth.NativePassword().password_matches(user=user, scramble=scramble, nonce=nonce):
            raise auth.denied(client.user, self._host, scramble)

    async def _open(self, client: login.Introduction) -> None:
        connect = self._serving.warehouse.connect
        opening = self._call(connect, client.user, self._host, self.number, client.database)
        try:
            self.session = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The login took too long; the session may still come, and nobody would close it.
            opening.add_done_callback(self._discard)
            raise
        self.session.on_kill = self._killed

    # Commands

    async def _obey(self) -> None:
        channel = self._channel
        # Who kills their own connection gets the answer first; the session is marked then.
        while not self._ending and not self._logged_in().killed:
            channel.sequence = 0
            packet = await channel.read()
            if not packet:
                raise Malformed("a command is empty")
            if packet[0] == Commands.COM_QUIT:
                return
            handler = _HANDLERS.get(packet[0])
            try:
                if handler is None:
                    raise DorisError(f"Unsupported command({packet[0]})", 1047, "08S01", plain=True)
                await handler(self, packet)
            except DorisError as error:
                channel.send(packets.error(error))
            await channel.drain()

    async def _query(self, packet: bytes) -> None:
        await self._run(text(packet[1:].rstrip(b"\0")))

    async def _run(self, sql: str, *, binary: bool = False, cursor: bool = False) -> None:
        """Carry out a text and send its answer while it is made, at most one step ahead of the client."""
        session = self._logged_in()
        counted = None if self._multi_statements else (lambda: len(dispatch.split(sql)))
        reply = Reply(
            session.execute(sql), statements=counted, binary=binary, cursor=cursor, sequence=self._channel.sequence
        )
        self._running = reply
        step = self._call(reply.step)
        try:
            while True:
                pieces, done = await step
                if self._channel.lost:
                    return
                if not done:
                    step = self._call(reply.step)
                await self._write(pieces)
                if done:
                    return
                await self._channel.drain()
        finally:
            await self._stop(reply, step)
            self._running = None

    async def _write(self, pieces: list[Piece]) -> None:
        """Send part of an answer; it is compressed in a thread, where the client wants that."""
        compression = self._channel.compression
        if compression is None:
            self._channel.write_all(pieces)
        else:
            self._channel.write_frames(await self._call(compression.deflated, pieces))

    async def _stop(self, reply: Reply, step: asyncio.Future[tuple[list[Piece], bool]]) -> None:
        """Wait for the step that is under way, and close what the client did not take."""
        if self._channel.lost or not step.done():
            reply.stopped = True
            while not step.done():
                self._logged_in().cancel(_GONE)
                await asyncio.wait({step}, timeout=_REPEAT_S)
            step.exception()
            await self._call(reply.close)

    async def _init_db(self, packet: bytes) -> None:
        await self._call(self._logged_in().use, text(packet[1:]))
        self._channel.send(packets.ok())

    async def _field_list(self, packet: bytes) -> None:
        table = text(Reader(packet, 1).terminated())
        for definition in await self._call(field_list, self._logged_in(), table):
            self._channel.send(definition)
        self._channel.send(packets.eof())

    async def _acknowledge(self, _packet: bytes) -> None:
        """COM_PING, COM_STATISTICS, COM_DEBUG and COM_SET_OPTION: Doris does nothing but say OK."""
        self._channel.send(packets.ok())

    async def _reset_connection(self, _packet: bytes) -> None:
        """Doris forgets the current database and keeps the variables."""
        self._prepared.clear()
        self._logged_in().database = None
        self._channel.send(packets.ok())

    async def _change_user(self, packet: bytes) -> None:
        """Another user, with a session of his own. Whoever may not become that user is sent away."""
        client = login.change_user(packet[1:])
        try:
            if client.user in _NOBODY_BECOMES:
                raise DorisError("Change to root or admin is forbidden", 1045, "28000", plain=True)
            await self._authenticate(client)
            old = self._logged_in()
            self.session = None
            self._prepared.clear()
            await self._call(old.close)
            await self._open(client)
        except DorisError as refusal:
            self._ending = True
            self._serving.warehouse.login_refused(client.user, self._host, refusal)
            raise
        self._channel.send(packets.ok())

    # Prepared statements

    async def _prepare(self, packet: bytes) -> None:
        if len(self._prepared) >= self._serving.limits.prepared:
            raise DorisError("Can't create more than max_prepared_stmt_count statements", 1461, "42000", plain=True)
        sql = text(packet[1:].rstrip(b"\0"))
        statement, columns = await self._call(self._announced, sql)
        self._statement_ids += 1
        self._prepared[self._statement_ids] = statement
        for payload in packets.prepared(self._statement_ids, statement.parameters, columns):
            self._channel.send(payload)

    def _announced(self, sql: str) -> tuple[Prepared, tuple[ResultColumn, ...]]:
        """The statement and the columns of its result, as far as they are known before it runs."""
        statement = Prepared.of(sql)
        return statement, self._logged_in().describe(sql, statement.assumed())

    async def _execute(self, packet: bytes) -> None:
        reader = Reader(packet, 1)
        statement = self._statement(reader.number(4))
        cursor = reader.number(1) != 0
        reader.take(4)  # An iteration count that is always 1.
        await self._run(statement.filled(reader), binary=True, cursor=cursor)

    async def _long_data(self, packet: bytes) -> None:
        """Part of a parameter; has no answer."""
        reader = Reader(packet, 1)
        statement = self._prepared.get(reader.number(4))
        parameter = reader.number(2)
        if statement is None or parameter >= statement.parameters:
            return
        data = statement.long_data.setdefault(parameter, bytearray())
        if sum(map(len, statement.long_data.values())) + reader.left > self._serving.limits.packet_bytes:
            raise TooLarge
        data += reader.rest()

    async def _reset_statement(self, packet: bytes) -> None:
        self._statement(Reader(packet, 1).number(4)).long_data.clear()
        self._channel.send(packets.ok())

    async def _close_statement(self, packet: bytes) -> None:
        """Has no answer."""
        self._prepared.pop(Reader(packet, 1).number(4), None)

    def _statement(self, number: int) -> Prepared:
        statement = self._prepared.get(number)
        if statement is None:
            raise DorisError("msg: Not supported such prepared statement", 1047, "08S01", plain=True)
        return statement

    # Within

    def _logged_in(self) -> Session:
        if self.session is None:
            raise Closed
        return self.session

    def _call(self, work: Callable[_P, _T], *args: _P.args, **_kwargs: _P.kwargs) -> asyncio.Future[_T]:
        """Run blocking work in a thread of the pool."""
        return self._loop.run_in_executor(self._serving.executor, work, *args)

    def _discard(self, opening: asyncio.Future[Session]) -> None:
        if not opening.cancelled() and opening.exception() is None:
            self._call(opening.result().close)

    def _lost(self) -> None:
        """The client is gone: nobody waits for what runs."""
        self._cancelled(_GONE)

    def _cancelled(self, reason: DorisError) -> bool:
        """Stop what runs, if anything does. Said again until it has ended: the next of several statements may begin
        in the moment in which none runs, and would not have heard it.
        """
        if self._running is None or self.session is None:
            return False
        self._running.stopped = True
        self.session.cancel(reason)
        self._loop.call_later(_REPEAT_S, self._cancelled, reason)
        return True

    def _killed(self) -> None:
        """KILL of this connection, from any thread."""
        with contextlib.suppress(RuntimeError):  # The loop has ended.
            self._loop.call_soon_threadsafe(self.end, DorisError("the connection was killed", 1317, "70100"))


_Handler = Callable[[Connection, bytes], Awaitable[None]]
_HANDLERS: dict[int, _Handler] = {
    Commands.COM_INIT_DB: Connection._init_db,
    Commands.COM_QUERY: Connection._query,
    Commands.COM_FIELD_LIST: Connection._field_list,
    Commands.COM_STATISTICS: Connection._acknowledge,
    Commands.COM_DEBUG: Connection._acknowledge,
    Commands.COM_PING: Connection._acknowledge,
    Commands.COM_SET_OPTION: Connection._acknowledge,
    Commands.COM_CHANGE_USER: Connection._change_user,
    Commands.COM_STMT_PREPARE: Connection._prepare,
    Commands.COM_STMT_EXECUTE: Connection._execute,
    Commands.COM_STMT_SEND_LONG_DATA: Connection._long_data,
    Commands.COM_STMT_CLOSE: Connection._close_statement,
    Commands.COM_STMT_RESET: Connection._reset_statement,
    Commands.COM_RESET_CONNECTION: Connection._reset_connection,
}
