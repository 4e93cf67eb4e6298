"""A portal as it is served: its warehouse, its process, and a reverse proxy that gives it a path of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import requests
from aiohttp import web

from nereus import secrets
from nereus.paths import PORTAL
from tests.unit.insight.deployed import Deployed

READY_SECONDS = 400.0
BASE = "/management"
_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "content-encoding", "content-length", "host"}


@dataclass(frozen=True)
class Served:
    """`url` is where a browser goes, below the proxy's path; `direct` is the portal's own port."""

    deployed: Deployed
    url: str
    direct: str

    def password(self, role: str) -> str:
        return secrets.ensure(self.deployed.home, f"portal-{role}")

    def session(self, role: str) -> requests.Session:
        """A browser's cookies after a login."""
        web_session = requests.Session()
        answer = web_session.post(f"{self.url}/login", data={"password": self.password(role)}, timeout=30)
        assert answer.status_code == 200
        return web_session


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def served(deployed: Deployed, base: str = BASE, port: int | None = None) -> Iterator[Served]:
    """The portal of a deployment behind a proxy; both end with the block."""
    port = port or free_port()
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(PORTAL / "serve.py"), "--server.address", "127.0.0.1"),
        *("--server.port", str(port), "--server.headless", "true", "--server.fileWatcherType", "none"),
        *("--client.toolbarMode", "minimal", "--client.showErrorDetails", "none", "--server.baseUrlPath", base),
    ]
    known = os.environ | {"NEREUS_CONFIG": str(deployed.config), "NEREUS_HOME": str(deployed.home.root)}
    log = deployed.home.logs / "portal.log"
    direct = f"http://127.0.0.1:{port}{base}"
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file, env=known) as process:
        try:
            _wait(f"{direct}/_stcore/health", process, log)
            with proxy(port) as place:
                yield Served(deployed, f"http://127.0.0.1:{place}{base}", direct)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=5).text == "ok":
                return
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the portal did not start:\n{log.read_text('utf-8')}")
        time.sleep(0.1)


@contextlib.contextmanager
def proxy(port: int) -> Iterator[int]:
    """A reverse proxy to a port of this machine: HTTP and websockets, the path untouched. Gives its own port."""
    loop = asyncio.new_event_loop()
    place = free_port()
    ready, done = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with aiohttp.ClientSession(auto_decompress=False) as client:
            application = web.Application(client_max_size=2**24)

            async def forward(request: web.Request) -> web.StreamResponse:
                return await _forward(request, client, port)

            application.router.add_route("*", "/{tail:.*}", forward)
            runner = web.AppRunner(application, shutdown_timeout=1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", place).start()
            ready.set()
            await done.wait()
            await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield place
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(30)


async def _forward(request: web.Request, client: aiohttp.ClientSession, port: int) -> web.StreamResponse:
    target = f"http://127.0.0.1:{port}{request.rel_url}"
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
    headers |= {"Host": request.host, "X-Forwarded-Proto": "http"}
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await _forward_websocket(request, client, target, headers)
    body = await request.read()
    async with client.request(request.method, target, headers=headers, data=body, allow_redirects=False) as answer:
        kept = [
            (name, value) for name, value in answer.headers.items() if name.lower() not in _HOP - {"content-encoding"}
        ]
        response = web.StreamResponse(status=answer.status)
        for name, value in kept:
            response.headers.add(name, value)
        await response.prepare(request)
        async for part in answer.content.iter_any():
            await response.write(part)
        await response.write_eof()
        return response


async def _forward_websocket(
    request: web.Request, client: aiohttp.ClientSession, target: str, headers: dict[str, str]
) -> web.StreamResponse:
    asked = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]
    kept = {name: value for name, value in headers.items() if not name.lower().startswith("sec-websocket")}
    try:
        behind = await client.ws_connect(target, headers=kept, protocols=asked, max_msg_size=0)
    except aiohttp.WSServerHandshakeError as error:
        return web.Response(status=error.status)
    before = web.WebSocketResponse(protocols=[behind.protocol] if behind.protocol else (), max_msg_size=0)
    await before.prepare(request)

    async def copy(source: aiohttp.ClientWebSocketResponse | web.WebSocketResponse, sink: object) -> None:
        async for message in source:
            if message.type is aiohttp.WSMsgType.BINARY:
                await sink.send_bytes(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                await sink.send_str(message.data)
        await sink.close()

    await asyncio.gather(copy(before, behind), copy(behind, before), return_exceptions=True)
    return before
