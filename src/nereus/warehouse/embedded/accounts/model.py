"""Users and roles as frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nereus.warehouse.embedded.privileges import ANY, CATALOG, Privilege, Rights, Scope

_DEFAULT_ROLE = "default_role_rbac_"
#: The role of root: every privilege, that of managing nodes included.
OPERATOR = "operator"
ADMIN = "admin"


class UserIdentity(NamedTuple):
    """A user name and the pattern of hosts it may come from (``%`` and ``_`` are wildcards)."""

    name: str
    host: str = "%"

    def __str__(self) -> str:
        return f"'{self.name}'@'{self.host}'"

    @property
    def default_role(self) -> str:
        """The role that carries what is granted to the user directly."""
        return f"{_DEFAULT_ROLE}{self.name}@{self.host}"

    def admits(self, host: str) -> bool:
        """Whether a client at `host` may log in under this identity."""
        pattern = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in self.host)
        return re.fullmatch(pattern, host, re.IGNORECASE) is not None


def is_default_role(name: str) -> bool:
    return name.startswith(_DEFAULT_ROLE)


@dataclass(frozen=True, slots=True)
class User:
    """One user. `hash` is SHA1(SHA1(password)), `roles` the roles granted beside the default one."""

    identity: UserIdentity
    hash: bytes
    comment: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    rights: Rights = field(default_factory=Rights)
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """Everything about accounts at one moment.

    Attributes:
        properties: of users by user name, as SET PROPERTY gives them.
    """

    users: Mapping[UserIdentity, User] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    properties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def holders(self, role: str) -> list[UserIdentity]:
        """The users that hold `role`, by name."""
        return sorted(user.identity for user in self.users.values() if role in user.roles)


_EVERYTHING: Scope = (ANY, ANY, ANY)

#: The two roles that exist from the start.
BUILT_IN: Mapping[str, Role] = {
    ADMIN: Role(ADMIN, Rights({_EVERYTHING: Privilege.ADMIN})),
    OPERATOR: Role(OPERATOR, Rights({_EVERYTHING: Privilege.NODE | Privilege.ADMIN})),
}

#: What every user may do from the start: read the system databases, run in the workload group `normal`.
COMMON = Rights(
    {
        (CATALOG, "information_schema", ANY): Privilege.SELECT,
        (CATALOG, "mysql", ANY): Privilege.SELECT,
    },
    groups={"normal": Privilege.USAGE},
)
