"""How often and how fast Superset answers, for Prometheus: on a port of its own that no ingress leads to.

Superset itself only speaks to StatsD. One worker process answers all requests here, so its own counts are all counts.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Beginning of a path -> what the request is for.
_KINDS = {
    "/api/v1/chart/data": "chart",
    "/superset/dashboard": "dashboard",
    "/embedded": "dashboard",
    "/api/v1/sqllab": "sqllab",
    "/static": "static",
    "/health": "probe",
    "/login": "login",
}


class Counts:
    """Requests and seconds by kind and kind of status (2xx ...)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str], int] = defaultdict(int)
        self._seconds: dict[tuple[str, str], float] = defaultdict(float)

    def add(self, path: str, status: int, seconds: float) -> None:
        kind = next((kind for start, kind in _KINDS.items() if path.startswith(start)), "other")
        key = kind, f"{status // 100}xx"
        with self._lock:
            self._requests[key] += 1
            self._seconds[key] += seconds

    def text(self) -> str:
        """Prometheus' text format."""
        with self._lock:
            told = (("superset_requests_total", self._requests), ("superset_request_seconds_total", self._seconds))
            return "".join(
                f"# TYPE {name} counter\n"
                + "".join(
                    f'{name}{{kind="{kind}",status="{status}"}} {value}\n' for (kind, status), value in of.items()
                )
                for name, of in told
            )


def watch(app: Any, port: int, bind: str = "0.0.0.0") -> ThreadingHTTPServer | None:  # noqa: ANN401, S104 - Flask; a pod
    """Count every request of a Flask application and serve the counts; None where another worker serves already."""
    from flask import g, request

    counts = Counts()

    def begin() -> None:
        g.nereus_began = time.perf_counter()

    def end(answer: Any) -> Any:  # noqa: ANN401 - a response
        began = getattr(g, "nereus_began", None)
        if began is not None:
            counts.add(request.path, answer.status_code, time.perf_counter() - began)
        return answer

    app.before_request(begin)
    app.after_request(end)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            if self.path == "/metrics":
                self.wfile.write(counts.text().encode())

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are not worth a line each."""

    try:
        server = ThreadingHTTPServer((bind, port), Handler)
    except OSError:
        return None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
