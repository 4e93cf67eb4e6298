"""People of an OpenID Connect provider, and the roles that their groups give them."""

from __future__ import annotations

from typing import Any

from superset.security import SupersetSecurityManager


class GroupSecurityManager(SupersetSecurityManager):
    """Reads name, address and groups from the provider's user information."""

    def get_oauth_user_info(self, provider: str, response: Any) -> dict[str, Any]:  # noqa: ANN401
        told = self.appbuilder.sm.oauth_remotes[provider].userinfo(token=response)
        return {
            "username": told.get("preferred_username") or told["sub"],
            "email": told.get("email", ""),
            "first_name": told.get("given_name", ""),
            "last_name": told.get("family_name", ""),
            "role_keys": list(told.get("groups", [])),
        }
