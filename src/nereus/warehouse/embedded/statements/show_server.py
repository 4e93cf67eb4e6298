"""SHOW of the server itself: variables, sessions, nodes, character sets, and what is always empty."""

from __future__ import annotations

import os

from nereus.warehouse.embedded.dispatch import opening_words, refuse, statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.introspection.columns import INFORMATION_SCHEMA, system_tables
from nereus.warehouse.embedded.introspection.server import process_rows, variable_rows
from nereus.warehouse.embedded.introspection.storage import readable
from nereus.warehouse.embedded.openings import syntax_error
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.answers import from_system_table, like, typed_rows, words
from nereus.warehouse.embedded.statements.filtering import filtered
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.variables import defaults

refuse("SHOW LOAD PROFILE", "SHOW QUERY PROFILE", "SHOW QUERY STATS", kind="SHOW")

_VARIABLE_COLUMNS = (
    ("VARIABLE_NAME", "Variable_name"),
    ("VARIABLE_VALUE", "Value"),
    ("DEFAULT_VALUE", "Default_Value"),
    ("CHANGED", "Changed"),
)
#: An identification that Doris clients may keep; there is one node and it has no other number.
_NODE_ID = 10000


@statement("SHOW", kind="SHOW")
def show_unknown(session: Session, text: str) -> Result:
    """Every SHOW that has no handler of its own."""
    words = opening_words(text) or ["SHOW"]
    raise syntax_error(text, words) or Refused(f"the statement {' '.join(words[:3])}")


@statement(
    "SHOW VARIABLES",
    "SHOW SESSION VARIABLES",
    "SHOW GLOBAL VARIABLES",
    "SHOW LOCAL VARIABLES",
    kind="SHOW",
)
def show_variables(session: Session, text: str) -> Result:
    """SHOW [GLOBAL | SESSION] VARIABLES [LIKE | WHERE]"""
    reader = Reader.after(text, "SHOW")
    is_global = reader.accept_word("GLOBAL")
    if not reader.accept_word("VARIABLES"):
        reader.advance()
        reader.accept_word("VARIABLES")
    chosen = reader.filter()
    reader.finish()
    if chosen.where is not None:
        table = "global_variables" if is_global else "session_variables"
        return from_system_table(
            session, table, _VARIABLE_COLUMNS, where=chosen.where, renamed={"value": "VARIABLE_VALUE"}
        )
    values = session.warehouse.variables.values() if is_global else session.variables
    matches = like(chosen.like)
    rows = [row for row in variable_rows(values) if matches(row[0])]
    return text_rows([name for _, name in _VARIABLE_COLUMNS], rows)


@statement("SHOW CATALOG", kind="SHOW")
def show_catalog(session: Session, text: str) -> Result:
    """SHOW CATALOG name: the properties of a catalogue"""
    reader = Reader.after(text, "SHOW", "CATALOG")
    name = reader.name()
    reader.finish()
    if name != "internal":
        raise DorisError(f"Unknown catalog '{name}'", 5086, "42000")
    return text_rows(["Key", "Value"], [])


@statement("SHOW PROCESSLIST", "SHOW FULL PROCESSLIST", kind="SHOW")
def show_processlist(session: Session, text: str) -> Result:
    """SHOW [FULL] PROCESSLIST: one's own sessions, or all as admin; without FULL a text is cut to 100 characters"""
    reader = Reader.after(text, "SHOW")
    full = reader.accept("FULL")
    reader.expect_word("PROCESSLIST")
    reader.finish()
    columns = [(column.name, column.type) for column in system_tables()[INFORMATION_SCHEMA, "processlist"]]
    info = [name for name, _ in columns].index("Info")
    rows = [list(row) for row in process_rows(session)]
    for row in rows:
        row[info] = row[info] if full else row[info][:100]
    return typed_rows(columns, rows)


# Nodes: there is one process, which is frontend and backend in one


@statement("SHOW FRONTENDS", kind="SHOW")
def show_frontends(session: Session, text: str) -> Result:
    """The one process, as a frontend"""
    names = words(
        "Name Host EditLogPort HttpPort QueryPort RpcPort ArrowFlightSqlPort Role IsMaster ClusterId Join Alive "
        "ReplayedJournalId LastStartTime LastHeartbeat IsHelper ErrMsg Version CurrentConnected LiveSince"
    )
    started = f"{session.warehouse.started:%Y-%m-%d %H:%M:%S}"
    ports = session.warehouse.ports
    version = defaults()["version_comment"].removeprefix("doris version ")
    row = ["fe_embedded", "127.0.0.1", "-1", ports.get("http", -1), ports.get("mysql", -1), "-1", "-1", "FOLLOWER"]
    row += ["true", "1", "true", "true", "1", started, started, "true", "", version, "Yes", started]
    return filtered(session, names, [row], _after(text, "SHOW", "FRONTENDS"))


@statement("SHOW BACKENDS", kind="SHOW")
def show_backends(session: Session, text: str) -> Result:
    """The one process, as a backend: real disk, cores and memory"""
    names = words(
        "BackendId Host HeartbeatPort BePort HttpPort BrpcPort ArrowFlightSqlPort LastStartTime LastHeartbeat Alive "
        "SystemDecommissioned TabletNum DataUsedCapacity TrashUsedCapacity AvailCapacity TotalCapacity UsedPct "
        "MaxDiskUsedPct RemoteUsedCapacity Tag ErrMsg Version Status HeartbeatFailureCounter NodeRole CpuCores Memory "
        "LiveSince"
    )
    warehouse = session.warehouse
    disk = os.statvfs(warehouse.engine.spool)
    total, free = disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize
    used = f"{100 * (total - free) / total:.2f} %" if total else "0.00 %"
    started = f"{warehouse.started:%Y-%m-%d %H:%M:%S}"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    version = defaults()["version_comment"].removeprefix("doris version ")
    tables = sum(len(db.relations) for db in warehouse.catalog.snapshot().databases.values())
    row = [_NODE_ID, "127.0.0.1", "-1", "-1", warehouse.ports.get("http", -1), "-1", "-1", started, started, "true"]
    row += ["false", tables, readable(warehouse.file_bytes()), "0.000 ", readable(free), readable(total), used, used]
    remote = sum(cold.remote_bytes for cold in warehouse.catalog.snapshot().cold.values())
    row += [readable(remote), '{"location" : "default"}', "", version, "{}", "0", "mix"]
    row += [os.cpu_count(), readable(memory)]
    return filtered(session, names, [[*row, started]], _after(text, "SHOW", "BACKENDS"))


@statement("SHOW CATALOGS", kind="SHOW")
def show_catalogs(session: Session, text: str) -> Result:
    """The one catalogue"""
    names = ["CatalogId", "CatalogName", "Type", "IsCurrent", "CreateTime", "LastUpdateTime", "Comment", "ErrorMsg"]
    reader = Reader.after(text, "SHOW", "CATALOGS")
    rows = [[0, "internal", "internal", "Yes", None, None, "Doris internal catalog", ""]]
    if reader.accept("LIKE"):
        matches = like(reader.string())
        reader.finish()
        return text_rows(names, [row for row in rows if matches(str(row[1]))])
    return filtered(session, names, rows, reader.tail())


@statement("SHOW CREATE CATALOG", kind="SHOW")
def show_create_catalog(session: Session, text: str) -> Result:
    reader = Reader.after(text, "SHOW", "CREATE", "CATALOG")
    name = reader.name()
    reader.finish()
    if name != "internal":
        raise DorisError(f"Unknown catalog '{name}'")
    created = '\nCREATE CATALOG `internal`\nCOMMENT "Doris internal catalog"\n'
    return text_rows(["Catalog", "CreateCatalog"], [[name, created]])


def _after(text: str, *words: str) -> str:
    return Reader.after(text, *words).tail()
