"""Waiting for what another thread does."""

import time


def until(condition, seconds=10.0):
    """Look again and again until `condition()` holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.005)
