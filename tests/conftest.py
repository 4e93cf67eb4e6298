"""What every test may use: a loud way to say that something could not be run here."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NoReturn

import pytest

_TESTS = Path(__file__).parent
_NOT_RUN = re.compile(r"NOT RUN: .*")


def not_run(what: str, fix: str, *, elsewhere: bool = False) -> NoReturn:
    """Say that a real part is missing. Listed at the end of the run; a failure where everything must be there.

    `elsewhere`: the part comes from outside the package registries (a container registry, a vendor's release), so even
    a machine that has everything else may lack it; it is listed, never counted as passed.
    """
    line = f"NOT RUN: {what} ({fix})"
    if os.environ.get("NEREUS_REQUIRE_ALL") and not elsewhere:
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what is slow to start stay in one process: those of a folder, or of a module of unit tests."""
    for item in items:
        where = item.path.relative_to(_TESTS)
        whole = where if where.parts[0] == "unit" else where.parent
        item.add_marker(pytest.mark.xdist_group(str(whole)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # Of a skipped test the report alone comes from the process that ran it.
    reports = terminalreporter.stats.get("skipped", [])
    for line in sorted({found[0] for report in reports for found in _NOT_RUN.finditer(str(report.longrepr[2]))}):
        terminalreporter.write_line(line, red=True, bold=True)
