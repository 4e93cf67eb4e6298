"""Probes that use a service as its users do: a query, a page."""

from __future__ import annotations

from collections.abc import Callable

import pymysql
import requests

from nereus import secrets
from nereus.home import Home

TIMEOUT_SECONDS = 5.0


def reachable(bind: str) -> str:
    """The address to call a service at that listens on `bind`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 - recognised, not bound


def query(host: str, port: int, home: Home) -> Callable[[], None]:
    """A login and one statement over the MySQL protocol."""

    def probe() -> None:
        connection = pymysql.connect(
            host=host,
            port=port,
            user="root",
            password=secrets.ensure(home, "warehouse-root"),
            connect_timeout=int(TIMEOUT_SECONDS),
            read_timeout=TIMEOUT_SECONDS,
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                if cursor.fetchone() != (1,):
                    raise RuntimeError("SELECT 1 did not answer 1")
        finally:
            connection.close()

    return probe


def page(url: str, expect: str) -> Callable[[], None]:
    """A page that answers 200 and contains `expect`."""

    def probe() -> None:
        answer = requests.get(url, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        if expect not in answer.text:
            raise RuntimeError(f"{url} answered without {expect!r}")

    return probe
