"""The first bad rows of a load, kept for a while so that the client can fetch them."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence

#: A load's log shows so many bad rows (Doris' MAX_ERROR_NUM).
SHOWN_ROWS = 50
#: Of a bad row so much is shown.
SHOWN_CHARACTERS = 4096
#: Logs beyond this together push the oldest out.
KEPT_BYTES = 32 << 20


class ErrorLogs:
    """Logs by an unguessable name, each readable by the user whose load it was. Any thread."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._logs: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._kept = kept_bytes
        self._size = 0
        self._guard = threading.Lock()

    def keep(self, user: str, text: str) -> str:
        """Keep a log; gives its name."""
        name = f"error_log_{secrets.token_hex(16)}"
        with self._guard:
            self._logs[name] = (user, text)
            self._size += len(text)
            while self._size > self._kept and len(self._logs) > 1:
                _, (_, old) = self._logs.popitem(last=False)
                self._size -= len(old)
        return name

    def read(self, name: str) -> tuple[str, str] | None:
        """The user and the text of a log, or None for one that is not (or no longer) kept."""
        with self._guard:
            return self._logs.get(name)


def log_text(bad_rows: Sequence[tuple[str, str | None]], total: int) -> str:
    """The log of a load of which `total` rows were bad, from the first (reason, row as sent) of them."""
    lines = [f"Reason: {reason}. src line [{shown(line)}]; \n" for reason, line in bad_rows[:SHOWN_ROWS]]
    if total > SHOWN_ROWS:
        lines.append(f"TOO MUCH ERROR! already reach {SHOWN_ROWS}. show no more next error.\n")
    return "".join(lines)


def shown(line: str | None) -> str:
    """What is shown of a row."""
    return (line or "")[:SHOWN_CHARACTERS]
