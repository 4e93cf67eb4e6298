from __future__ import annotations

import hashlib

import pytest

from nereus.warehouse.embedded.accounts import UserIdentity, passwords
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import PASSWORD, ask, do

HOST = "127.0.0.1"


def test_only_root_exists_in_a_new_warehouse_and_with_the_given_password(warehouse: Warehouse) -> None:
    assert set(warehouse.accounts.book.users) == {UserIdentity("root"), UserIdentity("ann")}
    assert warehouse.accounts.check_password("root", HOST, PASSWORD)
    assert not warehouse.accounts.check_password("root", HOST, "")
    assert not warehouse.accounts.check_password("admin", HOST, "")


def test_a_password_is_kept_as_its_native_hash_alone(warehouse: Warehouse) -> None:
    twice = hashlib.sha1(hashlib.sha1(b"secret of ann").digest()).digest()
    assert warehouse.accounts.native_hash("ann", HOST) == twice
    assert warehouse.accounts.native_hash("nobody", HOST) is None


def test_a_host_pattern_decides_who_may_come_and_the_narrowest_is_taken(warehouse: Warehouse, root: Session) -> None:
    do(root, "CREATE USER bob@'10.0.%' IDENTIFIED BY 'wide'")
    do(root, "CREATE USER bob@'10.0.0.7' IDENTIFIED BY 'narrow'")
    accounts = warehouse.accounts
    assert accounts.check_password("bob", "10.0.3.4", "wide")
    assert accounts.check_password("bob", "10.0.0.7", "narrow")
    assert not accounts.check_password("bob", "10.0.0.7", "wide")
    assert accounts.identify("bob", "192.168.0.1") is None
    do(root, "DROP USER bob@'10.0.%'")
    do(root, "DROP USER bob@'10.0.0.7'")


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("CREATE USER ann IDENTIFIED BY 'x'", "User 'ann'@'%' already exist"),
        ("CREATE USER root IDENTIFIED BY 'x'", "Can not create root user"),
        ("CREATE USER '1x' IDENTIFIED BY 'x'", "invalid user name: 1x"),
        ("CREATE USER bob IDENTIFIED BY 'x' DEFAULT ROLE 'norole'", "Role: norole does not exist"),
        ("CREATE USER bob IDENTIFIED BY PASSWORD 'x'", "Password hash should be a 41-digit hexadecimal number"),
        ("DROP USER nouser", "User `nouser`@`%` does not exist."),
        ("DROP USER root", "Can not drop system user"),
        ("ALTER USER bob IDENTIFIED BY 'x'", "User 'bob'@'%' does not exist"),
        ("ALTER USER ann", "Only support doing one type of operation at one time,actual number of type is 0"),
        ("SET PROPERTY FOR 'nouser' 'max_user_connections' = '10'", "Unknown user(nouser)"),
        ("SET PROPERTY FOR 'ann' 'default_workload_group' = 'no'", "workload group no not exists"),
        ("SET PROPERTY FOR 'ann' 'max_user_connections' = 'x'", "max_user_connections is not number"),
    ],
)
def test_what_doris_says_to_impossible_changes(root: Session, statement: str, text: str) -> None:
    with pytest.raises(DorisError) as error:
        do(root, statement)
    assert (error.value.code, error.value.detail) == (1105, text)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE USER bob",
        "CREATE USER bob IDENTIFIED BY ''",
        "CREATE USER bob@['example.com'] IDENTIFIED BY 'x'",
        "SET PASSWORD FOR ann = PASSWORD('')",
        "SET PROPERTY FOR 'ann' 'exec_mem_limit' = '100'",
    ],
)
def test_what_would_not_be_enforced_is_refused(warehouse: Warehouse, root: Session, statement: str) -> None:
    before = warehouse.accounts.book
    with pytest.raises(Refused):
        do(root, statement)
    assert warehouse.accounts.book is before


def test_password_rules_that_promise_nothing_are_taken(root: Session) -> None:
    do(
        root,
        "CREATE USER IF NOT EXISTS ann IDENTIFIED BY 'x' PASSWORD_HISTORY DEFAULT PASSWORD_EXPIRE NEVER "
        "FAILED_LOGIN_ATTEMPTS 0 PASSWORD_LOCK_TIME UNBOUNDED COMMENT 'c'",
    )


def test_a_hashed_password_is_the_password(warehouse: Warehouse, root: Session) -> None:
    text = "*" + passwords.native_hash("apple").hex().upper()
    do(root, f"CREATE USER bob IDENTIFIED BY PASSWORD '{text}'")
    assert warehouse.accounts.check_password("bob", HOST, "apple")
    do(root, "DROP USER bob")


def test_passwords_change_by_their_owner_or_a_grantor(warehouse: Warehouse, root: Session, ann: Session) -> None:
    do(ann, "SET PASSWORD = PASSWORD('pear')")
    assert warehouse.accounts.check_password("ann", HOST, "pear")
    do(root, "ALTER USER ann IDENTIFIED BY 'plum'")
    assert warehouse.accounts.check_password("ann", HOST, "plum")
    do(root, "SET PASSWORD FOR 'ann' = PASSWORD('fig')")
    assert warehouse.accounts.check_password("ann", HOST, "fig")
    with pytest.raises(DorisError, match="Can not set password for root user, except root itself"):
        do(ann, "SET PASSWORD FOR 'root' = PASSWORD('x')")
    with pytest.raises(DorisError, match=r"one of\) the \(GRANT\) privilege"):
        do(ann, "ALTER USER ann IDENTIFIED BY 'x'")


def test_the_strong_policy_refuses_weak_passwords(root: Session) -> None:
    do(root, "SET GLOBAL validate_password_policy = STRONG")
    try:
        with pytest.raises(DorisError, match="must be at least 8 characters"):
            do(root, "CREATE USER weak IDENTIFIED BY '1'")
        with pytest.raises(DorisError, match="at least 3 types of"):
            do(root, "CREATE USER weak IDENTIFIED BY 'abcdefgh1'")
        do(root, "CREATE USER strong IDENTIFIED BY 'Abcdefgh1'")
    finally:
        do(root, "SET GLOBAL validate_password_policy = NONE")
    do(root, "DROP USER strong")


def test_a_dropped_user_loses_everything_at_once(warehouse: Warehouse, root: Session) -> None:
    do(root, "CREATE USER eve IDENTIFIED BY 'x'")
    do(root, "GRANT SELECT_PRIV ON shop.* TO eve")
    eve = warehouse.connect("eve")
    assert ask(eve, "SELECT count(*) FROM shop.orders") == [(3,)]
    do(root, "DROP USER eve")
    with pytest.raises(DorisError, match="Access denied"):
        ask(eve, "SELECT count(*) FROM shop.orders")
    do(root, "CREATE USER eve IDENTIFIED BY 'y'")
    with pytest.raises(DorisError, match="Access denied"):
        ask(eve, "SELECT count(*) FROM shop.orders")
    do(root, "DROP USER eve")
    eve.close()


def test_a_property_limits_how_long_a_users_queries_run(root: Session, ann: Session) -> None:
    do(root, "SET PROPERTY FOR 'ann' 'query_timeout' = '5'")
    assert (ann.timeout_s("SELECT"), ann.timeout_s("INSERT")) == (5, 14400)
    do(root, "SET PROPERTY FOR 'ann' 'query_timeout' = '0'")
    assert ann.timeout_s("SELECT") == 900


def test_a_property_limits_how_many_sessions_a_user_has(warehouse: Warehouse, root: Session, ann: Session) -> None:
    do(root, "SET PROPERTY FOR 'ann' 'max_user_connections' = '1'")
    with pytest.raises(DorisError) as error:
        warehouse.connect("ann")
    assert error.value.code == 1203
    do(root, "SET PROPERTY FOR 'ann' 'max_user_connections' = '2'")
    warehouse.connect("ann").close()
