"""The Flight port of the process: named when it is ready, encrypted where the others are, and off unless asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import adbc_driver_flightsql.dbapi as adbc
import pytest

from tests.integration.flight.conftest import PASSWORD


@contextmanager
def served(folder: Path, *options: str) -> Iterator[str]:
    """A warehouse process; gives the line that it prints when it serves."""
    password = folder / "password"
    password.write_text(PASSWORD)
    command = [sys.executable, "-m", "nereus.warehouse.embedded", "--data", str(folder / "data"), "--mysql-port", "0"]
    command += ["--http-port", "0", "--memory-gb", "1", "--root-password-file", str(password), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline()
        finally:
            process.terminate()
            assert process.wait(20) == 0


def test_the_port_is_named_and_ends_with_the_process(tmp_path: Path) -> None:
    with served(tmp_path, "--flight-port", "0") as ready:
        address = ready.split("flight=")[1].strip()
        with (
            adbc.connect(
                f"grpc://{address}", {"username": "root", "password": PASSWORD}, autocommit=True
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT 1 AS one")
            assert cursor.fetchall() == [(1,)]
    with pytest.raises(adbc.Error):
        adbc.connect(f"grpc://{address}", {"username": "root", "password": PASSWORD}, autocommit=True)


def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    with served(tmp_path) as ready:
        assert "mysql=" in ready
        assert "flight=" not in ready
