"""What somebody may do, remembered for some seconds: Superset asks its records a dozen times for each chart.

A right that is taken away, and one that is given, takes effect so many seconds later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from flask import g, request
from superset.security import SupersetSecurityManager
from superset.utils.log import DBEventLogger

_SECONDS = 10.0
_MOST = 2_000
_T = TypeVar("_T")


class RememberedRights(SupersetSecurityManager):
    """Superset's security manager, which looks up the rights of each set of roles at most once in ten seconds."""

    def __init__(self, appbuilder: Any) -> None:  # noqa: ANN401 - Superset's
        super().__init__(appbuilder)
        self._remembered: dict[Hashable, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def exist_permission_on_roles(self, view_name: str, permission_name: str, role_ids: Sequence[int]) -> bool:
        roles = frozenset(role_ids)
        return (permission_name, view_name) in self.remember(("pairs", roles), lambda: self._pairs(roles))

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Whether everybody may do this, without a login."""
        name = self.auth_role_public
        public = self.remember("public", lambda: self._pairs(frozenset([self.find_role(name).id]))) if name else ()
        return (permission_name, view_name) in public

    def _has_view_access(self, user: Any, permission_name: str, view_name: str) -> bool:  # noqa: ANN401 - Superset's
        ask, number = super()._has_view_access, getattr(user, "id", None)
        if number is None:
            return bool(ask(user, permission_name, view_name))
        key = ("may", number, permission_name, view_name)
        return bool(self.remember(key, lambda: bool(ask(user, permission_name, view_name))))

    def user_view_menu_names(self, permission_name: str) -> set[str]:
        """What a right is given on to the person who asks."""
        ask = super().user_view_menu_names
        if g.user.is_anonymous:
            return set(ask(permission_name))
        key = ("names", getattr(g.user, "id", None), permission_name)
        return set(self.remember(key, lambda: ask(permission_name)))

    def _pairs(self, roles: frozenset[int]) -> frozenset[tuple[str, str]]:
        """Every right of these roles: what may be done, and on what."""
        found = (
            self.session.query(self.permission_model.name, self.viewmenu_model.name)
            .select_from(self.permissionview_model)
            .join(self.permission_model)
            .join(self.viewmenu_model)
            .filter(self.permissionview_model.role.any(self.role_model.id.in_(roles)))
        )
        return frozenset((permission, view) for permission, view in found)

    def remember(self, key: Hashable, ask: Callable[[], _T]) -> _T:
        """What `ask` gives, or gave at most ten seconds ago under this key."""
        now = time.monotonic()
        with self._lock:
            asked, value = self._remembered.get(key, (0.0, None))
        if value is not None and now - asked < _SECONDS:
            known: _T = value
            return known
        found = ask()
        with self._lock:
            if len(self._remembered) >= _MOST:
                self._remembered.clear()
            self._remembered[key] = (now, found)
        return found


class Diary(DBEventLogger):
    """Superset's record of what people do, without an entry for each chart's data: the warehouse's audit log has it,
    with dashboard, chart and person, and three entries for each chart would cost more than the answer."""

    def log_with_context(self, *args: Any, **payload: Any) -> None:  # noqa: ANN401 - Superset's
        if request and request.endpoint == "ChartDataRestApi.data":
            return
        super().log_with_context(*args, **payload)
