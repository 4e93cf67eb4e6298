"""The HTTP port: Stream Load, its error logs, health and metrics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.typedefs import Handler

from nereus.warehouse.embedded.http.answers import RestCode, rest
from nereus.warehouse.embedded.http.login import Unauthorized, authenticate, is_admin
from nereus.warehouse.embedded.http.metrics import CONTENT_TYPE, collect, exposition
from nereus.warehouse.embedded.http.spool import DEFAULT_LIMIT_BYTES
from nereus.warehouse.embedded.http.stream_load import StreamLoads
from nereus.warehouse.embedded.wire.server import cannot_listen

if TYPE_CHECKING:
    import ssl

    from nereus.warehouse.embedded.warehouse import Warehouse

_log = logging.getLogger(__name__)

_SPOOL_THREADS = 4
_LOAD_THREADS = 16
#: Headers may be long: `columns` of a wide table is one (Jetty, in Doris' frontend, takes 1 MB).
_LONGEST_HEADER = 1 << 20

#: How connections are served; the same for `make_app` under a runner and for `serve_http`.
_CONNECTION: Mapping[str, Any] = {
    "access_log": None,
    "max_line_size": 1 << 16,
    "max_field_size": _LONGEST_HEADER,
    "lingering_time": 1.0,
    "keepalive_timeout": 75.0,
    # Compressed bodies are inflated where their size is watched.
    "auto_decompress": False,
}
_BACKLOG = 128


def make_app(warehouse: Warehouse, executor: Executor, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> web.Application:
    """The application of the HTTP port.

    Args:
        executor: runs the engine's work of loads, one thread each.
        limit_bytes: largest body of a load, before and after decompression.
    """
    pool = ThreadPoolExecutor(_SPOOL_THREADS, "spool")
    loads = StreamLoads(warehouse, executor, pool, limit_bytes=limit_bytes)
    port = _Port(warehouse, loads, pool)
    app = web.Application(middlewares=[_doris_errors], handler_args=dict(_CONNECTION))
    app.router.add_put("/api/{db}/{table}/_stream_load", loads.put, expect_handler=loads.expect)
    app.router.add_get("/api/_load_error_log", port.error_log)
    app.router.add_get("/api/health", port.health)
    app.router.add_get("/api/bootstrap", port.bootstrap)
    app.router.add_get("/metrics", port.metrics)

    async def end_loads(_: web.Application) -> None:
        loads.close()

    async def end_pool(_: web.Application) -> None:
        await asyncio.to_thread(pool.shutdown)

    app.on_shutdown.append(end_loads)
    app.on_cleanup.append(end_pool)
    return app


class HttpServer:
    """A listening HTTP port; `port` is the real one where 0 was asked for."""

    def __init__(self, runner: web.AppRunner, listener: asyncio.Server, own: ThreadPoolExecutor | None) -> None:
        self._runner = runner
        self._listener = listener
        self._own = own
        self.host, self.port = listener.sockets[0].getsockname()[:2]

    async def close(self) -> None:
        """Take no more requests, end running loads, close every connection. Running it twice changes nothing."""
        self._listener.close()
        await self._runner.cleanup()
        if self._own is not None:
            self._own.shutdown(wait=False, cancel_futures=True)


async def serve_http(
    warehouse: Warehouse,
    host: str = "127.0.0.1",
    port: int = 8030,
    *,
    executor: Executor | None = None,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
    tls: ssl.SSLContext | None = None,
) -> HttpServer:
    """Serve the HTTP port in the running loop, with `tls` by HTTPS alone. Raises BadInput when the port is taken.

    Beyond `make_app` under any runner, requests that are no HTTP at all get an answer in Doris' shape too.
    """
    own = None
    if executor is None:
        executor = own = ThreadPoolExecutor(_LOAD_THREADS, "load")
    runner = web.AppRunner(make_app(warehouse, executor, limit_bytes=limit_bytes), shutdown_timeout=5.0)
    await runner.setup()
    loop = asyncio.get_running_loop()
    try:
        listener = await loop.create_server(lambda: _connection(runner, loop), host, port, backlog=_BACKLOG, ssl=tls)
    except OSError as error:
        await runner.cleanup()
        if own is not None:
            own.shutdown()
        raise cannot_listen(host, port, "local.ports.warehouse_http", error) from error
    return HttpServer(runner, listener, own)


class _Connection(web.RequestHandler):
    """A connection whose malformed requests are answered as Doris answers."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500 and exc is not None:
            _log.error("a request from %s failed", request.remote, exc_info=exc)
        code = RestCode.INTERNAL_ERROR if status >= 500 else RestCode.BAD_REQUEST
        reason = (message or "").partition("\n")[0].rstrip(":") if status < 500 else "see the warehouse's log"
        response = rest(code, reason, status=status)
        response.force_close()
        return response


def _connection(runner: web.AppRunner, loop: asyncio.AbstractEventLoop) -> _Connection:
    if runner.server is None:
        raise ConnectionAbortedError("the server is being stopped")
    return _Connection(runner.server, loop=loop, **_CONNECTION)


class _Port:
    """Everything but the loads themselves."""

    def __init__(self, warehouse: Warehouse, loads: StreamLoads, pool: Executor) -> None:
        self._warehouse = warehouse
        self._loads = loads
        self._pool = pool

    async def error_log(self, request: web.Request) -> web.Response:
        """The bad rows of a load, for its own user and for administrators."""
        accounts = self._warehouse.accounts
        try:
            identity = authenticate(self._warehouse, request)
        except Unauthorized as error:
            response = rest(RestCode.UNAUTHORIZED, str(error), status=401)
            response.headers["WWW-Authenticate"] = "Basic realm=warehouse"
            return response
        name = request.query.get("file", "")
        if not name:
            return web.Response(text="parameter file not specified in url.")
        kept = self._loads.logs.read(name)
        if kept is None or (kept[0] != identity.name and not is_admin(accounts, identity)):
            return rest(RestCode.NOT_FOUND, f"no error log {name}: logs are kept until the warehouse is restarted")
        return web.Response(text=kept[1], content_type="text/plain")

    async def health(self, _: web.Request) -> web.Response:
        return rest(RestCode.OK, {"online_backend_num": 1, "total_backend_num": 1})

    async def bootstrap(self, _: web.Request) -> web.Response:
        """As a frontend answers those who show no cluster token."""
        ports = dict.fromkeys(("replayedJournalId", "queryPort", "rpcPort", "arrowFlightSqlPort"), 0)
        return rest(RestCode.OK, {**ports, "version": ""})

    async def metrics(self, _: web.Request) -> web.Response:
        text = await asyncio.get_running_loop().run_in_executor(self._pool, self._exposition)
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    def _exposition(self) -> str:
        return exposition(collect(self._warehouse, self._loads.counters))


@web.middleware
async def _doris_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every error the shape in which Doris' frontend gives it, with HTTP status 200."""
    try:
        return await handler(request)
    except Unauthorized as error:
        return rest(RestCode.UNAUTHORIZED, str(error))
    except web.HTTPMethodNotAllowed:
        return rest(RestCode.INTERNAL_ERROR, f"Request method '{request.method}' is not supported")
    except web.HTTPNotFound:
        return rest(RestCode.NOT_FOUND, f"there is nothing at {request.path}")
    except web.HTTPException as error:
        return rest(RestCode.BAD_REQUEST, error.text)
    except ConnectionError:
        raise
    except Exception:
        _log.exception("%s %s failed", request.method, request.path)
        return rest(RestCode.INTERNAL_ERROR, "see the warehouse's log")
