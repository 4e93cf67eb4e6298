"""Write what Superset is to be, inside the cluster: the same plan as on a laptop, for the warehouse's service.

    python -m nereus.kubernetes.superset_plan --config platform.yaml --output plan.json

Environment: NEREUS_WAREHOUSE_HOST, NEREUS_PORTAL_ORIGIN; passwords are files of NEREUS_HOME/secrets. Every name that
dashboards' files use is looked up in the warehouse first: a fault ends it with exit code 2 and nothing is written.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from nereus import secrets
from nereus.config import Platform, load
from nereus.errors import NereusError
from nereus.home import Home
from nereus.paths import USECASES
from nereus.superset import assets, check, plans
from nereus.warehouse.client import Warehouse

_SECRETS = ("superset-admin", "superset-analyst", "warehouse-analyst")


def make(platform: Platform, home: Home, warehouse: Warehouse, portal_origin: str) -> dict[str, Any]:
    """The plan, with the warehouse's address as pods reach it. Raises BadInput for names that the warehouse lacks."""
    bundle = assets.read(platform.usecases, USECASES)
    check.check(bundle, warehouse)
    passwords = {name: secrets.ensure(home, name) for name in _SECRETS}
    return plans.make(bundle, platform, passwords, portal_origin, f"{warehouse.host}:{warehouse.mysql_port}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    try:
        platform, home = load(given.config), Home.beside(given.config)
        plan = make(platform, home, Warehouse.for_user(platform, home, "analyst"), os.environ["NEREUS_PORTAL_ORIGIN"])
    except NereusError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    with open(os.open(given.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as written:
        json.dump(plan, written)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
