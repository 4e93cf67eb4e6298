"""The portal in a cluster: services as its pod reaches them, and the addresses by which a browser opens them.

Environment, set by k8s/apps/portal: NEREUS_DOORS holds `NAME=ADDRESS` of what people open, with spaces between;
NEREUS_WAREHOUSE_HOST, NEREUS_SUPERSET_URL and NEREUS_JUPYTERHUB_URL are what the pod asks. Without NEREUS_DOORS the
portal belongs to this machine's own services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from nereus.config import Platform
from nereus.errors import BadInput
from nereus.home import Home
from nereus.insight.asking import USER, reader
from nereus.paths import USECASES
from nereus.provision import jupyterhub, superset
from nereus.provision.services import Service
from nereus.superset import assets
from nereus.warehouse.client import Warehouse

DOORS = "NEREUS_DOORS"


def is_inside(environ: Mapping[str, str]) -> bool:
    """Whether this portal is a pod of a cluster."""
    return DOORS in environ


def services(environ: Mapping[str, str], platform: Platform, home: Home) -> tuple[Service, ...]:
    """The services that the portal's pod may ask. Raises BadInput for a variable that is missing or unclear."""
    doors = _doors(environ)
    warehouse = reader(Warehouse.for_user(platform, home, USER))
    asked = {
        superset.SERVICE: ("Superset (business analysts)", "NEREUS_SUPERSET_URL", superset.probe),
        "jupyterhub": (
            "JupyterHub (data scientists)",
            "NEREUS_JUPYTERHUB_URL",
            lambda host, port: jupyterhub.probe(home, host, port),
        ),
    }

    def answers() -> None:
        warehouse.query("SELECT 1")

    where = f"mysql://{warehouse.host}:{warehouse.mysql_port}"
    found = [Service("warehouse", "Warehouse (Apache Doris)", (), where, {}, answers)]
    for name, (title, variable, probe) in asked.items():
        if name not in doors:
            raise BadInput(f"{DOORS} has no address of {name}", fix=f"Add {name}=https://... to it.")
        found.append(Service(name, title, (), doors[name], {}, _probe(variable, environ, probe)))
    return tuple(found)


def embedded(platform: Platform, folder: Path = USECASES) -> dict[str, str]:
    """The id by which each dashboard is shown in a frame, by its slug: Superset's bootstrap takes its file's uuid."""
    bundle = assets.read(platform.usecases, folder)
    return {str(one.content["slug"]): one.uuid for one in bundle.of("dashboards")}


def _doors(environ: Mapping[str, str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in environ[DOORS].split()]
    for name, _, address in pairs:
        if urlsplit(address).scheme not in ("http", "https"):
            raise BadInput(
                f"{DOORS} has {name}={address}; expected NAME=ADDRESS",
                fix="Write it as: superset=https://superset.example jupyterhub=https://jupyter.example",
            )
    return {name: address for name, _, address in pairs}


def _probe(
    variable: str, environ: Mapping[str, str], made: Callable[[str, int], Callable[[], None]]
) -> Callable[[], None]:
    given = environ.get(variable, "")
    parts = urlsplit(given)
    if parts.scheme != "http" or parts.hostname is None:
        raise BadInput(
            f"{variable} is {given!r}; expected the service's address in the cluster",
            fix="Write it as: http://superset.nereus-superset.svc.cluster.local",
        )
    return made(parts.hostname, parts.port or 80)
