"""EXPLAIN of INSERT, UPDATE and DELETE: all that the statement would check, and the plan of what it would write."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import duckdb

from nereus.warehouse.embedded.dispatch import find

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session


class _Reached(BaseException):
    """The statement came to the point at which it would write. No handler may take it for an error."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines


class _Writer:
    """Stands for the writer: explains what it is given."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def explain(*args: Any, **_options: Any) -> Any:  # noqa: ANN401 - the arguments of any writing method
            raise _Reached(self._plan([arg for arg in args if isinstance(arg, str)]))

        return explain

    def _plan(self, texts: list[str]) -> list[str]:
        """The plan of the first text that is a query; rows of VALUES are known only while the statement runs."""
        for text in texts:
            with contextlib.suppress(duckdb.Error):
                rows = self._session.cursor.execute(f"EXPLAIN {text}").fetchall()
                return [line for _, block in rows for line in block.rstrip().splitlines()]
        return []


class _Warehouse:
    """The warehouse, with a writer that does not write."""

    def __init__(self, session: Session) -> None:
        self._warehouse = session.warehouse
        self.writer = _Writer(session)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._warehouse, name)


class _Explaining:
    """The session, outside of any transaction and with such a warehouse."""

    in_transaction = False

    def __init__(self, session: Session) -> None:
        self._session = session
        self.warehouse = _Warehouse(session)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._session, name)


def plan_of_write(session: Session, text: str) -> list[str]:
    """The lines of the plan. Raises whatever running the statement would raise before it writes."""
    try:
        find(text).handler(cast("Session", _Explaining(session)), text)
    except _Reached as reached:
        return reached.lines
    return []
