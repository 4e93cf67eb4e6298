"""CREATE, ALTER, DROP and SHOW of workload groups; CREATE, ALTER and DROP of workload policies."""

from __future__ import annotations

from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.introspection.server import visible_groups
from nereus.warehouse.embedded.result import Ok, Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import STRING
from nereus.warehouse.embedded.statements.answers import like
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.workload import SHOWN
from nereus.warehouse.embedded.workload.policies import Action, Condition

_COLUMNS = ("Id", "Name", *SHOWN, "running_query_num", "waiting_query_num")
_OPERATORS = ("=", ">", ">=", "<", "<=", "<>", "<=>")


@statement("CREATE WORKLOAD GROUP", "ALTER WORKLOAD GROUP", "DROP WORKLOAD GROUP", kind="CREATE")
def workload_group(session: Session, text: str) -> Ok:
    """CREATE | ALTER | DROP WORKLOAD GROUP [IF ...] name [FOR compute group] [PROPERTIES (...)]"""
    reader = Reader(text)
    verb = reader.advance().word
    reader.expect("WORKLOAD")
    reader.expect("GROUP")
    tolerant = reader.if_not_exists() if verb == "CREATE" else verb == "DROP" and reader.if_exists()
    name = reader.name_or_string()
    if reader.accept("FOR"):
        compute = reader.name_or_string()
        if compute != "default":
            raise DorisError(f"Can not find compute group {compute}.")
    properties = {} if verb == "DROP" else reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    groups = session.warehouse.groups
    if verb == "CREATE":
        groups.create(name, properties, if_not_exists=tolerant)
    elif verb == "ALTER":
        groups.alter(name, properties)
    else:
        groups.drop(name, if_exists=tolerant, check=lambda: _check_unused(session, name))
    return Ok()


def _check_unused(session: Session, name: str) -> None:
    for user, properties in session.warehouse.accounts.book.properties.items():
        if properties.get("default_workload_group") == name:
            raise DorisError(
                f"Workload group {name} is set for user {user}, you can reset the user's property(eg, "
                f"set property for {user} 'default_workload_group'='xxx'; ), then you can drop the group."
            )
    if any(policy.group == name for policy in session.warehouse.workload_policies.policies.values()):
        raise DorisError(f"Workload group {name} can't be dropped, because it has related policy")


@statement("SHOW WORKLOAD GROUPS", kind="SHOW")
def show_workload_groups(session: Session, text: str) -> Result:
    """SHOW WORKLOAD GROUPS [LIKE 'pattern']: what is declared, and how many statements run and wait"""
    reader = Reader.after(text, "SHOW", "WORKLOAD", "GROUPS")
    chosen = reader.filter()
    reader.finish()
    matches = like(chosen.like)
    found = [session.warehouse.groups.groups[name] for name in visible_groups(session) if matches(name)]
    rows = [
        [group.id, group.name, *map(group.get, SHOWN), *session.warehouse.queues.counts(group.name)] for group in found
    ]
    return text_rows(_COLUMNS, rows)


@statement("CREATE WORKLOAD POLICY", kind="CREATE")
def create_policy(session: Session, text: str) -> Ok:
    """CREATE WORKLOAD POLICY [IF NOT EXISTS] name CONDITIONS (metric > n, ...) ACTIONS (cancel_query) [PROPERTIES]"""
    reader = Reader.after(text, "CREATE", "WORKLOAD", "POLICY")
    tolerant = reader.if_not_exists()
    name = reader.name_or_string()
    conditions = _conditions(reader) if reader.accept_word("CONDITIONS") else []
    actions = _actions(reader) if reader.accept_word("ACTIONS") else []
    properties = reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    session.warehouse.workload_policies.create(name, conditions, actions, properties, if_not_exists=tolerant)
    return Ok()


def _conditions(reader: Reader) -> list[Condition]:
    found = []
    reader.expect("(")
    while True:
        metric = reader.name()
        if reader.kind not in _OPERATORS:
            reader.fail()
        operator = reader.advance().kind
        if reader.kind == STRING:
            value = reader.string()
        else:
            sign = "-" if reader.accept("-") else ""
            if reader.kind not in ("integer", "decimal"):
                reader.fail()
            value = sign + reader.advance().value
        found.append(Condition.of(metric, operator, value))
        if not reader.accept(","):
            break
    reader.expect(")")
    return found


def _actions(reader: Reader) -> list[Action]:
    found = []
    reader.expect("(")
    while True:
        name = reader.advance().value if reader.token.word == "SET_SESSION_VARIABLE" else reader.name()
        found.append(Action.of(name, reader.string() if reader.kind == STRING else ""))
        if not reader.accept(","):
            break
    reader.expect(")")
    return found


@statement("ALTER WORKLOAD POLICY", kind="ALTER")
def alter_policy(session: Session, text: str) -> Ok:
    """ALTER WORKLOAD POLICY name PROPERTIES (...)"""
    reader = Reader.after(text, "ALTER", "WORKLOAD", "POLICY")
    name = reader.name_or_string()
    properties = reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    session.warehouse.workload_policies.alter(name, properties)
    return Ok()


@statement("DROP WORKLOAD POLICY", kind="DROP")
def drop_policy(session: Session, text: str) -> Ok:
    """DROP WORKLOAD POLICY [IF EXISTS] name"""
    reader = Reader.after(text, "DROP", "WORKLOAD", "POLICY")
    tolerant = reader.if_exists()
    name = reader.name_or_string()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    session.warehouse.workload_policies.drop(name, if_exists=tolerant)
    return Ok()
