"""Long steps of the infrastructure tests say what they do and how long it took, also while pytest holds output back."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name of a step and, at its end, its seconds and whether it failed."""
    began = time.monotonic()
    state = "FAILED"
    try:
        yield
        state = "ok"
    finally:
        print(f"{name:<60} {state:<7} {time.monotonic() - began:6.1f} s", file=sys.__stderr__, flush=True)
