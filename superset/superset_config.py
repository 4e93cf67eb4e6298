"""Superset on this platform, the same on a laptop and on Kubernetes. What differs comes from the environment.

SUPERSET_SECRET_KEY_FILE      file with the key that sessions and stored passwords are sealed with
SUPERSET_GUEST_SECRET_FILE    file with the key that the portal signs guest tokens with
SUPERSET_METADATA_URI         where Superset keeps its own records: SQLite, PostgreSQL
SUPERSET_CACHE_DIR            folder of the cache where there is no Valkey
SUPERSET_REDIS_URL            Valkey, where there is one
SUPERSET_PORTAL_ORIGIN        the one page that may show a dashboard in a frame
SUPERSET_BEHIND_PROXY         1 where a proxy in front names the browser's address
SUPERSET_METRICS_PORT         where Prometheus reads how often and how fast Superset answers; without it nothing listens
SUPERSET_OIDC_FILE            JSON with an OpenID Connect provider; without it people log in with passwords
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pymysql
from flask_appbuilder.const import AUTH_DB, AUTH_OAUTH
from nereus_superset.logins import LimitedLogins
from nereus_superset.rights import Diary

# Superset names the types of MySQL's protocol by a driver that is written in C; this one says the same.
pymysql.install_as_MySQLdb()


def _secret(name: str) -> str:
    return Path(os.environ[name]).read_text("ascii").strip()


def _cache(part: str, seconds: int) -> dict[str, Any]:
    common = {"CACHE_KEY_PREFIX": f"superset_{part}_", "CACHE_DEFAULT_TIMEOUT": seconds}
    if _redis:
        return {**common, "CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": _redis}
    folder = str(Path(os.environ["SUPERSET_CACHE_DIR"]) / part)
    return {**common, "CACHE_TYPE": "FileSystemCache", "CACHE_DIR": folder, "CACHE_THRESHOLD": 20_000}


_redis = os.environ.get("SUPERSET_REDIS_URL", "")
_portal = os.environ.get("SUPERSET_PORTAL_ORIGIN", "")
_day = 86_400

SECRET_KEY = _secret("SUPERSET_SECRET_KEY_FILE")
SQLALCHEMY_DATABASE_URI = os.environ["SUPERSET_METADATA_URI"]
SQLALCHEMY_ENGINE_OPTIONS = (
    # Threads of one worker share the file: they wait for each other instead of failing.
    {"connect_args": {"timeout": 30}} if SQLALCHEMY_DATABASE_URI.startswith("sqlite") else {"pool_pre_ping": True}
)

# Dashboards answer from the cache until the next load warms it anew; a load ends it by `nereus superset warm`.
CACHE_CONFIG = _cache("meta", _day)
DATA_CACHE_CONFIG = _cache("data", _day)
FILTER_STATE_CACHE_CONFIG = {**_cache("filter", 30 * _day), "REFRESH_TIMEOUT_ON_RETRIEVAL": True}
EXPLORE_FORM_DATA_CACHE_CONFIG = {**_cache("explore", 7 * _day), "REFRESH_TIMEOUT_ON_RETRIEVAL": True}

# Nothing runs behind the pages: no worker, no broker. SQL Lab answers in the request.
CELERY_CONFIG = None
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
DISPLAY_MAX_ROW = 10_000
SQLLAB_TIMEOUT = 30
SUPERSET_WEBSERVER_TIMEOUT = 60
PREVENT_UNSAFE_DB_CONNECTIONS = True


def DB_CONNECTION_MUTATOR(  # noqa: N802 - Superset's name
    uri: object, params: dict[str, Any], _user: object, _manager: object, source: object
) -> tuple[object, dict[str, Any]]:
    """Let the warehouse end what takes too long: Superset's own clock does not run in threads."""
    seconds = SQLLAB_TIMEOUT if getattr(source, "name", None) == "SQL_LAB" else SUPERSET_WEBSERVER_TIMEOUT
    params.setdefault("connect_args", {})["init_command"] = f"SET query_timeout = {seconds}"
    return uri, params


FEATURE_FLAGS = {
    "EMBEDDED_SUPERSET": True,
    "RLS_IN_SQLLAB": True,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "ALERT_REPORTS": False,
    "GLOBAL_ASYNC_QUERIES": False,
    "THUMBNAILS": False,
}

# Sessions. Cookies ignore ports, and the other services of this platform have theirs on the same host.
SESSION_COOKIE_NAME = "nereus_superset"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
WTF_CSRF_ENABLED = True
# Only where a proxy says who asks: anybody else could name a new address for every guess of a password.
ENABLE_PROXY_FIX = os.environ.get("SUPERSET_BEHIND_PROXY") == "1"
# Superset's own limits count every request of an address, behind which a whole office may work; and miss the login.
RATELIMIT_ENABLED = False
AUTH_RATE_LIMITED = False
LOGIN_LIMIT_STORAGE = _redis or "memory://"

# What a browser may load and who may show a page in a frame. Superset's own front end holds a tracking picture of its
# maker: it is in no list, so no browser fetches it.
TALISMAN_ENABLED = True
CONTENT_SECURITY_POLICY_WARNING = False
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'", *([_portal] if _portal else [])],
    },
    "content_security_policy_nonce_in": ["script-src"],
    # Older browsers' word for frame-ancestors; it knows no list.
    "frame_options": None,
    "force_https": False,
    "session_cookie_secure": False,
}

# Guests see one dashboard in the portal, with a token that the portal signs.
GUEST_ROLE_NAME = "Guest"
GUEST_TOKEN_JWT_SECRET = _secret("SUPERSET_GUEST_SECRET_FILE")
GUEST_TOKEN_JWT_AUDIENCE = "superset"  # noqa: S105 - a name, no secret
GUEST_TOKEN_JWT_EXP_SECONDS = 3600


EVENT_LOGGER = Diary()


def SQL_QUERY_MUTATOR(sql: str, **_context: object) -> str:  # noqa: N802 - Superset's name
    """Say in the warehouse's audit log which dashboard, chart and person a query is for."""
    from flask import g, has_request_context, request

    if not has_request_context():
        return sql
    form = request.get_json(silent=True) or {} if request.is_json else {}
    asked = form.get("form_data") or {}
    tags = {
        "dashboard": asked.get("dashboardId") or request.args.get("dashboard_id"),
        "chart": asked.get("slice_id"),
        "user": getattr(getattr(g, "user", None), "username", None),
    }
    told = " ".join(f"{name}={str(value).replace('*/', '')}" for name, value in tags.items() if value is not None)
    return f"/* superset {told} */ {sql}" if told else sql


def FLASK_APP_MUTATOR(app: Any) -> None:  # noqa: ANN401, N802 - Superset's name
    """Keep charts' answers for a minute; serve counts of requests where a port is declared for them."""
    from nereus_superset.answers import keep

    keep(app)
    if port := os.environ.get("SUPERSET_METRICS_PORT"):
        from nereus_superset.metrics import watch

        watch(app, int(port))


# Who logs in.
_oidc = os.environ.get("SUPERSET_OIDC_FILE", "")
AUTH_TYPE = AUTH_OAUTH if _oidc else AUTH_DB
CUSTOM_SECURITY_MANAGER: type = LimitedLogins
if _oidc:
    from nereus_superset.oidc import GroupSecurityManager

    _provider = json.loads(Path(_oidc).read_text("utf-8"))
    OAUTH_PROVIDERS = [
        {
            "name": "oidc",
            "icon": "fa-key",
            "token_key": "access_token",
            "remote_app": {
                "client_id": _provider["client_id"],
                "client_secret": _provider["client_secret"],
                "server_metadata_url": _provider["metadata_url"],
                "client_kwargs": {"scope": "openid profile email groups"},
            },
        }
    ]
    CUSTOM_SECURITY_MANAGER = GroupSecurityManager
    AUTH_USER_REGISTRATION = True
    AUTH_USER_REGISTRATION_ROLE = "Public"
    AUTH_ROLES_MAPPING = _provider["roles_by_group"]
    AUTH_ROLES_SYNC_AT_LOGIN = True
    # The platform's own accounts, which export and measure dashboards, log in as programs do, with their passwords.
    AUTH_API_LOGIN_ALLOW_MULTIPLE_PROVIDERS = True
