"""What the HTTP port counts about loads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from nereus.warehouse.embedded.http.answers import LoadReport


@dataclass
class LoadCounters:
    """Totals since the start, and the loads that are under way. Any thread."""

    requests: int = 0
    running: int = 0
    duration_ms: int = 0
    received_bytes: int = 0
    loaded_rows: int = 0
    committed: int = 0
    failed: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self) -> None:
        """A request has come in."""
        with self._guard:
            self.requests += 1
            self.running += 1

    def end(self, report: LoadReport) -> None:
        """It was answered."""
        with self._guard:
            self.running -= 1
            self.duration_ms += report.load_ms
            if report.succeeded:
                self.committed += 1
                self.received_bytes += report.load_bytes
                self.loaded_rows += report.loaded_rows
            else:
                self.failed += 1
