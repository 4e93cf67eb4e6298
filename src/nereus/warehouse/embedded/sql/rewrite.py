"""A SELECT answered from a materialised view, where that gives the same rows by construction.

Expressions are compared as the DuckDB text that would run: equal text over the same tables has equal values. The view
and the query must join the same tables by the same conditions; conditions that only the query has must be about what
the view shows; and of a view that groups, the query may only group further what can be summed up without error::

    view:  SELECT region, month, sum(price) AS s, count(*) AS n FROM sales GROUP BY region, month
    query: SELECT region, sum(price) FROM sales WHERE month >= '2024-01-01' GROUP BY region
    ->     SELECT region, sum(s) FROM mv WHERE month >= '2024-01-01' GROUP BY region
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, permutations, product

from sqlglot import exp

from nereus.warehouse.embedded.sql.candidates import INDIFFERENT, Candidate, learned_of, rolled_up, term_of, text_of
from nereus.warehouse.embedded.sql.parts import Joined, Parts, Source, terms
from nereus.warehouse.embedded.sql.ranges import implies
from nereus.warehouse.embedded.sql.registry import is_aggregate_call
from nereus.warehouse.embedded.sql.render import Text, quoted
from nereus.warehouse.embedded.sql.typed import Typed

#: How many ways of telling the tables of a self-join apart are tried, as Doris' default.
_MAPPINGS = 8
#: Functions whose value differs between two calls: a condition with one is not moved behind a grouping.
_VOLATILE = frozenset({"random", "uuid", "gen_random_uuid", "nextval", "error"})
_SUMMED = frozenset({"sum", "count"})
#: DuckDB divides the sum by the count of these as doubles; for longer integers it has more digits on the way.
_SMALL = ("tinyint", "smallint")


class NoMatch(Exception):
    """Why a view does not answer a query."""


@dataclass(slots=True)
class ViewRewriter:
    """Tries the candidates on every SELECT of a statement; a `sql.parts.Rewriter`.

    Attributes:
        chosen: the views that answer some part of the statement.
        failed: by view, why it does not answer.
    """

    candidates: Sequence[Candidate]
    chosen: set[tuple[str, str]] = field(default_factory=set)
    matched: set[tuple[str, str]] = field(default_factory=set)
    failed: dict[tuple[str, str], str] = field(default_factory=dict)

    def __call__(self, parts: Parts, new_alias: Callable[[], str]) -> Parts | None:
        best: tuple[int, Candidate, Parts] | None = None
        for candidate in self.candidates:
            try:
                found = answer(parts, candidate, new_alias)
            except NoMatch as reason:
                self.failed[candidate.name] = str(reason)
                continue
            self.matched.add(candidate.name)
            if best is None or candidate.rows < best[0]:
                best = (candidate.rows, candidate, found)
        if best is None:
            return None
        self.chosen.add(best[1].name)
        return best[2]


def answer(parts: Parts, view: Candidate, new_alias: Callable[[], str]) -> Parts:
    """The SELECT over the view's rows. Raises NoMatch."""
    if parts.joined is None or view.parts.joined is None or not view.parts.plain:
        raise NoMatch("View struct info is invalid")
    if not parts.plain:
        raise NoMatch("Query struct info is invalid")
    if view.parts.distinct or view.parts.having is not None or view.parts.sets is not None or view.parts.limited:
        raise NoMatch("View struct info is invalid")
    reason = NoMatch("The graph logic between query and view is not consistent")
    for renamed in _mappings(parts.joined, view.parts.joined):
        try:
            return _Match(parts, parts.joined, view, view.parts.joined, renamed, new_alias()).written()
        except NoMatch as found:
            reason = found
    raise reason


def _mappings(query: Joined, view: Joined) -> Iterator[dict[str, str]]:
    """Which table of the view each table of the query is; tables that stand twice are tried in every order."""

    def ways(mine: Sequence[Source], theirs: Sequence[Source]) -> list[list[dict[str, str]]] | None:
        found: list[list[dict[str, str]]] = []
        if sorted(s.table for s in mine) != sorted(s.table for s in theirs):
            return None
        for table in sorted({source.table for source in mine}):
            own = [s.alias for s in mine if s.table == table]
            other = [s.alias for s in theirs if s.table == table]
            found.append([dict(zip(own, order, strict=True)) for order in permutations(other)])
        return found

    inner = ways(query.inner, view.inner)
    left = ways([join.source for join in query.left], [join.source for join in view.left])
    if inner is None or left is None:
        return
    for chosen in islice(product(*inner, *left), _MAPPINGS):
        yield {alias: other for part in chosen for alias, other in part.items()}


class _Match:
    """One attempt, with the query's tables under the names that they have in the view."""

    def __init__(
        self,
        parts: Parts,
        joined: Joined,
        view: Candidate,
        view_joined: Joined,
        renamed: Mapping[str, str],
        alias: str,
    ) -> None:
        self.parts = parts
        self.joined = joined
        self.view_joined = view_joined
        self.view = view
        self.renamed = renamed
        self.alias = alias
        self.groups = view.parts.grouped
        known = learned_of(view, view_joined)
        self._floats = known.floats
        self._view_terms = known.terms
        self._plain = {text: self._column(name) for text, name in known.plain.items()}
        self._totals = {
            text: total
            for text, (node, kind, name) in known.totals.items()
            if (total := rolled_up(node, kind, self._column(name))) is not None
        }

    def _column(self, name: str) -> exp.Expression:
        return exp.Column(
            this=exp.Identifier(this=name, quoted=True), table=exp.Identifier(this=self.alias, quoted=True)
        )

    def _of_query(self, node: exp.Expression) -> exp.Expression:
        """An expression of the query in the view's names of tables."""
        expanded = self.joined.expand(node).copy()
        for column in list(expanded.find_all(exp.Column)):
            name = self.renamed.get(column.table)
            if name is None:
                raise NoMatch("The graph logic between query and view is not consistent")
            column.set("table", exp.Identifier(this=name, quoted=True))
        return expanded

    def written(self) -> Parts:
        parts = self.parts
        self._check_left_joins()
        filters = [self._replaced(term, in_filter=True) for term in self._compensating()]
        grouped = parts.grouped
        if self.groups and not grouped and not parts.distinct:
            raise NoMatch("Query function roll up fail")
        if self.groups and not self.view.parts.keys and (parts.keys or filters or not grouped):
            raise NoMatch("View dimensions doesn't not cover the query dimensions")
        keys = tuple(self._replaced(self._of_query(key)) for key in parts.keys)
        sets = None
        if parts.sets is not None:
            sets = tuple(tuple(self._replaced(self._of_query(key)) for key in one) for one in parts.sets)
        items = tuple(replace(item, node=self._value(item)) for item in parts.items)
        having = None if parts.having is None else self._grouped(self._of_query(parts.having))
        order = tuple(
            (key if isinstance(key, int) else self._grouped(self._of_query(key)), suffix) for key, suffix in parts.order
        )
        return replace(
            parts,
            joined=None,
            from_text=f"{self.view.from_sql} AS {quoted(self.alias)}",
            items=items,
            filters=tuple(filters),
            keys=keys,
            sets=sets,
            having=having,
            order=order,
        )

    def _value(self, item: Typed) -> exp.Expression:
        return self._grouped(self._of_query(item.node))

    # conditions

    def _check_left_joins(self) -> None:
        mine = {
            self.renamed[join.source.alias]: {term_of(self._of_query(node)) for node in join.conditions}
            for join in self.joined.left
        }
        if mine != {join.source.alias: {term_of(node) for node in join.conditions} for join in self.view_joined.left}:
            raise NoMatch("The graph logic between query and view is not consistent")

    def _compensating(self) -> list[exp.Expression]:
        """The query's conditions that the view does not have. Every condition of the view must be one of the query."""
        own = [*self.joined.conditions, *(term for node in self.parts.filters for term in terms(node))]
        mine = {term_of(node): node for node in (self._of_query(term) for term in own)}
        theirs = self._view_terms
        for text, node in theirs.items():
            if text not in mine and not any(implies(other, node, text_of) for other in mine.values()):
                raise NoMatch("Predicate compensate fail")
        return [node for text, node in mine.items() if text not in theirs]

    # expressions

    def _grouped(self, node: exp.Expression) -> exp.Expression:
        """An expression of the SELECT list, HAVING or ORDER BY."""
        return self._replaced(node, aggregates=self.parts.grouped)

    def _replaced(
        self, node: exp.Expression, *, aggregates: bool = False, in_filter: bool = False, inside: bool = False
    ) -> exp.Expression:
        """The expression over the view's columns."""
        text = text_of(node)
        if text in self._plain:
            return self._plain[text].copy()
        if aggregates and not inside:
            if text in self._totals:
                return self._totals[text].copy()
            if is_aggregate_call(node):
                return self._aggregate(node)
        if isinstance(node, (exp.Column, Text, exp.Window, exp.Lambda, exp.Subquery)):
            raise NoMatch("Predicate compensate fail" if in_filter else "Rewrite expressions by view fail")
        if isinstance(node, exp.Anonymous) and str(node.this).lower() in _VOLATILE:
            raise NoMatch("the value of a function differs from call to call")
        made = node.copy()
        for name, value in node.args.items():
            if isinstance(value, exp.DataType):
                continue
            if isinstance(value, exp.Expression):
                made.set(name, self._replaced(value, aggregates=aggregates, in_filter=in_filter, inside=inside))
            elif isinstance(value, list):
                made.set(
                    name,
                    [
                        self._replaced(item, aggregates=aggregates, in_filter=in_filter, inside=inside)
                        if isinstance(item, exp.Expression)
                        else item
                        for item in value
                    ],
                )
        return made

    def _aggregate(self, node: exp.Expression) -> exp.Expression:
        """An aggregate function of the query that the view does not hold as such."""
        name = str(node.this).lower() if isinstance(node, exp.Anonymous) else ""
        if name == "grouping":
            return self._replaced(node, inside=True)
        distinct = len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Distinct)
        if self.groups and not distinct and name in ("count", "avg") and len(node.expressions) == 1:
            found = self._counted(node) if name == "count" else self._averaged(node)
            if found is not None:
                return found
        if self.groups and not (name in INDIFFERENT or (name == "count" and distinct)):
            raise NoMatch("Query function roll up fail")
        if name not in INDIFFERENT and name not in _SUMMED:
            raise NoMatch("Query function roll up fail")
        if name == "sum" and (distinct or self._may_be_float(node)):
            raise NoMatch("Query function roll up fail")
        if name == "count" and len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Star):
            return node.copy()
        made = self._replaced(node, inside=True)
        if name == "sum" and any(column.name in self._floats for column in made.find_all(exp.Column)):
            raise NoMatch("Query function roll up fail")
        return made

    def _counted(self, node: exp.Expression) -> exp.Expression | None:
        """``count(a)`` as the view has it, or its ``count(*)`` for a column that is never NULL."""
        known = self._totals.get(text_of(node))
        argument = node.expressions[0]
        if known is None and isinstance(argument, exp.Column):
            required = {(s.alias, name) for s in self.view_joined.inner for name in s.required}
            if (argument.table, argument.name) in required:
                known = self._totals.get("count(*)")
        return None if known is None else known.copy()

    def _averaged(self, node: exp.Expression) -> exp.Expression | None:
        """``avg(a)`` of a small integer: the sum through the count, as DuckDB divides them for such a type."""
        argument = node.expressions[0]
        if not isinstance(argument, exp.Column):
            return None
        types = {(s.alias, name): kind.name for s in self.view_joined.sources for name, kind in s.types.items()}
        if types.get((argument.table, argument.name)) not in _SMALL:
            return None
        total = self._totals.get(f"CAST(sum({text_of(argument)}) AS BIGINT)")
        counted = self._counted(exp.Anonymous(this="count", expressions=[argument.copy()]))
        if total is None or counted is None:
            return None
        sides = [exp.Cast(this=side.copy(), to=exp.DataType.build("DOUBLE")) for side in (total, counted)]
        return exp.Div(this=sides[0], expression=sides[1])

    @staticmethod
    def _may_be_float(node: exp.Expression) -> bool:
        """Sums of floating numbers depend on the order of the rows."""
        floating = (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT)
        return any(isinstance(part, exp.Div) for part in node.walk()) or any(
            isinstance(part, exp.DataType) and part.this in floating for part in node.walk()
        )
