"""The MySQL port: accepts connections, counts them, and ends them."""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING

from nereus.errors import BadInput
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.wire import packets
from nereus.warehouse.embedded.wire.channel import Channel
from nereus.warehouse.embedded.wire.connection import Connection, Serving
from nereus.warehouse.embedded.wire.limits import Budget, Limits

if TYPE_CHECKING:
    from nereus.warehouse.embedded.warehouse import Warehouse

_log = logging.getLogger(__name__)

#: Threads of the pool. A statement that waits in a queue holds one, and KILL must find one: every connection may have
#: its own, and loads some. A thread is made when one is wanted; an idle connection has none.
THREADS = Limits().connections + 64
_BACKLOG = 512
#: How long statements may take to end when the server stops, in seconds.
_PATIENCE_S = 5.0
_STOPPING = DorisError("Server shutdown in progress", 1053, "08S01", plain=True)


class MysqlServer:
    """A listening server.

    Attributes:
        host, port: where it listens; the port is the real one where 0 was asked for.
    """

    def __init__(self, serving: Serving, own_executor: ThreadPoolExecutor | None) -> None:
        self._serving = serving
        self._own_executor = own_executor
        self._budget = Budget(serving.limits.inbound_bytes)
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._listener: asyncio.Server | None = None
        self.host = ""
        self.port = 0

    @property
    def connections(self) -> int:
        """Clients at this moment, those that have not logged in included."""
        return len(self._connections)

    async def listen(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: Channel(self._serving.limits, self._budget, self._opened), host, port, backlog=_BACKLOG
        )
        self.host, self.port = self._listener.sockets[0].getsockname()[:2]

    async def close(self) -> None:
        """Take no more connections, stop what runs, close every connection. Running it twice changes nothing."""
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._connections.values()):
            connection.end(_STOPPING)
        if self._connections:
            await asyncio.wait(list(self._connections), timeout=_PATIENCE_S)
        if self._own_executor is not None:
            self._own_executor.shutdown(wait=False, cancel_futures=True)

    def _opened(self, channel: Channel) -> None:
        limit = self._serving.limits.connections
        if len(self._connections) >= limit:
            _log.warning("connection from %s refused: %d clients are connected", channel.host, limit)
            full = f"Reach limit of connections. Total: {limit}, Current: {len(self._connections)}"
            channel.send(packets.error(DorisError(full, 1203, "42000", plain=True)))
            channel.close()
            return
        connection = Connection(self._serving, channel, self._serving.warehouse.processes.next_id())
        task = asyncio.get_running_loop().create_task(connection.serve())
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)


async def serve_mysql(
    warehouse: Warehouse,
    host: str = "127.0.0.1",
    port: int = 9030,
    ssl: ssl.SSLContext | None = None,
    *,
    executor: Executor | None = None,
    limits: Limits | None = None,
) -> MysqlServer:
    """Serve MySQL's protocol for `warehouse` in the running loop.

    Args:
        ssl: with it every client must encrypt.
        executor: runs the statements; the server makes one of its own without it.

    Raises BadInput when the port is taken or the address is not this machine's.
    """
    own: ThreadPoolExecutor | None = None
    if executor is None:
        executor = own = ThreadPoolExecutor(THREADS, "statement")
    server = MysqlServer(Serving(warehouse, executor, limits or Limits(), ssl), own)
    try:
        await server.listen(host, port)
    except OSError as error:
        if own is not None:
            own.shutdown()
        raise cannot_listen(host, port, "local.ports.warehouse_mysql", error) from error
    return server


def cannot_listen(host: str, port: int, key: str, error: OSError) -> BadInput:
    """The error for an address that cannot be had; `key` is where platform.yaml names it."""
    if error.errno == errno.EADDRINUSE:
        return BadInput(
            f"port {port} on {host} is taken by another process",
            fix=f"Stop that process, or give {key} in platform.yaml another number.",
        )
    if error.errno == errno.EACCES:
        return BadInput(f"port {port} may not be opened by this user", fix=f"Give {key} a number from 1024 on.")
    return BadInput(f"cannot listen on {host}:{port}: {error.strerror or error}")
