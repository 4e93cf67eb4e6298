"""From the partitions of a base table to those of a view: the same ranges, or whole months (quarters ...) of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nereus.warehouse.embedded.catalog.model import Partition, Table
from nereus.warehouse.embedded.catalog.snapshot import Snapshot
from nereus.warehouse.embedded.catalog.versions import WHOLE
from nereus.warehouse.embedded.errors import DorisError

#: Units by which the partitions of a view may be longer than those of its base table.
UNITS = ("hour", "day", "week", "month", "quarter", "year")
_NAME = re.compile(r"[^a-zA-Z0-9,]")

#: Lower and upper bound as text; None is MINVALUE / MAXVALUE.
Span = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Sources:
    """What a view is computed from, as the catalogue has it now.

    Attributes:
        related: the table whose partitions it follows, or None.
        others: the other tables.
        mapping: by id of the view's partition (`WHOLE` where it follows none) those of `related`.
        missing: ranges that the view has no partition for; `surplus` partitions whose range is gone.
        columns: what the tables look like.
    """

    related: Table | None
    others: tuple[Table, ...]
    mapping: Mapping[int, frozenset[int]]
    missing: Mapping[Span, frozenset[int]]
    surplus: tuple[int, ...]
    columns: str


def sources_of(view: Table, snapshot: Snapshot) -> Sources | str:
    """The view's sources, or why they are not what they were."""
    made = view.materialized
    if made is None:
        return "it is no materialised view"
    tables: list[Table] = []
    for db, name in made.bases:
        found = snapshot.table(db, name)
        if not isinstance(found, Table):
            return f"the base table {db}.{name} is gone"
        tables.append(found)
    columns = ";".join(f"{t.id}:" + ",".join(f"{c.name} {c.type} {c.nullable}" for c in t.columns) for t in tables)
    if made.related is None:
        return Sources(None, tuple(tables), {WHOLE: frozenset()}, {}, (), columns)
    related = next(table for table in tables if (table.db, table.name) == made.related)
    others = tuple(table for table in tables if table is not related)
    try:
        wanted = wanted_spans(related, made.truncated)
    except DorisError as error:
        return error.detail
    have = {(p.lower[0], p.upper[0]): p.id for p in view.partitions}
    mapping = {have[span]: parts for span, parts in wanted.items() if span in have}
    missing = {span: parts for span, parts in wanted.items() if span not in have}
    surplus = tuple(part for span, part in have.items() if span not in wanted)
    return Sources(related, others, mapping, missing, surplus, columns)


def wanted_spans(related: Table, unit: str) -> dict[Span, frozenset[int]]:
    """The ranges that a view's partitions must have, with the base table's partitions in each.

    Raises DorisError for a partition of the base table that lies in two of the view's.
    """
    found: dict[Span, frozenset[int]] = {}
    for partition in related.partitions:
        span = _rolled_up(partition, unit) if unit else (partition.lower[0], partition.upper[0])
        found[span] = found.get(span, frozenset()) | {partition.id}
    return found


def partition_name(span: Span) -> str:
    """As Doris names them: p_20240101_20240201."""
    lower, upper = (value if value is not None else word for value, word in zip(span, ("MIN", "MAXVALUE"), strict=True))
    return "p_" + _NAME.sub("", f"{lower},{upper}").replace(",", "_")


def made_partitions(missing: Mapping[Span, frozenset[int]]) -> tuple[Partition, ...]:
    """Partitions without ids, in the order of their ranges."""
    ordered = sorted(missing, key=lambda span: span[0] or "")
    return tuple(Partition(partition_name(span), 0, (span[0],), (span[1],)) for span in ordered)


def _rolled_up(partition: Partition, unit: str) -> Span:
    lower, upper = partition.lower[0], partition.upper[0]
    if lower is None or upper is None:
        raise DorisError(f"the partition {partition.name} of the base table has no end: it cannot be rolled up")
    begin = truncated(datetime.fromisoformat(lower), unit)
    end = following(begin, unit)
    if datetime.fromisoformat(upper) > end:
        raise DorisError(f"the partition {partition.name} of the base table is longer than a {unit}")
    return _text(begin, lower), _text(end, lower)


def truncated(moment: datetime, unit: str) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[unit]
    return day.replace(month=month, day=1)


def following(begin: datetime, unit: str) -> datetime:
    """The beginning of the next unit."""
    if unit in ("hour", "day", "week"):
        return begin + timedelta(**{f"{unit}s": 1})
    months = begin.month - 1 + {"month": 1, "quarter": 3, "year": 12}[unit]
    return begin.replace(year=begin.year + months // 12, month=months % 12 + 1)


def _text(moment: datetime, like: str) -> str:
    """As long as the bounds of the base table."""
    if len(like) == len("2024-01-01"):
        return date(moment.year, moment.month, moment.day).isoformat()
    return moment.isoformat(" ", "seconds") + like[len("2024-01-01 00:00:00") :].translate(
        str.maketrans("123456789", "0" * 9)
    )
