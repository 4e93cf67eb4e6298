"""Which correlated subqueries Doris can unnest; it refuses the others, and so do we.

Doris turns a correlated subquery into a join: its outer columns may stand in the WHERE of the subquery itself, and
under an aggregation only as ``inner expression = outer expression``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.render import Text

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ)


@dataclass(slots=True)
class CorrelatedSelect:
    """A SELECT that refers to columns of the query around it.

    Attributes:
        clauses: where the outer columns stand: FILTER, HAVING, PROJECT, AGGREGATE, SORT ...
        conjuncts: the bound terms of WHERE and HAVING.
        aggregated: it has aggregate functions or grouping; `keyed` is grouping or DISTINCT.
    """

    select: tree.Select
    clauses: set[str] = field(default_factory=set)
    conjuncts: list[exp.Expression] = field(default_factory=list)
    aggregated: bool = False
    keyed: bool = False
    windowed: bool = False


def conjuncts(node: exp.Expression) -> Iterator[exp.Expression]:
    """The terms of a condition that is a chain of ANDs; what all sides of an OR have in common is a term."""
    parts = flatten(node, exp.And)
    if len(parts) > 1:
        for part in parts:
            yield from conjuncts(part)
        return
    alternatives = flatten(parts[0], exp.Or)
    if len(alternatives) == 1:
        yield alternatives[0]
        return
    sides = [list(conjuncts(side)) for side in alternatives]
    common = [term for term in sides[0] if all(term in side for side in sides[1:])]
    yield from common
    rest = [term.copy() for side in sides for term in side if term not in common]
    if rest:
        yield exp.Tuple(expressions=rest)


def flatten(node: exp.Expression, kind: type[exp.Connector]) -> list[exp.Expression]:
    """``(a AND b) AND c`` -> a, b, c."""
    found: list[exp.Expression] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        while isinstance(part, exp.Paren):
            part = part.this
        if isinstance(part, kind):
            waiting += [part.expression, part.this]
        else:
            found.append(part)
    return found


def check(kind: str, query: tree.Query, selects: Sequence[CorrelatedSelect], outer: frozenset[str]) -> None:
    """Raise Doris' error where it could not unnest the subquery.

    Args:
        kind: "scalar", "in" or "exists".
        selects: the SELECTs of the subquery that refer to outer columns.
        outer: the DuckDB table aliases of the outer columns.
    """
    for found in selects:
        if found.select is not _top(query):
            raise Refused("an outer column in a nested query of a subquery", "Join instead.")
        _check_places(kind, found)
        if found.aggregated:
            _check_terms(kind, found.conjuncts, outer)
        elif kind == "scalar" and any(not _equal(term) for term in _correlated(found.conjuncts, outer)):
            raise DorisError("scalar subquery's correlatedPredicates's operator must be EQ")


def _top(query: tree.Query) -> tree.Body:
    body: tree.Body = query
    while isinstance(body, tree.Query):
        body = body.body
    return body


def _check_places(kind: str, found: CorrelatedSelect) -> None:
    if kind == "scalar":
        if found.clauses & {"PROJECT", "AGGREGATE", "REPEAT", "UNBOUND_ONE_ROW_RELATION"}:
            place = "aggregate" if found.aggregated else "project"
            raise DorisError(f"access outer query's column in {place} is not supported")
        if "SORT" in found.clauses:
            raise DorisError("access outer query's column in order by is not supported")
        if found.keyed and "FILTER" in found.clauses:
            raise DorisError("access outer query's column before agg with group by is not supported")
        if found.windowed:
            raise DorisError("access outer query's column before window function is not supported")
        if "FILTER" in found.clauses and found.aggregated and found.select.having is not None:
            raise DorisError("only project, sort and subquery alias node is allowed after agg node")
        if {"FILTER", "HAVING"} <= found.clauses:
            raise DorisError("access outer query's column in two places is not supported")
    elif kind == "in" and found.aggregated and found.clauses & {"FILTER", "AGGREGATE", "REPEAT", "PROJECT"}:
        raise DorisError("Unsupported correlated subquery with grouping and/or aggregation")
    elif kind == "in" and "PROJECT" in found.clauses:
        raise DorisError("outer query's column is not supported in subquery's output")
    elif (
        kind == "exists"
        and (found.aggregated or found.windowed)
        and found.clauses & {"AGGREGATE", "REPEAT", "PROJECT", "SORT", "HAVING", "UNBOUND_ONE_ROW_RELATION"}
    ):
        raise Refused("an outer column in the grouping, aggregation or window of an EXISTS subquery", "Join instead.")


def _check_terms(kind: str, terms: Iterable[exp.Expression], outer: frozenset[str]) -> None:
    """Under an aggregation a term must have outer columns on one side and inner ones on the other."""
    correlated = list(_correlated(terms, outer))
    for term in correlated:
        if not isinstance(term, _COMPARISONS):
            raise DorisError("Unsupported correlated subquery with correlated predicate")
        sides = [_origins(side, outer) for side in (term.this, term.expression)]
        if sorted(sides, key=sorted) not in ([{"inner"}, {"outer"}], [set(), {"outer"}]):
            raise DorisError("Unsupported correlated subquery with correlated predicate")
    if kind == "scalar" and not all(map(_equal, correlated)):
        raise DorisError("scalar subquery's correlatedPredicates's operator must be EQ")


def _correlated(terms: Iterable[exp.Expression], outer: frozenset[str]) -> Iterator[exp.Expression]:
    return (term for term in terms if "outer" in _origins(term, outer))


def _equal(term: exp.Expression) -> bool:
    return isinstance(term, exp.EQ)


def columns_of(node: exp.Expression) -> Iterator[exp.Column]:
    """The columns an expression refers to, those of its subqueries' outer references included."""
    for part in node.walk():
        if isinstance(part, exp.Column):
            yield part
        elif isinstance(part, Text):
            for column in part.args.get("columns") or ():
                yield from columns_of(column)


def _origins(node: exp.Expression, outer: frozenset[str]) -> set[str]:
    """Whether an expression has outer columns, inner columns or both."""
    return {"outer" if column.table in outer else "inner" for column in columns_of(node)}
