"""Is the promise kept? The audit log, aggregated in the warehouse; pure functions make figures of the few rows.

Superset begins each statement with ``/* superset dashboard=3 chart=12 user=ana */``: that names dashboard and person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nereus.insight.asking import Answer, Question
from nereus.warehouse.client import Row

#: Answers faster than this count as fast.
FAST_MS = 1000
#: Windows that can be chosen, by what they are called.
WINDOWS: Mapping[str, int] = {"24 hours": 24, "7 days": 168, "30 days": 720}
_MOST_GROUPS = 200
_SLOWEST = 20

_HEAD = "ltrim(left(stmt, 300))"
_IS_DASHBOARD = f"{_HEAD} LIKE '/* superset %%dashboard=%%'"
_TAG = "regexp_extract({head}, '^/[*] superset [^*]*{name}=([^ *]+)', 1)"
_DASHBOARD = _TAG.format(head=_HEAD, name="dashboard")
_PERSON = _TAG.format(head=_HEAD, name="user")
#: Times of statements that failed say nothing about speed.
_FIGURES = f"""count(*) AS statements,
    sum(if(state = 'ERR', 1, 0)) AS failed,
    avg(if(state = 'ERR', NULL, query_time)) AS average_ms,
    percentile(if(state = 'ERR', NULL, query_time), 0.95) AS p95_ms,
    max(if(state = 'ERR', NULL, query_time)) AS longest_ms,
    sum(if(state <> 'ERR' AND query_time < {FAST_MS}, 1, 0)) AS fast"""
#: The portal's own statements are nobody's dashboard.
_WHERE = "is_query = 1 AND `user` <> 'portal' AND `time` >= date_sub(now(), INTERVAL %s HOUR)"
_LOG = "__internal_schema.audit_log"


def questions(hours: int) -> Mapping[str, Question]:
    """What the page asks about the last `hours`."""

    def grouped(key: str, where: str = "") -> Question:
        sql = (
            f"SELECT {key} AS name, {_FIGURES} FROM {_LOG} WHERE {_WHERE}{where} "  # noqa: S608
            f"GROUP BY name ORDER BY statements DESC, name LIMIT {_MOST_GROUPS}"
        )
        return Question(sql, (hours,))

    dashboards = f" AND {_IS_DASHBOARD}"
    hourly = f"SELECT date_trunc(`time`, 'hour') AS name, {_FIGURES} FROM {_LOG} WHERE {_WHERE}"  # noqa: S608
    return {
        "promise": grouped("'dashboards'", dashboards),
        "everything": grouped("'all queries'"),
        "dashboards": grouped(_DASHBOARD, dashboards),
        "people": grouped(_PERSON, dashboards),
        "users": grouped("`user`"),
        "groups": grouped("workload_group"),
        "hours": Question(f"{hourly}{dashboards} GROUP BY name ORDER BY name", (hours,)),
        "all_hours": Question(f"{hourly} GROUP BY name ORDER BY name", (hours,)),
        "queues": Question(
            "SELECT workload_group AS name, count(*) AS statements, "  # noqa: S608
            "avg(schedule_times_ms['schedule_time_ms']) AS average_ms, "
            "percentile(schedule_times_ms['schedule_time_ms'], 0.95) AS p95_ms, "
            "max(schedule_times_ms['schedule_time_ms']) AS longest_ms, "
            "sum(if(schedule_times_ms['schedule_time_ms'] > 0, 1, 0)) AS waited "
            f"FROM {_LOG} WHERE {_WHERE} GROUP BY name ORDER BY name",
            (hours,),
        ),
        "slowest": Question(
            f"SELECT `time` AS at, `user` AS who, workload_group, {_DASHBOARD} AS dashboard, query_time AS time_ms, "  # noqa: S608
            "schedule_times_ms['schedule_time_ms'] AS queued_ms, scan_rows, return_rows, state, "
            f"left(stmt, 400) AS statement FROM {_LOG} WHERE {_WHERE} ORDER BY query_time DESC, at LIMIT {_SLOWEST}",
            (hours,),
        ),
    }


@dataclass(frozen=True)
class Group:
    """Answers of one dashboard, person, user, workload group or hour. Times are None where every statement failed."""

    name: str
    statements: int
    failed: int
    average_ms: float | None
    p95_ms: float | None
    longest_ms: float | None
    fast: int

    @classmethod
    def of(cls, row: Row) -> Group:
        return cls(
            str(row["name"] or "(none)"),
            int(row["statements"]),
            int(row["failed"]),
            row["average_ms"],
            row["p95_ms"],
            row["longest_ms"],
            int(row["fast"]),
        )

    @property
    def answered(self) -> int:
        return self.statements - self.failed

    @property
    def under_1s(self) -> float | None:
        """The share of answers under a second, 0 to 1."""
        return self.fast / self.answered if self.answered else None


@dataclass(frozen=True)
class Budget:
    """How much of the time that the promise allows was used: 1 is all of it.

    `used` is the average answer over the promised average. `kept_hours` of `hours` had an average within it.
    """

    used: float
    hours: int
    kept_hours: int

    @property
    def left(self) -> float:
        """What is left, 0 to 1; below 0 the promise is broken."""
        return 1 - self.used


def groups(rows: Sequence[Row]) -> list[Group]:
    """One `Group` per row, in their order."""
    return [Group.of(row) for row in rows]


def first(answer: Answer, name: str) -> Group | None:
    """The single group of a question about everything; None when no statement was found."""
    found = groups(answer[name])
    return found[0] if found and found[0].answered else None


def budget(whole: Group | None, hours: Sequence[Group], promise_s: float) -> Budget | None:
    """The error budget of an average: None while nothing was answered."""
    if whole is None or whole.average_ms is None:
        return None
    timed = [hour.average_ms for hour in hours if hour.average_ms is not None]
    allowed_ms = promise_s * 1000
    return Budget(whole.average_ms / allowed_ms, len(timed), sum(average <= allowed_ms for average in timed))
