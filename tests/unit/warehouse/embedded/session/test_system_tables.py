from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.introspection.columns import system_tables
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import ask, columns, do, table

#: Tables that tell of backends, tablets and files of a cluster.
ELSEWHERE = {
    "backend_active_tasks",
    "backend_configuration",
    "backend_kerberos_ticket_cache",
    "backend_tablets",
    "catalog_meta_cache_statistics",
    "encryption_keys",
    "file_cache_statistics",
    "rowsets",
    "view_dependency",
    "workload_group_resource_usage",
}


def test_every_system_table_answers_with_doris_columns_or_is_refused(root: Session) -> None:
    refused = set()
    for (db, name), listed in system_tables().items():
        text = f"SELECT * FROM {db}.{name}"
        try:
            assert columns(root, text) == [column.name for column in listed]
            ask(root, text)
        except Refused:
            refused.add(f"{db}.{name}")
    statistics = {"__internal_schema.column_statistics", "__internal_schema.partition_statistics"}
    assert refused == {f"information_schema.{name}" for name in ELSEWHERE} | statistics


def test_names_of_system_tables_are_found_in_any_case(root: Session) -> None:
    assert ask(root, "SELECT schema_name FROM INFORMATION_SCHEMA.SCHEMATA WHERE Schema_Name = 'shop'") == [("shop",)]
    with pytest.raises(DorisError):
        ask(root, "SELECT * FROM information_schema.nothing")


def test_tables_are_told_with_their_rows(root: Session) -> None:
    rows = ask(
        root,
        "SELECT table_catalog, table_name, table_type, engine, table_rows, table_collation, table_comment "
        "FROM information_schema.tables WHERE table_schema = 'shop' ORDER BY table_name",
    )
    assert rows == [
        ("internal", "notes", "VIEW", "View", -1, "utf-8", ""),
        ("internal", "orders", "BASE TABLE", "Doris", 3, "utf-8", ""),
    ]
    assert ask(root, "SELECT count(*) FROM information_schema.tables WHERE table_type = 'SYSTEM VIEW'") == [(47,)]


def test_columns_are_told_as_mysql_names_types(warehouse: Warehouse, root: Session) -> None:
    kinds = {
        "k": "int",
        "b": "boolean",
        "l": "largeint",
        "f": "float",
        "d": "decimal(10,2)",
        "s": "string",
        "v": "varchar(5)",
        "t": "datetime(3)",
        "a": "array<int>",
        "m": "map<string,int>",
        "n": "struct<x:int,y:string>",
    }
    table(warehouse, "other", "kinds", kinds)
    rows = ask(
        root,
        "SELECT column_name, data_type, column_type, character_maximum_length, character_octet_length, "
        "numeric_precision, numeric_scale, datetime_precision, column_key, ordinal_position "
        "FROM information_schema.columns WHERE table_schema = 'other' AND table_name = 'kinds' "
        "ORDER BY ordinal_position",
    )
    assert rows == [
        ("k", "int", "int(11)", None, None, 10, 0, None, "DUP", 1),
        ("b", "tinyint", "tinyint(1)", None, None, None, 0, None, "", 2),
        ("l", "bigint unsigned", "largeint", None, None, 39, None, None, "", 3),
        ("f", "float", "float", None, None, 7, 7, None, "", 4),
        ("d", "decimal", "decimalv3(10, 2)", None, None, 10, 2, None, "", 5),
        ("s", "varchar", "string", 2147483643, 8589934572, None, None, None, "", 6),
        ("v", "varchar", "varchar(5)", 5, 20, None, None, None, "", 7),
        ("t", "datetime", "datetime(3)", None, None, None, None, 3, "", 8),
        ("a", "array", "array<int(11)>", None, None, None, None, None, "", 9),
        ("m", "map", "map<string,int(11)>", None, None, None, None, None, "", 10),
        ("n", "struct", "struct<int(11),string>", None, None, None, None, None, "", 11),
    ]


def test_views_partitions_and_options_are_told(root: Session) -> None:
    assert ask(root, "SELECT table_name, view_definition, is_updatable FROM information_schema.views") == [
        ("notes", "SELECT `note` FROM `shop`.`orders`", "NO")
    ]
    query = "SELECT partition_name, table_rows FROM information_schema.partitions WHERE table_name = 'orders'"
    assert ask(root, query) == [("orders", 3)]
    query = "SELECT table_model, table_model_key, distribute_key, buckets_num FROM information_schema.table_options"
    assert ("DUP_KEYS", "id", "id", 1) in ask(root, query)


def test_a_system_table_may_stand_beside_others_and_beside_itself(root: Session) -> None:
    assert ask(
        root,
        "SELECT t.table_name, count(*) FROM information_schema.tables t JOIN information_schema.columns c "
        "ON t.table_schema = c.table_schema AND t.table_name = c.table_name WHERE t.table_schema = 'shop' "
        "GROUP BY t.table_name ORDER BY 1",
    ) == [("notes", 1), ("orders", 4)]
    assert ask(root, "SELECT count(*) FROM mysql.user a, mysql.user b, shop.orders o") == [(12,)]


def test_what_a_system_table_told_once_is_not_told_again(warehouse: Warehouse, root: Session) -> None:
    text = "SELECT count(*) FROM information_schema.processlist"
    assert ask(root, text) == [(1,)]
    second = warehouse.connect("root")
    assert ask(root, text) == [(2,)]
    second.close()
    assert ask(root, text) == [(1,)]


def test_privileges_are_told_to_their_owner_and_to_grantors(root: Session, ann: Session) -> None:
    do(root, "GRANT SELECT_PRIV, LOAD_PRIV ON shop.* TO ann")
    do(root, "GRANT DROP_PRIV ON shop.orders TO ann")
    mine = [
        ("'ann'@'%'", "internal", "information_schema", "SELECT", "NO"),
        ("'ann'@'%'", "internal", "mysql", "SELECT", "NO"),
        ("'ann'@'%'", "internal", "shop", "SELECT", "NO"),
        ("'ann'@'%'", "internal", "shop", "INSERT", "NO"),
    ]
    assert ask(ann, "SELECT * FROM information_schema.schema_privileges") == mine
    assert len(ask(root, "SELECT * FROM information_schema.schema_privileges")) == 6
    assert ask(ann, "SELECT table_name, privilege_type FROM information_schema.table_privileges") == [
        ("orders", "DROP")
    ]
    assert ask(ann, "SELECT user, select_priv FROM mysql.user") == [("ann", "N")]
    assert ask(root, "SELECT authentication_string FROM mysql.user WHERE user = 'ann'") == [("",)]


def test_variables_and_groups_can_be_queried(root: Session) -> None:
    do(root, "SET query_timeout = 33")
    query = "SELECT variable_value, changed FROM information_schema.{}_variables WHERE variable_name = 'query_timeout'"
    assert ask(root, query.format("session")) == [("33", "1")]
    assert ask(root, query.format("global")) == [("900", "0")]
    assert ask(root, "SELECT name, max_cpu_percent, max_concurrency FROM information_schema.workload_groups") == [
        ("normal", "100%", 2147483647)
    ]


def test_running_queries_are_told_while_they_run(root: Session) -> None:
    (row,) = ask(root, "SELECT user, query_status, `database`, `sql` FROM information_schema.active_queries")
    assert row[:3] == ("root", "", "shop")
    assert row[3].startswith("SELECT user, query_status")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT VERSION(), DATABASE(), @@transaction_isolation, @@sql_mode, @@lower_case_table_names",
        "SELECT @@max_allowed_packet, @@wait_timeout, @@system_time_zone, @@time_zone, @@init_connect",
        "SHOW VARIABLES LIKE 'lower_case_%'",
        "SHOW schemas",
        "SHOW FULL TABLES FROM `shop`",
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'orders'",
        "SELECT table_comment FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'orders'",
        "SHOW COLUMNS FROM shop.orders",
        "SHOW INDEX FROM shop.orders",
        "SHOW CREATE TABLE `shop`.`orders`",
        "DESCRIBE `shop`.`orders`",
        "SHOW CATALOGS",
        "SELECT CAST('test plain returns' AS CHAR(60)) AS anon_1",
        "SELECT schema_name FROM information_schema.schemata",
        "ROLLBACK",
        "COMMIT",
        "/* mysql-connector-j-8.3.0 */SELECT @@session.auto_increment_increment AS auto_increment_increment, "
        "@@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, "
        "@@character_set_results AS character_set_results, @@character_set_server AS character_set_server, "
        "@@collation_server AS collation_server, @@collation_connection AS collation_connection, "
        "@@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, "
        "@@lower_case_table_names AS lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, "
        "@@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, "
        "@@query_cache_size AS query_cache_size, @@query_cache_type AS query_cache_type, @@sql_mode AS sql_mode, "
        "@@system_time_zone AS system_time_zone, @@time_zone AS time_zone, "
        "@@transaction_isolation AS transaction_isolation, @@wait_timeout AS wait_timeout",
        "SET character_set_results = NULL",
        "SET sql_mode='STRICT_TRANS_TABLES'",
        "SELECT @@session.tx_read_only",
        "SELECT @@GLOBAL.character_set_server,@@GLOBAL.collation_server",
        "SET NAMES 'utf8mb4' COLLATE 'utf8mb4_0900_ai_ci'",
        "SET @@session.autocommit = OFF",
        "select @@version_comment limit 1",
        "SHOW ENGINES",
        "SHOW COLLATION",
        "SHOW PLUGINS",
        "select * from information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME='PARAMETERS'",
    ],
)
def test_what_usual_clients_send_is_answered(root: Session, statement: str) -> None:
    ask(root, statement)
