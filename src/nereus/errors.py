"""The two ways a command can end badly, and how they read."""

from __future__ import annotations


class NereusError(Exception):
    """A message for a person. Printed as one block without a traceback.

    Attributes:
        exit_code: what the process ends with.
    """

    exit_code = 1

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message if fix is None else f"{message}\n  {fix}")
        self.message = message
        self.fix = fix


class BadInput(NereusError):
    """What the user gave cannot be used: names the key or object, the value, the expectation and the fix."""

    exit_code = 2


class Failure(NereusError):
    """The input was good and the work failed: names what failed and where to read more."""

    exit_code = 1
