"""What only the warehouse's tables know, for Prometheus: loads, checks, how fast analysts are answered.

    python -m nereus.kubernetes.exporter --config platform.yaml --port 9108

Asked as the read-only user `portal`. Every scrape asks the warehouse, at most once in `_FRESH_S`; a warehouse that does
not answer gives nereus_warehouse_up 0 and nothing else, so that no alert rests on old figures.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from nereus.config import load
from nereus.home import Home
from nereus.warehouse.client import Queries, Row, Warehouse, WarehouseError

#: How long an answer serves further scrapes, in seconds.
_FRESH_S = 15.0
#: Over how long the answers to analysts are averaged, in minutes.
_WINDOW_MIN = 15

_LOADS = """\
SELECT use_case, TIMESTAMPDIFF(SECOND, MAX(loaded_at), UTC_TIMESTAMP()) AS age_s, SUM(loaded_rows) AS loaded
FROM nereus_ops.load_history WHERE status = 'LOADED' GROUP BY use_case ORDER BY use_case"""
_CHECKS = """\
SELECT c.use_case AS use_case, c.kind AS kind, SUM(IF(c.status = 'PASS', 0, 1)) AS failing
FROM nereus_ops.quality_check c
JOIN (SELECT use_case, MAX(checked_at) AS last_at FROM nereus_ops.quality_check GROUP BY use_case) l
  ON c.use_case = l.use_case AND c.checked_at = l.last_at
GROUP BY c.use_case, c.kind ORDER BY use_case, kind"""
#: Superset asks as this user: dashboards and SQL Lab.
_ANSWERS = """\
SELECT COUNT(*) AS answered, AVG(query_time) AS average_ms, PERCENTILE(query_time, 0.95) AS p95_ms
FROM __internal_schema.audit_log
WHERE is_query = 1 AND state <> 'ERR' AND `user` = 'analyst'
  AND `time` >= DATE_SUB(NOW(), INTERVAL %s MINUTE)"""


@dataclass(frozen=True)
class Metric:
    """One gauge and its samples: labels and value."""

    name: str
    help: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


def measure(warehouse: Queries) -> Iterator[Metric]:
    """Everything that is exported. Raises WarehouseError where the warehouse does not answer."""
    loads = warehouse.query(_LOADS)
    yield _by("nereus_load_age_seconds", "Seconds since the last load.", loads, "age_s", "use_case")
    yield _by("nereus_loaded_rows", "Rows of all loads.", loads, "loaded", "use_case")
    checks = warehouse.query(_CHECKS)
    yield _by("nereus_checks_failing", "Failing checks of the last run.", checks, "failing", "use_case", "kind")
    (answers,) = warehouse.query(_ANSWERS, (_WINDOW_MIN,))
    yield _one("nereus_answers", f"Answers to analysts in {_WINDOW_MIN} minutes.", answers["answered"])
    # No answer has no average: the gauges are left out, and an alert on them is silent.
    if answers["average_ms"] is not None:
        yield _one("nereus_answer_average_seconds", "Their average.", float(answers["average_ms"]) / 1000)
        yield _one("nereus_answer_p95_seconds", "Their 95th percentile.", float(answers["p95_ms"]) / 1000)


def _one(name: str, told: str, value: float) -> Metric:
    return Metric(name, told, (({}, float(value)),))


def _by(name: str, told: str, rows: list[Row], value: str, *labels: str) -> Metric:
    samples = tuple(({each: str(row[each]) for each in labels}, float(row[value] or 0)) for row in rows)
    return Metric(name, told, samples)


def text(metrics: Iterator[Metric]) -> str:
    """Prometheus' text format.

    >>> print(text(iter([Metric("nereus_answers", "How many.", (({}, 3.0),))])), end="")
    # HELP nereus_answers How many.
    # TYPE nereus_answers gauge
    nereus_answers 3.0
    """
    lines = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
        for labels, value in metric.samples:
            told = ",".join(f'{key}="{_escaped(each)}"' for key, each in labels.items())
            lines.append(f"{metric.name}{{{told}}} {value}" if told else f"{metric.name} {value}")
    return "".join(f"{line}\n" for line in lines)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@dataclass
class Exporter:
    """Answers scrapes; `warehouse` is asked as rarely as the figures may be old."""

    warehouse: Warehouse
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: tuple[float, str] = (-_FRESH_S, "")

    def page(self) -> str:
        with self._lock:
            at, kept = self._kept
            if time.monotonic() - at >= _FRESH_S:
                kept = self._ask()
                self._kept = time.monotonic(), kept
            return kept

    def _ask(self) -> str:
        up = "nereus_warehouse_up", "Whether the warehouse answers."
        try:
            with self.warehouse.session() as session:
                return text(iter([_one(*up, 1), *measure(session)]))
        except WarehouseError:
            return text(iter([_one(*up, 0)]))

    def server(self, port: int, bind: str) -> ThreadingHTTPServer:
        """Listens already; `serve_forever` answers /metrics, and /health without asking the warehouse."""
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known: Mapping[str, Callable[[], str]] = {"/metrics": exporter.page, "/health": lambda: "ok\n"}
                found = known.get(self.path)
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(b"" if found is None else found().encode())

            def log_message(self, format: str, *args: object) -> None:
                """Scrapes are not worth a line each."""

        return ThreadingHTTPServer((bind, port), Handler)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--port", type=int, default=9108)
    parser.add_argument("--bind", default="127.0.0.1")
    given = parser.parse_args()
    platform, home = load(given.config), Home.beside(given.config)
    Exporter(Warehouse.for_user(platform, home, "portal")).server(given.port, given.bind).serve_forever()


if __name__ == "__main__":
    main()
