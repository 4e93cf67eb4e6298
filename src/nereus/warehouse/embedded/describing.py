"""The columns that a statement will give, found without running it: what COM_STMT_PREPARE answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nereus.warehouse.embedded import dispatch, failures
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import ResultColumn, ResultSet

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session


def columns(session: Session, sql: str, assumed: str | None = None) -> tuple[ResultColumn, ...]:
    """The columns of one statement's result; none for a statement that only execution describes, as in Doris.

    Args:
        sql: the text; question marks stand for parameters.
        assumed: the text with NULL for each parameter; None where it has none.

    Raises DorisError for what Doris refuses while it prepares a query: a bad syntax, and unknown names where no
    parameter is needed to find them.
    """
    statements = dispatch.split(sql)
    if len(statements) != 1:
        return ()
    try:
        route = dispatch.find(statements[0])
        if route.reads:
            return _of_query(session, statements[0], assumed)
        if route.kind == "SHOW" and assumed is None:
            # Its answer is read from memory and changes nothing.
            result = route.handler(session, statements[0])
            if isinstance(result, ResultSet):
                result.close()
                return result.columns
    except Exception as error:
        raise failures.to_doris(error) from error
    return ()


def _of_query(session: Session, sql: str, assumed: str | None) -> tuple[ResultColumn, ...]:
    from nereus.warehouse.embedded.sql.parse import parse_query
    from nereus.warehouse.embedded.statements.query import plan_query

    if assumed is None:
        return plan_query(session, sql).bound.columns
    # A parameter stands where a constant may; `LIMIT ?` is as wrong as in Doris.
    parse_query(sql, sql_mode=session.variables["sql_mode"])
    try:
        return plan_query(session, assumed).bound.columns
    except DorisError:
        # What refuses NULL may well take the value that comes.
        return ()
