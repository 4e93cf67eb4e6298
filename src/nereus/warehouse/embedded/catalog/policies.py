"""Row policies: which rows of a table a user or a role may see. Kept by names, as in Doris."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass

from nereus.warehouse.embedded.catalog.catalog import transaction
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError

_LAYOUT = "CREATE TABLE IF NOT EXISTS nereus.row_policies (definition VARCHAR NOT NULL)"
#: Users whom no policy binds, as in Doris.
EXEMPT = ("root", "admin")


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """One policy, for the user `user` (at `host`) or for the holders of `role`.

    Attributes:
        restrictive: it must hold beside every other one; of the others (PERMISSIVE) one is enough.
        condition: Doris text over the columns of the table.
        statement: the text that made it.
    """

    name: str
    db: str
    table: str
    restrictive: bool
    condition: str
    statement: str
    user: str = ""
    host: str = ""
    role: str = ""


class RowPolicies:
    """All policies, in the order in which they were made; any thread may read them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = threading.Lock()
        cursor = engine.cursor()
        try:
            cursor.execute(_LAYOUT)
            rows = cursor.execute("SELECT definition FROM nereus.row_policies ORDER BY rowid").fetchall()
        finally:
            cursor.close()
        self._all = tuple(RowPolicy(**json.loads(text)) for (text,) in rows)

    def __iter__(self) -> Iterator[RowPolicy]:
        return iter(self._all)

    def of_table(self, db: str, table: str) -> list[RowPolicy]:
        return [policy for policy in self._all if (policy.db, policy.table) == (db, table)]

    def condition(self, db: str, table: str, user: str, roles: Collection[str]) -> str:
        """What rows must meet for this user to see them, as Doris text; empty where every row is seen."""
        if user in EXEMPT:
            return ""
        mine = [p for p in self.of_table(db, table) if p.user == user or (p.role and p.role in roles)]
        terms = [f"({policy.condition})" for policy in mine if policy.restrictive]
        either = [f"({policy.condition})" for policy in mine if not policy.restrictive]
        if either:
            terms.append(f"({' OR '.join(either)})")
        return " AND ".join(terms)

    def create(self, policy: RowPolicy, *, if_not_exists: bool) -> None:
        with self._guard:
            if any(_matches(known, policy) for known in self._all):
                if if_not_exists:
                    return
                raise DorisError(f"the policy {policy.name} already create")
            self._write((*self._all, policy))

    def drop(self, name: str, matches: Callable[[RowPolicy], bool], *, if_exists: bool) -> None:
        """Drop those policies of this name for which `matches` holds."""
        with self._guard:
            kept = tuple(policy for policy in self._all if policy.name != name or not matches(policy))
            if len(kept) == len(self._all):
                if if_exists:
                    return
                raise DorisError(f"the policy {name} not exist")
            self._write(kept)

    def _write(self, policies: tuple[RowPolicy, ...]) -> None:
        with transaction(self._engine) as cursor:
            cursor.execute("DELETE FROM nereus.row_policies")
            for policy in policies:
                text = json.dumps(asdict(policy), ensure_ascii=False)
                cursor.execute("INSERT INTO nereus.row_policies VALUES (?)", [text])
            cursor.commit()
        self._all = policies


def _matches(known: RowPolicy, other: RowPolicy) -> bool:
    """Whether `known` stands in the way of `other`: the same name for the same table, and the same user and role."""
    if (known.name, known.db, known.table) != (other.name, other.db, other.table):
        return False
    if other.user and (known.user, known.host) != (other.user, other.host):
        return False
    return not other.role or known.role == other.role
