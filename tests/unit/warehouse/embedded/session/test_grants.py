from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import ask, do

READ = "SELECT id FROM shop.orders"


def denied(session: Session, sql: str) -> str:
    with pytest.raises(DorisError) as error:
        ask(session, sql)
    assert error.value.code == 1105
    return error.value.detail


def test_without_a_grant_nothing_is_seen_or_read(ann: Session) -> None:
    assert ask(ann, "SHOW DATABASES") == [("information_schema",), ("mysql",)]
    assert denied(ann, "USE shop") == "Access denied for user 'ann' to database 'shop'"
    assert denied(ann, READ) == (
        "Permission denied: user ['ann'@'%'] does not have privilege for [priv predicate: OR, Admin_priv,Select_priv] "
        "command on [internal].[shop].[orders].[id]"
    )
    assert denied(ann, "SELECT count(*) FROM shop.orders") == (
        "Access denied; you need (at least one of) the (Admin_priv,Select_priv) privilege(s) on table orders for this "
        "operation"
    )
    assert denied(ann, f"EXPLAIN {READ}").startswith("Permission denied")
    assert (
        denied(ann, "DESC shop.orders") == "DESCRIBE command denied to user 'ann'@'127.0.0.1' for table 'shop.orders'"
    )
    assert ask(ann, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'shop'") == [(0,)]
    assert ask(ann, "SHOW TABLES FROM shop") == []


@pytest.mark.parametrize("scope", ["*.*.*", "internal.*.*", "*.*", "shop.*", "internal.shop.*", "shop.orders"])
def test_a_grant_opens_its_scope_and_revoke_closes_it(root: Session, ann: Session, scope: str) -> None:
    do(root, f"GRANT SELECT_PRIV ON {scope} TO ann")
    assert len(ask(ann, READ)) == 3
    assert ("shop",) in ask(ann, "SHOW DATABASES")
    assert ("orders",) in ask(ann, "SHOW TABLES FROM shop")
    do(root, f"REVOKE SELECT_PRIV ON {scope} FROM ann")
    assert denied(ann, READ).startswith("Permission denied")
    assert ask(ann, "SHOW TABLES FROM shop") == []


def test_a_grant_on_one_table_opens_no_other(root: Session, ann: Session) -> None:
    do(root, "GRANT SELECT_PRIV ON shop.notes TO ann")
    assert ask(ann, "SHOW TABLES FROM shop") == [("notes",)]
    assert denied(ann, READ).startswith("Permission denied")
    assert ask(ann, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop'") == [("notes",)]


def test_a_view_may_be_read_without_the_table_below_it(root: Session, ann: Session) -> None:
    do(root, "GRANT SELECT_PRIV ON shop.notes TO ann")
    assert len(ask(ann, "SELECT note FROM shop.notes")) == 3


def test_a_grant_on_columns_opens_these_columns_alone(root: Session, ann: Session) -> None:
    do(root, "GRANT SELECT_PRIV(id, day) ON shop.orders TO ann")
    assert len(ask(ann, "SELECT id FROM shop.orders WHERE day IS NOT NULL")) == 2
    assert "[orders].[note]" in denied(ann, "SELECT id FROM shop.orders WHERE note = 'a'")
    assert "[orders].[amount]" in denied(ann, "SELECT * FROM shop.orders")
    assert ask(ann, "SHOW TABLES FROM shop") == [("orders",)]
    do(root, "REVOKE SELECT_PRIV(id) ON shop.orders FROM ann")
    assert "[orders].[id]" in denied(ann, READ)


def test_a_cached_plan_is_no_way_around_privileges(root: Session, ann: Session) -> None:
    text = "SELECT max(id) FROM shop.orders"
    assert ask(root, text) == [(3,)]
    assert denied(ann, text).startswith("Permission denied")
    do(root, "GRANT SELECT_PRIV ON shop.orders TO ann")
    assert ask(ann, text) == [(3,)]
    do(root, "REVOKE SELECT_PRIV ON shop.orders FROM ann")
    assert denied(ann, text).startswith("Permission denied")


def test_roles_carry_privileges_to_their_holders(root: Session, ann: Session) -> None:
    do(root, "CREATE ROLE reader COMMENT 'reads'")
    do(root, "GRANT SELECT_PRIV ON shop.* TO ROLE 'reader'")
    do(root, "GRANT 'reader' TO ann")
    assert len(ask(ann, READ)) == 3
    do(root, "REVOKE 'reader' FROM ann")
    assert denied(ann, READ).startswith("Permission denied")
    do(root, "GRANT reader TO ann")
    do(root, "DROP ROLE reader")
    assert denied(ann, READ).startswith("Permission denied")


def test_granting_to_an_unknown_role_makes_it(warehouse: Warehouse, root: Session) -> None:
    do(root, "GRANT LOAD_PRIV ON shop.* TO ROLE 'fresh'")
    assert "fresh" in warehouse.accounts.book.roles
    do(root, "DROP ROLE fresh")


def test_a_grantor_passes_on_what_they_hold_and_no_more(root: Session, ann: Session) -> None:
    do(root, "CREATE USER bob IDENTIFIED BY 'x'")
    do(root, "GRANT GRANT_PRIV, SELECT_PRIV ON shop.* TO ann")
    do(ann, "GRANT SELECT_PRIV ON shop.orders TO bob")
    assert denied(ann, "GRANT LOAD_PRIV ON shop.orders TO bob") == (
        "Access denied; you need all  [Grant_priv, Load_priv] privilege(s) for this operation"
    )
    assert denied(ann, "GRANT SELECT_PRIV ON other.* TO bob").startswith("Access denied; you need all")
    assert denied(ann, "CREATE USER eve IDENTIFIED BY 'x'") == (
        "Access denied; you need (at least one of) the (GRANT) privilege(s) for this operation"
    )
    do(root, "DROP USER bob")


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("GRANT SELECT_PRIV ON shop.* TO nouser", "user 'nouser'@'%' does not exist"),
        ("GRANT SELECT_PRIV ON shop.none TO ann", "table:none does not exist"),
        ("GRANT SELECT_PRIV ON none.* TO ann", "database:none does not exist"),
        ("GRANT SELECT_PRIV ON hive.d.* TO ann", "catalog:hive does not exist"),
        ("GRANT SELECT_PRIV ON *.orders TO ann", "Do not support format: internal.*.orders"),
        ("GRANT ADMIN_PRIV ON shop.* TO ann", "ADMIN_PRIV and NODE_PRIV can only be granted/revoke on/from *.*.*"),
        ("GRANT USAGE_PRIV ON shop.* TO ann", "Can not grant/revoke Usage_priv to/from any other users or roles"),
        ("GRANT LOAD_PRIV(id) ON shop.orders TO ann", "LOAD_PRIV do not support col auth."),
        ("GRANT SELECT_PRIV(id) ON shop.* TO ann", "Col auth must specify specific table"),
        ("GRANT 'none' TO ann", "role:none does not exist"),
        ("GRANT 'operator' TO ann", "Can not grant role: operator"),
        ("GRANT SELECT_PRIV ON shop.* TO ROLE 'admin'", "Can not grant to role: admin"),
        ("REVOKE SELECT_PRIV ON other.* FROM ann", "internal.other.* does not exist in role default_role_rbac_ann@%"),
        ("REVOKE SELECT_PRIV ON shop.* FROM nouser", "Role default_role_rbac_nouser@% does not exist"),
        ("DROP ROLE norole", "Role norole does not exist"),
        ("CREATE ROLE 'admin'", "Can not create role: admin"),
        ("CREATE ROLE `1x`", "invalid role format: 1x"),
        ("GRANT USAGE_PRIV ON WORKLOAD GROUP 'none' TO ann", "Can not find workload group none"),
    ],
)
def test_what_doris_says_to_impossible_grants(root: Session, ann: Session, statement: str, text: str) -> None:
    with pytest.raises(DorisError) as error:
        do(root, statement)
    assert error.value.detail == text


def test_create_privilege_may_be_granted_on_what_is_still_to_be(root: Session, ann: Session) -> None:
    do(root, "GRANT CREATE_PRIV ON tomorrow.* TO ann")
    assert ann.allows("CREATE", "tomorrow", "t")


def test_all_is_everything_but_administration(root: Session, ann: Session) -> None:
    do(root, "GRANT ALL ON shop.* TO ann")
    for wanted in ("SELECT", "LOAD", "ALTER", "CREATE", "DROP", "SHOW", "SHOW_VIEW"):
        ann.check(wanted, "shop", "orders")
    for wanted in ("ADMIN", "GRANT", "NODE"):
        assert not ann.allows(wanted, "shop", "orders")


@pytest.mark.parametrize(
    ("wanted", "table", "text"),
    [
        ("LOAD", "ev", "LOAD command denied to user 'ann'@'127.0.0.1' for table 'shop.ev'"),
        ("ALTER", "u", "ALTER TABLE command denied to user 'ann'@'127.0.0.1' for table 'shop: u'"),
        ("CREATE", "", "Access denied for user 'ann' to database 'shop'"),
        ("DROP", "ev", "Access denied; you need (at least one of) the (DROP) privilege(s) for this operation"),
        ("CREATE", "zz", "Access denied; you need (at least one of) the (CREATE) privilege(s) for this operation"),
    ],
)
def test_a_missing_privilege_is_told_as_the_statements_of_doris_tell_it(
    ann: Session, wanted: str, table: str, text: str
) -> None:
    with pytest.raises(DorisError) as error:
        ann.check(wanted, "shop", table)
    assert error.value.detail == text


def test_a_workload_group_needs_usage_for_queries_that_read(root: Session, ann: Session) -> None:
    do(root, "GRANT SELECT_PRIV ON shop.* TO ann")
    do(root, "CREATE WORKLOAD GROUP science PROPERTIES ('max_concurrency' = '2')")
    do(ann, "SET workload_group = 'science'")
    assert ask(ann, "SELECT 1") == [(1,)]
    assert denied(ann, READ) == (
        "Access denied; you need (at least one of) the USAGE/ADMIN privilege(s) to use workload group 'science'. "
        "User: 'ann'@'%'"
    )
    do(root, "GRANT USAGE_PRIV ON WORKLOAD GROUP 'science' TO ann")
    assert len(ask(ann, READ)) == 3
    do(root, "REVOKE USAGE_PRIV ON WORKLOAD GROUP 'science' FROM ann")
    assert denied(ann, READ).startswith("Access denied")
    do(root, "DROP WORKLOAD GROUP science")
