"""The login page, and the check of every request and websocket behind it."""

from __future__ import annotations

import html
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

from nereus.insight import language
from nereus.insight.access import LASTS_S, Gate

COOKIE = "nereus_portal"
#: What the platform's own probes ask for; it tells nothing but that the portal runs.
_OPEN = ("/_stcore/health", "/_stcore/script-health-check")
_MOST_BYTES = 4096
_FORBIDDEN = 1008


class Doorkeeper:
    """ASGI middleware: lets requests with a valid cookie through, shows the login page to all others."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        base = "/" + config.get_option("server.baseUrlPath").strip("/")
        path = scope["path"].removeprefix(base.rstrip("/"))
        if scope["type"] == "http" and path in ("/login", "/logout"):
            answer = await self._login(Request(scope, receive), base) if path == "/login" else _logout(base)
            await answer(scope, receive, send)
        elif path in _OPEN or self._gate.role_of(_cookie(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _FORBIDDEN})
        else:
            await _sent_away(scope, path, base)(scope, receive, send)

    async def _login(self, request: Request, base: str) -> Response:
        wanted = request.query_params.get("next", "")
        asked = request.query_params.get("lang")
        t = language.of(language.chosen(asked, request.headers.get("accept-language")))
        if request.method != "POST":
            return HTMLResponse(_page(t, wanted))
        origin = urlsplit(request.headers.get("origin", "")).netloc
        if origin and origin != request.headers.get("host"):
            return PlainTextResponse(t("login.wrong"), 403)
        if int(request.headers.get("content-length") or 0) > _MOST_BYTES:
            return PlainTextResponse(t("login.wrong"), 413)
        form = (await request.body()).decode("utf-8", "replace")
        fields = dict(part.partition("=")[::2] for part in form.split("&"))
        role = self._gate.login(unquote(fields.get("password", "").replace("+", " ")))
        if role is None:
            closed = self._gate.is_closed
            said = t("login.closed") if closed else t("login.wrong")
            return HTMLResponse(_page(t, wanted, said), 429 if closed else 401)
        answer = RedirectResponse(_place(base, wanted), 303)
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        answer.set_cookie(
            COOKIE, self._gate.cookie(role), LASTS_S, path=base, httponly=True, samesite="lax", secure=secure
        )
        return answer


def _cookie(scope: Scope) -> str | None:
    for part in Headers(scope=scope).get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return None


def _place(base: str, wanted: str) -> str:
    """An address within the portal, whatever the link said."""
    parts = urlsplit(wanted)
    inside = not parts.scheme and not parts.netloc and wanted.startswith("/") and "\\" not in wanted
    return base.rstrip("/") + (wanted if inside else "/")


def _sent_away(scope: Scope, path: str, base: str) -> Response:
    if "text/html" not in Headers(scope=scope).get("accept", ""):
        return PlainTextResponse("log in first", 401)
    query = scope["query_string"].decode("latin-1")
    wanted = path + (f"?{query}" if query else "")
    # The language of the address is the one of the login page too.
    asked = next((part for part in query.split("&") if part.startswith("lang=")), "")
    return RedirectResponse(f"{base.rstrip('/')}/login?next={quote(wanted, safe='')}&{asked}".rstrip("&"), 303)


def _logout(base: str) -> Response:
    answer = RedirectResponse(f"{base.rstrip('/')}/login", 303)
    answer.delete_cookie(COOKIE, path=base)
    return answer


def _page(t: language.Language, wanted: str, said: str = "") -> str:
    """The login page: no script, nothing from elsewhere."""
    fault = f'<p role="alert">{html.escape(said)}</p>' if said else ""
    address = f"login?lang={t.code}&amp;next={quote(wanted, safe='')}"
    title = html.escape(t("login.title"))
    return f"""<!doctype html><html lang="{t.code}"><head><meta charset="utf-8"><title>Nereus: {title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; }}
body {{ min-height: 90vh; display: grid; place-items: center; }}
form {{ width: min(22rem, 90vw); display: grid; gap: 0.75rem; }}
input, button {{ font: inherit; padding: 0.6rem; border-radius: 0.5rem; border: 1px solid #888; }}
button {{ background: #0b6e8f; color: white; border: 0; cursor: pointer; }}
p {{ margin: 0; }} small {{ opacity: 0.75; }} [role=alert] {{ color: #d55e00; font-weight: 600; }}
</style></head><body><form method="post" action="{address}"><h1>Nereus</h1>{fault}
<label for="password">{html.escape(t("login.password"))}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button>{html.escape(t("login.enter"))}</button>
<small>{html.escape(t("login.hint"))}</small></form></body></html>"""
