"""SET and UNSET: session and global variables, user variables, character sets."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import refuse, statement
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.binder import bind_query, bind_scalar
from nereus.warehouse.embedded.sql.lexer import DECIMAL, END, INTEGER, NAME, QUOTED, STRING
from nereus.warehouse.embedded.sql.parse import parse_expression, parse_query
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.variables import catalogue, check, defaults, resolve

_PLAIN = (STRING, INTEGER, DECIMAL, NAME, QUOTED, "TRUE", "FALSE")

refuse("SET LDAP_ADMIN_PASSWORD", "UNSET DEFAULT STORAGE", kind="SET")


@statement("SET", kind="SET")
def set_variables(session: Session, text: str) -> Ok:
    """SET [GLOBAL | SESSION] name = value, @user = value, NAMES charset, ...; all are checked as they come."""
    reader = Reader.after(text, "SET")
    while True:
        _set_one(session, reader)
        if not reader.accept(","):
            break
    reader.finish()
    return Ok()


@statement("SET TRANSACTION", "SET SESSION TRANSACTION", "SET GLOBAL TRANSACTION", "SET LOCAL TRANSACTION", kind="SET")
def set_transaction(session: Session, text: str) -> Ok:
    """SET [SESSION] TRANSACTION ...: accepted without effect, as in Doris."""
    reader = Reader.after(text, "SET")
    _scope(reader)
    reader.expect_word("TRANSACTION")
    while True:
        if reader.accept("READ"):
            if not (reader.accept("WRITE") or reader.accept_word("ONLY")):
                reader.fail("{'ONLY', 'WRITE'}")
        else:
            reader.expect_word("ISOLATION")
            reader.expect_word("LEVEL")
            if not any(reader.accept_words(*level.split()) for level in _LEVELS):
                reader.fail("{'READ', 'REPEATABLE', 'SERIALIZABLE'}")
        if not reader.accept(","):
            break
    reader.finish()
    return Ok()


_LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")


@statement("UNSET", kind="UNSET")
def unset(session: Session, text: str) -> Ok:
    """UNSET [GLOBAL | SESSION] VARIABLE name | ALL: back to the default."""
    reader = Reader.after(text, "UNSET")
    scope = _scope(reader)
    reader.expect_word("VARIABLE")
    names = list(catalogue()) if reader.accept("ALL") else [resolve(reader.name())]
    reader.finish()
    if scope == "global":
        session.check("ADMIN", error=missing("ADMIN"))
    for name in names:
        session.variables[name] = defaults()[name]
        if scope == "global" and session.warehouse.variables.get(name) != defaults()[name]:
            session.warehouse.variables.set(name, defaults()[name])
    return Ok()


def assign(session: Session, scope: str, name: str, value: str | None) -> None:
    """Set a variable; None is DEFAULT. A global one is set in this session too, as Doris does."""
    canonical = resolve(name)
    variable = catalogue()[canonical]
    if variable.scope == "nowhere":
        raise DorisError(f"Variable '{name}' is a read only variable")
    if scope == "global" and variable.scope == "session":
        raise DorisError(f"Variable '{name}' is a SESSION variable and can't be used with SET GLOBAL")
    if scope != "global" and variable.scope == "global":
        raise DorisError(f"Variable '{name}' is a GLOBAL variable and should be set with SET GLOBAL")
    if scope == "global":
        session.check("ADMIN", error=missing("ADMIN"))
    checked = {canonical: variable.default if value is None else check(canonical, value)}
    if canonical == "max_execution_time":
        # MySQL's name for the same limit, in milliseconds.
        checked["query_timeout"] = str(int(checked[canonical]) // 1000)
    if scope == "global":
        for key, text in checked.items():
            session.warehouse.variables.set(key, text)
    session.variables.update(checked)


def _set_one(session: Session, reader: Reader) -> None:
    if reader.accept_word("NAMES"):
        reader.accept("=")
        _charset(reader)
        if reader.accept("COLLATE") and not reader.accept("DEFAULT"):
            reader.name_or_string()
        return
    if reader.accept_word("CHARSET") or reader.accept_words("CHARACTER", "SET") or reader.accept_words("CHAR", "SET"):
        _charset(reader)
        return
    if reader.accept("@"):
        name = reader.name()
        reader.expect("=")
        session.user_variables[name.lower()] = _literal(session, _source(reader))
        return
    if reader.accept("@@"):
        scope = _scope(reader)
        if scope:
            reader.expect(".")
    else:
        scope = _scope(reader)
    name = reader.name()
    reader.expect("=")
    value = None if reader.accept("DEFAULT") else _value(session, reader)
    assign(session, scope, name, value)


def _scope(reader: Reader) -> str:
    for word in ("GLOBAL", "SESSION", "LOCAL"):
        if reader.accept_word(word):
            return word.lower()
    return ""


def _charset(reader: Reader) -> None:
    """Doris speaks UTF-8 alone."""
    if reader.accept("DEFAULT"):
        return
    name = reader.name_or_string()
    if not name.lower().startswith("utf8"):
        raise DorisError(f"Unknown character set: '{name.lower()}'")


def _value(session: Session, reader: Reader) -> str:
    """A constant as text; a bare word stands for itself."""
    if reader.kind in _PLAIN and reader.ahead().kind in (",", ";", END):
        return reader.advance().value
    if reader.kind == "-" and reader.ahead().kind in (INTEGER, DECIMAL) and reader.ahead(2).kind in (",", ";", END):
        reader.advance()
        return f"-{reader.advance().value}"
    found, _ = _evaluate(session, _source(reader))
    # Doris keeps the word; Connector/J sets character_set_results = NULL.
    return "NULL" if found is None else found


def _source(reader: Reader) -> str:
    """The text of an expression, to the comma or the end behind it."""
    start, depth = reader.token.start, 0
    while reader.kind not in (END, ";") and (depth or reader.kind != ","):
        depth += (reader.kind in ("(", "[")) - (reader.kind in (")", "]"))
        reader.advance()
    return reader.source(start)


def _evaluate(session: Session, text: str) -> tuple[str | None, DorisType]:
    """An expression's value as text, and its type."""
    query = parse_query(f"SELECT {text}", sql_mode=session.variables["sql_mode"])
    bound = bind_query(query, session.warehouse.schema(session), session.facts)
    row = session.cursor.execute(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({bound.sql})").fetchone()
    return (row[0] if row else None), bound.columns[0].type


def _literal(session: Session, text: str) -> Typed:
    """The value of an expression as a literal of its type, which is what a user variable keeps."""
    node = parse_expression(text, sql_mode=session.variables["sql_mode"])
    value = bind_scalar(node, session.warehouse.schema(session), session.facts, text=text)
    if value.literal is not None:
        return value
    found, kind = _evaluate(session, text)
    inner = exp.Null() if found is None else exp.Literal.string(found)
    return Typed(exp.Cast(this=inner, to=exp.DataType.build(kind.duckdb, dialect="duckdb")), kind)
