"""CREATE, ALTER, DROP and SHOW SQL_BLOCK_RULE."""

from __future__ import annotations

from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.result import Ok, Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.reader import Reader

_COLUMNS = ("Name", "Sql", "SqlHash", "PartitionNum", "TabletNum", "Cardinality", "Global", "Enable")


@statement("CREATE SQL_BLOCK_RULE", kind="CREATE")
def create_rule(session: Session, text: str) -> Ok:
    """CREATE SQL_BLOCK_RULE [IF NOT EXISTS] name PROPERTIES ("sql" | "sqlHash" = "...", "global", "enable")"""
    reader = Reader.after(text, "CREATE", "SQL_BLOCK_RULE")
    tolerant = reader.if_not_exists()
    name = reader.name()
    properties = reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    session.warehouse.block_rules.create(name, properties, if_not_exists=tolerant)
    return Ok()


@statement("ALTER SQL_BLOCK_RULE", kind="ALTER")
def alter_rule(session: Session, text: str) -> Ok:
    """ALTER SQL_BLOCK_RULE name PROPERTIES (...)"""
    reader = Reader.after(text, "ALTER", "SQL_BLOCK_RULE")
    name = reader.name()
    properties = reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    session.warehouse.block_rules.alter(name, properties)
    return Ok()


@statement("DROP SQL_BLOCK_RULE", kind="DROP")
def drop_rules(session: Session, text: str) -> Ok:
    """DROP SQL_BLOCK_RULE [IF EXISTS] name, ..."""
    reader = Reader.after(text, "DROP", "SQL_BLOCK_RULE")
    tolerant = reader.if_exists()
    names = [reader.name()]
    while reader.accept(","):
        names.append(reader.name())
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    session.warehouse.block_rules.drop(names, if_exists=tolerant)
    return Ok()


@statement("SHOW SQL_BLOCK_RULE", kind="SHOW")
def show_rules(session: Session, text: str) -> Result:
    """SHOW SQL_BLOCK_RULE [FOR name]"""
    reader = Reader.after(text, "SHOW", "SQL_BLOCK_RULE")
    wanted = reader.name() if reader.accept("FOR") else None
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    rules = session.warehouse.block_rules.rules
    return text_rows(_COLUMNS, [rule.shown for name, rule in sorted(rules.items()) if wanted in (None, name)])
