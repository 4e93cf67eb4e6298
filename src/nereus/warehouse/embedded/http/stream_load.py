"""``PUT /api/{db}/{table}/_stream_load``: one file, one transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.http import HttpVersion11

from nereus.warehouse.embedded.http import options
from nereus.warehouse.embedded.http.answers import LoadReport, RestCode, rest, rest_failed
from nereus.warehouse.embedded.http.body import Gone, check_length, receive
from nereus.warehouse.embedded.http.counters import LoadCounters
from nereus.warehouse.embedded.http.error_log import ErrorLogs
from nereus.warehouse.embedded.http.failures import LabelExists, LoadFailed
from nereus.warehouse.embedded.http.load import run_load
from nereus.warehouse.embedded.http.login import Unauthorized, authenticate, require_load
from nereus.warehouse.embedded.http.plan import LoadPlan, plan_load
from nereus.warehouse.embedded.http.spool import Spool
from nereus.warehouse.embedded.http.stop import Stop

if TYPE_CHECKING:
    from nereus.warehouse.embedded.warehouse import Warehouse

#: How often a running load looks whether somebody still waits for it, in seconds.
_WATCH_S = 0.1


@dataclass(frozen=True, slots=True)
class Admitted:
    """A load whose login, headers and table were found good, before its body is asked for."""

    plan: LoadPlan
    report: LoadReport
    started: float


_ADMITTED = web.RequestKey("admitted", Admitted)


class StreamLoads:
    """Serves loads. Bodies are spooled by `pool`, a few threads of its own; the engine's work is done by `executor`."""

    def __init__(self, warehouse: Warehouse, executor: Executor, pool: Executor, *, limit_bytes: int) -> None:
        self.counters = LoadCounters()
        self.logs = ErrorLogs()
        self._warehouse = warehouse
        self._executor = executor
        self._pool = pool
        self._limit = limit_bytes
        self._labels: set[tuple[str, str]] = set()
        self._closing = False

    def close(self) -> None:
        """End the loads that run; each answers its client that it failed."""
        self._closing = True

    async def expect(self, request: web.Request) -> web.StreamResponse | None:
        """Before the body: refuse what cannot work, so that nobody sends it in vain; otherwise ask for the body."""
        if request.headers["Expect"].lower() != "100-continue":
            raise web.HTTPExpectationFailed(text=f"Unknown Expect: {request.headers['Expect']}")
        admitted = await self._admit(request)
        if isinstance(admitted, web.Response):
            # The body may or may not be on its way: what follows on this connection cannot be told apart from it.
            admitted.force_close()
            return admitted
        request[_ADMITTED] = admitted
        if request.version >= HttpVersion11:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            # The answer itself has not begun.
            request.writer.output_size = 0
        return None

    async def put(self, request: web.Request) -> web.StreamResponse:
        """Take the body, load it, report."""
        if _ADMITTED not in request:
            # Doris' frontend wants to redirect before anything is sent.
            authenticate(self._warehouse, request)
            return rest_failed("There is no 100-continue header")
        admitted = request[_ADMITTED]
        report = admitted.report
        self.counters.begin()
        try:
            with self._label(request.match_info["db"], report.label):
                await self._load(request, admitted)
        except LoadFailed as failure:
            report.failure = failure
        finally:
            report.load_ms = _since(admitted.started)
            self.counters.end(report)
            self._record(request, admitted.plan.user, report)
        response = report.response()
        if not request.content.is_eof():
            response.force_close()
        return response

    async def _admit(self, request: web.Request) -> Admitted | web.Response:
        started = time.monotonic()
        db, table = request.match_info["db"], request.match_info["table"]
        try:
            identity = authenticate(self._warehouse, request)
            require_load(self._warehouse.accounts, identity, db, table)
        except Unauthorized as error:
            return rest(RestCode.UNAUTHORIZED, str(error))
        mode = request.headers.get("group_commit", "off_mode").lower()
        if mode not in ("off_mode", "sync_mode", "async_mode", ""):
            return rest_failed("Header `group_commit` can only be `sync_mode`, `async_mode` or `off_mode`.")
        report = LoadReport(options.label_of(request.headers), comment=request.headers.get("comment", ""))
        try:
            check_length(request, self._limit)
            wanted = options.parse(request.headers, report.label)
            self._check_label(db, report.label)
            plan = await asyncio.get_running_loop().run_in_executor(
                self._pool, plan_load, self._warehouse, identity.name, request.remote or "", db, table, wanted
            )
        except LoadFailed as failure:
            report.failure = failure
            report.load_ms = _since(started)
            self.counters.begin()
            self.counters.end(report)
            self._record(request, identity.name, report)
            return report.response()
        report.plan_ms = _since(started)
        return Admitted(plan, report, started)

    async def _load(self, request: web.Request, admitted: Admitted) -> None:
        plan, report = admitted.plan, admitted.report
        gzip = plan.options.gzip or request.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip")
        spool = Spool(self._warehouse.engine.spool, gzip=gzip, limit=self._limit)
        try:
            started = time.monotonic()
            await receive(request, spool, self._pool)
            report.load_bytes = spool.received
            report.receive_ms = _since(started)
            log = await self._run(request, admitted, spool)
        finally:
            spool.remove()
        if log:
            name = self.logs.keep(plan.user, log)
            report.error_url = f"{request.scheme}://{request.host}/api/_load_error_log?file={name}"

    async def _run(self, request: web.Request, admitted: Admitted, spool: Spool) -> str:
        """Let the executor load while the client waits and the load's time is not over."""
        plan, stop = admitted.plan, Stop()
        deadline = admitted.started + plan.options.timeout_s
        work = asyncio.get_running_loop().run_in_executor(
            self._executor, run_load, self._warehouse, plan, spool, admitted.report, stop
        )
        over = LoadFailed("TIMEOUT", f"the load took longer than its timeout of {plan.options.timeout_s} seconds")
        cancelled: asyncio.CancelledError | None = None
        while not work.done():
            try:
                await asyncio.wait({work}, timeout=_WATCH_S)
            except asyncio.CancelledError as error:
                # Whoever ends this task must wait for the thread, which uses the spool file and the engine.
                cancelled = error
            if self._closing or cancelled:
                stop.request(LoadFailed("CANCELLED", "the warehouse is being stopped. Send the load again"))
            elif request.transport is None or request.transport.is_closing():
                stop.request(Gone())
            elif time.monotonic() > deadline:
                stop.request(over)
        if cancelled:
            raise cancelled
        return await work

    def _record(self, request: web.Request, user: str, report: LoadReport) -> None:
        """Note a load's end in the audit log."""
        if report.failure is not None:
            error: str | None = report.failure.message
        else:
            # The server may be stopped, or its disk full, before the rows are durable.
            error = None if report.txn_id != LoadReport.txn_id else "the load was broken off"
        self._warehouse.audit.record_load(
            self._warehouse,
            user=user,
            client_ip=request.remote or "",
            db=request.match_info["db"],
            table=request.match_info["table"],
            label=report.label,
            rows=report.total_rows,
            loaded_rows=report.loaded_rows,
            body_bytes=report.load_bytes,
            elapsed_ms=report.load_ms,
            error=error,
        )

    def _check_label(self, db: str, label: str) -> None:
        if (db, label) in self._labels:
            text = f"Label [{label}] has already been used, relate to txn [-1], status [PREPARE]."
            raise LabelExists(text, "RUNNING")

    @contextmanager
    def _label(self, db: str, label: str) -> Iterator[None]:
        """Hold the label from the first byte of the body on. Raises LabelExists."""
        self._check_label(db, label)
        self._labels.add((db, label))
        try:
            yield
        finally:
            self._labels.discard((db, label))


def _since(started: float) -> int:
    """Milliseconds since a moment of time.monotonic()."""
    return int((time.monotonic() - started) * 1000)
