"""What every test may use: a loud way to say that something could not be run here."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

_not_run: list[str] = []


def not_run(what: str, fix: str, *, elsewhere: bool = False) -> NoReturn:
    """Say that a real part is missing. Listed at the end of the run; a failure where everything must be there.

    `elsewhere`: the part comes from outside the package registries (a container registry, a vendor's release), so even
    a machine that has everything else may lack it; it is listed, never counted as passed.
    """
    line = f"NOT RUN: {what} ({fix})"
    if os.environ.get("NEREUS_REQUIRE_ALL") and not elsewhere:
        pytest.fail(line, pytrace=False)
    _not_run.append(line)
    pytest.skip(line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in sorted(set(_not_run)):
        terminalreporter.write_line(line, red=True, bold=True)
