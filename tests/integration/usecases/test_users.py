"""The platform's own users in the warehouse: their workload groups, and that each sees its own queries alone."""

from __future__ import annotations

import pytest

from nereus.provision import users
from nereus.warehouse.client import WarehouseError
from tests.integration.usecases.conftest import Deployed


def test_again_nothing_changes(deployed: Deployed) -> None:
    assert list(users.ensure(deployed.root, deployed.home)) == []


def test_queries_run_in_the_group_of_their_user(deployed: Deployed) -> None:
    for user, group in users.GROUPS.items():
        deployed.as_user(user).query(f"SELECT '{user} asks'")
        asked = "SELECT workload_group FROM __internal_schema.audit_log WHERE `user` = %s AND stmt LIKE '%% asks%%'"
        assert {row["workload_group"] for row in deployed.root.query(asked, (user,))} == {group}


def test_a_changed_group_is_brought_back(deployed: Deployed) -> None:
    deployed.root.execute("ALTER WORKLOAD GROUP scientists PROPERTIES ('max_concurrency' = '1')")
    assert list(users.ensure(deployed.root, deployed.home)) == [
        "workload group scientists brought back to what is declared"
    ]
    shown = {row["Name"]: row for row in deployed.root.query("SHOW WORKLOAD GROUPS")}
    for name, wanted in users.groups().items():
        assert {key: shown[name][key] for key in wanted} == wanted


def test_scientists_see_what_their_own_queries_took(deployed: Deployed) -> None:
    deployed.root.query("SELECT 'of root'")
    scientist = deployed.as_user("scientist")
    scientist.query("SELECT 'of the scientist'")
    statements = [row["stmt"] for row in scientist.query("SELECT stmt FROM nereus_ops.my_queries")]
    assert "SELECT 'of the scientist'" in statements
    assert "SELECT 'of root'" not in statements
    with pytest.raises(WarehouseError, match="denied"):
        scientist.query("SELECT stmt FROM __internal_schema.audit_log")
