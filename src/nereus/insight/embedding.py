"""A Superset dashboard in a frame of the portal: its guest's token, signed here, and the page that hands it over.

The token opens one dashboard, read-only, for a limited time. Superset's page asks for it over a message channel, as
the Superset embedding protocol says: a port is transferred, then the token is emitted to its method `guestToken`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
from datetime import datetime, timedelta

#: A page that stays open longer shows Superset's own word that the session is over; opening it again mends that.
LASTS = timedelta(hours=8)
_AUDIENCE = "superset"


def guest_token(secret: str, dashboard: str, now: datetime) -> str:
    """A JSON web token (HS256) for the dashboard with this embedding id. `now` in UTC."""
    claims = {
        "user": {"username": "portal", "first_name": "Portal", "last_name": "Nereus"},
        "resources": [{"type": "dashboard", "id": dashboard}],
        "rls_rules": [],
        "iat": int(now.timestamp()),
        "exp": int((now + LASTS).timestamp()),
        "aud": _AUDIENCE,
        "type": "guest",
    }
    text = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{text}.{_encoded(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))}"


def frame(superset: str, dashboard: str, token: str, title: str) -> str:
    """The HTML that shows the dashboard. `superset` is Superset's address as the browser reaches it."""
    return (
        _PAGE.replace("ADDRESS", html.escape(f"{superset}/embedded/{dashboard}?uiConfig=3", quote=True))
        .replace("TITLE", html.escape(title, quote=True))
        .replace("ORIGIN", _quoted(superset))
        .replace("TOKEN", _quoted(token))
    )


_PAGE = """<style>
  html, body, iframe { display: block; margin: 0; border: 0; width: 100%; height: 100%; overflow: hidden; }
</style>
<iframe id="dashboard" title="TITLE" sandbox="allow-same-origin allow-scripts allow-downloads allow-popups"></iframe>
<script>
  const dashboard = document.getElementById("dashboard");
  dashboard.addEventListener("load", () => {
    const channel = new MessageChannel();
    dashboard.contentWindow.postMessage(
      { type: "__embedded_comms__", handshake: "port transfer" }, ORIGIN, [channel.port2]);
    channel.port1.start();
    channel.port1.postMessage({ switchboardAction: "emit", method: "guestToken", args: { guestToken: TOKEN } });
  });
  dashboard.src = "ADDRESS";
</script>
"""


def _quoted(text: str) -> str:
    """A string of JavaScript that cannot end the script it stands in."""
    return json.dumps(text).replace("<", "\\u003c")


def _part(content: object) -> str:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
