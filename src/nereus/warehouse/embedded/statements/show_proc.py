"""SHOW PROC and the SHOW statements that find an object by its number."""

from __future__ import annotations

from typing import Any

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import find as route_of
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.introspection.partitions import partition_facts
from nereus.warehouse.embedded.introspection.storage import readable
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import INTEGER
from nereus.warehouse.embedded.statements.answers import like, words
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.statements.show_storage import QUOTA_BYTES, QUOTA_REPLICAS, replicas

_ROOT = words(
    "auth backends bdbje binlog brokers catalogs cluster_balance cluster_health colocation_group "
    "current_backend_instances current_queries current_query_stmts dbs diagnose frontends jobs monitor resources "
    "routine_loads statistic stream_loads tasks transactions trash"
)
#: Directories that a SHOW statement tells as well.
_SAME = {
    "frontends": "SHOW FRONTENDS",
    "backends": "SHOW BACKENDS",
    "brokers": "SHOW BROKER",
    "resources": "SHOW RESOURCES",
    "trash": "SHOW TRASH",
}
_DBS = words(
    "DbId DbName TableNum Size Quota LastConsistencyCheckTime ReplicaCount ReplicaQuota RunningTransactionNum "
    "TransactionQuota LastUpdateTime"
)
_TABLES = words(
    "TableId TableName IndexNum PartitionColumnName PartitionNum State Type LastConsistencyCheckTime ReplicaCount "
    "VisibleVersion VisibleVersionTime RunningTransactionNum LastUpdateTime"
)
_STATISTIC = words("DbId DbName TableNum PartitionNum IndexNum TabletNum ReplicaNum")


@statement("SHOW PROC", kind="SHOW")
def show_proc(session: Session, text: str) -> Result:
    """SHOW PROC '/path': the catalogue as a tree, as far as there is something to tell"""
    reader = Reader.after(text, "SHOW", "PROC")
    path = reader.string()
    reader.finish()
    session.check("ADMIN_OR_NODE", error=missing("ADMIN/OPERATOR"))
    if not path.startswith("/"):
        raise DorisError(f'Proc path "{path}" does not exist')
    parts = [part for part in path.split("/") if part]
    if not parts:
        return text_rows(["name"], [[name] for name in _ROOT])
    if parts[0] not in _ROOT:
        raise DorisError(f'Proc path "{path}" does not exist')
    if len(parts) == 1 and parts[0] in _SAME:
        return route_of(_SAME[parts[0]]).handler(session, _SAME[parts[0]])
    if parts == ["dbs"]:
        return text_rows(_DBS, _databases(session))
    if parts == ["statistic"]:
        return text_rows(_STATISTIC, _statistic(session))
    if len(parts) == 2 and parts[0] == "dbs":
        return text_rows(_TABLES, _tables(session, parts[1], path))
    raise Refused(f"SHOW PROC '{path}'", "Read information_schema.")


def _tables_of(session: Session, db: str) -> list[Table]:
    return [found for found in session.warehouse.schema(session).tables(db) if isinstance(found, Table)]


def _databases(session: Session) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for db, stored in session.warehouse.catalog.snapshot().databases.items():
        tables = _tables_of(session, db)
        size = sum(found.bytes for found in session.warehouse.sizes.of(session.cursor, tables).values())
        copies = sum(map(replicas, tables))
        quota = [readable(size), readable(QUOTA_BYTES), None, copies, QUOTA_REPLICAS, 0, 10000, None]
        rows.append([stored.id, db, len(stored.relations), *quota])
    return sorted(rows, key=lambda row: int(row[0]))


def _statistic(session: Session) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for db, stored in session.warehouse.catalog.snapshot().databases.items():
        tables = _tables_of(session, db)
        parts = sum(len(table.partitions) if table.partitioning else 1 for table in tables)
        rows.append([stored.id, db, len(tables), parts, parts, 0, 0])
    rows.sort(key=lambda row: int(row[0]))
    return [*rows, ["Total", len(rows), *(sum(row[i] for row in rows) for i in range(2, 7))]]


def _tables(session: Session, number: str, path: str) -> list[list[Any]]:
    for db, stored in session.warehouse.catalog.snapshot().databases.items():
        if number == str(stored.id):
            return [_table_row(table) for table in sorted(_tables_of(session, db), key=lambda table: table.id)]
    raise DorisError(f'Proc path "{path}" does not exist')


def _table_row(table: Table) -> list[Any]:
    key = ", ".join(table.partitioning.columns) if table.partitioning else None
    made = f"{table.created_at:%Y-%m-%d %H:%M:%S}" if table.created_at else None
    parts = len(table.partitions) if table.partitioning else 1
    return [table.id, table.name, 1, key, parts, "NORMAL", "OLAP", None, replicas(table), 1, made, 0, made]


@statement("SHOW TABLE", "SHOW DATABASE", "SHOW PARTITION", kind="SHOW")
def show_by_number(session: Session, text: str) -> Result:
    """SHOW DATABASE | TABLE | PARTITION number: what has this number"""
    reader = Reader.after(text, "SHOW")
    kind = reader.advance().word
    if reader.kind != INTEGER:
        reader.fail("INTEGER_VALUE")
    number = reader.integer()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    names = {
        "DATABASE": ["DbName"],
        "TABLE": ["DbName", "TableName", "DbId"],
        "PARTITION": ["DbName", "TableName", "PartitionName", "DbId", "TableId"],
    }[kind]
    rows: list[list[Any]] = []
    for db, stored in session.warehouse.catalog.snapshot().databases.items():
        if kind == "DATABASE":
            rows += [[db]] * (stored.id == number)
            continue
        for table in _tables_of(session, db):
            if kind == "TABLE":
                rows += [[db, table.name, stored.id]] * (table.id == number)
                continue
            size = session.warehouse.sizes.of(session.cursor, [table])[table.id]
            for fact in partition_facts(session.cursor, table, size):
                rows += [[db, table.name, fact.name, stored.id, table.id]] * (fact.id == number)
    return text_rows(names, rows)


@statement("SHOW FRONTEND CONFIG", "ADMIN SHOW FRONTEND CONFIG", kind="ADMIN")
def show_frontend_config(session: Session, text: str) -> Result:
    """[ADMIN] SHOW FRONTEND CONFIG [LIKE pattern]: what this process is started with, under Doris' names"""
    reader = Reader(text)
    reader.accept_word("ADMIN")
    for word in ("SHOW", "FRONTEND", "CONFIG"):
        reader.expect_word(word)
    matches = like(reader.string() if reader.accept("LIKE") else None, case_sensitive=False)
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    ports = session.warehouse.ports
    rows = [
        ("http_port", ports.get("http", -1), "int"),
        ("query_port", ports.get("mysql", -1), "int"),
    ]
    names = ["Key", "Value", "Type", "IsMutable", "MasterOnly", "Comment"]
    return text_rows(names, [[key, value, kind, "false", "false", ""] for key, value, kind in rows if matches(key)])


@statement("ADMIN SET FRONTEND CONFIG", "ADMIN SET ALL FRONTENDS CONFIG", kind="ADMIN")
def set_frontend_config(session: Session, text: str) -> Result:
    """ADMIN SET FRONTEND CONFIG ("key" = "value"): refused, there is no frontend's configuration"""
    session.check("ADMIN", error=missing("ADMIN"))
    raise Refused("ADMIN SET FRONTEND CONFIG", "Set a variable, or change platform.yaml.")
