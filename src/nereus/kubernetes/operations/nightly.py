"""What the cluster does every night: back up each database, export the cooled history that no backup holds.

    python -m nereus.kubernetes.operations.nightly --config platform.yaml

Environment: NEREUS_WAREHOUSE_HOST, NEREUS_S3_ENDPOINT, NEREUS_S3_REGION; the passwords of root and of the bucket are
files of NEREUS_HOME/secrets. Ends with exit code 1 where a part failed; the others were done.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from nereus import backups, secrets
from nereus.backups import history
from nereus.config import load
from nereus.errors import NereusError
from nereus.home import Home
from nereus.provision.object_store import Access
from nereus.warehouse.client import Warehouse

Run = Callable[[Warehouse, Access], int]


def run(warehouse: Warehouse, access: Access) -> int:
    """Do all of it, telling each part on a line. Gives how many parts failed."""
    failed = 0
    backups.ensure_repository_at(warehouse, access)
    for database in backups.databases(warehouse):
        try:
            taken = backups.take(warehouse, database)
        except NereusError as error:
            failed += 1
            print(f"{database}: {error}", file=sys.stderr)
        else:
            print(f"{database}: {taken.label} in {taken.seconds:.0f} s")
    store = history.Store(access)
    for database, table in history.cooled(warehouse):
        try:
            notes = list(history.export(warehouse, store, database, table))
        except NereusError as error:
            failed += 1
            print(f"history of {database}.{table}: {error}", file=sys.stderr)
        else:
            print(f"history of {database}.{table}: {len(notes)} partitions, {sum(note.rows for note in notes):,} rows")
    return failed


def main(job: Run = run, about: str | None = __doc__) -> int:
    """Do `job` with the warehouse and the bucket that the environment names; gives the exit code."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--config", type=Path, required=True)
    given = parser.parse_args()
    try:
        platform, home = load(given.config), Home.beside(given.config)
        access = Access(
            endpoint=os.environ["NEREUS_S3_ENDPOINT"],
            bucket="backup",
            access_key="nereus-backup",
            secret_key=secrets.ensure(home, "object-store-backup"),
            region=os.environ["NEREUS_S3_REGION"],
        )
        return 1 if job(Warehouse.for_user(platform, home, "root"), access) else 0
    except NereusError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
