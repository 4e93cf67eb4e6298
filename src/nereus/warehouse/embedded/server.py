"""The warehouse as a process: its ports, one warehouse, a clean end.

Run it as ``python -m nereus.warehouse.embedded``. When it serves it prints one line to standard output,
``ready mysql=127.0.0.1:9030 http=127.0.0.1:8030 flight=127.0.0.1:8070``; its log goes to standard error, a JSON
object a line.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import ipaddress
import json
import logging
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nereus.errors import BadInput, Failure, NereusError
from nereus.warehouse.embedded.flight.service import KEY as _FLIGHT_KEY
from nereus.warehouse.embedded.flight.service import FlightServer
from nereus.warehouse.embedded.http.app import HttpServer, serve_http
from nereus.warehouse.embedded.warehouse import Warehouse
from nereus.warehouse.embedded.wire.server import THREADS, MysqlServer, cannot_listen, serve_mysql

_log = logging.getLogger(__name__)

_MYSQL_KEY, _HTTP_KEY = "local.ports.warehouse_mysql", "local.ports.warehouse_http"
#: How often it is looked whether the engine still works.
_LOOK_EVERY_S = 1.0
_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; `tls_cert` and `tls_key` come together or not at all, `flight_port` -1 is none."""

    data: Path
    bind: str
    mysql_port: int
    http_port: int
    flight_port: int
    memory_gb: float
    threads: int
    root_password_file: Path
    tls_cert: Path | None
    tls_key: Path | None
    log_level: str


@dataclass(frozen=True, slots=True)
class Ports:
    """The servers while they run, and what they serve."""

    warehouse: Warehouse
    mysql: MysqlServer
    http: HttpServer
    flight: FlightServer | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Gives the exit code: 0 after a clean end, 2 for bad input, 1 for a failure."""
    options = parse(arguments)
    start_logging(options.log_level)
    try:
        asyncio.run(serve(options))
    except NereusError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def parse(arguments: Sequence[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m nereus.warehouse.embedded",
        description="The embedded warehouse: Doris' MySQL protocol and Stream Load over DuckDB.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the database; made when it is missing")
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--mysql-port", type=_port, default=9030, help="default: %(default)s; 0 takes a free one")
    parser.add_argument("--http-port", type=_port, default=8030, help="default: %(default)s; 0 takes a free one")
    parser.add_argument(
        "--flight-port",
        type=_flight_port,
        default=-1,
        help="of Arrow Flight SQL (default: -1, which is none, as Doris)",
    )
    parser.add_argument("--memory-gb", type=_positive(float), default=4.0, help="default: %(default)s")
    parser.add_argument("--threads", type=_positive(int), default=2, help="of the engine (default: %(default)s)")
    parser.add_argument(
        "--root-password-file", type=Path, required=True, help="first line: password of root in a new warehouse"
    )
    parser.add_argument("--tls-cert", type=Path, help="certificate chain (PEM); with it both ports are encrypted only")
    parser.add_argument("--tls-key", type=Path, help="its private key (PEM)")
    parser.add_argument("--log-level", choices=_LEVELS, default="info", help="default: %(default)s")
    return Options(**vars(parser.parse_args(arguments)))


async def serve(options: Options) -> None:
    """Serve until the process is told to stop. Raises NereusError where it cannot begin."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(options) as ports:
        # What is there now stays. To look through it for garbage would stop every query for 80 ms, again and again.
        gc.collect()
        gc.freeze()
        mysql, http = ports.mysql, ports.http
        flight = f" flight={ports.flight.host}:{ports.flight.port}" if ports.flight is not None else ""
        print(f"ready mysql={mysql.host}:{mysql.port} http={http.host}:{http.port}{flight}", flush=True)
        _log.info("serving MySQL on %s:%d and HTTP on %s:%d", mysql.host, mysql.port, http.host, http.port)
        broken = asyncio.create_task(_broken(ports.warehouse, stop))
        await stop.wait()
        broken.cancel()
        _log.info("stopping: %d connections", mysql.connections)
    if ports.warehouse.engine.broken.is_set():
        raise Failure("the engine gave its file up; what was committed is in it", fix="Start it again.")
    _log.info("stopped")


async def _broken(warehouse: Warehouse, stop: asyncio.Event) -> None:
    """Set `stop` once DuckDB has given its file up: only a new process can open it again."""
    while not warehouse.engine.broken.is_set():
        await asyncio.sleep(_LOOK_EVERY_S)
    stop.set()


@asynccontextmanager
async def serving(options: Options) -> AsyncIterator[Ports]:
    """All ports over an open warehouse; everything is closed at the end, the warehouse last."""
    password, tls = read_password(options.root_password_file), tls_context(options.tls_cert, options.tls_key)
    # Before the database is opened, which may take a while and fail for the same reason: an instance that runs.
    check_port(options.bind, options.mysql_port, _MYSQL_KEY)
    check_port(options.bind, options.http_port, _HTTP_KEY)
    if options.flight_port >= 0:
        check_port(options.bind, options.flight_port, _FLIGHT_KEY)
    if tls is None and not _is_loopback(options.bind):
        _log.warning("listening on %s without TLS: statements and rows can be read on the way", options.bind)
    warehouse = await asyncio.to_thread(
        Warehouse.open, options.data, memory_gb=options.memory_gb, threads=options.threads, root_password=password
    )
    executor = ThreadPoolExecutor(THREADS, "statement")
    try:
        mysql = await serve_mysql(warehouse, options.bind, options.mysql_port, tls, executor=executor)
        try:
            http = await serve_http(warehouse, options.bind, options.http_port, executor=executor, tls=tls)
            flight = await asyncio.to_thread(_serve_flight, warehouse, options)
            try:
                yield Ports(warehouse, mysql, http, flight)
            finally:
                if flight is not None:
                    await asyncio.to_thread(flight.close)
                await http.close()
        finally:
            await mysql.close()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(warehouse.close)


def _serve_flight(warehouse: Warehouse, options: Options) -> FlightServer | None:
    if options.flight_port < 0:
        return None
    tls = None
    if options.tls_cert is not None and options.tls_key is not None:
        tls = options.tls_cert.read_bytes(), options.tls_key.read_bytes()
    server = FlightServer(warehouse, options.bind, options.flight_port, tls=tls)
    warehouse.ports["flight"] = server.port
    return server


def read_password(file: Path) -> str:
    """The first line of the file. Raises BadInput where there is none."""
    try:
        found = file.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInput(
            f"--root-password-file {file} cannot be read: {reason}",
            fix="Name a file whose first line is the password of root.",
        ) from error
    if not found:
        raise BadInput(f"--root-password-file {file} is empty", fix="Write the password of root into its first line.")
    return found


def tls_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """The server's side of TLS, or None without a certificate. Raises BadInput for files that do not fit."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise BadInput("--tls-cert and --tls-key belong together", fix="Give both, or neither.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"the certificate {cert} and the key {key} cannot be used: {error.strerror or error}",
            fix="Give a certificate chain and its unencrypted private key, both in PEM form.",
        ) from error
    return context


def check_port(host: str, port: int, key: str) -> None:
    """Raise BadInput when nobody could listen there; `key` is where platform.yaml names the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise cannot_listen(host, port, key, error) from error


def start_logging(level: str) -> None:
    """Log to standard error, one JSON object a line."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # One line for every request of a metrics scraper helps nobody.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    """``{"time": "2026-11-22T08:00:00.000+00:00", "level": "info", "logger": ..., "message": ...}``"""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 0xFFFF:
        raise argparse.ArgumentTypeError(f"{number} is no port: expected 0 to 65535")
    return number


def _flight_port(text: str) -> int:
    return -1 if text == "-1" else _port(text)


class _positive:  # noqa: N801 - reads as a type in add_argument
    """A number greater than zero."""

    def __init__(self, kind: type[int] | type[float]) -> None:
        self._kind = kind
        self.__name__ = "positive number"

    def __call__(self, text: str) -> int | float:
        number = self._kind(text)
        if not 0 < number < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not greater than 0")
        return number


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
