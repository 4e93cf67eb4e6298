"""sql_select_limit: how many rows a query gives that has no LIMIT of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.sql.typed import BoundQuery
from nereus.warehouse.embedded.variables import check

_NAME = "sql_select_limit"
_NONE = 2**63 - 1


def parse_limited(text: str, variables: Mapping[str, str]) -> tuple[tree.Query, int | None]:
    """A statement's query under the session's limit or that of its SET_VAR hint, and the limit where it was added.

    ``SELECT a FROM t`` -> ``SELECT a FROM t LIMIT 5``; a query with a LIMIT keeps its own, even a greater one.
    """
    query = parse_query(text, sql_mode=variables["sql_mode"])
    hinted = query.set_var.get(_NAME)
    limit = int(variables[_NAME] if hinted is None else check(_NAME, hinted))
    if not 0 <= limit < _NONE:
        return query, None
    limited = _with_limit(query, limit)
    return (query, None) if limited is None else (limited, limit)


def check_limited(bound: BoundQuery, limit: int | None) -> None:
    """Refuse what Doris does not limit, though it is asked to: a plan with a common table that is read twice."""
    if limit is not None and bound.repeats:
        raise Refused(
            f"{_NAME} = {limit} for a query that reads an element of WITH more than once",
            "Doris gives all rows of it: write LIMIT, or SET sql_select_limit = DEFAULT.",
        )


def _with_limit(query: tree.Query, limit: int) -> tree.Query | None:
    """None for a query with a LIMIT, within brackets too."""
    if query.limit is not None:
        return None
    if isinstance(query.body, tree.Query) and not query.order:
        body = _with_limit(query.body, limit)
        return None if body is None else replace(query, body=body)
    return replace(query, limit=limit)
