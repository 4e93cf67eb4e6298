"""The bucket of backups as the warehouse of a cluster reaches it."""

from __future__ import annotations

from nereus import secrets
from nereus.config import Platform
from nereus.home import Home
from nereus.kubernetes.render.values import S3_SERVICE
from nereus.provision.object_store import REGION, Access


def backup_bucket(platform: Platform, home: Home) -> Access:
    """With the key that the platform gave it, or that you wrote for a store of your own."""
    own = platform.cluster.existing.object_store if platform.cluster and platform.platform.target == "cluster" else None
    return Access(
        endpoint=own.endpoint if own else S3_SERVICE,
        bucket="backup",
        access_key="nereus-backup",
        secret_key=secrets.ensure(home, "object-store-backup"),
        region=own.region if own else REGION,
    )
