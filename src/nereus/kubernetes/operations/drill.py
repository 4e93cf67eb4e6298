"""The cluster's restore drill: each database's newest backup and cooled history brought back and removed again.

    python -m nereus.kubernetes.operations.drill --config platform.yaml

Environment as that of the nightly backup. Ends with exit code 1 where a backup did not come back, or not in time.
"""

from __future__ import annotations

import sys

from nereus import backups
from nereus.backups import drill, history
from nereus.errors import NereusError
from nereus.kubernetes.operations import nightly
from nereus.provision.object_store import Access
from nereus.warehouse.client import Warehouse


def run(warehouse: Warehouse, access: Access) -> int:
    """Drill with every database that has a backup or history, telling each on a line. Gives how many failed."""
    backups.ensure_repository_at(warehouse, access)
    failed, store = 0, history.Store(access)
    for db in drill.databases(warehouse, store):
        try:
            done = drill.run(warehouse, store, db)
        except NereusError as error:
            failed += 1
            print(f"{db}: {error}", file=sys.stderr)
        else:
            failed += not done.kept
            print(told(done))
    return failed


def told(done: drill.Drilled) -> str:
    """A line for a person: what was measured beside what is promised."""
    changed = f"; since then changed: {', '.join(done.changed)}" if done.changed else ""
    cooled = f", of them {', '.join(done.cooled)} from cooled history" if done.cooled else ""
    return (
        f"{done.db}: {done.label} came back in {done.seconds:.1f} s (RTO {drill.RTO_S / 3600:.0f} h), was "
        f"{done.age_s / 3600:.1f} h old (RPO {drill.RPO_S / 3600:.0f} h), {len(done.rows)} tables"
        f"{cooled}, {sum(done.rows.values()):,} rows{changed}{'' if done.kept else ': MISSED'}"
    )


if __name__ == "__main__":
    raise SystemExit(nightly.main(run, __doc__))
