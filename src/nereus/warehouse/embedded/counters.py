"""What monitoring wants to know of statements since the start. The audit log has the single ones."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

#: Quantiles are those of so many queries, the latest ones.
_REMEMBERED = 2048


@dataclass(frozen=True, slots=True)
class QueryTotals:
    """Counts since the start. `latencies_ms` are those of the latest good queries, from low to high."""

    statements: int
    queries: int
    errors: int
    total_ms: int
    latencies_ms: Sequence[int]

    def quantile_ms(self, quantile: float) -> float:
        """The latency that `quantile` (0 to 1) of the latest queries did not exceed; 0 before the first query."""
        if not self.latencies_ms:
            return 0.0
        return float(self.latencies_ms[min(int(quantile * len(self.latencies_ms)), len(self.latencies_ms) - 1)])


class QueryCounters:
    """Told of every statement when it ends. Any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._statements = self._queries = self._errors = self._total_ms = 0
        self._latencies: deque[int] = deque(maxlen=_REMEMBERED)

    def observe(self, elapsed_ms: int, *, query: bool, failed: bool) -> None:
        """Count one statement; `query` tells those that read (SELECT, SHOW are not alike in Doris' audit log)."""
        with self._guard:
            self._statements += 1
            if query:
                self._queries += 1
                if failed:
                    self._errors += 1
                else:
                    self._total_ms += elapsed_ms
                    self._latencies.append(elapsed_ms)

    def totals(self) -> QueryTotals:
        with self._guard:
            latencies = sorted(self._latencies)
            return QueryTotals(self._statements, self._queries, self._errors, self._total_ms, latencies)
