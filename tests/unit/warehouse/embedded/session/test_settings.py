from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.variables import catalogue, check, resolve
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import ask, do


def test_every_variable_of_doris_is_there_with_its_default(root: Session) -> None:
    rows = ask(root, "SHOW VARIABLES")
    assert len(rows) == sum(not variable.hidden for variable in catalogue().values()) == 416
    assert ("query_timeout", "900", "900", "0") in rows
    assert all(default == value and changed == "0" for _, value, default, changed in rows)


def test_variables_of_earlier_versions_can_be_set_and_are_not_listed(root: Session) -> None:
    do(root, "SET enable_nereids_planner = false, enable_fallback_to_original_planner = true")
    assert ask(root, "SELECT @@enable_nereids_planner, @@enable_fallback_to_original_planner") == [(False, True)]
    assert ask(root, "SHOW VARIABLES LIKE 'enable_nereids_planner'") == []


def test_a_global_variable_is_read_where_it_was_set(warehouse: Warehouse, root: Session) -> None:
    do(root, "SET GLOBAL query_timeout = 60")
    do(root, "SET query_timeout = 70")
    assert ask(root, "SELECT @@global.query_timeout, @@session.query_timeout, @@query_timeout") == [(60, 70, 70)]
    do(root, "UNSET GLOBAL VARIABLE query_timeout")
    assert ask(root, "SELECT @@global.query_timeout, @@query_timeout") == [(900, 900)]


def test_a_changed_variable_is_listed_first_and_marked(root: Session) -> None:
    do(root, "SET exec_mem_limit = 4000000000, parallel_pipeline_task_num = 2")
    assert [row[0] for row in ask(root, "SHOW VARIABLES")][:2] == ["exec_mem_limit", "parallel_pipeline_task_num"]
    assert ask(root, "SHOW VARIABLES LIKE 'exec_mem%'") == [("exec_mem_limit", "4000000000", "100147483648", "1")]
    do(root, "UNSET VARIABLE ALL")
    assert {row[3] for row in ask(root, "SHOW VARIABLES")} == {"0"}


@pytest.mark.parametrize(
    ("statement", "name", "value"),
    [
        ("SET query_timeout = 5", "query_timeout", "5"),
        ("SET SESSION query_timeout = 2 * 3", "query_timeout", "6"),
        ("SET @@query_timeout = '7'", "query_timeout", "7"),
        ("SET @@session.query_timeout = 8", "query_timeout", "8"),
        ("SET LOCAL query_timeout = 9", "query_timeout", "9"),
        ("SET autocommit = 0", "autocommit", "false"),
        ("SET autocommit = true", "autocommit", "true"),
        ("SET enable_profile = off", "enable_profile", "false"),
        ("SET enable_parallel_scan = false", "experimental_enable_parallel_scan", "false"),
        ("SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE'", "sql_mode", "NO_ZERO_DATE,STRICT_TRANS_TABLES"),
        ("SET sql_mode = ''", "sql_mode", ""),
        ("SET time_zone = 'UTC'", "time_zone", "UTC"),
        ("SET query_timeout = 5, query_timeout = DEFAULT", "query_timeout", "900"),
        ("SET auto_profile_threshold_ms = -1", "auto_profile_threshold_ms", "-1"),
        ("SET max_execution_time = 5000", "query_timeout", "5"),
        ("SET sql_select_limit = DEFAULT", "sql_select_limit", "9223372036854775807"),
        ("SET sql_select_limit = 'default'", "sql_select_limit", "9223372036854775807"),
        ("SET SQL_SELECT_LIMIT=10", "sql_select_limit", "10"),
        ("SET exec_mem_limit = '4G'", "exec_mem_limit", "4294967296"),
        ("SET group_commit = 'off_mode'", "group_commit", "off_mode"),
    ],
)
def test_set_keeps_what_show_variables_then_shows(root: Session, statement: str, name: str, value: str) -> None:
    do(root, statement)
    assert root.variables[name] == value


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("SET query_timeout = 'abc'", 'For input string: "abc"'),
        ("SET autocommit = 2", "Variable 'autocommit' can't be set to the value of '2'"),
        ("SET sql_mode = 'NO_SUCH'", "Variable 'sql_mode' can't be set to the value of 'NO_SUCH'"),
        ("SET version_comment = 'x'", "Variable 'version_comment' is a read only variable"),
        (
            "SET enable_audit_plugin = false",
            "Variable 'enable_audit_plugin' is a GLOBAL variable and should be set with SET GLOBAL",
        ),
        (
            "SET GLOBAL show_hidden_columns = false",
            "Variable 'show_hidden_columns' is a SESSION variable and can't be used with SET GLOBAL",
        ),
        ("SET query_timeout = 9223372036854775807", 'For input string: "9223372036854775807"'),
        ("SET insert_timeout = 2147483648", "Incorrect argument type to variable 'insert_timeout'"),
        ("SET max_allowed_packet = 'abc'", "Incorrect argument type to variable 'max_allowed_packet'"),
        ("SET insert_timeout = -2147483649", "Incorrect argument type to variable 'insert_timeout'"),
        ("SET insert_timeout = 1.5", "Incorrect argument type to variable 'insert_timeout'"),
        (
            "SET auto_broadcast_join_threshold = 'x'",
            "Incorrect argument type to variable 'auto_broadcast_join_threshold'",
        ),
        ("SET batch_size = 65536", "batch_size should be between 1 and 65535)"),
        ("SET profile_level = 4", "Profile level can not be set to 4, it must be in the range of 1-3"),
        ("SET agg_phase = 'x'", "agg_phase must be a valid number between 0 and 4"),
        (
            "SET parallel_pipeline_task_num = -1",
            "parallel_pipeline_task_num value should greater than or equal 0, you set value is: -1",
        ),
        ("SET exec_mem_limit = 0", "Data volume must larger than 0"),
        ("SET exec_mem_limit = '5 apples'", "invalid unit: apples"),
        ("SET sql_select_limit = 'many'", "Invalid sql_select_limit value: many"),
        ("SET sql_select_limit = 9223372036854775808", "Invalid sql_select_limit value: 9223372036854775808"),
        ("SET query_timeout = 0", "query_timeout can not be set to 0, it must be greater than 0"),
        (
            "SET max_execution_time = 999",
            "max_execution_time can not be set to 999, it must be greater or equal to 1000, "
            "the time unit is millisecond",
        ),
        ("SET NAMES gbk", "Unknown character set: 'gbk'"),
        ("SET CHARACTER SET latin1", "Unknown character set: 'latin1'"),
    ],
)
def test_what_doris_says_to_impossible_settings(root: Session, statement: str, text: str) -> None:
    with pytest.raises(DorisError) as error:
        do(root, statement)
    assert (error.value.code, error.value.detail) == (1105, text)


def test_an_unknown_variable_is_told_with_the_names_doris_would_propose(root: Session) -> None:
    with pytest.raises(DorisError) as error:
        do(root, "SET nosuchvar = 1")
    assert error.value.detail.startswith(
        "Unknown system variable 'nosuchvar',the similar variables are "
        "{'enable_sql_convertor_features', 'min_scan_scheduler_concurrency', "
    )


@pytest.mark.parametrize(
    "statement",
    [
        "SET time_zone = 'Europe/Berlin'",
        "SET sql_mode = 'PIPES_AS_CONCAT'",
        "SET sql_mode = 'ANSI'",
        "SET enable_strict_cast = true",
        "SET group_commit = 'async_mode'",
        "SET sql_dialect = 'presto'",
        "SET dry_run_query = true",
        "SET GLOBAL enable_ansi_query_organization_behavior = false",
    ],
)
def test_what_would_change_answers_is_refused(root: Session, statement: str) -> None:
    before = dict(root.variables)
    with pytest.raises(Refused):
        do(root, statement)
    assert root.variables == before


@pytest.mark.parametrize(
    "statement",
    [
        "SET NAMES utf8mb4",
        "SET NAMES 'utf8' COLLATE 'utf8_general_ci'",
        "SET NAMES = 'utf8mb4'",
        "SET NAMES DEFAULT",
        "SET CHARACTER SET utf8",
        "SET CHARSET utf8mb4",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT",
        "LOCK TABLES orders READ LOCAL, notes AS n WRITE",
        "UNLOCK TABLES",
        "COMMIT",
        "ROLLBACK WORK AND NO CHAIN",
        "SWITCH internal",
    ],
)
def test_what_clients_send_for_mysqls_sake_is_taken(root: Session, statement: str) -> None:
    do(root, statement)


def test_user_variables_keep_value_and_type(root: Session) -> None:
    do(root, "SET @n = 5, @T = 'text', @day = cast('2024-01-05' as date), @none = NULL")
    assert ask(root, "SELECT @n + 1, @t, @none, @never") == [(6, "text", None, None)]
    assert str(ask(root, "SELECT @day")[0][0]) == "2024-01-05"


def test_global_variables_reach_new_sessions_and_need_admin(warehouse: Warehouse, root: Session, ann: Session) -> None:
    do(root, "SET GLOBAL exec_mem_limit = 123")
    assert root.variables["exec_mem_limit"] == "123"
    assert ann.variables["exec_mem_limit"] != "123"
    later = warehouse.connect("ann")
    assert later.variables["exec_mem_limit"] == "123"
    assert ask(later, "SHOW GLOBAL VARIABLES LIKE 'exec_mem_limit'")[0][1] == "123"
    later.close()
    with pytest.raises(DorisError, match=r"the \(ADMIN\) privilege"):
        do(ann, "SET GLOBAL query_timeout = 5")
    do(root, "UNSET GLOBAL VARIABLE exec_mem_limit")
    assert warehouse.variables.get("exec_mem_limit") == "100147483648"


def test_show_variables_takes_where_as_a_query_on_information_schema(root: Session) -> None:
    do(root, "SET query_timeout = 11")
    assert ask(root, "SHOW VARIABLES WHERE variable_name IN ('query_timeout', 'sql_mode') AND value = '11'") == [
        ("query_timeout", "11", "900", "1")
    ]


def test_names_are_found_with_and_without_their_prefix() -> None:
    assert resolve("ENABLE_LOCAL_SHUFFLE") == resolve("experimental_enable_local_shuffle")
    assert check(resolve("query_timeout"), "+5") == "5"
