"""The bucket of backups as the warehouse of a cluster reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from nereus import secrets
from nereus.backups.history import Store
from nereus.config import Platform
from nereus.home import Home
from nereus.kubernetes.operations.kubectl import Kubectl
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


@contextmanager
def history_store(platform: Platform, home: Home, kubectl: Kubectl) -> Iterator[Store]:
    """The same with a way to it from here while the block runs: through kubectl, or straight to a store of your own."""
    access = backup_bucket(platform, home)
    if access.endpoint != S3_SERVICE:
        yield Store(access)
        return
    inside = urlsplit(S3_SERVICE)
    service, namespace, *_ = str(inside.hostname).split(".")
    with kubectl.forwarded(f"svc/{service}", namespace, int(inside.port or 80)) as port:
        yield Store(access, replace(access, endpoint=f"http://127.0.0.1:{port}"))
