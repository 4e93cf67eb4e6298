"""Bring Superset to the state that the plan describes, in one process: each of Superset's commands costs ten seconds.

    python -m nereus_superset.bootstrap

Migrations, roles, users, dashboards, rows that a role may see, dashboards that the portal may show. Running it again
changes nothing; an asset that cannot be imported ends it with an error. Prints one JSON line: embedded ids by slug, and
what was removed, or kept because somebody's own work needs it, since its file is gone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nereus_superset import leftovers, plan

#: Role of who works with dashboards and SQL Lab; cloned, since Superset resets its own roles at every upgrade.
_BASE = "Gamma"
_SQL_LAB = "sql_lab"
#: The role of who sees a dashboard in the portal's frame, and nothing behind it.
_GUEST = "Guest"
#: What the base role may do and an analyst may not: databases and uploads are the platform's.
_NOT_FOR_ANALYSTS = {("can_write", "Database"), ("can_upload", "Database")}
#: What the base role lacks: to see the rows behind a chart's value, on datasets that may be read anyway.
_DRILLING = (("can_drill", "Dashboard"), ("can_samples", "Datasource"), ("can_get_drill_info", "Dataset"))


def main() -> None:
    from superset.app import create_app

    wanted = plan.load()
    app = create_app()
    with app.app_context():
        _migrate()
        _roles_of_superset()
        _user("admin", ["Admin"], wanted.admin_password)
        _import(wanted)
        for role in wanted.roles:
            _role(role["name"], role["datasets"], role.get("schemas", ()), sql_lab=role.get("sql_lab", True))
        for user in wanted.users:
            _user(user["name"], user["roles"], user["password"])
        _row_rules(wanted.row_rules)
        removed, kept = leftovers.remove(wanted.assets)
        embedded = _embed(wanted.embedded, wanted.portal_origin)
        print(json.dumps({"embedded": embedded, "removed": removed, "kept": kept}))


def _migrate() -> None:
    import superset
    from flask_migrate import upgrade

    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))


def _roles_of_superset() -> None:
    from superset.extensions import appbuilder, security_manager

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()


def _user(name: str, roles: Iterable[str], password: str) -> None:
    from superset.extensions import security_manager as manager

    found = [manager.find_role(role) for role in roles]
    known = manager.find_user(username=name)
    if known is None:
        made = manager.add_user(name, name.capitalize(), "", f"{name}@localhost", found, password=password)
        if not made:
            raise SystemExit(f"the user {name} cannot be made")
        return
    known.roles = found
    manager.update_user(known)
    from werkzeug.security import check_password_hash

    if not check_password_hash(known.password, password):
        manager.reset_password(known.id, password)


def _import(wanted: plan.Plan) -> None:
    from flask import g
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.extensions import security_manager

    if not wanted.assets:
        return
    # Whoever imports owns what is imported.
    g.user = security_manager.find_user(username="admin")
    databases = [path for path in wanted.assets if path.startswith("databases/")]
    passwords = dict.fromkeys(databases, wanted.warehouse_password)
    try:
        ImportAssetsCommand(dict(wanted.assets), passwords=passwords).run()
    except Exception as error:
        raise SystemExit(f"the dashboards cannot be imported: {_reasons(error)}") from error


def _reasons(error: Exception) -> str:
    """What Superset found wrong, with the file's name, instead of `Error importing assets`."""
    inner = getattr(error, "_exceptions", None) or getattr(error, "exceptions", None) or []
    told = "; ".join(str(getattr(one, "messages", one)) for one in inner)
    return told or str(getattr(error, "messages", error))


def _role(name: str, datasets: Iterable[str], schemas: Iterable[str], *, sql_lab: bool) -> Any:  # noqa: ANN401
    """A role with what analysts do, on these datasets, and on what the warehouse lets them read in `schemas`."""
    from superset.extensions import db
    from superset.extensions import security_manager as manager

    role = manager.find_role(name) or manager.add_role(name)
    granted = [*manager.find_role(_BASE).permissions, *(manager.find_role(_SQL_LAB).permissions if sql_lab else ())]
    kept = [one for one in granted if (one.permission.name, one.view_menu.name) not in _NOT_FOR_ANALYSTS]
    kept += [manager.add_permission_view_menu("datasource_access", _dataset(each).perm) for each in datasets]
    kept += [manager.add_permission_view_menu(*right) for right in _DRILLING if name != _GUEST]
    kept += [manager.add_permission_view_menu("schema_access", _schema(each)) for each in schemas]
    role.permissions = list({one.id: one for one in kept}.values())
    db.session.commit()
    return role


def _schema(name: str) -> str:
    """Superset's name of the right to read a database of the warehouse."""
    from superset.extensions import db
    from superset.extensions import security_manager as manager
    from superset.models.core import Database

    warehouse = db.session.query(Database).one()
    return str(manager.get_schema_perm(warehouse.database_name, warehouse.get_default_catalog(), name))


def _dataset(name: str) -> Any:  # noqa: ANN401 - a model of Superset
    """The dataset ``schema.table``."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db

    schema, _, table = name.partition(".")
    found = db.session.query(SqlaTable).filter_by(schema=schema, table_name=table).one_or_none()
    if found is None:
        raise SystemExit(f"there is no dataset {name}")
    return found


def _row_rules(rules: list[dict[str, Any]]) -> None:
    """Row-level security: a role sees the rows that a clause lets through. Rules that the plan lacks are removed."""
    from superset.connectors.sqla.models import RowLevelSecurityFilter
    from superset.extensions import db
    from superset.extensions import security_manager as manager

    known = {rule.name: rule for rule in db.session.query(RowLevelSecurityFilter)}
    for wanted in rules:
        rule = known.pop(wanted["name"], None) or RowLevelSecurityFilter(name=wanted["name"])
        rule.filter_type = "Regular"
        rule.clause = wanted["clause"]
        rule.group_key = wanted.get("group_key")
        rule.tables = [_dataset(name) for name in wanted["datasets"]]
        rule.roles = [manager.find_role(name) for name in wanted["roles"]]
        db.session.add(rule)
    for rule in known.values():
        db.session.delete(rule)
    db.session.commit()


def _embed(slugs: Iterable[str], origin: str) -> dict[str, str]:
    """Let the portal, and nobody else, show these dashboards in a frame. Gives each one's id for that."""
    from superset.daos.dashboard import EmbeddedDashboardDAO
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    found: dict[str, str] = {}
    for slug in slugs:
        dashboard = db.session.query(Dashboard).filter_by(slug=slug).one_or_none()
        if dashboard is None:
            raise SystemExit(f"there is no dashboard {slug} to embed")
        embedded = EmbeddedDashboardDAO.upsert(dashboard, [origin])
        # The same wherever the file is imported: a portal in a cluster cannot read what this job prints.
        embedded.uuid = dashboard.uuid
        found[slug] = str(embedded.uuid)
    db.session.commit()
    return found


if __name__ == "__main__":
    sys.exit(main())
