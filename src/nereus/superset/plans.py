"""What Superset is to be, as the plan that its bootstrap carries out."""

from __future__ import annotations

from typing import Any

from nereus.config import Platform
from nereus.provision.probes import reachable
from nereus.superset.assets import COMMON, Bundle

#: The role of who works with all dashboards and SQL Lab.
ANALYST = "Analyst"
#: The role that the portal's guests have: dashboards, no SQL Lab.
GUEST = "Guest"
_PLACE = "@warehouse:9030/"


def make(
    bundle: Bundle, platform: Platform, passwords: dict[str, str], portal_origin: str, warehouse: str | None = None
) -> dict[str, Any]:
    """The plan for `bundle`; `passwords` by secret: superset-admin, superset-analyst, warehouse-analyst.

    `warehouse` is host:port where it is not the local target's.
    """
    local = platform.local
    place = f"@{warehouse or f'{reachable(local.bind)}:{local.ports.warehouse_mysql}'}/"
    files = {one.imported: one.text.replace(_PLACE, place) for one in bundle.assets}
    everything = bundle.datasets()
    roles: list[dict[str, Any]] = [
        # SQL Lab reads whatever the warehouse lets its user `analyst` read in these databases.
        {"name": ANALYST, "datasets": everything, "schemas": sorted({name.partition(".")[0] for name in everything})},
        {"name": GUEST, "datasets": everything, "sql_lab": False},
    ]
    rules: list[dict[str, Any]] = []
    for usecase, declared in bundle.access.items():
        by_table = {name.partition(".")[2]: name for name in bundle.datasets(usecase)}
        for role in declared.roles:
            names = [by_table[table] for table in role.datasets]
            # SQL Lab reads tables; who sees a part of the rows works with dashboards and charts.
            roles.append({"name": role.name, "datasets": names, "sql_lab": False})
            rules.append({"name": role.name, "clause": role.rows, "datasets": names, "roles": [role.name]})
    return {
        "assets": {"metadata.yaml": (COMMON / "metadata.yaml").read_text("utf-8"), **files},
        "warehouse_password": passwords["warehouse-analyst"],
        "admin_password": passwords["superset-admin"],
        "users": [{"name": "analyst", "roles": [ANALYST], "password": passwords["superset-analyst"]}],
        "roles": roles,
        "row_rules": rules,
        "embedded": [str(one.content.get("slug")) for one in bundle.of("dashboards")],
        "portal_origin": portal_origin,
    }
