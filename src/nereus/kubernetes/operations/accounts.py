"""Who works in a cluster's JupyterHub: their warehouse users, and the Secret by which the Hub knows them.

The Hub reads the Secret at every login and every start of a server; Kubernetes takes about a minute to bring a change
to it.
"""

from __future__ import annotations

import json

from nereus.config import Platform
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.kubernetes import catalogue as tables
from nereus.kubernetes import identity, secrets
from nereus.kubernetes.install import APPLY, encoded
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.render.demand import facilities
from nereus.provision import jupyterhub
from nereus.warehouse.client import Warehouse


def add(
    platform: Platform, home: Home, warehouse: Warehouse, kubectl: Kubectl, name: str, *, admin: bool = False
) -> str:
    """Make a person's warehouse user with the scientists' roles and tell the Hub. Returns the password of the Hub.

    Where people sign in with a provider, `name` is what it calls them and the password opens nothing. Raises BadInput
    for a name that cannot be one or is taken; Failure where the Hub was not told: then there is no such person.
    """
    if admin and platform.kubernetes.identity is not None:
        raise BadInput(
            f"{name} signs in with {platform.kubernetes.identity.issuer}, which says who administers the Hub",
            fix="Leave --admin out, and put the person into the provider's group nereus-admins.",
        )
    identity.ensure(platform, home)
    password = jupyterhub.add(home, warehouse, name, admin=admin)
    try:
        _tell(platform, home, kubectl)
    except Failure as error:
        jupyterhub.remove(home, warehouse, name)
        raise Failure(f"{name} was not added: {error.message}", fix="Mend that, then run it again.") from error
    return password


def remove(platform: Platform, home: Home, warehouse: Warehouse, kubectl: Kubectl, name: str) -> None:
    """Take a person's warehouse user and account away; the volume with their home stays.

    Raises BadInput for an unknown name, Failure where the Hub was not told: the next provisioning does it.
    """
    identity.ensure(platform, home)
    jupyterhub.remove(home, warehouse, name)
    try:
        _tell(platform, home, kubectl)
    except Failure as error:
        raise Failure(
            f"{name} has no warehouse user any more, but the Hub was not told: {error.message}",
            fix="Mend that, then run: make provision",
        ) from error


def _tell(platform: Platform, home: Home, kubectl: Kubectl) -> None:
    """Apply every Secret that holds the accounts, as provisioning does."""
    found = tables.read()
    file = jupyterhub.users_file(home).name
    names = {name for name, one in found.secrets.items() if any(key.file == file for key in one.keys.values())}
    for secret in secrets.manifests(found, home, facilities(platform)):
        if secret["metadata"]["name"] in names:
            kubectl(*APPLY, "-f", "-", given=json.dumps(encoded(secret)))
