"""CREATE, DROP and SHOW ROW POLICY."""

from __future__ import annotations

from nereus.warehouse.embedded.accounts import UserIdentity
from nereus.warehouse.embedded.catalog.policies import EXEMPT, RowPolicy
from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok, ResultSet, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.binder import bind_scalar
from nereus.warehouse.embedded.sql.parse import parse_expression
from nereus.warehouse.embedded.statements.reader import Reader

_SHOWN = (
    "PolicyName",
    "CatalogName",
    "DbName",
    "TableName",
    "Type",
    "FilterType",
    "WherePredicate",
    "User",
    "Role",
    "OriginStmt",
)


@statement("CREATE ROW POLICY", kind="CREATE")
def create_row_policy(session: Session, text: str) -> Ok:
    """CREATE ROW POLICY [IF NOT EXISTS] name ON table AS RESTRICTIVE | PERMISSIVE TO user | ROLE r USING (condition)"""
    reader = Reader.after(text, "CREATE", "ROW", "POLICY")
    if_not_exists = reader.if_not_exists()
    name = reader.name()
    reader.expect("ON")
    db, table = reader.table(session.database)
    reader.expect("AS")
    kind = reader.token.word
    if kind not in ("RESTRICTIVE", "PERMISSIVE"):
        reader.fail("{'PERMISSIVE', 'RESTRICTIVE'}")
    reader.advance()
    reader.expect("TO")
    user, role = _holder(reader)
    reader.expect("USING")
    reader.expect("(")
    start, depth = reader.token.start, 1
    while reader.kind != "end":
        depth += (reader.kind == "(") - (reader.kind == ")")
        if depth == 0:
            break
        reader.advance()
    condition = text[start : reader.token.start].strip()
    reader.expect(")")
    reader.finish()
    session.check("GRANT", error=missing("GRANT"))
    book = session.warehouse.accounts.book
    if user is not None:
        if user.name in EXEMPT:
            raise DorisError("not allow add row policy for system user")
        if user not in book.users:
            raise DorisError(f"user not exist: {user}")
    if role and role not in book.roles:
        raise DorisError(f"role not exist: {role}")
    _check(session, db, table, condition)
    policy = RowPolicy(name, db, table, kind == "RESTRICTIVE", condition, text.strip(), role=role)
    if user is not None:
        policy = RowPolicy(name, db, table, kind == "RESTRICTIVE", condition, text.strip(), user.name, user.host)
    session.warehouse.row_policies.create(policy, if_not_exists=if_not_exists)
    session.warehouse.catalog.touch()
    return Ok()


def _holder(reader: Reader) -> tuple[UserIdentity | None, str]:
    """``'user'@'host'`` or ``ROLE name``."""
    if reader.token.word == "ROLE" and reader.ahead().kind not in ("@", "USING", "end"):
        reader.advance()
        return None, reader.name_or_string()
    return reader.user(), ""


def _check(session: Session, db: str, table: str, condition: str) -> None:
    """Raise for a condition by which no query could be filtered."""
    schema = session.warehouse.schema(session)
    if not schema.has_database(db):
        raise DorisError(f"Unknown database '{db}'")
    relation = schema.relation(db, table)
    if relation is None:
        raise DorisError(f"Unknown table '{table}'")
    parsed = parse_expression(condition)
    known = {column.name.lower() for column in relation.columns}
    for name in parsed.find_all(tree.Name):
        column = str(name.args["parts"][-1])
        if column.lower() not in known:
            raise DorisError(f"column not exist: {column}")
    if parsed.find(tree.QueryExpression) is not None:
        raise Refused("a row policy with a subquery", "Compare columns with constants.")
    if bind_scalar(parsed, schema, session.facts, relation, condition).type.name != "boolean":
        raise Refused("a row policy whose condition is no comparison", "Write a condition that is true or false.")


@statement("DROP ROW POLICY", kind="DROP")
def drop_row_policy(session: Session, text: str) -> Ok:
    """DROP ROW POLICY [IF EXISTS] name ON table [FOR user | ROLE r]"""
    reader = Reader.after(text, "DROP", "ROW", "POLICY")
    if_exists = reader.if_exists()
    name = reader.name()
    reader.expect("ON")
    db, table = reader.table(session.database)
    user, role = _holder(reader) if reader.accept("FOR") else (None, "")
    reader.finish()
    session.check("GRANT", error=missing("GRANT"))

    def matches(policy: RowPolicy) -> bool:
        if (policy.db, policy.table) != (db, table) or (role and policy.role != role):
            return False
        return user is None or (policy.user, policy.host) == user

    session.warehouse.row_policies.drop(name, matches, if_exists=if_exists)
    session.warehouse.catalog.touch()
    return Ok()


@statement("SHOW ROW POLICY", kind="SHOW")
def show_row_policy(session: Session, text: str) -> ResultSet:
    """SHOW ROW POLICY [FOR user | ROLE r]"""
    reader = Reader.after(text, "SHOW", "ROW", "POLICY")
    user, role = _holder(reader) if reader.accept("FOR") else (None, "")
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    rows = [
        (
            policy.name,
            "internal",
            policy.db,
            policy.table,
            "ROW",
            "RESTRICTIVE" if policy.restrictive else "PERMISSIVE",
            policy.condition,
            policy.user or None,
            policy.role or None,
            policy.statement,
        )
        for policy in session.warehouse.row_policies
        if (user is None or (policy.user, policy.host) == user) and (not role or policy.role == role)
    ]
    return text_rows(_SHOWN, rows)
