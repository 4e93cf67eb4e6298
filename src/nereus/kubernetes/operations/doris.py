"""Frontends and backends as Doris itself knows them, and the few statements that add and remove them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from nereus.errors import Failure
from nereus.warehouse.client import Queries, WarehouseError

#: Host names of pods end in their number before the first dot: warehouse-be-2.warehouse-be-internal...
_NUMBER = re.compile(r"-(\d+)(\.|$)")


@dataclass(frozen=True)
class Node:
    """One frontend or backend. `tablets` is 0 for frontends, `master` false for backends."""

    host: str
    port: int
    alive: bool
    version: str
    tablets: int = 0
    leaving: bool = False
    master: bool = False

    @property
    def number(self) -> int:
        """Which pod of its StatefulSet it is; -1 for one that no operator made."""
        found = _NUMBER.search(self.host)
        return int(found[1]) if found else -1

    @property
    def address(self) -> str:
        """As ALTER SYSTEM names it."""
        return f"{self.host}:{self.port}"


def backends(warehouse: Queries) -> list[Node]:
    """By their number."""
    return sorted(
        (
            Node(
                host=str(row["Host"]),
                port=int(row["HeartbeatPort"]),
                alive=_true(row["Alive"]),
                version=str(row["Version"]),
                tablets=int(row["TabletNum"]),
                leaving=_true(row["SystemDecommissioned"]),
            )
            for row in warehouse.query("SHOW BACKENDS")
        ),
        key=lambda node: node.number,
    )


def frontends(warehouse: Queries) -> list[Node]:
    """By their number."""
    return sorted(
        (
            Node(
                host=str(row["Host"]),
                port=int(row["EditLogPort"]),
                alive=_true(row["Alive"]),
                version=str(row["Version"]),
                master=_true(row["IsMaster"]),
            )
            for row in warehouse.query("SHOW FRONTENDS")
        ),
        key=lambda node: node.number,
    )


def _true(value: object) -> bool:
    return str(value).lower() in ("true", "1")


def decommission(warehouse: Queries, node: Node) -> None:
    """Have a backend's data moved to the others. Doris forgets the backend once it holds nothing."""
    warehouse.execute(f'ALTER SYSTEM DECOMMISSION BACKEND "{node.address}"')


def drop_follower(warehouse: Queries, node: Node) -> None:
    """Take a frontend out of the election."""
    warehouse.execute(f'ALTER SYSTEM DROP FOLLOWER "{node.address}"')


#: What Doris' documentation has switched off while backends restart: nothing is to be copied for one that comes back.
PAUSED = ("disable_balance", "disable_colocate_balance", "disable_tablet_scheduler")


def pause_repair(warehouse: Queries, paused: bool) -> None:
    """Stop, or start again, balancing and repair on all frontends."""
    for name in PAUSED:
        warehouse.execute(f'ADMIN SET ALL FRONTENDS CONFIG ("{name}" = "{str(paused).lower()}")')


@dataclass(frozen=True)
class Wait:
    """Waiting for Doris, with progress. `patience_s` counts anew whenever there was progress."""

    tell: Callable[[str], None]
    patience_s: float = 1800.0
    look_s: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def until(self, state: Callable[[], str | None], what: str) -> None:
        """Look until `state` gives None; what it gives meanwhile is told. Raises Failure without progress.

        A warehouse that cannot be asked for a moment is a state, too: the frontend that answered may be restarting.
        """
        seen, since = "", self.clock()
        while (now := self._state(state)) is not None:
            if now != seen:
                seen, since = now, self.clock()
                self.tell(f"{what}: {now}")
            elif self.clock() - since > self.patience_s:
                raise Failure(
                    f"{what}: no progress for {self.patience_s:.0f} s; {now}",
                    fix="Nothing is lost: run the same command again once that is repaired.",
                )
            self.sleep(self.look_s)

    @staticmethod
    def _state(state: Callable[[], str | None]) -> str | None:
        try:
            return state()
        except WarehouseError as error:
            if error.is_gone:
                return "the warehouse does not answer"
            raise
