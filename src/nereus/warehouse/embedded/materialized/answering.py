"""Which view answers a query, if one is fresh enough and gives the same rows."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.catalog.snapshot import Snapshot, physical
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.binder import bind_parts, bind_query
from nereus.warehouse.embedded.sql.candidates import Candidate
from nereus.warehouse.embedded.sql.limits import parse_limited
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.sql.rewrite import ViewRewriter
from nereus.warehouse.embedded.sql.typed import BoundQuery

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

_SWITCH = "enable_materialized_view_rewrite"
#: Views bound for comparison; more than one warehouse has.
_MOST_BOUND = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """A query as it is to be run, and what became of the views that read its tables.

    `chosen`, `passed_over` and `failed` are names like ``internal.db.view``; `failed` says why.
    """

    bound: BoundQuery
    chosen: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Answering:
    """Binds views for comparison, and keeps them."""

    _bound: OrderedDict[tuple[int, int], Candidate | None] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, session: Session, text: str, bound: BoundQuery, kept: dict[frozenset[int], Answer]) -> Answer:
        """The query over views where that is right now, else as it is bound.

        `kept` are the answers found before for the same text and catalogue, by the views that were fresh then.
        """
        views, stale = self._views_of(session, bound)
        if not views and not stale:
            return Answer(bound)
        key = frozenset(view.id for view in views)
        found = kept.get(key)
        if found is None or bound.volatile:
            found = kept[key] = self._bind(session, text, bound, views)
        failed = (*found.failed, *((_name(view), "View is not fresh") for view in stale))
        return replace(found, failed=failed) if stale else found

    def _views_of(self, session: Session, bound: BoundQuery) -> tuple[list[Table], list[Table]]:
        """Views that read nothing but tables of the query: those that may be used now, and the others."""
        if session.variables[_SWITCH] != "true" or not bound.stored:
            return [], []
        snapshot = session.warehouse.catalog.snapshot()
        states = session.warehouse.views.states
        now = time.time()
        fresh: list[Table] = []
        stale: list[Table] = []
        for view in session.warehouse.views.known(snapshot):
            made = view.materialized
            if made is None or not bound.stored.issuperset(made.bases):
                continue
            if made.property("use_for_rewrite", "true").lower() != "true":
                continue
            if (made.sql_mode, made.time_zone) != (session.variables["sql_mode"], session.variables["time_zone"]):
                continue
            (fresh if states.usable(view, snapshot, now) else stale).append(view)
        return fresh, stale

    def _bind(self, session: Session, text: str, bound: BoundQuery, views: list[Table]) -> Answer:
        snapshot = session.warehouse.catalog.snapshot()
        candidates = [c for view in views if (c := self._candidate(session, view, snapshot)) is not None]
        if not candidates:
            return Answer(bound)
        rewriter = ViewRewriter(candidates)
        query, _ = parse_limited(text, session.variables)
        written = bind_query(query, session.warehouse.schema(session), session.facts, rewriter)
        chosen = rewriter.chosen
        failed = {name: why for name, why in rewriter.failed.items() if name not in rewriter.matched}
        return Answer(
            replace(bound, sql=written.sql) if chosen else bound,
            tuple(sorted(".".join(("internal", *name)) for name in chosen)),
            tuple(sorted(".".join(("internal", *name)) for name in rewriter.matched - chosen)),
            tuple(sorted((".".join(("internal", *name)), why) for name, why in failed.items())),
        )

    def _candidate(self, session: Session, view: Table, snapshot: Snapshot) -> Candidate | None:
        """The view as queries are compared with it; None where its query is none that can be."""
        key = (view.id, snapshot.version)
        with self._guard:
            if key in self._bound:
                return self._bound[key]
        found = self._bound_view(session, view, snapshot)
        with self._guard:
            self._bound[key] = found
            if len(self._bound) > _MOST_BOUND:
                self._bound.popitem(last=False)
        return found

    @staticmethod
    def _bound_view(session: Session, view: Table, snapshot: Snapshot) -> Candidate | None:
        made = view.materialized
        if made is None:
            return None
        try:
            query = parse_query(made.sql, sql_mode=made.sql_mode)
            bound, parts = bind_parts(query, snapshot, replace(session.facts, database=None))
        except DorisError:
            return None
        if parts is None or bound.volatile:
            return None
        rows = session.warehouse.views.states.of(view).rows
        columns = tuple((column.name, column.type) for column in view.columns)
        return Candidate((view.db, view.name), physical(view), parts, columns, rows)


def explained(answer: Answer) -> list[str]:
    """The section of EXPLAIN that tells of views."""
    lines = ["========== MATERIALIZATIONS ==========", "MaterializedView", "MaterializedViewRewriteSuccessAndChose:"]
    lines += [f" CBO.{name} chose" for name in answer.chosen]
    lines.append("MaterializedViewRewriteSuccessButNotChose:")
    lines += [f" CBO.{name} not chose" for name in answer.passed_over]
    lines.append("MaterializedViewRewriteFail:")
    for name, why in answer.failed:
        lines += [f" CBO.{name} fail", f"  FailInfo: {why}"]
    return lines


def _name(view: Table) -> str:
    return f"internal.{view.db}.{view.name}"
