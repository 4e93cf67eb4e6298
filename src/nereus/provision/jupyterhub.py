"""JupyterHub on the local target: its settings, its accounts, its process.

Run by root every scientist has a user id of their own, so that homes are closed to the others; run by anybody else the
servers are that user's, and scientists could read each other's files (docs/jupyterhub.md).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets as _random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypedDict

import requests

from nereus import secrets
from nereus.config import Platform
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.paths import PROJECT, USECASES
from nereus.provision import environments, probes, users
from nereus.warehouse.client import Warehouse

FOLDER = PROJECT / "jupyterhub"
#: Memory of one scientist's server process, GB: a kernel with pandas takes 0.15 of it before it holds data.
MEMORY_GB = 2.0
SERVERS = 8
IDLE_MINUTES = 30
#: Hub account -> the secret that is its password, and whether it administers the Hub.
ACCOUNTS: Mapping[str, tuple[str, bool]] = {
    "admin": ("jupyterhub-admin", True),
    "scientist": ("jupyterhub-scientist", False),
}
#: Use cases give their roles to this warehouse user; the others get what it has.
_FIRST = "scientist"
_HOLDER = re.compile(r"'([^']+)'@'%'")
#: Without allowed groups everybody whom the provider knows could come in.
_PROVIDER = (
    *("client_id", "client_secret", "authorize_url", "token_url", "userdata_url", "oauth_callback_url"),
    "allowed_groups",
)
_ENVIRONMENTS = ("jupyterhub", "notebooks")
#: What several user ids must reach lies here when root runs the Hub: root's own folders are closed to them.
_PUBLIC = Path("/var/lib/nereus")
#: What scientists' servers read of the project.
_FOR_NOTEBOOKS = (
    *("nereus_notebook/__init__.py", "nereus_notebook/style.py", "nereus_notebook/warehouse.py"),
    "lab/labconfig/page_config.json",
)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


class _Options(TypedDict):
    interpreter: str
    shared: bool


_SCRYPT = {"n": 2**14, "r": 8, "p": 1}


def interpreter() -> str:
    """The Python of the notebooks' environment: one that every user may run, where scientists have ids of their own."""
    system = Path("/usr/bin/python3.11")
    return str(system) if isolated() and system.exists() else sys.executable


def isolated() -> bool:
    return os.geteuid() == 0


def ensure_environments() -> Iterator[str]:
    """Make the environments that are missing. Yields what was made."""
    for name in _ENVIRONMENTS:
        if environments.ensure(name, **_options(name)):
            yield f"environment {name} made"


def environment_folder(name: str) -> Path:
    """Where one of the environments is, or will be."""
    return environments.folder(name, **_options(name))


def prepare(home: Home, platform: Platform) -> None:
    """Write the settings and the accounts that the Hub reads. Running it again changes nothing."""
    local = platform.local
    _prepare_folders(home)
    host = probes.reachable(local.bind)
    settings = {
        "bind": local.bind,
        "port": local.ports.jupyterhub,
        "data": str(data(home)),
        "homes": str(homes(home)),
        "runtime": str(runtime(home)),
        "users": str(users_file(home)),
        "notebooks": str(environment_folder("notebooks")),
        "helper": str(helper(home)),
        "starters": {name: str(USECASES / name / "notebooks") for name in platform.usecases},
        "warehouse": {
            "WAREHOUSE_HOST": host,
            "WAREHOUSE_PORT": str(local.ports.warehouse_mysql),
            "WAREHOUSE_FLIGHT_PORT": str(local.ports.warehouse_flight),
        },
        "memory_gb": MEMORY_GB,
        "servers": SERVERS,
        "idle_minutes": IDLE_MINUTES,
        "isolated": isolated(),
        "proxy_secret": secrets.ensure(home, "jupyterhub-proxy"),
        "probe_token": secrets.ensure(home, "jupyterhub-probe"),
        "oidc": provider(home),
    }
    _write(home.run / "jupyterhub.json", settings)
    ensure_accounts(home)


def ensure_accounts(home: Home) -> None:
    """Give the administrator and the first scientist their accounts. Running it again changes nothing."""
    known = accounts(home)
    for name, (secret, admin) in ACCOUNTS.items():
        if name not in known:
            login = {"user": _FIRST, "password": secrets.ensure(home, "warehouse-scientist")}
            known[name] = _account(secrets.ensure(home, secret), admin=admin, warehouse=login)
    _write(users_file(home), known)


def _prepare_folders(home: Home) -> None:
    data(home).mkdir(mode=0o700, parents=True, exist_ok=True)
    for open_to_pass in (homes(home).parent, homes(home), runtime(home)):
        open_to_pass.mkdir(mode=0o711, parents=True, exist_ok=True)
    if runtime(home).stat().st_uid != os.geteuid():
        raise Failure(
            f"{runtime(home)} belongs to somebody else: kernels' sockets cannot lie there", fix="Remove that folder."
        )
    if helper(home) != FOLDER:
        for part in _FOR_NOTEBOOKS:
            copy = helper(home) / part
            copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            shutil.copyfile(FOLDER / part, copy)
            for path, mode in ((copy.parent, 0o755), (copy, 0o644)):
                path.chmod(mode)


def remove_data(home: Home) -> None:
    """Remove what lies outside the deployment's own folder: homes, helper and sockets."""
    for left in (_public(home), runtime(home)):
        shutil.rmtree(left, ignore_errors=True)


def data(home: Home) -> Path:
    return home.data / "jupyterhub"


def homes(home: Home) -> Path:
    """Where scientists' homes are. Other user ids must be able to pass through the folders above it."""
    return (_public(home) if isolated() else home.data) / "homes"


def _public(home: Home) -> Path:
    return _PUBLIC / _mark(home)


def runtime(home: Home) -> Path:
    """A short folder for kernels' sockets."""
    return Path("/run" if isolated() else tempfile.gettempdir()) / f"nereus-{_mark(home)}"


def helper(home: Home) -> Path:
    """The folder with the package nereus_notebook and JupyterLab's settings, where every user id can read it."""
    return _public(home) / "lib" if isolated() else FOLDER


def _mark(home: Home) -> str:
    """Tells deployments of one machine apart."""
    return hashlib.sha256(str(home.root).encode()).hexdigest()[:8]


def users_file(home: Home) -> Path:
    return home.secrets / "jupyterhub-users.json"


def provider(home: Home) -> dict[str, object] | None:
    """GenericOAuthenticator's settings for an OpenID Connect provider, or None where people log in with passwords.

    They stand in secrets/jupyterhub-oidc.json, since the client's secret is among them. Raises BadInput.
    """
    file = home.secrets / "jupyterhub-oidc.json"
    if not file.exists():
        return None
    try:
        found = json.loads(file.read_text("utf-8"))
        lacking = [name for name in _PROVIDER if name not in found]
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}", fix="docs/jupyterhub.md shows one.") from error
    if lacking:
        raise BadInput(f"{file} lacks {', '.join(lacking)}", fix="docs/jupyterhub.md shows what stands there.")
    return dict(found)


def accounts(home: Home) -> dict[str, Any]:
    """Every account of the Hub by its name."""
    try:
        found: dict[str, Any] = json.loads(users_file(home).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def command() -> tuple[str, ...]:
    python = environments.folder("jupyterhub") / "bin" / "python"
    return (str(python), "-m", "jupyterhub", "--config", str(FOLDER / "jupyterhub_config.py"))


def environment(home: Home) -> dict[str, str]:
    """What the Hub's process is told: everything else, secrets included, stands in its settings file."""
    tools = environments.folder("jupyterhub") / "bin"
    return {
        "PATH": f"{FOLDER / 'bin'}:{tools}:/usr/local/bin:/usr/bin:/bin",
        "NEREUS_HUB_SETTINGS": str(home.run / "jupyterhub.json"),
    }


def probe(home: Home, host: str, port: int) -> Any:  # noqa: ANN401 - a callable, as the other probes are
    """The login page through the proxy, and the Hub's own answer about its users."""

    def ask() -> None:
        page = requests.get(f"http://{host}:{port}/hub/login", timeout=probes.TIMEOUT_SECONDS)
        page.raise_for_status()
        if "<form" not in page.text and "/hub/oauth_login" not in page.text:
            raise RuntimeError("the login page has neither a form nor the way to the provider")
        token = secrets.ensure(home, "jupyterhub-probe")
        answer = requests.get(
            f"http://{host}:{port}/hub/api/users",
            headers={"Authorization": f"token {token}"},
            timeout=probes.TIMEOUT_SECONDS,
        )
        answer.raise_for_status()

    return ask


# Scientists


def add(home: Home, warehouse: Warehouse, name: str, *, admin: bool = False) -> str:
    """Give a person an account and a warehouse user of the same name. Returns the password, which is kept nowhere.

    Raises BadInput for a name that cannot be one, or is taken.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"the name {name!r} cannot be a scientist's",
            fix="Use small letters, digits and -, beginning with a letter, 31 characters at the most.",
        )
    known = accounts(home)
    if name in known:
        raise BadInput(f"{name} has an account already", fix=f"Remove it first: nereus scientist remove {name}")
    password, login = _random.token_urlsafe(12), {"user": name, "password": _random.token_urlsafe(24)}
    warehouse.execute(f"CREATE USER '{name}'@'%%' IDENTIFIED BY %s", (login["password"],))
    users.put_into_group(warehouse, name, users.GROUPS[_FIRST])
    known[name] = _account(password, admin=admin, warehouse=login)
    _write(users_file(home), known)
    list(ensure_roles(home, warehouse))
    return password


def ensure_roles(home: Home, warehouse: Warehouse) -> Iterator[str]:
    """Give everybody the roles that the first scientist has by now. Yields what was granted."""
    people = sorted({account["warehouse"]["user"] for account in accounts(home).values()} - {_FIRST})
    for role in warehouse.query("SHOW ROLES"):
        holders = set(_HOLDER.findall(str(role["Users"])))
        for person in people if _FIRST in holders else ():
            if person not in holders:
                warehouse.execute("GRANT %s TO %s@'%%'", (role["Name"], person))
                yield f"warehouse user {person} has the role {role['Name']}"


def remove(home: Home, warehouse: Warehouse, name: str) -> None:
    """Take a person's account and warehouse user away; their home stays. Raises BadInput for an unknown name."""
    known = accounts(home)
    if name not in known or name in ACCOUNTS:
        others = ", ".join(sorted(known.keys() - ACCOUNTS.keys())) or "there are none"
        raise BadInput(f"{name} is no account that can be removed", fix=f"Accounts: {others}.")
    warehouse.execute(f"DROP USER IF EXISTS '{name}'@'%'")
    del known[name]
    _write(users_file(home), known)


def _account(password: str, *, admin: bool, warehouse: Mapping[str, str]) -> dict[str, object]:
    salt = os.urandom(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, **_SCRYPT)
    stored = f"scrypt${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
    return {"password": stored, "admin": admin, "groups": ["scientists"], "warehouse": dict(warehouse)}


def _options(name: str) -> _Options:
    """Which Python an environment is made of, and whether every user id may run it."""
    if name != "notebooks":
        return {"interpreter": sys.executable, "shared": False}
    return {"interpreter": interpreter(), "shared": isolated()}


def _write(path: Path, content: object) -> None:
    """Replace a file at once, for its owner alone; nothing happens where it says the same."""
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    if path.exists() and path.read_text("utf-8") == text:
        return
    draft = path.with_suffix(".draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.rename(path)
