"""Users, roles and their privileges, kept in the warehouse's own database."""

from nereus.warehouse.embedded.accounts.logins import Logins, PasswordRules
from nereus.warehouse.embedded.accounts.model import Role, User, UserIdentity
from nereus.warehouse.embedded.accounts.store import Accounts

__all__ = ["Accounts", "Logins", "PasswordRules", "Role", "User", "UserIdentity"]
