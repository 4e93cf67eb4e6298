"""The warehouse users that the platform's own parts work as, each with the least it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from nereus import secrets
from nereus.home import Home
from nereus.paths import PROJECT
from nereus.warehouse.client import Warehouse

#: Database of the platform's own records: quality checks, load history, benchmark results.
OPS_DATABASE = "nereus_ops"

#: user -> what it may do everywhere. Use cases grant their own roles (analyst, scientist) per database.
GRANTS = {
    "portal": ("SELECT_PRIV ON `internal`.`*`.`*`",),
    "loader": ("SELECT_PRIV, LOAD_PRIV, ALTER_PRIV, CREATE_PRIV, DROP_PRIV ON `internal`.`*`.`*`",),
    "bench": ("SELECT_PRIV ON `internal`.`*`.`*`", f"LOAD_PRIV, CREATE_PRIV ON `internal`.`{OPS_DATABASE}`.`*`"),
    "analyst": (),
    "scientist": (),
}

#: user -> its workload group; the groups stand in k8s/warehouse. `bench` measures without limits of its own.
GROUPS = {"portal": "portal", "loader": "loaders", "analyst": "analysts", "scientist": "scientists"}
#: Role of all scientists; what they read of each use case is the use case's own role.
SCIENTISTS = "scientists"
_GROUP = re.compile(r"CREATE WORKLOAD GROUP IF NOT EXISTS (\w+) PROPERTIES \(([^)]*)\)")
_PROPERTY = re.compile(r'"(\w+)" = "([^"]*)"')


def ensure(warehouse: Warehouse, home: Home) -> Iterator[str]:
    """Create the users that are missing. Yields what was made; passwords never stand in a message."""
    known = {row["User"] for row in warehouse.query("SELECT User FROM mysql.user")}
    warehouse.execute(f"CREATE DATABASE IF NOT EXISTS {OPS_DATABASE}")
    for user, grants in GRANTS.items():
        if user in known:
            continue
        password = secrets.ensure(home, f"warehouse-{user}")
        warehouse.execute(f"CREATE USER IF NOT EXISTS '{user}'@'%%' IDENTIFIED BY %s", (password,))
        for grant in grants:
            warehouse.execute(f"GRANT {grant} TO '{user}'@'%'")
        yield f"warehouse user {user} created"
    yield from _ensure_own_queries(warehouse)
    yield from _ensure_groups(warehouse)
    for user, group in GROUPS.items():
        if put_into_group(warehouse, user, group):
            yield f"warehouse user {user} put into the workload group {group}"


def put_into_group(warehouse: Warehouse, user: str, group: str) -> bool:
    """Let a user's queries run in a workload group. Returns whether they did not before."""
    properties = {row["Key"]: row["Value"] for row in warehouse.query("SHOW PROPERTY FOR %s", (user,))}
    if properties.get("default_workload_group") == group:
        return False
    warehouse.execute("GRANT USAGE_PRIV ON WORKLOAD GROUP %s TO %s@'%%'", (group, user))
    warehouse.execute("SET PROPERTY FOR %s 'default_workload_group' = %s", (user, group))
    return True


def groups() -> Mapping[str, Mapping[str, str]]:
    """The properties of every workload group that k8s/warehouse describes, by its name."""
    text = _file("20-workload-groups.sql")
    return {name: dict(_PROPERTY.findall(inside)) for name, inside in _GROUP.findall(text)}


def _ensure_own_queries(warehouse: Warehouse) -> Iterator[str]:
    if "my_queries" not in {next(iter(row.values())) for row in warehouse.query(f"SHOW TABLES FROM {OPS_DATABASE}")}:
        warehouse.execute(_file("35-my-queries.sql"))
        yield f"view {OPS_DATABASE}.my_queries created"
    if SCIENTISTS not in {row["Name"] for row in warehouse.query("SHOW ROLES")}:
        warehouse.execute(f"CREATE ROLE {SCIENTISTS}")
        warehouse.execute(f"GRANT SELECT_PRIV ON `internal`.`{OPS_DATABASE}`.`my_queries` TO ROLE '{SCIENTISTS}'")
        warehouse.execute(f"GRANT '{SCIENTISTS}' TO 'scientist'@'%'")
        yield f"role {SCIENTISTS} created"


def _file(name: str) -> str:
    return (PROJECT / "k8s" / "warehouse" / name).read_text("utf-8")


def _ensure_groups(warehouse: Warehouse) -> Iterator[str]:
    known = {row["Name"]: row for row in warehouse.query("SHOW WORKLOAD GROUPS")}
    for name, wanted in groups().items():
        properties = ", ".join(f'"{key}" = "{value}"' for key, value in wanted.items())
        if name not in known:
            warehouse.execute(f"CREATE WORKLOAD GROUP {name} PROPERTIES ({properties})")
            yield f"workload group {name} created"
        elif any(known[name][key] != value for key, value in wanted.items()):
            warehouse.execute(f"ALTER WORKLOAD GROUP {name} PROPERTIES ({properties})")
            yield f"workload group {name} brought back to what is declared"
