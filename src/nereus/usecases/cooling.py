"""Which months of a use case's facts are hot: the older partitions get the platform's storage policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nereus.usecases.model import UseCase
from nereus.warehouse.client import Queries

#: The storage policy that provisioning makes; see `provision.tiers`.
POLICY = "nereus_cold"
_UPPER = re.compile(r"\.\.types: \[[^\]]*\]; keys: \[(\d{4})-(\d\d)-")


def cool(usecase: UseCase, admin: Queries) -> Iterator[str]:
    """Put every partition older than a table's newest `hot_months` under the policy. Yields what was changed.

    Partitions are ranges of months, ending with the newest that has rows. A warehouse without the policy keeps all
    rows hot. Running it again changes nothing; after a new month it cools the one that has become too old.
    """
    wanted = [table for table in usecase.tables if table.hot_months is not None]
    if not wanted or POLICY not in {row["PolicyName"] for row in admin.query("SHOW STORAGE POLICY")}:
        return
    for table in wanted:
        rows = admin.query(f"SHOW PARTITIONS FROM `{usecase.database}`.`{table.name}`")
        ends = {row["PartitionName"]: end for row in rows if (end := _end(str(row["Range"]))) is not None}
        filled = [ends[row["PartitionName"]] for row in rows if row["PartitionName"] in ends and _has_rows(row)]
        oldest_hot = max(filled, default=0) - (table.hot_months or 0)
        under = {row["PartitionName"] for row in rows if row["RemoteStoragePolicy"] == POLICY}
        old = [name for name, end in ends.items() if end <= oldest_hot and name not in under]
        if old:
            names = ", ".join(f"`{name}`" for name in old)
            admin.execute(
                f"ALTER TABLE `{usecase.database}`.`{table.name}` MODIFY PARTITION ({names}) "
                f'SET ("storage_policy" = "{POLICY}")'
            )
            yield f"table {usecase.database}.{table.name}: {len(old)} partitions cool down"


def _end(range_text: str) -> int | None:
    """The month in which a partition ends, counted from the year 0; None where it is no range of dates."""
    found = _UPPER.search(range_text)
    return int(found[1]) * 12 + int(found[2]) if found else None


def _has_rows(row: dict[str, object]) -> bool:
    return str(row.get("RowCount", "1")) != "0"
