"""When disks fill: the months in which limits are crossed, and the plan beside what the warehouse reports."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from nereus import sizing
from nereus.cases import Case
from nereus.insight.holdings import Table
from nereus.sizing import Plan, constants, year
from nereus.warehouse.client import Row

#: Fewer days of loads than this say nothing about growth by the year.
LEAST_DAYS = 30
_BYTES_PER_TB = 1e12


@dataclass(frozen=True)
class Crossing:
    """A limit of all disks of one kind. `months` from today until it is crossed; None: not in 30 years."""

    disk: str
    name: str
    share: float
    case: Case
    limit_tb: float
    used_tb: float
    months: int | None
    source: str

    def month(self, today: date) -> str:
        """The month in which it is crossed, as 2027-03; `now` when it is already."""
        if self.months is None:
            return f"not in {constants.SEARCH_YEARS} years"
        if self.months == 0:
            return "now"
        count = today.year * 12 + today.month - 1 + self.months
        return f"{count // 12}-{count % 12 + 1:02d}"


def crossings(plan: Plan) -> list[Crossing]:
    """Every limit of the planned disks (75 % alarm, 85 % watermark) in every case."""
    return [each for case in Case for each in _of(plan, case)]


def used(plan: Plan, case: Case, disk: str = "NVMe") -> list[float]:
    """TB in use over all machines, without headroom, for each year of the horizon."""
    loads = (year.load(plan.requirements, case, number) for number in range(plan.requirements.horizon_years + 1))
    return [each.nvme_tb if disk == "NVMe" else each.hdd_tb for each in loads]


def _of(plan: Plan, case: Case) -> Iterator[Crossing]:
    need, nodes = plan.requirements, plan.nodes.value
    loads = [year.load(need, case, number) for number in range(constants.SEARCH_YEARS + 1)]
    disks: dict[str, tuple[float, Callable[[year.Load], float]]] = {
        "NVMe": (nodes * need.machine.nvme_tb, lambda each: each.nvme_tb)
    }
    if need.machine.hdd_tb:
        disks["HDD"] = (nodes * need.machine.hdd_tb, lambda each: each.hdd_tb)
    for disk, (capacity, measure) in disks.items():
        for name, share in (("alarm", constants.DISK_ALARM), ("watermark", constants.DISK_WATERMARK)):
            part = share.at(case)
            values = [measure(each) for each in loads]
            limit = capacity * part
            yield Crossing(disk, name, part, case, limit, values[0], _months(values, limit), share.source)


def _months(values: Sequence[float], limit: float) -> int | None:
    """Months until values that compound from year to year exceed the limit."""
    if values[0] > limit:
        return 0
    for number in range(1, len(values)):
        before, after = values[number - 1], values[number]
        if after > limit:
            part = math.log(limit / before) / math.log(after / before) if before else 1.0
            return max(1, math.ceil(12 * (number - 1 + part)))
    return None


@dataclass(frozen=True)
class Growth:
    """What the loads so far say: bytes that came after the first day, over the days since.

    `per_year` is the share of what was there after the first day; None while the loads span less than 30 days.
    """

    sent_bytes: int
    days: int
    per_year: float | None


def growth(days: Sequence[Row]) -> Growth:
    """Growth from rows of `day` (ISO 8601) and `sent_bytes`, the oldest first."""
    if not days:
        return Growth(0, 0, None)
    first, last = (date.fromisoformat(str(row["day"])[:10]) for row in (days[0], days[-1]))
    total, start = sum(int(row["sent_bytes"]) for row in days), int(days[0]["sent_bytes"])
    span = (last - first).days
    if span < LEAST_DAYS or not start:
        return Growth(total, span, None)
    return Growth(total, span, (total - start) / start * 365 / span)


def refitted(plan: Plan, measured: Growth) -> Plan | None:
    """The same machines with the growth that was measured; None while nothing can be said."""
    if measured.per_year is None:
        return None
    return sizing.plan(replace(plan.requirements, growth_per_year=measured.per_year, nodes=int(plan.nodes.value)))


@dataclass(frozen=True)
class Beside:
    """One figure as planned for today and as reported, in bytes of one copy."""

    name: str
    planned: float
    reported: float | None
    reason: str

    @property
    def share(self) -> float | None:
        """Reported over planned."""
        return None if self.reported is None or not self.planned else self.reported / self.planned


def beside(plan: Plan, tables: Sequence[Table] | None, measured: Growth) -> list[Beside]:
    """The typical plan of today beside what the warehouse reports. `tables` is None where it never answered."""
    need, now = plan.requirements, plan.at(0)
    hot = now.stored_tb.value - now.cold_stored_tb.value
    local = remote = None
    if tables is not None:
        local, remote = sum(each.local_bytes for each in tables), sum(each.remote_bytes for each in tables)
    both = None if local is None or remote is None else local + remote
    sent = measured.sent_bytes if tables is not None else None
    share = need.stored_share[Case.TYPICAL]
    return [
        Beside("raw data", now.raw_tb.value * _BYTES_PER_TB, sent, "declared; reported: bytes sent by all loads"),
        Beside("stored, one copy", now.stored_tb.value * _BYTES_PER_TB, both, f"planned {share:g} of raw"),
        Beside("hot, one copy", hot * _BYTES_PER_TB, local, f"the newest {need.hot_months} months; local bytes"),
        Beside("cold", now.cold_stored_tb.value * _BYTES_PER_TB, remote, "older data; bytes in the object store"),
    ]
