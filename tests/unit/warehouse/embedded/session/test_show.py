from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from nereus.warehouse.embedded.catalog.model import (
    Column,
    Distribution,
    Index,
    KeyModel,
    Partition,
    Partitioning,
    Table,
)
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.types import parse_type
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import ask, columns, do


@pytest.fixture(scope="module")
def sales(warehouse: Warehouse) -> Iterator[Table]:
    """A UNIQUE table with defaults, an index, a bloom filter and two months of partitions."""
    made = warehouse.catalog.create_table(
        Table(
            "shop",
            "sales",
            0,
            (
                Column("day", parse_type("date"), nullable=False, is_key=True, comment="when"),
                Column("id", parse_type("largeint"), nullable=False, is_key=True),
                Column("name", parse_type("varchar(32)"), nullable=False, default="x"),
                Column("price", parse_type("decimal(18,4)")),
                Column("at", parse_type("datetime(3)"), default="CURRENT_TIMESTAMP", default_is_expression=True),
                Column("tags", parse_type("array<string>")),
            ),
            KeyModel.UNIQUE,
            ("day", "id"),
            partitioning=Partitioning("RANGE", ("day",)),
            partitions=(
                Partition("p2", 0, ("2024-02-01",), ("2024-03-01",)),
                Partition("p1", 0, (None,), ("2024-02-01",)),
            ),
            distribution=Distribution(("id",), 4),
            indexes=(Index("ix", ("name",), properties=(("parser", "english"),), comment="words"),),
            properties=(("replication_allocation", "tag.location.default: 1"), ("bloom_filter_columns", "name")),
            comment="what was sold",
        )
    )
    assert made is not None
    cursor = warehouse.engine.cursor()
    rows = "SELECT * FROM (VALUES (DATE '2024-01-05', 1::HUGEINT), (DATE '2024-02-05', 2), (DATE '2024-02-06', 3))"
    warehouse.writer.append(cursor, made, ["day", "id"], rows)
    cursor.execute("CHECKPOINT")
    cursor.close()
    yield made
    warehouse.catalog.drop("shop", "sales", view=False)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("SHOW TABLES", "Tables_in_shop"),
        ("SHOW FULL TABLES", "Tables_in_shop Table_type Storage_format Inverted_index_storage_format"),
        ("DESC sales", "Field Type Null Key Default Extra"),
        (
            "DESC sales ALL",
            "IndexName IndexKeysType Field Type InternalType Null Key Default Extra Visible DefineExpr WhereClause",
        ),
        ("SHOW COLUMNS FROM sales", "Field Type Null Key Default Extra"),
        ("SHOW FULL COLUMNS FROM sales", "Field Type Collation Null Key Default Extra Privileges Comment"),
        (
            "SHOW INDEX FROM sales",
            "Table Non_unique Key_name Seq_in_index Column_name Collation Cardinality Sub_part Packed Null Index_type "
            "Comment Properties",
        ),
        ("SHOW DATA", "TableName Size ReplicaCount RemoteSize"),
        ("SHOW DATA FROM sales", "TableName IndexName Size ReplicaCount RowCount RemoteSize"),
        (
            "SHOW PARTITIONS FROM sales",
            "PartitionId PartitionName VisibleVersion VisibleVersionTime State PartitionKey Range DistributionKey "
            "Buckets ReplicationNum StorageMedium CooldownTime RemoteStoragePolicy LastConsistencyCheckTime DataSize "
            "IsInMemory ReplicaAllocation IsMutable SyncWithBaseTables UnsyncTables CommittedVersion RowCount",
        ),
        (
            "SHOW TABLE STATUS",
            "Name Engine Version Row_format Rows Avg_row_length Data_length Max_data_length Index_length Data_free "
            "Auto_increment Create_time Update_time Check_time Collation Checksum Create_options Comment",
        ),
        ("SHOW CATALOGS", "CatalogId CatalogName Type IsCurrent CreateTime LastUpdateTime Comment ErrorMsg"),
        ("SHOW VARIABLES", "Variable_name Value Default_Value Changed"),
        (
            "SHOW PROCESSLIST",
            "CurrentConnected Id User Host LoginTime Catalog Db Command Time State QueryId TraceId Info FE "
            "CloudCluster",
        ),
        ("EXPLAIN SELECT 1", "Explain|String(Nereids|Planner)"),
        ("SHOW CHARSET", "Charset Description Default|collation Maxlen"),
        ("SHOW CREATE VIEW notes", "View Create|View character_set_client collation_connection"),
        ("SHOW CREATE TABLE sales", "Table Create|Table"),
    ],
)
def test_columns_are_those_of_doris(root: Session, sales: Table, statement: str, names: str) -> None:
    assert columns(root, statement) == [name.replace("|", " ") for name in names.split()]


def test_show_columns_have_a_name_and_no_table(root: Session) -> None:
    (result,) = list(root.execute("SHOW TABLES"))
    assert isinstance(result, ResultSet)
    assert (result.columns[0].origin, result.columns[0].table) == ("Tables_in_shop", "")


def test_databases_and_tables_are_listed_by_name(root: Session, sales: Table) -> None:
    assert ask(root, "SHOW DATABASES") == [
        ("__internal_schema",),
        ("information_schema",),
        ("mysql",),
        ("other",),
        ("shop",),
    ]
    assert ask(root, "SHOW TABLES") == [("notes",), ("orders",), ("sales",)]
    assert ask(root, "SHOW FULL TABLES FROM shop LIKE '%s'") == [
        ("notes", "VIEW", "NONE", "NONE"),
        ("orders", "BASE TABLE", "V2", "V2"),
        ("sales", "BASE TABLE", "V2", "V2"),
    ]
    assert ask(root, "SHOW VIEWS") == [("notes",)]
    assert ask(root, "SHOW TABLES WHERE table_type = 'VIEW'") == [("notes",)]
    assert ask(root, "SHOW DATABASES LIKE 'o_her'") == [("other",)]
    assert ask(root, "SHOW DATABASES WHERE `Database` = 'shop' OR schema_name = 'mysql'") == [("mysql",), ("shop",)]
    assert ask(root, r"SHOW TABLES FROM __internal_schema LIKE 'audit\_log'") == [("audit_log",)]


def test_desc_tells_types_keys_and_defaults(root: Session, sales: Table) -> None:
    assert ask(root, "DESC sales") == [
        ("day", "date", "No", "true", None, ""),
        ("id", "largeint", "No", "true", None, ""),
        ("name", "varchar(32)", "No", "false", "x", "NONE,BLOOM_FILTER"),
        ("price", "decimal(18,4)", "Yes", "false", None, "NONE"),
        ("at", "datetime(3)", "Yes", "false", "CURRENT_TIMESTAMP", "NONE"),
        ("tags", "array<text>", "Yes", "false", None, "NONE"),
    ]
    assert ask(root, "DESCRIBE shop.notes") == [("note", "varchar(20)", "Yes", "false", None, "")]
    everything = ask(root, "DESC sales ALL")
    assert everything[0][:5] == ("sales", "UNIQUE_KEYS", "day", "date", "datev2")
    assert [row[4] for row in everything[1:]] == [
        "largeint",
        "varchar(32)",
        "decimalv3(18,4)",
        "datetimev2(3)",
        "array<text>",
    ]


def test_show_columns_writes_types_by_their_inner_names(root: Session, sales: Table) -> None:
    assert ask(root, "SHOW FULL COLUMNS FROM shop.sales LIKE 'D%'") == [
        ("day", "datev2", "", "NO", "YES", None, "", "", "when")
    ]
    assert ask(root, "SHOW COLUMNS FROM sales FROM shop LIKE 'p%'") == [
        ("price", "decimalv3(18,4)", "YES", "NO", None, "NONE")
    ]
    assert ask(root, "SHOW COLUMNS FROM sales WHERE field IN ('id', 'name') AND `null` = 'NO'") == [
        ("id", "largeint", "NO", "UNI", None, ""),
        ("name", "varchar(32)", "NO", "", "x", ""),
    ]


def test_show_index_lists_secondary_indexes(root: Session, sales: Table) -> None:
    assert ask(root, "SHOW INDEX FROM sales") == [
        ("sales", "", "ix", "", "name", "", "", "", "", "", "INVERTED", "words", '("parser" = "english")')
    ]
    assert ask(root, "SHOW KEYS FROM orders FROM shop") == []


def test_show_partitions_in_order_with_rows(root: Session, sales: Table) -> None:
    rows = ask(root, "SHOW PARTITIONS FROM sales")
    assert [(row[1], row[21]) for row in rows] == [("p1", "1"), ("p2", "2")]
    assert rows[0][5:10] == (
        "day",
        "[types: [DATEV2]; keys: [0000-01-01]; ..types: [DATEV2]; keys: [2024-02-01]; )",
        "id",
        "4",
        "1",
    )
    assert [row[1] for row in ask(root, "SHOW PARTITIONS FROM sales WHERE PartitionName LIKE '%2'")] == ["p2"]
    assert [row[1] for row in ask(root, "SHOW PARTITIONS FROM sales ORDER BY PartitionName DESC LIMIT 1")] == ["p2"]
    assert ask(root, "SHOW TEMPORARY PARTITIONS FROM sales") == []
    (whole,) = ask(root, "SHOW PARTITIONS FROM orders")
    assert (whole[1], whole[5:8], whole[21]) == ("orders", ("", "", "id"), "3")
    with pytest.raises(DorisError, match="errCode = 7, detailMessage = table not found, tableName=none"):
        ask(root, "SHOW PARTITIONS FROM none")


def test_dynamic_partitions_are_shown_as_declared(root: Session) -> None:
    do(
        root,
        "CREATE TABLE dy(dt DATE, k INT) DUPLICATE KEY(dt) PARTITION BY RANGE(dt)() DISTRIBUTED BY HASH(k) BUCKETS 3 "
        "PROPERTIES('replication_num' = '1', 'dynamic_partition.enable' = 'true', 'dynamic_partition.start' = '-3', "
        "'dynamic_partition.time_unit' = 'DAY', 'dynamic_partition.end' = '2', 'dynamic_partition.prefix' = 'p', "
        "'dynamic_partition.buckets' = '3')",
    )
    (row,) = ask(root, "SHOW DYNAMIC PARTITION TABLES FROM shop")
    assert row[:9] == ("dy", "true", "DAY", "-3", "2", "p", "3", "1", "tag.location.default: 1")
    do(root, "DROP TABLE dy")


def test_show_data_tells_real_bytes(root: Session, sales: Table) -> None:
    ((table, index, size, replicas, rows, remote), total) = ask(root, "SHOW DATA FROM sales")
    assert (table, index, replicas, rows, remote) == ("sales", "sales", "8", "3", "0.000 ")
    assert re.fullmatch(r"\d+\.\d{3} [KM]B", size)
    assert total[:3] == ("", "Total", size)
    listed = ask(root, "SHOW DATA")
    assert [row[0] for row in listed] == ["orders", "sales", "Total", "Quota", "Left"]
    assert listed[-2][1] == "8388608.000 TB"


def test_table_status_and_the_database_are_shown(root: Session, sales: Table) -> None:
    (row,) = ask(root, "SHOW TABLE STATUS LIKE 'sales'")
    assert (row[0], row[1], row[4], row[14], row[17]) == ("sales", "Doris", 3, "utf-8", "what was sold")
    assert [row[0] for row in ask(root, "SHOW TABLE STATUS FROM shop WHERE comment = 'what was sold'")] == ["sales"]
    assert ask(root, "SHOW TABLE STATUS FROM nodb") == []
    assert ask(root, "SHOW CREATE DATABASE shop") == [("shop", "CREATE DATABASE `shop`")]


def test_show_create_gives_one_column_a_line_and_knows_views(root: Session, sales: Table) -> None:
    ((name, text),) = ask(root, "SHOW CREATE TABLE shop.sales")
    assert name == "sales"
    assert text.startswith('CREATE TABLE `sales` (\n  `day` date NOT NULL COMMENT "when",\n  `id` largeint NOT NULL,\n')
    ((_, text, charset, collation),) = ask(root, "SHOW CREATE TABLE notes")
    assert text.startswith("CREATE VIEW `notes`")
    assert (charset, collation) == ("utf8mb4", "utf8mb4_0900_bin")
    with pytest.raises(DorisError, match=r"'shop.sales' is not VIEW"):
        ask(root, "SHOW CREATE VIEW sales")
    ((_, text),) = ask(root, "SHOW BRIEF CREATE TABLE shop.sales")
    assert "PARTITION" not in text


def test_show_create_knows_every_system_table(root: Session) -> None:
    ((name, text),) = ask(root, "SHOW CREATE TABLE information_schema.SCHEMATA")
    assert (name, text) == (
        "schemata",
        "CREATE TABLE `schemata` (\n  `CATALOG_NAME` varchar(512) NULL,\n  `SCHEMA_NAME` varchar(32) NULL,\n"
        "  `DEFAULT_CHARACTER_SET_NAME` varchar(32) NULL,\n  `DEFAULT_COLLATION_NAME` varchar(32) NULL,\n"
        "  `SQL_PATH` varchar(512) NULL,\n  `DEFAULT_ENCRYPTION` varchar(3) NULL\n) ENGINE=SCHEMA;",
    )
    ((_, text),) = ask(root, "SHOW CREATE TABLE information_schema.processlist")
    assert "  `LoginTime` datetimev2(0) NULL,\n" in text
    for db in ("information_schema", "mysql", "__internal_schema"):
        for (table,) in ask(root, f"SHOW TABLES FROM {db}"):
            ((_, text),) = ask(root, f"SHOW CREATE TABLE {db}.{table}")
            assert text.startswith(f"CREATE TABLE `{table}` (\n  `")
    ((_, text),) = ask(root, "SHOW CREATE TABLE __internal_schema.audit_log")
    assert ") ENGINE=OLAP\nDUPLICATE KEY(`query_id`, `time`, `client_ip`)\nCOMMENT 'Doris internal audit table" in text
    assert text.count("PARTITION p") == 4
    with pytest.raises(DorisError, match=r"'information_schema.tables' is not VIEW"):
        ask(root, "SHOW CREATE VIEW information_schema.tables")


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("DESC nosuch", "Unknown table 'nosuch'"),
        ("DESCRIBE shop.nosuch", "Unknown table 'nosuch'"),
        ("EXPLAIN nosuch", "Unknown table 'nosuch'"),
        ("SHOW COLUMNS FROM nosuch", "Unknown table 'nosuch'"),
        ("SHOW FULL COLUMNS FROM nodb.t", "Unknown database 'nodb'"),
        ("SHOW INDEX FROM nosuch", "Unknown table 'nosuch'"),
        ("SHOW CREATE TABLE nosuch", "Unknown table 'nosuch'"),
        ("SHOW TABLES FROM nodb", "Unknown database 'nodb'"),
        ("SHOW CREATE DATABASE nodb", "Unknown database 'nodb'"),
        ("DESC hive.d.t", "Catalog hive does not exist."),
    ],
)
def test_what_is_missing_is_told_with_code_1105(root: Session, statement: str, text: str) -> None:
    with pytest.raises(DorisError) as error:
        ask(root, statement)
    assert (error.value.code, error.value.detail) == (1105, text)


def test_without_a_database_there_are_no_tables(ann: Session) -> None:
    with pytest.raises(DorisError, match="No database selected"):
        ask(ann, "SHOW TABLES")


def test_explain_says_whose_plan_it_is(root: Session) -> None:
    lines = [line for (line,) in ask(root, "EXPLAIN VERBOSE SELECT note, count(*) FROM orders GROUP BY note")]
    assert lines[0] == "PLAN OF THE EMBEDDED WAREHOUSE'S ENGINE (DuckDB)"
    assert "GROUP_BY" in "".join(lines)
    assert "SCAN" in "".join(lines)
    for statement in (
        "EXPLAIN SHAPE VERBOSE SELECT 1",
        "EXPLAIN ANALYZED PLAN PROCESS SELECT 1",
    ):
        with pytest.raises(Refused):
            ask(root, statement)


def test_the_one_process_is_frontend_and_backend(warehouse: Warehouse, root: Session) -> None:
    warehouse.ports["mysql"] = 9030
    (frontend,) = ask(root, "SHOW FRONTENDS")
    assert (frontend[4], frontend[7], frontend[8], frontend[11]) == ("9030", "FOLLOWER", "true", "true")
    (backend,) = ask(root, "SHOW BACKENDS")
    assert (backend[9], json.loads(backend[19])) == ("true", {"location": "default"})
    assert re.fullmatch(r"\d+\.\d{3} [KMG]B", backend[12])


def test_grants_are_shown_as_doris_shows_them(root: Session, ann: Session) -> None:
    do(root, "CREATE ROLE r1")
    do(root, "GRANT LOAD_PRIV ON shop.orders TO ROLE 'r1'")
    do(root, "GRANT 'r1' TO ann")
    do(root, "GRANT SELECT_PRIV ON shop.* TO ann")
    (row,) = ask(root, "SHOW GRANTS FOR 'ann'@'%'")
    assert row[:9] == (
        "'ann'@'%'",
        "",
        "Yes",
        "r1",
        None,
        None,
        "internal.information_schema: Select_priv; internal.mysql: Select_priv; internal.shop: Select_priv",
        "internal.shop.orders: Load_priv",
        None,
    )
    assert row[13] == "normal: Usage_priv"
    assert ask(ann, "SHOW GRANTS") == [row]
    assert [one[0] for one in ask(root, "SHOW ALL GRANTS")] == ["'ann'@'%'", "'root'@'%'"]
    assert [one[:4] for one in ask(root, "SHOW ROLES")] == [
        ("admin", None, "", "Admin_priv"),
        ("operator", None, "'root'@'%'", "Node_priv,Admin_priv"),
        ("r1", "", "'ann'@'%'", None),
    ]
    for statement in ("SHOW ALL GRANTS", "SHOW ROLES", "SHOW CREATE USER root", "SHOW GRANTS FOR root"):
        with pytest.raises(DorisError, match=r"one of\) the \(GRANT\) privilege"):
            ask(ann, statement)
    do(root, "DROP ROLE r1")


def test_show_create_user_and_properties(root: Session, ann: Session) -> None:
    ((name, text),) = ask(root, "SHOW CREATE USER 'ann'@'%'")
    assert name == "ann"
    assert text.startswith("CREATE USER 'ann'@'%' IDENTIFIED BY ***  PASSWORD_HISTORY DEFAULT")
    do(root, "SET PROPERTY FOR 'ann' 'max_user_connections' = '10'")
    assert ask(root, "SHOW PROPERTY FOR 'ann'") == [("max_user_connections", "10")]
    assert ask(ann, "SHOW PROPERTY LIKE 'max%'") == [("max_user_connections", "10")]


@pytest.mark.parametrize(
    "statement",
    [
        "SHOW WARNINGS",
        "SHOW ERRORS LIMIT 5",
        "SHOW STATUS",
        "SHOW PLUGINS",
        "SHOW RESOURCES",
        "SHOW TRIGGERS FROM shop",
    ],
)
def test_there_is_nothing_of_these(root: Session, statement: str) -> None:
    assert ask(root, statement) == []


def test_a_show_that_is_not_known_is_refused_by_name(root: Session) -> None:
    with pytest.raises(Refused, match="SHOW LOAD statements"):
        ask(root, "SHOW LOAD FROM shop")
