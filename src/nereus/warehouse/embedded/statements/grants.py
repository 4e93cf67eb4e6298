"""GRANT, REVOKE and roles."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nereus.warehouse.embedded.accounts import Role, UserIdentity
from nereus.warehouse.embedded.accounts.model import ADMIN, OPERATOR, is_default_role
from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.privileges import ANY, CATALOG, GRANTABLE, Privilege, Rights, Scope
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import STRING
from nereus.warehouse.embedded.statements.reader import Reader

_NONE = Privilege(0)
_ROLE_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9\-_]{0,63}")
_CLUSTER = Privilege.ADMIN | Privilege.NODE
_RESOURCES = ("RESOURCE", "CLUSTER", "COMPUTE", "STAGE", "STORAGE")


@dataclass(slots=True)
class Named:
    """What stands between GRANT and TO: privileges (some on columns), or roles."""

    privileges: Privilege = _NONE
    columns: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


@statement("GRANT", kind="GRANT")
def grant(session: Session, text: str) -> Ok:
    """GRANT privileges ON scope TO user | ROLE 'role', or GRANT role, ... TO user"""
    return _grant_or_revoke(session, Reader.after(text, "GRANT"), revoke=False)


@statement("REVOKE", kind="REVOKE")
def revoke(session: Session, text: str) -> Ok:
    """REVOKE privileges ON scope FROM user | ROLE 'role', or REVOKE role, ... FROM user"""
    return _grant_or_revoke(session, Reader.after(text, "REVOKE"), revoke=True)


@statement("CREATE ROLE", kind="CREATE")
def create_role(session: Session, text: str) -> Ok:
    reader = Reader.after(text, "CREATE", "ROLE")
    may_exist = reader.if_not_exists()
    name = reader.name_or_string()
    comment = reader.comment() or ""
    reader.finish()
    check_role_name(name, "Can not create role")
    session.check("GRANT", error=missing("CREATE ROLE"))
    session.warehouse.accounts.create_role(Role(name, comment=comment), if_not_exists=may_exist)
    return Ok()


@statement("ALTER ROLE", kind="ALTER")
def alter_role(session: Session, text: str) -> Ok:
    reader = Reader.after(text, "ALTER", "ROLE")
    name = reader.name_or_string()
    reader.expect_word("COMMENT")
    comment = reader.string()
    reader.finish()
    check_role_name(name, "Can not alter role")
    session.check("GRANT", error=missing("ALTER ROLE"))
    session.warehouse.accounts.alter_role(name, comment)
    return Ok()


@statement("DROP ROLE", kind="DROP")
def drop_role(session: Session, text: str) -> Ok:
    reader = Reader.after(text, "DROP", "ROLE")
    may_miss = reader.if_exists()
    name = reader.name_or_string()
    reader.finish()
    check_role_name(name, "Can not drop role")
    session.check("GRANT", error=missing("DROP"))
    session.warehouse.accounts.drop_role(name, if_exists=may_miss)
    return Ok()


def check_role_name(name: str, refusal: str, *, admin: bool = False) -> None:
    """Raise where Doris refuses the name; `admin` says whether the role admin may be named."""
    if not _ROLE_NAME.fullmatch(name) and not is_default_role(name):
        raise DorisError(f"invalid role format: {name}")
    if name == OPERATOR or (name == ADMIN and not admin) or is_default_role(name):
        raise DorisError(f"{refusal}: {name}")


def _grant_or_revoke(session: Session, reader: Reader, *, revoke: bool) -> Ok:
    named = _named(reader)
    if not reader.accept("ON"):
        return _roles(session, reader, named, revoke=revoke)
    if reader.accept_words("WORKLOAD", "GROUP"):
        group = "%" if reader.accept("*") else reader.name_or_string()
        role, user = _grantee(reader, revoke=revoke)
        return _group(session, named, group, role or _default_role(session, user), revoke=revoke)
    if reader.token.word in _RESOURCES:
        raise Refused(f"privileges on a {reader.token.word.lower()}", "There are none in the embedded warehouse.")
    scope = _scope(reader)
    role, user = _grantee(reader, revoke=revoke)
    if role is not None:
        check_role_name(role, "Can not revoke from role" if revoke else "Can not grant to role")
    _check_grantable(session, named, scope)
    accounts = session.warehouse.accounts
    if revoke:
        target = role or (user.default_role if user else "")
        accounts.change_rights(target, lambda rights: _revoked(rights, named, scope, target))
        return Ok()
    _check_exists(session, scope, named.privileges)
    accounts.change_rights(
        role or _default_role(session, user), lambda rights: _granted(rights, named, scope), create=True
    )
    return Ok()


def _named(reader: Reader) -> Named:
    named = Named()
    while True:
        is_text = reader.kind == STRING
        word = "ALL" if reader.accept("ALL") else reader.name_or_string()
        named.names.append(word)
        privilege = _NONE if is_text else GRANTABLE.get(word.upper(), _NONE)
        if reader.accept("("):
            named.columns.append(reader.name())
            while reader.accept(","):
                named.columns.append(reader.name())
            reader.expect(")")
            if privilege != Privilege.SELECT:
                raise DorisError(f"{word.upper()} do not support col auth.")
        else:
            named.privileges |= privilege
        if not reader.accept(","):
            return named


def _grantee(reader: Reader, *, revoke: bool) -> tuple[str | None, UserIdentity | None]:
    """The role or the user behind TO / FROM, to the end of the statement."""
    reader.expect("FROM" if revoke else "TO")
    found = (reader.name_or_string(), None) if reader.accept("ROLE") else (None, reader.user())
    reader.finish()
    return found


def _default_role(session: Session, user: UserIdentity | None) -> str:
    if user is None or user not in session.warehouse.accounts.book.users:
        raise DorisError(f"user {user} does not exist")
    return user.default_role


def _scope(reader: Reader) -> Scope:
    """``*.*.*``, ``db.*``, ``db.table`` ... as (catalog, database, table)."""
    parts = [_part(reader)]
    while reader.accept("."):
        parts.append(_part(reader))
    if len(parts) == 1:
        catalog, db, table = CATALOG, parts[0], ANY
    elif len(parts) == 2:
        catalog, (db, table) = CATALOG, parts
    elif len(parts) == 3:
        catalog, db, table = parts
    else:
        raise DorisError(f"nameparts in grant is too long: {'.'.join(parts)}")
    if (table != ANY and ANY in (db, catalog)) or (db != ANY and catalog == ANY):
        raise DorisError(f"Do not support format: {catalog}.{db}.{table}")
    return catalog, db, table


def _part(reader: Reader) -> str:
    return ANY if reader.accept("*") else reader.name_or_string()


def _check_grantable(session: Session, named: Named, scope: Scope) -> None:
    """Raise where the privileges cannot be granted there, or not by this user."""
    for name in named.names:
        if name.upper() not in GRANTABLE:
            raise DorisError(f"Unknown privilege type: {name}")
    if Privilege.USAGE in named.privileges:
        raise DorisError("Can not grant/revoke Usage_priv to/from any other users or roles")
    if scope[0] != ANY and named.privileges & _CLUSTER:
        raise DorisError("ADMIN_PRIV and NODE_PRIV can only be granted/revoke on/from *.*.*")
    if Privilege.NODE in named.privileges and not session.allows("NODE"):
        raise DorisError("Only user with NODE_PRIV can grant/revoke NODE_PRIV to other user")
    wanted = named.privileges | Privilege.GRANT
    db, table = (None if part == ANY else part for part in scope[1:])
    if not session.allows("ADMIN") and not session.rights.holds_all(wanted, db, table):
        raise DorisError(
            f"Access denied; you need all  [{wanted.label.replace(',', ', ')}] privilege(s) for this operation"
        )
    if named.columns and scope[2] == ANY:
        raise DorisError("Col auth must specify specific table")


def _check_exists(session: Session, scope: Scope, privileges: Privilege) -> None:
    """What is granted on must exist, unless CREATE is among the privileges."""
    catalog, db, table = scope
    if Privilege.CREATE in privileges or catalog == ANY:
        return
    if catalog != CATALOG:
        raise DorisError(f"catalog:{catalog} does not exist")
    schema = session.warehouse.schema(session)
    if db != ANY and not schema.has_database(db):
        raise DorisError(f"database:{db} does not exist")
    if table != ANY and schema.relation(db, table) is None:
        raise DorisError(f"table:{table} does not exist")


def _granted(rights: Rights, named: Named, scope: Scope) -> Rights:
    rights = rights.with_scope(scope, named.privileges)
    return rights.with_columns(scope[1], scope[2], named.columns) if named.columns else rights


def _revoked(rights: Rights, named: Named, scope: Scope, role: str) -> Rights:
    if named.columns:
        return rights.without_columns(scope[1], scope[2], named.columns)
    if scope not in rights.scopes:
        raise DorisError(f"{'.'.join(scope)} does not exist in role {role}")
    return rights.without_scope(scope, named.privileges)


def _group(session: Session, named: Named, group: str, role: str, *, revoke: bool) -> Ok:
    if named.privileges & ~(Privilege.USAGE | Privilege.GRANT) or not named.privileges:
        wrong = (named.privileges & ~(Privilege.USAGE | Privilege.GRANT)).label
        raise DorisError(f"Can not grant/revoke {wrong} to/from any other users or roles")
    if not session.allows("ADMIN"):
        wanted = (named.privileges | Privilege.GRANT).label.replace(",", ", ")
        raise DorisError(f"Access denied; you need all  [{wanted}] privilege(s) for this operation")
    if not is_default_role(role):
        check_role_name(role, "Can not grant to role")
    if not revoke and group != "%" and group not in session.warehouse.groups.groups:
        raise DorisError(f"Can not find workload group {group}")

    def rule(rights: Rights) -> Rights:
        change = rights.without_group if revoke else rights.with_group
        return change(group, named.privileges)

    session.warehouse.accounts.change_rights(role, rule, create=not revoke)
    return Ok()


def _roles(session: Session, reader: Reader, named: Named, *, revoke: bool) -> Ok:
    reader.expect("FROM" if revoke else "TO")
    user = reader.user()
    reader.finish()
    for name in named.names:
        check_role_name(name, "Can not revoke role" if revoke else "Can not grant role", admin=True)
    session.check("GRANT", error=missing("GRANT/REVOKE"))
    session.warehouse.accounts.grant_roles(user, named.names, revoke=revoke)
    return Ok()
