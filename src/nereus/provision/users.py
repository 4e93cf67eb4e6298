"""The warehouse users that the platform's own parts work as, each with the least it needs."""

from __future__ import annotations

from collections.abc import Iterator

from nereus import secrets
from nereus.home import Home
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
