"""People of an OpenID Connect provider, and the roles that their groups give them."""

from __future__ import annotations

import logging
from typing import Any

from nereus_superset.logins import LimitedLogins

_log = logging.getLogger(__name__)


class GroupSecurityManager(LimitedLogins):
    """Reads name, address and groups from the provider's user information. Who is in no group that gives a role stays
    outside. Accounts with a password, which provisioning makes, belong to nobody of the provider."""

    def get_oauth_user_info(self, provider: str, response: Any) -> dict[str, Any]:  # noqa: ANN401
        told = self.appbuilder.sm.oauth_remotes[provider].userinfo(token=response)
        return {
            "username": told.get("preferred_username") or told["sub"],
            "email": told.get("email", ""),
            "first_name": told.get("given_name", ""),
            "last_name": told.get("family_name", ""),
            "role_keys": list(told.get("groups", [])),
        }

    def auth_user_oauth(self, userinfo: dict[str, Any]) -> Any:  # noqa: ANN401 - a model of Superset
        """The user with the roles of their groups, or None."""
        name, groups = userinfo["username"], set(userinfo["role_keys"])
        if not groups & self.auth_roles_mapping.keys():
            _log.warning("%s is in no group that gives a role (%s)", name, ", ".join(sorted(groups)) or "in none")
            return None
        known = self.find_user(username=name)
        # Whoever came from the provider has the role that they are registered with beside those of their groups.
        if known is not None and self.auth_user_registration_role not in {role.name for role in known.roles}:
            _log.warning("%s of the provider has the name of an account with a password", name)
            return None
        return super().auth_user_oauth(userinfo)
