"""Users, roles and their privileges, kept in the warehouse's own database."""

from nereus.warehouse.embedded.accounts.model import Role, User, UserIdentity
from nereus.warehouse.embedded.accounts.store import Accounts

__all__ = ["Accounts", "Role", "User", "UserIdentity"]
