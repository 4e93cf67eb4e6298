"""CREATE, ALTER and DROP USER; SET PASSWORD; SET PROPERTY."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nereus.warehouse.embedded.accounts import User, UserIdentity, passwords
from nereus.warehouse.embedded.accounts.logins import DEFAULT, MOST_HISTORY, UNBOUNDED
from nereus.warehouse.embedded.accounts.store import ROOT
from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import STRING
from nereus.warehouse.embedded.statements.grants import check_role_name
from nereus.warehouse.embedded.statements.reader import Reader

_UNIT_S = {"SECOND": 1, "HOUR": 3600, "DAY": 86400}
_MOST_ATTEMPTS = 32767
#: Properties of users that have an effect.
_PROPERTIES = ("default_workload_group", "sql_block_rules", "max_user_connections", "query_timeout", "insert_timeout")


@statement("CREATE USER", kind="CREATE")
def create_user(session: Session, text: str) -> Ok:
    """CREATE USER [IF NOT EXISTS] user IDENTIFIED BY [PASSWORD] '...' [DEFAULT ROLE 'role'] [rules] [COMMENT '...']

    A deviation from Doris: a user without a password is refused.
    """
    reader = Reader.after(text, "CREATE", "USER")
    may_exist = reader.if_not_exists()
    identity = reader.user()
    hashed = _identified(session, reader)
    role = None
    if reader.accept("SUPERUSER"):
        role = "admin"
    elif reader.accept_words("DEFAULT", "ROLE"):
        role = reader.string()
    rules = _password_rules(reader)
    comment = reader.comment() or ""
    reader.finish()
    if identity == ROOT:
        raise DorisError("Can not create root user")
    if role is not None:
        check_role_name(role, "Can not granted user to role", admin=True)
    session.check("GRANT", error=missing("GRANT"))
    accounts = session.warehouse.accounts
    if may_exist and identity in accounts.book.users:
        return Ok()
    if hashed is None and identity not in accounts.book.users:
        raise Refused(f"the user {identity} without a password", "Write IDENTIFIED BY and a password.")
    user = User(identity, hashed or b"", comment, (role,) if role else ())
    accounts.create_user(user)
    session.warehouse.logins.set(identity, rules.options, user.hash)
    return Ok()


@statement("ALTER USER", kind="ALTER")
def alter_user(session: Session, text: str) -> Ok:
    """ALTER USER [IF EXISTS] user [IDENTIFIED BY '...'] | [password rule] | [COMMENT '...']: one change at a time."""
    reader = Reader.after(text, "ALTER", "USER")
    may_miss = reader.if_exists()
    identity = reader.user()
    hashed = _identified(session, reader)
    rules = _password_rules(reader)
    comment = reader.comment()
    reader.finish()
    changes = sum((hashed is not None, comment is not None, rules.kinds))
    if changes != 1:
        raise DorisError(f"Only support doing one type of operation at one time,actual number of type is {changes}")
    if identity == ROOT and session.identity != ROOT:
        raise DorisError("Only root user can modify root user")
    session.check("GRANT", error=missing("GRANT"))
    accounts = session.warehouse.accounts
    if may_miss and identity not in accounts.book.users:
        return Ok()

    def changed(user: User) -> User:
        return replace(
            user,
            hash=user.hash if hashed is None else hashed,
            comment=user.comment if comment is None else comment,
        )

    logins = session.warehouse.logins
    if hashed is not None:
        logins.check_history(identity, hashed)
    accounts.alter_user(identity, changed)
    if hashed is not None:
        logins.changed(identity, hashed)
    logins.set(identity, rules.options, accounts.book.users[identity].hash)
    if rules.unlock:
        logins.unlock(identity)
    return Ok()


@statement("DROP USER", kind="DROP")
def drop_user(session: Session, text: str) -> Ok:
    """DROP USER [IF EXISTS] user. Open sessions of the user go on and may do nothing any more."""
    reader = Reader.after(text, "DROP", "USER")
    may_miss = reader.if_exists()
    identity = reader.user()
    reader.finish()
    if identity in (ROOT, UserIdentity("admin")):
        raise DorisError("Can not drop system user")
    session.check("GRANT", error=missing("DROP USER"))
    session.warehouse.accounts.drop_user(identity, if_exists=may_miss)
    session.warehouse.logins.forget(identity)
    return Ok()


@statement("SET PASSWORD", kind="SET")
def set_password(session: Session, text: str) -> Ok:
    """SET PASSWORD [FOR user] = PASSWORD('...') | '*hash'"""
    reader = Reader.after(text, "SET", "PASSWORD")
    identity = reader.user() if reader.accept("FOR") else session.identity
    reader.expect("=")
    hashed = _password(session, reader)
    reader.finish()
    if identity != session.identity:
        if identity == ROOT:
            raise DorisError("Can not set password for root user, except root itself")
        session.check("GRANT", error=missing("GRANT"))
    session.warehouse.logins.check_history(identity, hashed)
    session.warehouse.accounts.alter_user(identity, lambda user: replace(user, hash=hashed))
    session.warehouse.logins.changed(identity, hashed)
    return Ok()


@statement("SET PROPERTY", kind="SET")
def set_property(session: Session, text: str) -> Ok:
    """SET PROPERTY [FOR 'user'] 'key' = 'value', ...

    default_workload_group, sql_block_rules, max_user_connections, query_timeout and insert_timeout have an effect;
    Doris' other properties are refused.
    """
    reader = Reader.after(text, "SET", "PROPERTY")
    name = reader.name_or_string() if reader.accept("FOR") else session.identity.name
    properties = {key.lower(): value for key, value in reader.pairs().items()}
    reader.finish()
    for key, value in properties.items():
        if key != "default_workload_group" or name != session.identity.name:
            session.check("ADMIN", error=missing("ADMIN"))
        _check_property(session, key, value)
    session.warehouse.accounts.set_properties(name, properties)
    return Ok()


def _check_property(session: Session, key: str, value: str) -> None:
    if key == "default_workload_group":
        if value not in session.warehouse.groups.groups:
            raise DorisError(f"workload group {value} not exists")
        return
    if key not in _PROPERTIES:
        raise Refused(f"the user property {key!r}", f"These have an effect: {', '.join(_PROPERTIES)}.")
    if key == "sql_block_rules":
        return
    if not value.removeprefix("-").isdigit():
        raise DorisError(f"{key} is not number")
    if key == "max_user_connections" and not 0 < int(value) <= 10000:
        raise DorisError(f"{key} is not valid, must between 1 and 10000")


def _identified(session: Session, reader: Reader) -> bytes | None:
    """``IDENTIFIED BY 'x'`` or ``IDENTIFIED BY PASSWORD '*hash'``; None where it is missing."""
    if not reader.accept_words("IDENTIFIED", "BY"):
        return None
    if reader.accept_word("PASSWORD"):
        return passwords.from_text(reader.string())
    return _plain(session, reader.string())


def _password(session: Session, reader: Reader) -> bytes:
    """``'*hash'`` or ``PASSWORD('x')``."""
    if reader.kind == STRING:
        return passwords.from_text(reader.string())
    reader.expect_word("PASSWORD")
    reader.expect("(")
    plain = reader.string()
    reader.expect(")")
    return _plain(session, plain)


def _plain(session: Session, password: str) -> bytes:
    if not password:
        raise Refused("an empty password", "Choose one.")
    passwords.check_strength(password, session.warehouse.variables.get("validate_password_policy"))
    return passwords.native_hash(password)


@dataclass(frozen=True, slots=True)
class _Rules:
    """Password rules as written: see `PasswordRules`. `kinds` counts them as ALTER USER does."""

    options: dict[str, int]
    unlock: bool
    kinds: int


def _password_rules(reader: Reader) -> _Rules:
    """``PASSWORD_HISTORY n``, ``PASSWORD_EXPIRE INTERVAL n DAY``, ``FAILED_LOGIN_ATTEMPTS n`` ... Raises DorisError."""
    options: dict[str, int] = {}
    if reader.accept_word("PASSWORD_HISTORY"):
        options["history"] = DEFAULT if reader.accept("DEFAULT") else reader.integer()
        if options["history"] > MOST_HISTORY:
            raise DorisError(f"The password history number must be DEFAULT or between 0 and {MOST_HISTORY}")
    if reader.accept_word("PASSWORD_EXPIRE"):
        if reader.accept("DEFAULT"):
            options["expire_s"] = DEFAULT
        elif reader.accept_word("NEVER"):
            options["expire_s"] = 0
        else:
            reader.expect_word("INTERVAL")
            options["expire_s"] = _seconds(reader)
    if reader.accept_words("PASSWORD_REUSE", "INTERVAL") and not reader.accept("DEFAULT"):
        raise DorisError("Not support setting password reuse policy now")
    # Attempts and time of the lock are one kind of change.
    kinds = len(options)
    if reader.accept_word("FAILED_LOGIN_ATTEMPTS"):
        options["attempts"] = reader.integer()
        if options["attempts"] > _MOST_ATTEMPTS:
            raise DorisError(f"The failed login attempts must between 0 and {_MOST_ATTEMPTS}")
    if reader.accept_word("PASSWORD_LOCK_TIME"):
        options["lock_s"] = UNBOUNDED if reader.accept_word("UNBOUNDED") else _seconds(reader)
        if options["lock_s"] > _MOST_ATTEMPTS * _UNIT_S["DAY"]:
            raise DorisError(
                "The account lock time after consecutive failure login must be >= 0, or UNBOUNDED",
            )
    kinds += len(options) > kinds
    if reader.accept_word("ACCOUNT_LOCK"):
        raise DorisError("Not support lock account now")
    unlock = reader.accept_word("ACCOUNT_UNLOCK")
    return _Rules(options, unlock, kinds + unlock)


def _seconds(reader: Reader) -> int:
    """``3 DAY`` in seconds."""
    number = reader.integer()
    unit = reader.advance().word
    if unit not in _UNIT_S:
        raise DorisError(f"mismatched input '{unit.lower()}' expecting {{'DAY', 'HOUR', 'SECOND'}}")
    return number * _UNIT_S[unit]
