"""Taking the body of a load from the socket."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from nereus.warehouse.embedded.http.failures import LoadFailed, invalid
from nereus.warehouse.embedded.http.spool import Spool

#: How much is collected before it is written, so that writing does not cost a change of threads per packet.
_PIECE = 1 << 20
#: A client that sends nothing for so long is gone, in seconds.
IDLE_S = 300.0


class Gone(LoadFailed):
    """The client hung up; nobody reads the answer."""

    def __init__(self) -> None:
        super().__init__("CANCELLED", "the client is gone")


def check_length(request: web.BaseRequest, limit: int) -> None:
    """Raise LoadFailed for a body of unknown length, and for one that says it is too large."""
    length = request.content_length
    if length is None and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
        raise invalid(
            "content_length is empty and transfer-encoding!=chunked, please set content_length "
            "or transfer-encoding=chunked"
        )
    if length is not None and length > limit:
        raise LoadFailed(
            "E-217",
            f"body size {length} exceed BE's conf `streaming_load_max_mb` {limit}. increase it if you are sure this "
            "load is reasonable. Or send the file in parts",
        )


async def receive(request: web.BaseRequest, spool: Spool, pool: Executor) -> None:
    """Write the whole body into the spool. Raises LoadFailed; Gone when the client hangs up."""
    loop = asyncio.get_running_loop()
    pending: list[bytes] = []
    size = 0
    while chunk := await _next(request):
        pending.append(chunk)
        size += len(chunk)
        if size >= _PIECE:
            await loop.run_in_executor(pool, spool.write, b"".join(pending))
            pending, size = [], 0
    if pending:
        await loop.run_in_executor(pool, spool.write, b"".join(pending))
    await loop.run_in_executor(pool, spool.finish)


async def _next(request: web.BaseRequest) -> bytes:
    try:
        async with asyncio.timeout(IDLE_S):
            return await request.content.readany()
    except TimeoutError as error:
        raise LoadFailed("TIMEOUT", f"no data came for {IDLE_S:g} seconds") from error
    except (web.RequestPayloadError, HttpProcessingError) as error:
        if request.transport is None or request.transport.is_closing():
            raise Gone from error
        raise LoadFailed("NETWORK_ERROR", f"receive body don't equal with body bytes: {error}") from error
    except ConnectionError as error:
        raise Gone from error
