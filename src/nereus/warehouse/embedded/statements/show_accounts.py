"""SHOW GRANTS, ROLES, CREATE USER and PROPERTY."""

from __future__ import annotations

from nereus.warehouse.embedded.accounts import UserIdentity
from nereus.warehouse.embedded.accounts.model import BUILT_IN, is_default_role
from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.privileges import ANY, GLOBAL, Rights
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.answers import like
from nereus.warehouse.embedded.statements.reader import Reader

_GRANTS = (
    "UserIdentity",
    "Comment",
    "Password",
    "Roles",
    "GlobalPrivs",
    "CatalogPrivs",
    "DatabasePrivs",
    "TablePrivs",
    "ColPrivs",
    "ResourcePrivs",
    "CloudClusterPrivs",
    "CloudStagePrivs",
    "StorageVaultPrivs",
    "WorkloadGroupPrivs",
    "ComputeGroupPrivs",
)
_ROLES = (
    "Name",
    "Comment",
    "Users",
    "GlobalPrivs",
    "CatalogPrivs",
    "DatabasePrivs",
    "TablePrivs",
    "ResourcePrivs",
    "CloudClusterPrivs",
    "CloudStagePrivs",
    "StorageVaultPrivs",
    "WorkloadGroupPrivs",
    "ComputeGroupPrivs",
)


@statement("SHOW GRANTS", "SHOW ALL GRANTS", kind="SHOW")
def show_grants(session: Session, text: str) -> Result:
    """SHOW [ALL] GRANTS | SHOW GRANTS FOR user"""
    reader = Reader.after(text, "SHOW")
    everyone = reader.accept("ALL")
    reader.expect("GRANTS")
    identity = reader.user() if reader.accept("FOR") else session.identity
    reader.finish()
    accounts = session.warehouse.accounts
    if everyone or identity != session.identity:
        session.check("GRANT", error=missing("GRANT"))
    if everyone:
        return text_rows(_GRANTS, [_grant_row(session, one) for one in sorted(accounts.book.users)])
    if identity not in accounts.book.users:
        raise DorisError(f"User: {identity} does not exist")
    return text_rows(_GRANTS, [_grant_row(session, identity)])


def _grant_row(session: Session, identity: UserIdentity) -> list[str | None]:
    accounts = session.warehouse.accounts
    user, rights = accounts.book.users[identity], accounts.rights(identity)
    columns = "; ".join(
        f"internal.{db}.{table}: Select_priv[{', '.join(sorted(names))}]"
        for (db, table), names in sorted(rights.columns.items())
    )
    return [
        str(identity),
        user.comment,
        "Yes" if user.hash else "No",
        ",".join(sorted(user.roles)),
        *_scopes(rights),
        columns or None,
        None,
        None,
        None,
        None,
        _groups(rights),
        None,
    ]


def _scopes(rights: Rights) -> list[str | None]:
    """Privileges at the global, catalogue, database and table level."""
    levels: list[list[str]] = [[], [], [], []]
    for scope, privileges in sorted(rights.scopes.items()):
        depth = sum(part != ANY for part in scope)
        named = ".".join(part for part in scope if part != ANY)
        levels[depth].append(privileges.label if scope == GLOBAL else f"{named}: {privileges.label}")
    return ["; ".join(level) or None for level in levels]


def _groups(rights: Rights) -> str | None:
    return "; ".join(f"{name}: {privileges.label}" for name, privileges in sorted(rights.groups.items())) or None


@statement("SHOW ROLES", kind="SHOW")
def show_roles(session: Session, text: str) -> Result:
    """SHOW ROLES: the roles that do not belong to one user"""
    Reader.after(text, "SHOW", "ROLES").finish()
    session.check("GRANT", error=missing("GRANT"))
    book = session.warehouse.accounts.book
    rows = []
    for name, role in sorted(book.roles.items()):
        if is_default_role(name):
            continue
        levels = [
            level if i == 0 or level is None else _starred(role.rights, i)
            for i, level in enumerate(_scopes(role.rights))
        ]
        comment = None if name in BUILT_IN else role.comment
        users = ", ".join(map(str, book.holders(name)))
        rows.append([name, comment, users, *levels, None, None, None, None, _groups(role.rights), None])
    return text_rows(_ROLES, rows)


def _starred(rights: Rights, depth: int) -> str:
    """Scopes of a role are written as in GRANT: ``internal.d.*: Select_priv``."""
    return "; ".join(
        f"{'.'.join(scope)}: {privileges.label}"
        for scope, privileges in sorted(rights.scopes.items())
        if sum(part != ANY for part in scope) == depth
    )


@statement("SHOW CREATE USER", kind="SHOW")
def show_create_user(session: Session, text: str) -> Result:
    """SHOW CREATE USER user: without the password"""
    reader = Reader.after(text, "SHOW", "CREATE", "USER")
    identity = reader.user()
    reader.finish()
    if identity != session.identity:
        session.check("GRANT", error=missing("GRANT"))
    user = session.warehouse.accounts.book.users.get(identity)
    if user is None:
        raise DorisError(f"User: {identity} does not exist")
    created = f'CREATE USER {identity} IDENTIFIED BY *** {_rules(session, identity)} COMMENT "{user.comment}"'
    return text_rows(["User Identity", "Create Stmt"], [[identity.name, created]])


def _rules(session: Session, identity: UserIdentity) -> str:
    """The password rules as Doris shows them: what is not set as its DEFAULT, 0 or UNBOUNDED."""
    rules = session.warehouse.logins.of(identity)
    expiry = {0: "NEVER", -1: "DEFAULT"}.get(rules.expire_s, f"INTERVAL {rules.expire_s} SECOND")
    lock = f"{rules.lock_s} SECOND" if rules.lock_s > 0 else "UNBOUNDED"
    return (
        f" PASSWORD_HISTORY {rules.history if rules.history > 0 else 'DEFAULT'} PASSWORD_EXPIRE {expiry} "
        f"FAILED_LOGIN_ATTEMPTS {rules.attempts} PASSWORD_LOCK_TIME {lock}"
    )


@statement("SHOW PROPERTY", kind="SHOW")
def show_property(session: Session, text: str) -> Result:
    """SHOW PROPERTY [FOR 'user'] [LIKE 'pattern']: those that were set"""
    reader = Reader.after(text, "SHOW", "PROPERTY")
    name = reader.name_or_string() if reader.accept("FOR") else session.identity.name
    chosen = reader.filter()
    reader.finish()
    accounts = session.warehouse.accounts
    if name != session.identity.name:
        session.check("GRANT", error=missing("GRANT"))
    if not any(identity.name == name for identity in accounts.book.users):
        raise DorisError(f"User: {name} does not exist")
    matches = like(chosen.like)
    rows = [[key, value] for key, value in sorted(accounts.properties(name).items()) if matches(key)]
    return text_rows(["Key", "Value"], rows)
