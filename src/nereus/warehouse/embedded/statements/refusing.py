"""Statements of Doris that have no meaning without a cluster, or that read and write other systems: refused by name.

Who may not run them is told that first, as Doris tells it.
"""

from __future__ import annotations

from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Result
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.reader import Reader

_ONE_CATALOG = "There is the catalogue internal alone: load the data with Stream Load."
_LOAD = "Use Stream Load or INSERT."
_ONE_NODE = "There is one node, and it is not managed with SQL."
_NO_FUNCTIONS = "Write the expression, or put it in a view."

#: (opening, privilege without which Doris does not look at it, what to do instead).
_REFUSED = (
    ("CREATE CATALOG", "", _ONE_CATALOG),
    ("CREATE EXTERNAL CATALOG", "", _ONE_CATALOG),
    ("ALTER CATALOG", "", _ONE_CATALOG),
    ("DROP CATALOG", "", _ONE_CATALOG),
    ("ALTER SYSTEM", "NODE", _ONE_NODE),
    ("CANCEL DECOMMISSION", "NODE", _ONE_NODE),
    ("ADMIN", "ADMIN", _ONE_NODE),
    ("CLEAN", "ADMIN", "There is nothing to clean."),
    ("WARM", "ADMIN", "There is nothing to warm up."),
    ("INSTALL", "ADMIN", "There are no plugins."),
    ("UNINSTALL", "ADMIN", "There are no plugins."),
    ("CANCEL", "", "Use KILL QUERY."),
    ("REFRESH", "", "What it shows is always new."),
    ("ALTER REPOSITORY", "ADMIN", "DROP the repository and CREATE it again: what lies in it stays."),
    ("COPY", "", _LOAD),
    ("LOAD", "", _LOAD),
    ("CREATE ROUTINE LOAD", "", _LOAD),
    ("ALTER ROUTINE LOAD", "", _LOAD),
    ("PAUSE ROUTINE LOAD", "", _LOAD),
    ("RESUME ROUTINE LOAD", "", _LOAD),
    ("STOP ROUTINE LOAD", "", _LOAD),
    ("SYNC", "", "Every write is there once it is answered."),
    ("PLAN REPLAYER", "", "Use EXPLAIN."),
    ("CREATE FUNCTION", "", _NO_FUNCTIONS),
    ("CREATE GLOBAL FUNCTION", "ADMIN", _NO_FUNCTIONS),
    ("CREATE TABLES FUNCTION", "", _NO_FUNCTIONS),
    ("CREATE AGGREGATE FUNCTION", "", _NO_FUNCTIONS),
    ("CREATE ALIAS FUNCTION", "", _NO_FUNCTIONS),
    ("CREATE GLOBAL ALIAS FUNCTION", "ADMIN", _NO_FUNCTIONS),
    ("DROP FUNCTION", "", _NO_FUNCTIONS),
    ("DROP GLOBAL FUNCTION", "ADMIN", _NO_FUNCTIONS),
    ("CREATE DICTIONARY", "", "Write a join."),
    ("DROP DICTIONARY", "", "Write a join."),
    ("REFRESH DICTIONARY", "", "Write a join."),
    ("CREATE ENCRYPTKEY", "ADMIN", "Encrypt and decrypt where the key is kept."),
    ("DROP ENCRYPTKEY", "ADMIN", "Encrypt and decrypt where the key is kept."),
    ("CREATE FILE", "ADMIN", "There is nothing that would read it."),
    ("DROP FILE", "ADMIN", "There is nothing that would read it."),
    ("ALTER COLOCATE GROUP", "ADMIN", _ONE_NODE),
    ("CREATE PROCEDURE", "", "There are no stored procedures: send the statements."),
    ("DROP PROCEDURE", "", "There are no stored procedures: send the statements."),
)


def _register(opening: str, privilege: str, instead: str) -> None:
    def refuse(session: Session, text: str) -> Result:
        if privilege:
            session.check(privilege, error=missing(privilege))
        raise Refused(f"{opening} statements", instead)

    statement(opening, kind=opening.split(maxsplit=1)[0])(refuse)


for _row in _REFUSED:
    _register(*_row)


@statement("CALL", kind="CALL")
def call(session: Session, text: str) -> Result:
    """CALL: there are no procedures, and Doris' number for a missing one is 1407"""
    raise DorisError("there are no stored procedures. Send the statements.", 1407, "42000")


@statement("REFRESH CATALOG", kind="REFRESH")
def refresh_catalog(session: Session, text: str) -> Result:
    """REFRESH CATALOG name: the internal one is not refreshed, and there is no other"""
    reader = Reader.after(text, "REFRESH", "CATALOG")
    name = reader.name()
    if name == "internal":
        raise DorisError("Internal catalog name can't be refresh.")
    raise DorisError(f"Unknown catalog '{name}'", 5086, "42000")


@statement("ADMIN CHECK TABLET", kind="ADMIN")
def check_tablet(session: Session, text: str) -> Result:
    """ADMIN CHECK TABLET (id, ...) PROPERTIES ("type" = "consistency"): there are no tablets"""
    session.check("ADMIN", error=missing("ADMIN"))
    reader = Reader.after(text, "ADMIN", "CHECK", "TABLET")
    reader.expect("(")
    reader.integer()
    while reader.accept(","):
        reader.integer()
    reader.expect(")")
    properties = {key.lower(): value for key, value in reader.properties().items()}
    reader.finish()
    if "type" not in properties:
        raise DorisError("Should specify 'type' property")
    raise Refused("ADMIN CHECK TABLET", "There are no tablets.")
