"""Processes that were told to end: which of them still run."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

STEP_S = 0.1


def still_running(processes: Iterable[psutil.Process], limit_s: float) -> list[psutil.Process]:
    """
    Wait for processes to end. Returns those that run after `limit_s` seconds.

    A zombie has ended: where nothing plays init, as in many containers, the orphans of a service stay in the process
    table for ever, and psutil.wait_procs() waits for them in vain.
    """
    deadline = time.monotonic() + limit_s
    left = list(processes)
    while True:
        # It also reaps those that are our own children.
        _, found = psutil.wait_procs(left, timeout=STEP_S)
        left = [process for process in found if runs(process)]
        if not left or time.monotonic() > deadline:
            return left


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
