"""The warehouse's cold tier: the resource and the storage policy that point to the platform's object store."""

from __future__ import annotations

from collections.abc import Iterator

from nereus.config import Platform
from nereus.home import Home
from nereus.provision import object_store
from nereus.usecases.cooling import POLICY
from nereus.warehouse.client import Warehouse

RESOURCE = "nereus_cold"
#: Rows stay local this long after they were loaded, so that a load that is corrected does not travel.
COOLDOWN_SECONDS = 600


def ensure(warehouse: Warehouse, platform: Platform, home: Home) -> Iterator[str]:
    """Make what is missing, and tell the warehouse of a new key. Yields what was changed, without secrets."""
    found = object_store.access(home, platform.local.ports.object_store, "cold")
    keys = {"s3.access_key": found.access_key, "s3.secret_key": found.secret_key}
    place = {"s3.endpoint": found.endpoint, "s3.bucket": found.bucket, "s3.region": found.region}
    known = {row["Item"]: row["Value"] for row in warehouse.query(f"SHOW RESOURCES WHERE NAME = '{RESOURCE}'")}
    if not known:
        given = {"type": "s3", **place, "s3.root.path": "warehouse", **keys}
        warehouse.execute(f"CREATE RESOURCE {RESOURCE} PROPERTIES ({_marks(given)})", tuple(given.values()))
        yield f"resource {RESOURCE} created"
    elif known.get("s3.access_key") != found.access_key:
        warehouse.execute(f"ALTER RESOURCE {RESOURCE} PROPERTIES ({_marks(keys)})", tuple(keys.values()))
        yield f"resource {RESOURCE} has new keys"
    if POLICY not in {row["PolicyName"] for row in warehouse.query("SHOW STORAGE POLICY")}:
        warehouse.execute(
            f"CREATE STORAGE POLICY {POLICY} PROPERTIES "
            f"('storage_resource' = '{RESOURCE}', 'cooldown_ttl' = '{COOLDOWN_SECONDS}')"
        )
        yield f"storage policy {POLICY} created"


def _marks(properties: dict[str, str]) -> str:
    return ", ".join(f"'{name}' = %s" for name in properties)
