"""Who sends a request: HTTP Basic, checked against the accounts of the warehouse."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from aiohttp import web

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.privileges import WANTED

if TYPE_CHECKING:
    from nereus.warehouse.embedded.accounts import Accounts, UserIdentity
    from nereus.warehouse.embedded.warehouse import Warehouse


class Unauthorized(Exception):
    """No login, a wrong one, or one without the privilege. Its message is what Doris' envelope carries as data."""


def authenticate(warehouse: Warehouse, request: web.BaseRequest) -> UserIdentity:
    """The account that the Authorization header proves. Raises Unauthorized.

    An unknown user and a wrong password give the same text after the same time. A refusal is noted as one on the
    MySQL port is; a header without a login in it is none.
    """
    accounts = warehouse.accounts
    user, password = _credentials(request.headers.get("Authorization", ""))
    host = request.remote or ""
    good = accounts.check_password(user, host, password)
    identity = accounts.identify(user, host)
    if not good or identity is None:
        using = "YES" if password else "NO"
        refusal = f"Access denied for user '{user}@{host}' (using password: {using})"
        warehouse.login_refused(user, host, DorisError(refusal, 1045, "28000", plain=True))
        raise Unauthorized(refusal)
    try:
        warehouse.logins.check(identity)
    except DorisError as error:
        warehouse.login_refused(user, host, error)
        raise Unauthorized(error.text) from error
    return identity


def require_load(accounts: Accounts, identity: UserIdentity, db: str, table: str) -> None:
    """Raise Unauthorized unless the user may load into the table, whether it exists or not."""
    wanted = WANTED["LOAD"]
    if not accounts.rights(identity).satisfies(wanted, db, table):
        raise Unauthorized(
            f"Access denied; you need (at least one of) the {wanted.label} privilege(s) for this operation"
        )


def is_admin(accounts: Accounts, identity: UserIdentity) -> bool:
    return accounts.rights(identity).satisfies(WANTED["ADMIN"])


def _credentials(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.strip().partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        text = ""
    user, colon, password = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise Unauthorized("Need auth information.")
    # user@cluster is how older clients write a user.
    name, at, _ = user.partition("@")
    return (name if at and user.count("@") == 1 else user), password
