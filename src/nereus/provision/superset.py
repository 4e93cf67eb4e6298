"""Superset on the local target: what it is to be (a plan that its bootstrap carries out), and its process."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests

from nereus import secrets
from nereus.config import Platform
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.paths import PROJECT, USECASES
from nereus.provision import environments, probes
from nereus.superset import assets, check, plans
from nereus.superset.api import Superset
from nereus.warehouse.client import Warehouse

FOLDER = PROJECT / "superset"
#: One worker holds the front end and its caches once; its threads wait for the warehouse.
_THREADS = 16
_BOOTSTRAP_SECONDS = 600
ENVIRONMENT = "superset"
SERVICE = "superset"
#: Requests under way may take this long at a stop; the process is killed a little later.
_GRACE_SECONDS = 8
STOP_SECONDS = 15
#: What an OpenID Connect provider must be described by; without groups that give roles nobody could come in.
_PROVIDER = ("client_id", "client_secret", "metadata_url", "roles_by_group")


def data(home: Home) -> Path:
    return home.data / "superset"


def plan_file(home: Home) -> Path:
    return home.run / "superset-plan.json"


def ensure_environment() -> Iterator[str]:
    """Make the environment where it is missing. Yields that it was made."""
    if environments.ensure(ENVIRONMENT):
        yield f"environment {ENVIRONMENT} made"


def prepare(home: Home) -> None:
    """Make the folders and secrets that the process reads. Raises BadInput for a provider that is half described."""
    check_provider(home)
    data(home).mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("superset-key", "superset-guest", "superset-admin", "superset-analyst"):
        secrets.ensure(home, name)


def command(platform: Platform) -> tuple[str, ...]:
    local = platform.local
    return (
        *(str(_python()), "-m", "gunicorn", "--bind", f"{local.bind}:{local.ports.superset}"),
        *("--workers", "1", "--worker-class", "gthread", "--threads", str(_THREADS), "--timeout", "120"),
        # Browsers keep connections while people read.
        *("--graceful-timeout", str(_GRACE_SECONDS), "--keep-alive", "60"),
        # Addresses of dashboards carry their filters.
        *("--limit-request-line", "0", "--limit-request-field_size", "0", "superset.app:create_app()"),
    )


def environment(home: Home, platform: Platform) -> dict[str, str]:
    """What Superset's processes are told. Secrets are named by their files."""
    return {
        "PYTHONPATH": str(FOLDER),
        "FLASK_APP": "superset",
        "SUPERSET_CONFIG_PATH": str(FOLDER / "superset_config.py"),
        "SUPERSET_HOME": str(data(home)),
        "SUPERSET_CACHE_DIR": str(data(home) / "cache"),
        "SUPERSET_METADATA_URI": f"sqlite:///{data(home)}/superset.db",
        "SUPERSET_SECRET_KEY_FILE": str(home.secrets / "superset-key"),
        "SUPERSET_GUEST_SECRET_FILE": str(home.secrets / "superset-guest"),
        "SUPERSET_PORTAL_ORIGIN": portal_origin(platform),
        **({"SUPERSET_OIDC_FILE": str(provider_file(home))} if provider_file(home).exists() else {}),
        "SCARF_ANALYTICS": "false",
    }


def provider_file(home: Home) -> Path:
    """Where an OpenID Connect provider is described, with the client's secret; people log in there if it exists."""
    return home.secrets / "superset-oidc.json"


def check_provider(home: Home) -> None:
    """Raises BadInput where the provider's description lacks something."""
    file = provider_file(home)
    if not file.exists():
        return
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}", fix="docs/superset.md shows one.") from None
    lacking = [name for name in _PROVIDER if not found.get(name)]
    if lacking:
        raise BadInput(f"{file} lacks {', '.join(lacking)}", fix="docs/superset.md shows what stands there.")


def portal_origin(platform: Platform) -> str:
    """The page that may show dashboards in a frame, as a browser names it."""
    return f"http://{probes.reachable(platform.local.bind)}:{platform.local.ports.portal}"


def plan(home: Home, platform: Platform, folder: Path = USECASES) -> dict[str, Any]:
    """What Superset is to be: the dashboards of the platform's use cases, roles, users.

    Raises BadInput for files that name what the warehouse lacks, or what its user `analyst` may not read.
    """
    names = ("superset-admin", "superset-analyst", "warehouse-analyst")
    bundle = assets.read(platform.usecases, folder)
    check.check(bundle, Warehouse.for_user(platform, home, "analyst"))
    return plans.make(bundle, platform, {name: secrets.ensure(home, name) for name in names}, portal_origin(platform))


def is_set_up(home: Home) -> bool:
    """Its records are there, made by the version that is installed now: the process can answer."""
    mark = data(home) / "migrated"
    return mark.exists() and mark.read_text("utf-8") == str(_python())


def bootstrap(home: Home, platform: Platform, plan: dict[str, Any]) -> list[str]:
    """Bring Superset to the state of `plan`. Returns what changed, in words; nothing where it is in that state already.

    Raises Failure with what Superset found wrong.
    """
    done = data(home) / "bootstrapped"
    text = json.dumps(plan, sort_keys=True)
    code = "".join(path.read_text("utf-8") for path in sorted((FOLDER / "nereus_superset").glob("*.py")))
    mark = hashlib.sha256((text + code + str(_python())).encode()).hexdigest()
    if done.exists() and done.read_text("ascii") == mark:
        return []
    file = plan_file(home)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as written:
        written.write(text)
    try:
        told = _run("bootstrap", home, platform, NEREUS_SUPERSET_PLAN=str(file))
    finally:
        file.unlink()
    (data(home) / "migrated").write_text(str(_python()), "utf-8")
    (data(home) / "embedded.json").write_text(json.dumps(told["embedded"]), "utf-8")
    done.write_text(mark, "ascii")
    return [
        "Superset: roles, users and dashboards set up",
        *(f"Superset: {name} removed: its file is gone" for name in told["removed"]),
        *(f"Superset: {name} stays although its file is gone: somebody's own work needs it" for name in told["kept"]),
    ]


def embedded(home: Home) -> dict[str, str]:
    """The id by which the portal shows each dashboard in a frame, by the dashboard's slug."""
    try:
        found: dict[str, str] = json.loads((data(home) / "embedded.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def warm(home: Home, platform: Platform) -> dict[str, Any]:
    """Ask for every chart of every dashboard, once for each set of row rules that somebody has.

    Gives {"asked": how many, "people": as whom, "failed": what the warehouse refused, in words}. Raises Failure where
    Superset cannot be asked.
    """
    return _run("warm", home, platform)


def _run(what: str, home: Home, platform: Platform, **more: str) -> dict[str, Any]:
    """Run a module of nereus_superset in Superset's environment; gives the JSON of its last line."""
    log = home.logs / f"superset-{what}.log"
    known = {**os.environ, **environment(home, platform), **more}
    command = (str(_python()), "-W", "ignore", "-m", f"nereus_superset.{what}")
    with log.open("wb") as errors:
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=errors, env=known, timeout=_BOOTSTRAP_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Failure(f"Superset's {what} was not done within {_BOOTSTRAP_SECONDS} s", fix=f"Log: {log}") from error
    lines = done.stdout.decode().splitlines()
    if done.returncode or not lines:
        said = log.read_text("utf-8", errors="replace").strip().splitlines()[-1:] or ["nothing"]
        raise Failure(f"Superset's {what} failed: {said[0]}", fix=f"Log: {log}")
    told: dict[str, Any] = json.loads(lines[-1])
    return told


def login(home: Home, platform: Platform, user: str) -> Superset:
    """Superset as `admin` or `analyst` sees it. Raises Failure where it does not answer."""
    host, port = probes.reachable(platform.local.bind), platform.local.ports.superset
    return Superset(f"http://{host}:{port}", user, secrets.ensure(home, f"superset-{user}"))


def probe(host: str, port: int) -> Callable[[], None]:
    """The login page: /health answers even where every page fails."""

    def ask() -> None:
        answer = requests.get(f"http://{host}:{port}/login/", timeout=4 * probes.TIMEOUT_SECONDS)
        answer.raise_for_status()
        if "csrf_token" not in answer.text:
            raise RuntimeError("the login page has no form")

    return ask


def _python() -> Path:
    return environments.folder(ENVIRONMENT) / "bin" / "python"
