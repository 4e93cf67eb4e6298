"""WORKLOAD POLICY: ends queries that run too long or read too many rows."""

from __future__ import annotations

import json
import operator
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.workload.groups import WorkloadGroups
from nereus.warehouse.embedded.workload.progress import scanned_rows

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

_STORE = "CREATE TABLE IF NOT EXISTS nereus.workload_policies (name VARCHAR, policy JSON)"
_FIRST_ID = 1001
#: Doris' limits, by default.
_MOST_POLICIES, _MOST_CONDITIONS, _MOST_ACTIONS = 25, 5, 5

_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
#: What is measured of a query: Doris' word in the error, and in the message to whom it ends.
_METRICS = {
    "query_time": ("query time", "query_time"),
    "be_scan_rows": ("scan rows", "scan_rows"),
}
_UNMEASURED = ("be_scan_bytes", "query_be_memory_bytes")
#: A backend of Doris looks twice a second; what ends before is not counted.
_FIRST_LOOK_MS = 500
_PROPERTIES = ("enabled", "priority", "workload_group")
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9\-_]{0,63}")


def check_name(kind: str, name: str) -> None:
    """Raise what Doris raises for a name that it does not take."""
    if not _NAME.fullmatch(name):
        raise DorisError(f"Incorrect {kind} name '{name}', required format is '^{_NAME.pattern}$'", 5063, "42000")


class Condition(NamedTuple):
    """One comparison of a metric of the running query with a number: ms, or rows."""

    metric: str
    operator: str
    value: str

    @classmethod
    def of(cls, metric: str, sign: str, value: str) -> Condition:
        """Raises for what Doris does not know, and for what is not measured here."""
        name = metric.lower()
        if name not in _METRICS and name not in _UNMEASURED and name != "username":
            raise DorisError(f"invalid metric name:{metric}")
        if sign not in _COMPARE:
            raise DorisError(f"unexpected compare operator {sign}")
        return cls(name, sign, value)

    def check(self) -> None:
        if self.metric == "username":
            return
        if self.metric in _UNMEASURED:
            raise Refused(
                f"workload policies with {self.metric}", "It is not known while a query runs. Use be_scan_rows."
            )
        if not (self.value.isascii() and self.value.isdigit()):
            raise DorisError(f"invalid {_METRICS[self.metric][0]} value: {self.value}, it requires >= 0")

    def holds(self, found: int) -> bool:
        return _COMPARE[self.operator](found, int(self.value))

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {self.value}".lower()


class Action(NamedTuple):
    name: str
    argument: str

    @classmethod
    def of(cls, name: str, argument: str) -> Action:
        if name.lower() not in ("cancel_query", "move_query_to_group", "set_session_variable"):
            raise DorisError(f"invalid action type {name}")
        return cls(name.lower(), argument)

    def __str__(self) -> str:
        return f'{self.name} "{self.argument}"'.lower() if self.argument else self.name


@dataclass(frozen=True, slots=True)
class Policy:
    """`group` is the workload group to whose queries it applies, empty for all."""

    id: int
    name: str
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    priority: int = 0
    enabled: bool = True
    version: int = 0
    group: str = ""


class Policies:
    """The policies by name, kept in the database, and what they do."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, groups: WorkloadGroups) -> None:
        self._cursor = cursor
        self._groups = groups
        self._lock = threading.Lock()
        cursor.execute(_STORE)
        rows = cursor.execute("SELECT name, policy FROM nereus.workload_policies").fetchall()
        self.policies: Mapping[str, Policy] = {name: _read(json.loads(text)) for name, text in rows}

    @property
    def count_rows(self) -> bool:
        """Whether the rows that a query reads must be known while it runs."""
        return any(
            policy.enabled and any(one.metric == "be_scan_rows" for one in policy.conditions)
            for policy in self.policies.values()
        )

    def create(
        self,
        name: str,
        conditions: Sequence[Condition],
        actions: Sequence[Action],
        properties: Mapping[str, str],
        *,
        if_not_exists: bool,
    ) -> None:
        check_name("workload schedule policy", name)
        if not conditions:
            raise DorisError("At least one condition needs to be specified")
        if not actions:
            raise DorisError("At least one action needs to be specified")
        _check(conditions, actions)
        checked = self._properties(properties)
        with self._lock:
            if name in self.policies:
                if if_not_exists:
                    return
                raise DorisError(f"workload schedule policy {name} already exists ")
            if len(self.policies) >= _MOST_POLICIES:
                raise DorisError(f"workload scheduler policy num can not exceed {_MOST_POLICIES}")
            number = max([_FIRST_ID - 1, *(policy.id for policy in self.policies.values())]) + 1
            self._put(_with(Policy(number, name, tuple(conditions), tuple(actions)), checked))

    def alter(self, name: str, properties: Mapping[str, str]) -> None:
        if not properties:
            raise DorisError("properties can't be null when alter workload schedule policy")
        with self._lock:
            old = self.policies.get(name)
            if old is None:
                raise DorisError(f"can not find workload schedule policy {name}")
            changed = _with(old, self._properties(properties))
            self._put(replace(changed, version=old.version + 1))

    def drop(self, name: str, *, if_exists: bool) -> None:
        check_name("workload schedule policy", name)
        with self._lock:
            if name not in self.policies:
                if if_exists:
                    return
                raise DorisError(f"workload schedule policy {name} not exists")
            self._cursor.execute("DELETE FROM nereus.workload_policies WHERE name = ?", [name])
            self.policies = {key: policy for key, policy in self.policies.items() if key != name}

    def apply(self, sessions: Iterable[Session]) -> None:
        """Cancel the running queries that a policy ends. The one with the highest priority says why."""
        active = sorted((one for one in self.policies.values() if one.enabled), key=lambda one: -one.priority)
        for session in sessions if active else ():
            run = session.running
            if run is None or run.group is None or run.cancelled is not None:
                continue
            for policy in active:
                if policy.group in ("", run.group.name) and (why := _matches(policy, session)):
                    session.cancel(
                        DorisError(
                            f"Query {run.query_id} cancelled by workload policy: {policy.name}, id:{policy.id}, {why}"
                        )
                    )
                    break

    def close(self) -> None:
        with self._lock:
            self._cursor.close()

    def _properties(self, properties: Mapping[str, str]) -> Mapping[str, str]:
        unknown = [name for name in properties if name not in _PROPERTIES]
        if unknown:
            raise DorisError(f"illegal policy properties {','.join(unknown)}")
        if properties.get("enabled", "true") not in ("true", "false"):
            raise DorisError("invalid enabled property value, it can only true or false with lower case")
        priority = properties.get("priority", "0")
        if not re.fullmatch(r"[+-]?[0-9]+", priority):
            raise DorisError(f"invalid priority property value, it must be a number, input value={priority}")
        if not 0 <= int(priority) <= 100:
            raise DorisError("policy's priority can only between 0 ~ 100")
        given = properties.get("workload_group", "")
        parts = given.split(".")
        if len(parts) > 2:
            raise DorisError(f"invalid workload group format: {given}")
        if given and parts[-1] not in self._groups.groups:
            compute = parts[0] if len(parts) == 2 else "default"
            raise DorisError(f"Can not find workload group {parts[-1]} in compute group {compute}.")
        return properties

    def _put(self, policy: Policy) -> None:
        self._cursor.execute("BEGIN")
        self._cursor.execute("DELETE FROM nereus.workload_policies WHERE name = ?", [policy.name])
        row = [policy.name, json.dumps(asdict(policy))]
        self._cursor.execute("INSERT INTO nereus.workload_policies VALUES (?, ?)", row)
        self._cursor.execute("COMMIT")
        self.policies = {**self.policies, policy.name: policy}


def _with(policy: Policy, properties: Mapping[str, str]) -> Policy:
    if "enabled" in properties:
        policy = replace(policy, enabled=properties["enabled"] == "true")
    if "priority" in properties:
        policy = replace(policy, priority=int(properties["priority"]))
    if "workload_group" in properties:
        policy = replace(policy, group=properties["workload_group"].rpartition(".")[2])
    return policy


def _read(kept: dict[str, object]) -> Policy:
    conditions = tuple(Condition(*one) for one in kept.pop("conditions"))  # type: ignore[attr-defined]
    actions = tuple(Action(*one) for one in kept.pop("actions"))  # type: ignore[attr-defined]
    return Policy(conditions=conditions, actions=actions, **kept)  # type: ignore[arg-type]


def _check(conditions: Sequence[Condition], actions: Sequence[Action]) -> None:
    """Raise what Doris raises for a set of conditions and actions, and for those that have no effect here."""
    for condition in conditions:
        condition.check()
    if len(conditions) > _MOST_CONDITIONS:
        raise DorisError(f"condition num in a policy can not exceed {_MOST_CONDITIONS}")
    of_frontend = {condition.metric == "username" for condition in conditions}
    if len(of_frontend) > 1:
        raise DorisError(
            "one policy can not contains fe and be metric, FE metric list is [USERNAME], BE metric list is "
            "[BE_SCAN_ROWS, BE_SCAN_BYTES, QUERY_TIME, QUERY_BE_MEMORY_BYTES]"
        )
    for action in actions:
        if action.name == "move_query_to_group":
            raise DorisError("invalid action type MOVE_QUERY_TO_GROUP")
    if len(actions) > _MOST_ACTIONS:
        raise DorisError(f"action num in one policy can not exceed {_MOST_ACTIONS}")
    names = [action.name for action in actions]
    if len(set(names)) > 1:
        raise DorisError(
            "one policy can not contains fe and be action, FE action list is [SET_SESSION_VARIABLE], "
            "BE action list is [MOVE_QUERY_TO_GROUP, CANCEL_QUERY]"
        )
    if names.count("cancel_query") > 1:
        raise DorisError("duplicate action in one policy")
    if (names[0] == "set_session_variable") not in of_frontend:
        raise DorisError("action and metric must run in FE together or run in BE together")
    if names[0] == "set_session_variable":
        raise Refused("workload policies that set session variables", "Give the user a property by SET PROPERTY.")


def _matches(policy: Policy, session: Session) -> str:
    """Why the session's running query is one that the policy ends; empty where it is not."""
    run = session.running
    if run is None:
        return ""
    found = []
    for condition in policy.conditions:
        if condition.metric == "query_time":
            measured = int((time.monotonic() - run.clock) * 1000) - (run.ticket.waited_ms if run.ticket else 0)
        else:
            measured = scanned_rows(session) if run.elapsed_ms >= _FIRST_LOOK_MS else 0
        if not condition.holds(measured):
            return ""
        found.append(f"{_METRICS[condition.metric][1]}:{measured}({condition.value})")
    return ", ".join(found)
