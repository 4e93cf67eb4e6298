"""A MySQL server in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from nereus.warehouse.embedded.wire.server import serve_mysql


@contextlib.contextmanager
def served(warehouse, **options):
    """Yields the server; `server.port` says where it listens, `server.run(coroutine)` runs work in its loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    try:
        server = run(serve_mysql(warehouse, "127.0.0.1", 0, **options))
        server.run = run
        try:
            yield server
        finally:
            run(server.close())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
