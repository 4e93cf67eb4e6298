"""Wrong passwords are counted, and soon no longer looked at.

Superset's own AUTH_RATE_LIMIT is bound to a page that takes no passwords in this version, and the interface for
programs has none at all. Counted here are wrong passwords alone, so that a whole office behind one address can log in
at nine o'clock.
"""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, request
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from nereus_superset.rights import RememberedRights

#: Wrong passwords for one name from one address, and for one name from anywhere.
FROM_ONE_PLACE = RateLimitItemPerMinute(10, namespace="login-place")
FROM_ANYWHERE = RateLimitItemPerMinute(100, namespace="login-name")
_WAIT_S = 60
_SAID = "Too many wrong passwords for this name. Try again in a minute."
_PAGE = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Superset</title>
<body style="font-family: sans-serif; margin: 20vh auto; max-width: 30em; text-align: center">
<p>{_SAID}</p><p><a href="javascript:history.back()">Back</a></p>"""
#: Where passwords are given: the page, and the interface for programs.
_ENDPOINTS = ("AuthDBView.login", "SecurityApi.login")


class LimitedLogins(RememberedRights):
    """Superset's security manager with a limit on guessing. LOGIN_LIMIT_STORAGE of the configuration says where the
    counts are kept: in memory of one process, or in Valkey for all of them."""

    def __init__(self, appbuilder: Any) -> None:  # noqa: ANN401 - Superset's
        super().__init__(appbuilder)
        self._counts = MovingWindowRateLimiter(storage_from_string(current_app.config["LOGIN_LIMIT_STORAGE"]))
        current_app.before_request(self._refuse)

    def auth_user_db(self, username: str, password: str) -> Any:  # noqa: ANN401 - a model of Superset
        """The user, or None for a wrong name or password, which is counted."""
        user = super().auth_user_db(username, password)
        if user is None:
            for limit, whom in self._limits(username):
                self._counts.hit(limit, *whom)
        return user

    def _refuse(self) -> Response | None:
        """Answer before the password is looked at: whether it was right is not told, either."""
        if request.method != "POST" or request.endpoint not in _ENDPOINTS:
            return None
        given = request.get_json(silent=True) if request.is_json else request.form
        name = given.get("username") if isinstance(given, dict) else None
        if all(self._counts.test(limit, *whom) for limit, whom in self._limits(str(name))):
            return None
        answer = jsonify(message=_SAID) if request.is_json else Response(_PAGE, mimetype="text/html")
        answer.status_code = 429
        answer.headers["Retry-After"] = str(_WAIT_S)
        return answer

    @staticmethod
    def _limits(name: str) -> tuple[tuple[RateLimitItemPerMinute, tuple[str, ...]], ...]:
        name = name.strip().lower()
        return (FROM_ONE_PLACE, (name, request.remote_addr or "")), (FROM_ANYWHERE, (name,))
