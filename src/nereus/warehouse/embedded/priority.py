"""Threads that the operating system serves after the others. On Linux alone a thread has a priority of its own."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

#: What the operating system calls niceness: at 10 a thread weighs a tenth of another. Lower ones could be kept from the
#: processor for long while they hold Python's lock, and everybody would wait.
NICER = 10


def yield_to_others(thread: int | None = None) -> None:
    """Give a thread (the calling one by default) a lower priority than the process has, for good.

    It could not be raised again without privileges.
    """
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, thread or threading.get_native_id(), NICER)


def threads() -> set[int]:
    """The operating system's numbers of this process' threads; none where it does not tell."""
    try:
        return {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
    except OSError:
        return set()
