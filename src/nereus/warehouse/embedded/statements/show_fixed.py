"""SHOW statements whose answer does not depend on anything, most of them because there is nothing to show."""

from __future__ import annotations

from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.rules.builtins import NAMES
from nereus.warehouse.embedded.statements.answers import find, like, named_database
from nereus.warehouse.embedded.statements.reader import Reader

Answer = tuple[tuple[str, ...], list[tuple[str, ...]]]

_CHARSETS: Answer = (
    ("Charset", "Description", "Default collation", "Maxlen"),
    [("utf8mb4", "UTF-8 Unicode", "utf8mb4_0900_bin", "4")],
)
_ENGINES: Answer = (
    ("Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"),
    [
        ("Olap engine", "YES", "Default storage engine of Doris", "NO", "NO", "NO"),
        ("MySQL", "YES", "MySQL server which data is in it", "NO", "NO", "NO"),
        ("ELASTICSEARCH", "YES", "ELASTICSEARCH cluster which data is in it", "NO", "NO", "NO"),
        ("HIVE", "YES", "HIVE database which data is in it", "NO", "NO", "NO"),
        ("ICEBERG", "YES", "ICEBERG data lake which data is in it", "NO", "NO", "NO"),
        ("ODBC", "YES", "ODBC driver which data we can connect", "NO", "NO", "NO"),
        ("HUDI", "YES", "HUDI data lake which data is in it", "NO", "NO", "NO"),
    ],
)
_MESSAGES: Answer = (("Level", "Code", "Message"), [])
_TABLE_SCOPE = "GLOBAL,CATALOG,DATABASE,TABLE"

#: Opening -> (columns, rows).
_ANSWERS: dict[str, Answer] = {
    "SHOW COLLATION": (
        ("Collation", "Charset", "Id", "Default", "Compiled", "Sortlen"),
        [
            ("utf8mb4_0900_bin", "utf8mb4", "309", "Yes", "Yes", "1"),
            ("utf8mb3_general_ci", "utf8mb3", "33", "Yes", "Yes", "1"),
        ],
    ),
    "SHOW CHARSET": _CHARSETS,
    "SHOW CHAR SET": _CHARSETS,
    "SHOW CHARACTER SET": _CHARSETS,
    "SHOW ENGINES": _ENGINES,
    "SHOW STORAGE ENGINES": _ENGINES,
    "SHOW PRIVILEGES": (
        ("Privilege", "Context", "Comment"),
        [
            ("Node_priv", "GLOBAL", "Privilege for cluster node operations"),
            ("Admin_priv", "GLOBAL", "Privilege for admin user"),
            ("Grant_priv", f"{_TABLE_SCOPE},RESOURCE,WORKLOAD GROUP", "Privilege for granting privilege"),
            ("Select_priv", _TABLE_SCOPE, "Privilege for select data in tables"),
            ("Load_priv", _TABLE_SCOPE, "Privilege for loading data into tables"),
            ("Alter_priv", _TABLE_SCOPE, "Privilege for alter catalog, database or table"),
            ("Create_priv", _TABLE_SCOPE, "Privilege for creating catalog, database or table"),
            ("Drop_priv", _TABLE_SCOPE, "Privilege for dropping catalog, database or table"),
            ("Usage_priv", "RESOURCE,WORKLOAD GROUP", "Privilege for using resource or workloadGroup"),
            ("Show_view_priv", _TABLE_SCOPE, "Privilege for show create view"),
        ],
    ),
    "SHOW WARNINGS": _MESSAGES,
    "SHOW ERRORS": _MESSAGES,
    "SHOW STATUS": (("Variable_name", "Value"), []),
    "SHOW SESSION STATUS": (("Variable_name", "Value"), []),
    "SHOW GLOBAL STATUS": (("Variable_name", "Value"), []),
    "SHOW AUTHORS": (("Name", "Location", "Comment"), []),
    "SHOW PLUGINS": (
        (
            "Name",
            "Type",
            "Description",
            "Version",
            "JavaVersion",
            "ClassName",
            "SoName",
            "Sources",
            "Status",
            "Properties",
        ),
        [],
    ),
    "SHOW BROKER": (("Name", "Host", "Port", "Alive", "LastStartTime", "LastUpdateTime", "ErrMsg"), []),
    "SHOW EVENTS": (
        (
            "Db",
            "Name",
            "Definer",
            "Time",
            "Type",
            "Execute at",
            "Interval value",
            "Interval field",
            "Status",
            "Ends",
            "Status",
            "Originator",
            "character_set_client",
            "collation_connection",
            "Database Collation",
        ),
        [],
    ),
    "SHOW TRIGGERS": (
        (
            "Trigger",
            "Event",
            "Table",
            "Statement",
            "Timing",
            "Created",
            "sql_mode",
            "Definer",
            "character_set_client",
            "collation_connection",
            "Database Collation",
        ),
        [],
    ),
    "SHOW FUNCTIONS": (("Function Name",), []),
    "SHOW GLOBAL FUNCTIONS": (("Function Name",), []),
    "SHOW ENCRYPTKEYS": (("EncryptKey Name", "EncryptKey String"), []),
    "SHOW CONSTRAINTS": (("Name", "Type", "Definition"), []),
}
_ANSWERS["SHOW FULL TRIGGERS"] = _ANSWERS["SHOW TRIGGERS"]
_FUNCTIONS = ("Signature", "Return Type", "Function Type", "Intermediate Type", "Properties")
_ANSWERS["SHOW FULL FUNCTIONS"] = _ANSWERS["SHOW GLOBAL FULL FUNCTIONS"] = (_FUNCTIONS, [])
_ROUTINES = ("ProcedureName", "CatalogId", "DbId", "DbName", "PackageName", "OwnerName", "CreateTime", "ModifyTime")
_ANSWERS["SHOW PROCEDURE STATUS"] = _ANSWERS["SHOW FUNCTION STATUS"] = (_ROUTINES, [])

_ANSWERS["SHOW LOCAL STATUS"] = _ANSWERS["SHOW STATUS"]


#: What Doris' grammar lets follow. It narrows what is empty anyway; the answer of SHOW COLLATION Doris leaves whole.
_TAILS = {
    "SHOW COLLATION": "filter",
    "SHOW WARNINGS": "limit",
    "SHOW ERRORS": "limit",
    "SHOW EVENTS": "database filter",
    "SHOW TRIGGERS": "database filter",
    "SHOW FULL TRIGGERS": "database filter",
    "SHOW PROCEDURE STATUS": "filter",
    "SHOW FUNCTION STATUS": "filter",
    "SHOW FUNCTIONS": "database like",
    "SHOW FULL FUNCTIONS": "database like",
    "SHOW GLOBAL FUNCTIONS": "like",
    "SHOW GLOBAL FULL FUNCTIONS": "like",
    "SHOW ENCRYPTKEYS": "database like",
    "SHOW CONSTRAINTS": "table",
}


def _register(opening: str) -> None:
    names, rows = _ANSWERS[opening]

    def show(session: Session, text: str) -> Result:
        reader = Reader.after(text, *opening.split())
        _tail(session, reader, _TAILS.get(opening, ""))
        reader.finish()
        return text_rows(names, rows)

    statement(opening, kind="SHOW")(show)


def _tail(session: Session, reader: Reader, allowed: str) -> None:
    parts = allowed.split()
    if "table" in parts:
        reader.expect("FROM")
        find(session, *reader.table(session.database))
    if "database" in parts and (reader.accept("FROM") or reader.accept("IN")):
        reader.database()
    if "filter" in parts:
        reader.filter()
    if "like" in parts and reader.accept("LIKE"):
        reader.string()
    if "limit" in parts and reader.accept("LIMIT"):
        reader.integer()
        if reader.accept(",") or reader.accept_word("OFFSET"):
            reader.integer()


for _opening in _ANSWERS:
    _register(_opening)


@statement("SHOW BUILTIN FUNCTIONS", "SHOW FULL BUILTIN FUNCTIONS", kind="SHOW")
def show_builtin_functions(session: Session, text: str) -> Result:
    """SHOW [FULL] BUILTIN FUNCTIONS [FROM db] [LIKE pattern]: names of Doris' functions, of refused ones too"""
    reader = Reader.after(text, "SHOW")
    full = reader.accept("FULL")
    reader.expect_word("BUILTIN")
    reader.expect_word("FUNCTIONS")
    named_database(session, reader.from_database(session.database))
    matches = like(reader.string() if reader.accept("LIKE") else None, case_sensitive=False)
    reader.finish()
    rows = [[name, "", "", "", ""] for name in sorted(NAMES) if matches(name)]
    return text_rows(_FUNCTIONS, rows) if full else text_rows(["Function Name"], [row[:1] for row in rows])


@statement("SHOW CREATE FUNCTION", "SHOW CREATE GLOBAL FUNCTION", kind="SHOW")
def show_create_function(session: Session, text: str) -> Result:
    """SHOW CREATE [GLOBAL] FUNCTION name(types): users have none of their own"""
    reader = Reader.after(text, "SHOW", "CREATE")
    everywhere = reader.accept_word("GLOBAL")
    reader.expect_word("FUNCTION")
    db, name = ("__GLOBAL__", reader.name()) if everywhere else reader.table(session.database)
    named = reader.tail()
    raise DorisError(f"Unknown function, function={db}.{name}{named}")


@statement("SHOW CLUSTERS", "SHOW COMPUTE GROUPS", kind="SHOW")
def show_clusters(session: Session, text: str) -> Result:
    """Refused as Doris refuses it where storage is not shared"""
    raise DorisError("Command only support in cloud mode.")


@statement("SHOW STORAGE VAULT", "SHOW STORAGE VAULTS", kind="SHOW")
def show_storage_vaults(session: Session, text: str) -> Result:
    """Refused as Doris refuses it where storage is not shared"""
    raise DorisError("Storage Vault is only supported for cloud mode")


@statement("SHOW COUNT", kind="SHOW")
def show_count(session: Session, text: str) -> Result:
    """SHOW COUNT(*) WARNINGS | ERRORS"""
    reader = Reader.after(text, "SHOW", "COUNT")
    for mark in ("(", "*", ")"):
        reader.expect(mark)
    word = reader.advance().word.lower()
    reader.finish()
    if word not in ("warnings", "errors"):
        raise DorisError("SHOW COUNT(*) is of WARNINGS or ERRORS")
    return text_rows([f"@@session.{word[:-1]}_count"], [["0"]])
