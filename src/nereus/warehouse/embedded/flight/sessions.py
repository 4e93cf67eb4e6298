"""Who is connected over Flight: a bearer token for each login, and the session behind it.

Arrow Flight has no connections: a client shows its token with every call. What a login is worth is therefore kept here,
until the client closes its session, KILL or wait_timeout ends it, or more than `MOST` others came after it.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow.flight as fl

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session

if TYPE_CHECKING:
    from nereus.warehouse.embedded.flight.results import Opened
    from nereus.warehouse.embedded.warehouse import Warehouse

#: Logins that are remembered; the one that was used longest ago makes room.
MOST = 256
_SCHEMES = ("basic ", "bearer ")


@dataclass(eq=False)
class Login:
    """One client that gave a right password for some host, and its session once the host is known.

    Attributes:
        password: kept until the first call tells from which host the client comes, then forgotten.
        prepared: statements by handle.
        opened: the result that waits to be fetched or is being fetched.
        context: of the call that runs a statement.
        refused: the password is not right at the host from which the client came.
        lock: held while a statement runs up to its first rows; fetching goes on without it.
    """

    user: str
    token: str
    password: str | None
    session: Session | None = None
    prepared: dict[bytes, str] = field(default_factory=dict)
    opened: Opened | None = None
    context: fl.ServerCallContext | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: bool = False
    refused: bool = False

    def end(self) -> None:
        """Stop what runs and close the session. Running it twice changes nothing."""
        self.ended = True
        self.password = None
        opened, session = self.opened, self.session
        if opened is not None:
            opened.stop(DorisError("the session has ended", 1317, "70100"))
        if session is not None:
            session.close()


class Logins:
    """Every login by its token."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._known: OrderedDict[str, Login] = OrderedDict()
        self._lock = threading.Lock()
        warehouse.processes.watchers.append(self._tick)

    def log_in(self, user: str, password: str) -> Login:
        """A token for a user whose password is right at one host at least; which one it is, the first call tells.

        Raises fl.FlightUnauthenticatedError, the same whether or not the user exists.
        """
        accounts = self._warehouse.accounts
        hosts = {one.host for one in tuple(accounts.book.users) if one.name == user} or {"%"}
        # Every host is tried, so that the time does not tell which one was right.
        right = [accounts.check_password(user, _example(host), password) for host in sorted(hosts)]
        if not any(right):
            raise _denied(user)
        login = Login(user, secrets.token_urlsafe(32), password)
        with self._lock:
            self._known[login.token] = login
            over = [self._known.popitem(last=False)[1] for _ in range(len(self._known) - MOST)]
        for one in over:
            one.end()
        return login

    def find(self, token: str) -> Login:
        """Raises fl.FlightUnauthenticatedError for a token that is not, or no longer, known."""
        with self._lock:
            login = self._known.get(token)
            if login is not None and login.refused:
                raise _denied(login.user)
            if login is None or login.ended:
                raise fl.FlightUnauthenticatedError("the session has ended or never was: log in again")
            self._known.move_to_end(token)
            return login

    def forget(self, login: Login) -> None:
        """End a login for good."""
        with self._lock:
            self._known.pop(login.token, None)
        login.end()

    @contextmanager
    def session(self, login: Login, context: fl.ServerCallContext) -> Iterator[Session]:
        """The login's session, for the call of `context` alone. A client that goes away meanwhile stops what runs.

        Raises fl.FlightUnauthenticatedError where the password is not right at the client's host.
        """
        with login.lock:
            if login.session is None:
                login.session = self._open(login, _host(context))
            login.context = context
            try:
                yield login.session
            finally:
                login.context = None

    def _open(self, login: Login, host: str) -> Session:
        password, login.password = login.password or "", None
        if login.ended or not self._warehouse.accounts.check_password(login.user, host, password):
            login.refused = True
            raise _denied(login.user)
        session = self._warehouse.connect(login.user, host)
        session.on_kill = lambda: self._killed(login)
        return session

    def _killed(self, login: Login) -> None:
        # Called by the session itself or by the watch: the session may not wait for its own end.
        login.ended = True
        threading.Thread(target=self.forget, args=(login,), name="flight-kill", daemon=True).start()

    def _tick(self, _now: float) -> None:
        for login in tuple(self._known.values()):
            session, opened = login.session, login.opened
            contexts = (login.context, opened.context if opened is not None else None)
            if session is not None and any(one is not None and one.is_cancelled() for one in contexts):
                session.cancel(DorisError("the client went away", 1317, "70100"))

    def close(self) -> None:
        """End every login."""
        with self._lock:
            logins = list(self._known.values())
            self._known.clear()
        for login in logins:
            login.end()


class Authentication(fl.ServerMiddlewareFactory):  # type: ignore[misc]
    """Reads ``authorization: Basic`` (a login, answered with a token) or ``Bearer`` of every call."""

    def __init__(self, logins: Logins) -> None:
        super().__init__()
        self._logins = logins

    def start_call(self, _info: fl.CallInfo, headers: Mapping[str, list[str | bytes]]) -> Authenticated:
        given = _header(headers)
        scheme = next((one for one in _SCHEMES if given.lower().startswith(one)), None)
        if scheme is None:
            raise fl.FlightUnauthenticatedError("log in with a user and a password")
        value = given[len(scheme) :].strip()
        if scheme == "bearer ":
            return Authenticated(self._logins.find(value), told=True)
        user, password = _credentials(value)
        return Authenticated(self._logins.log_in(user, password), told=False)


class Authenticated(fl.ServerMiddleware):  # type: ignore[misc]
    """Who makes a call. A new login gets its token with the answer."""

    def __init__(self, login: Login, *, told: bool) -> None:
        super().__init__()
        self.login = login
        self._told = told

    def sending_headers(self) -> dict[str, str]:
        return {} if self._told else {"authorization": f"Bearer {self.login.token}"}


class Open(fl.ServerAuthHandler):  # type: ignore[misc]
    """Lets the handshake through: the middleware has seen its header by then."""

    def authenticate(self, outgoing: object, incoming: object) -> None:
        """Nothing to add."""

    def is_valid(self, _token: bytes) -> bytes:
        return b""


def _header(headers: Mapping[str, list[str | bytes]]) -> str:
    found = next((values for name, values in headers.items() if name.lower() == "authorization"), None)
    first = found[0] if found else ""
    return first.decode("latin-1") if isinstance(first, bytes) else first


def _credentials(encoded: str) -> tuple[str, str]:
    try:
        user, colon, password = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise fl.FlightUnauthenticatedError("the authorization header holds no user and password")
    return user, password


def _denied(user: str) -> fl.FlightUnauthenticatedError:
    return fl.FlightUnauthenticatedError(f"Access denied for user '{user}' (using password: YES)")


def _example(pattern: str) -> str:
    """An address that the host pattern of an account admits."""
    return pattern.replace("%", "1").replace("_", "1")


def _host(context: fl.ServerCallContext) -> str:
    """The client's address: gRPC writes ``ipv4:127.0.0.1:5`` or ``ipv6:%5B::1%5D:5``."""
    address = unquote(context.peer()).partition(":")[2].rpartition(":")[0].strip("[]")
    try:
        return str(getattr(ip_address(address), "ipv4_mapped", None) or address)
    except ValueError:
        return address
