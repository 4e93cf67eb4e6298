"""Refused logins are recorded, and password rules decide about logins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nereus.warehouse.embedded.accounts import Logins, PasswordRules, UserIdentity
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import WRONG_PASSWORD, Warehouse
from tests.unit.warehouse.embedded.session.asking import PASSWORD, ask, do

HOST = "127.0.0.1"
BOB = UserIdentity("bob")
WRONG = DorisError("Access denied for user 'bob@127.0.0.1' (using password: YES)", WRONG_PASSWORD, plain=True)


@pytest.fixture
def bob(root: Session) -> Iterator[Session]:
    """Root's session, with a user bob."""
    do(root, "CREATE USER bob IDENTIFIED BY 'first'")
    yield root
    do(root, "DROP USER IF EXISTS bob")


def refused(warehouse: Warehouse, times: int) -> None:
    for _ in range(times):
        warehouse.login_refused("bob", HOST, WRONG)


def code(warehouse: Warehouse) -> int:
    """Of the error that bob's login gets once the password was right; 0 where it succeeds."""
    try:
        warehouse.connect("bob").close()
    except DorisError as error:
        return error.code
    return 0


def test_a_refused_login_is_in_the_audit_log(warehouse: Warehouse, root: Session) -> None:
    warehouse.login_refused("nobody" * 100, "10.1.2.3", WRONG)
    rows = ask(
        root,
        "SELECT user, state, error_code, error_message, stmt, is_query FROM __internal_schema.audit_log "
        "WHERE stmt_type = 'LOGIN' AND client_ip = '10.1.2.3'",
    )
    assert rows == [(("nobody" * 100)[:128], "ERR", 1045, WRONG.text, "", 0)]


def test_failed_logins_lock_an_account_and_an_administrator_unlocks_it(warehouse: Warehouse, bob: Session) -> None:
    do(bob, "ALTER USER bob FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 1 DAY")
    refused(warehouse, 2)
    assert code(warehouse) == 0
    refused(warehouse, 2)
    assert code(warehouse) == 0, "only failures in a row count"
    refused(warehouse, 3)
    assert code(warehouse) == 3955
    with pytest.raises(DorisError) as raised:
        warehouse.connect("bob")
    assert raised.value.text.startswith("Access denied for user 'bob'@'%'. Account is blocked for 86400 second(s) (86")
    assert raised.value.text.endswith("due to 3 consecutive failed logins.")
    do(bob, "ALTER USER bob ACCOUNT_UNLOCK")
    assert code(warehouse) == 0


def test_a_lock_without_end_lasts_until_it_is_changed(warehouse: Warehouse, bob: Session) -> None:
    do(bob, "ALTER USER bob FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME UNBOUNDED")
    refused(warehouse, 1)
    assert code(warehouse) == 3955
    do(bob, "ALTER USER bob FAILED_LOGIN_ATTEMPTS 2")
    assert code(warehouse) == 0


def test_without_rules_nobody_is_locked(warehouse: Warehouse, bob: Session) -> None:
    refused(warehouse, 50)
    assert code(warehouse) == 0


def test_an_expired_password_is_no_login_until_it_is_changed(warehouse: Warehouse, bob: Session) -> None:
    do(bob, "ALTER USER bob PASSWORD_EXPIRE INTERVAL 10 DAY")
    assert code(warehouse) == 0
    rules = warehouse.logins.of(BOB)
    warehouse.logins.rules[BOB] = replace(rules, made=rules.made - 864_000)
    assert code(warehouse) == 1862
    do(bob, "ALTER USER bob IDENTIFIED BY 'second'")
    assert code(warehouse) == 0


def test_passwords_do_not_come_again_within_their_history(bob: Session) -> None:
    do(bob, "ALTER USER bob PASSWORD_HISTORY 2")
    for password in ("second", "third", "first"):
        do(bob, f"ALTER USER bob IDENTIFIED BY '{password}'")
    with pytest.raises(DorisError, match="contradict the password history policy") as raised:
        do(bob, "SET PASSWORD FOR bob = PASSWORD('third')")
    assert raised.value.code == 3638


def test_rules_are_shown_and_outlive_the_process(tmp_path: Path) -> None:
    warehouse = Warehouse.open(tmp_path, memory_gb=0.5, threads=1, root_password=PASSWORD)
    root = warehouse.connect("root")
    do(
        root,
        "CREATE USER bob IDENTIFIED BY 'x' PASSWORD_HISTORY 3 PASSWORD_EXPIRE INTERVAL 2 HOUR "
        "FAILED_LOGIN_ATTEMPTS 4 PASSWORD_LOCK_TIME 5 SECOND COMMENT 'c'",
    )
    (shown,) = ask(root, "SHOW CREATE USER bob")
    assert shown[1] == (
        "CREATE USER 'bob'@'%' IDENTIFIED BY ***  PASSWORD_HISTORY 3 PASSWORD_EXPIRE INTERVAL 7200 SECOND "
        'FAILED_LOGIN_ATTEMPTS 4 PASSWORD_LOCK_TIME 5 SECOND COMMENT "c"'
    )
    known = warehouse.logins.of(BOB)
    assert (known.history, known.expire_s, known.attempts, known.lock_s) == (3, 7200, 4, 5)
    root.close()
    warehouse.close()
    again = Warehouse.open(tmp_path, memory_gb=0.5, threads=1, root_password=PASSWORD)
    assert again.logins.of(BOB) == known
    root = again.connect("root")
    do(root, "DROP USER bob")
    assert again.logins.of(BOB) == PasswordRules()
    root.close()
    again.close()


def test_a_user_who_exists_is_left_alone(warehouse: Warehouse, bob: Session) -> None:
    do(bob, "CREATE USER IF NOT EXISTS bob")
    assert warehouse.accounts.check_password("bob", HOST, "first")
    with pytest.raises(DorisError, match="User 'bob'@'%' already exist"):
        do(bob, "CREATE USER bob")


def test_a_lock_ends_by_itself(monkeypatch: pytest.MonkeyPatch, warehouse: Warehouse) -> None:
    now = [1000.0]
    monkeypatch.setattr("nereus.warehouse.embedded.accounts.logins.time.monotonic", lambda: now[0])
    logins = Logins(warehouse.engine.cursor())
    logins.set(BOB, {"attempts": 1, "lock_s": 60}, b"")
    logins.failed(BOB)
    now[0] += 59
    with pytest.raises(DorisError, match=r"\(1 second\(s\) remaining\)"):
        logins.check(BOB)
    now[0] += 1
    logins.check(BOB)
    logins.forget(BOB)
    logins.close()
