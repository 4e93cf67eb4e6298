"""Bound queries by text, so that a query that comes again is neither parsed nor bound nor checked again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from nereus.warehouse.embedded.accounts import UserIdentity
from nereus.warehouse.embedded.materialized.answering import Answer
from nereus.warehouse.embedded.sql.typed import BoundQuery

#: Text, current database, catalogue version, the variables that binding reads.
PlanKey = tuple[str, str | None, int, tuple[str, ...]]

_MOST_PLANS = 2000
#: Longer texts are bound each time: they cost more memory than they are likely to save.
_LONGEST_TEXT = 16_384


@dataclass(slots=True)
class Plan:
    """A bound query, and the last account (with the accounts' version) that was found to be allowed to run it.

    `answers` are the queries over materialised views that may run in its place, by the views that are fresh.
    """

    bound: BoundQuery
    tables: tuple[str, ...]
    allowed: tuple[UserIdentity, int] | None = None
    answers: dict[frozenset[int], Answer] = field(default_factory=dict)


class PlanCache:
    """The least recently used plan goes first. Volatile queries never come in."""

    def __init__(self) -> None:
        self._plans: OrderedDict[PlanKey, Plan] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: PlanKey) -> Plan | None:
        with self._lock:
            plan = self._plans.get(key)
            if plan is not None:
                self._plans.move_to_end(key)
            return plan

    def put(self, key: PlanKey, plan: Plan) -> None:
        if plan.bound.volatile or len(key[0]) > _LONGEST_TEXT or len(plan.bound.sql) > 8 * _LONGEST_TEXT:
            return
        with self._lock:
            self._plans[key] = plan
            if len(self._plans) > _MOST_PLANS:
                self._plans.popitem(last=False)
