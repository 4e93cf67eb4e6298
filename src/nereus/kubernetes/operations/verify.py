"""Whether the platform works: a real query, a real dashboard, a real notebook, through the doors that people use.

Pods that are Running, and an operator that says `available`, prove none of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import requests

from nereus import secrets
from nereus.config import Platform
from nereus.errors import Failure, NereusError
from nereus.home import Home
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.operations.scientist import Scientist
from nereus.provision import probes
from nereus.superset.api import Superset
from nereus.usecases.model import find, names
from nereus.warehouse.client import Warehouse

#: What the notebook runs: the package that scientists import, their own warehouse user, a result as a data frame.
NOTEBOOK = """\
from nereus_notebook import warehouse
found = warehouse.sql("SELECT 40 + 2 AS answer, current_user() AS who")
print(int(found["answer"][0]), found["who"][0])
"""


@dataclass(frozen=True)
class Doors:
    """Where people go in. `signs_in` is false where an identity provider does it and no password opens a door."""

    warehouse: Warehouse
    superset: str
    jupyterhub: str
    portal: str
    signs_in: bool = True


@dataclass(frozen=True)
class Finding:
    """One door: `ok` is None where it could not be tried, with the reason in `detail`."""

    name: str
    ok: bool | None
    detail: str
    seconds: float


def local_doors(platform: Platform, home: Home) -> Doors:
    """Those of the local target."""
    ports, host = platform.local.ports, probes.reachable(platform.local.bind)
    return Doors(
        Warehouse.for_user(platform, home, "analyst"),
        superset=f"http://{host}:{ports.superset}",
        jupyterhub=f"http://{host}:{ports.jupyterhub}",
        portal=f"http://{host}:{ports.portal}",
    )


@contextmanager
def cluster_doors(platform: Platform, home: Home, kubectl: Kubectl) -> Iterator[Doors]:
    """Those of a cluster: its host names, and the frontends' service through kubectl while the block runs.

    The platform's own authority is trusted for this process where it signed the certificates.
    """
    domain = platform.kubernetes.domain
    with ExitStack() as stack:
        authority = home.run / "authority.pem"
        try:
            authority.write_bytes(kubectl.secret("portal-tls", "nereus-portal", "ca.crt"))
            os.environ["REQUESTS_CA_BUNDLE"] = str(authority)
        except KeyError:
            # An outside authority signed it: the machine knows it or does not.
            authority.unlink(missing_ok=True)
        port = stack.enter_context(kubectl.forwarded("svc/warehouse-fe-service", "nereus-warehouse", 9030))
        yield Doors(
            replace(Warehouse.for_user(platform, home, "analyst"), host="127.0.0.1", mysql_port=port),
            superset=f"https://superset.{domain}",
            jupyterhub=f"https://jupyter.{domain}",
            portal=f"https://portal.{domain}",
            signs_in=platform.kubernetes.identity is None,
        )


def verify(platform: Platform, home: Home, doors: Doors) -> Iterator[Finding]:
    """Try every door, one after the other; what each took is in its finding."""
    yield _tried("query", lambda: query(doors.warehouse, platform))
    for name, attempt in (
        ("dashboard", lambda: dashboard(doors.superset, secrets.ensure(home, "superset-analyst"))),
        ("notebook", lambda: notebook(doors.jupyterhub, secrets.ensure(home, "jupyterhub-scientist"))),
    ):
        if doors.signs_in:
            yield _tried(name, attempt)
        else:
            yield Finding(name, None, "people sign in with the identity provider; open it with a browser", 0)
    if doors.signs_in:
        yield _tried("portal", lambda: page(doors.portal, secrets.ensure(home, "portal-viewer")))
    else:
        yield Finding("portal", None, "people sign in with the identity provider; open it with a browser", 0)


def query(warehouse: Warehouse, platform: Platform) -> str:
    """Count a table of every use case. Raises Failure where one is empty or none is there."""
    told = []
    with warehouse.session() as session:
        for name in platform.usecases:
            if name not in names():
                continue
            database = find(name).database
            tables = sorted(next(iter(row.values())) for row in session.query(f"SHOW TABLES FROM `{database}`"))
            if not tables:
                raise Failure(f"{database} has no table that the user {warehouse.user} may read")
            asked = {table: f"SELECT COUNT(*) AS n FROM `{database}`.`{table}`" for table in tables}  # noqa: S608
            counts = {table: _count(session.query(sql)) for table, sql in asked.items()}
            table, most = max(counts.items(), key=lambda one: one[1])
            if not most:
                raise Failure(f"every table of {database} is empty")
            told.append(f"{database}.{table} {most:,} rows")
    if not told:
        raise Failure("no use case is deployed", fix="Run: nereus usecase deploy NAME")
    return ", ".join(told)


def _count(rows: list[dict[str, object]]) -> int:
    return int(str(rows[0]["n"]))


def dashboard(url: str, password: str) -> str:
    """Open a dashboard as an analyst, every chart past the cache. Raises Failure where one has no row."""
    session = Superset(url, "analyst", password)
    numbers = session.dashboards()
    if not numbers:
        raise Failure("Superset shows no dashboard to an analyst", fix="Run: nereus superset import")
    slug, number = next(iter(numbers.items()))
    charts = session.charts(slug)
    answers = {chart.name: session.ask(chart, dashboard=number, force=True) for chart in charts}
    if empty := [name for name, answer in answers.items() if not answer.rows]:
        raise Failure(f"charts without a row on the dashboard {slug}: {', '.join(empty)}")
    slowest = max(answer.milliseconds for answer in answers.values())
    return f"{slug}: {len(charts)} charts past the cache, the slowest in {slowest:.0f} ms"


def notebook(url: str, password: str) -> str:
    """Start a scientist's server and ask the warehouse from a kernel. Raises Failure."""
    person = Scientist(url, "scientist", password)
    with person.server():
        said = person.run(NOTEBOOK)
    answer, _, who = said.partition(" ")
    if answer != "42":
        raise Failure(f"the notebook printed {said!r}, not 42")
    return f"a kernel asked the warehouse as {who}"


def page(url: str, password: str) -> str:
    """The portal lets a viewer in and its page answers. Raises Failure."""
    try:
        answer = requests.post(f"{url}/login", data={"password": password}, timeout=30)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise Failure(f"the portal does not answer at {url}: {error}") from error
    return f"{url} lets a viewer in"


def _tried(name: str, attempt: Callable[[], str]) -> Finding:
    began = time.monotonic()
    try:
        detail, ok = attempt(), True
    except NereusError as error:
        detail, ok = str(error), False
    return Finding(name, ok, detail, time.monotonic() - began)
