"""Every builtin with whatever arguments: an answer or an error of Doris', never a fault of the warehouse."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.rules.builtins import NAMES
from nereus.warehouse.embedded.warehouse import Warehouse

#: What an error says that is no answer of Doris'.
FAULTS = ("the embedded warehouse failed", "the engine failed")
ARGUMENTS = ("NULL", "1", "'a'", "1.5", "[1, 2]", "{'k': 1}", "cast('2024-01-01' as date)", "x -> x", "-1")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    opened = Warehouse.open(
        Path(tmp_path_factory.mktemp("warehouse")), memory_gb=1, threads=2, root_password="correct horse"
    )
    yield opened.connect("root")
    opened.close()


def calls(name: str) -> Iterator[str]:
    """The function without arguments, and with one to four chosen by a generator that its name seeds."""
    chosen = random.Random(name)
    for count in (0, 1, 1, 2, 2, 3, 4):
        yield f"SELECT {name}({', '.join(chosen.choice(ARGUMENTS) for _ in range(count))})"


def test_no_call_is_a_fault(session: Session) -> None:
    faults = []
    for name in sorted(NAMES):
        for sql in calls(name):
            try:
                for result in session.execute(sql):
                    assert isinstance(result, ResultSet)
                    list(result.batches)
            except DorisError as error:
                if any(fault in str(error) for fault in FAULTS):
                    faults.append(f"{sql}: {error}")
    assert faults == []
