"""SHOW of jobs, tablets and files that do not exist here, SHOW PROC, and objects by their numbers."""

from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from tests.unit.warehouse.embedded.session.asking import ask, columns, do


@pytest.mark.parametrize(
    ("statement", "first", "count"),
    [
        ("SHOW ALTER TABLE COLUMN", "JobId", 13),
        ("SHOW ALTER TABLE COLUMN FROM shop WHERE TableName = 'orders' ORDER BY CreateTime DESC LIMIT 1", "JobId", 13),
        ("SHOW ALTER TABLE ROLLUP FROM internal.shop", "JobId", 12),
        ("SHOW ALTER TABLE MATERIALIZED VIEW IN shop", "JobId", 12),
        ("SHOW BUILD INDEX FROM shop", "JobId", 10),
        ("SHOW STREAM LOAD FROM shop", "Label", 17),
        ("SHOW ROUTINE LOAD", "Id", 22),
        ("SHOW ALL ROUTINE LOAD LIKE '%x%'", "Id", 22),
        ("SHOW EXPORT", "JobId", 12),
        ("SHOW TABLETS FROM orders", "TabletId", 23),
        ("SHOW REPLICA STATUS FROM shop.orders", "TabletId", 13),
        ("ADMIN SHOW REPLICA DISTRIBUTION FROM orders PARTITION (orders)", "BackendId", 9),
        ("SHOW DELETE FROM shop", "TableName", 5),
        ("SHOW TABLE CREATION FROM shop", "Database", 5),
        ("SHOW OPEN TABLES", "Database", 4),
    ],
)
def test_what_there_is_none_of_is_listed_empty_with_doris_columns(
    root: Session, statement: str, first: str, count: int
) -> None:
    names = columns(root, statement)
    assert (names[0], len(names)) == (first, count)
    assert ask(root, statement) == []


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("SHOW BUILD INDEX FROM nodb", "Unknown database 'nodb'"),
        ("SHOW TABLETS FROM nosuch", "Unknown table 'nosuch'"),
        ("SHOW TABLETS FROM notes", "Unknown table 'notes'"),
        ("SHOW ROUTINE LOAD FOR x", "There is no job named x in db shop"),
        ("SHOW EXPORT FOR x", None),
        ("SHOW CLUSTERS", "Command only support in cloud mode."),
        ("SHOW STORAGE VAULTS", "Storage Vault is only supported for cloud mode"),
        ("SHOW CATALOG nocat", "Unknown catalog 'nocat'"),
        ("SHOW PROC '/nosuch'", 'Proc path "/nosuch" does not exist'),
        ("SHOW PROC 'dbs'", 'Proc path "dbs" does not exist'),
        ("SHOW TABLE id 1", None),
    ],
)
def test_what_does_not_exist_is_refused(root: Session, statement: str, text: str | None) -> None:
    with pytest.raises(DorisError) as raised:
        ask(root, statement)
    assert text is None or raised.value.detail == text


@pytest.mark.parametrize(
    "statement",
    ["SHOW TABLETS FROM shop.orders", "SHOW PROC '/'", "SHOW TRASH", "ADMIN DIAGNOSE TABLET 1", "SHOW FRONTEND CONFIG"],
)
def test_what_is_of_the_cluster_needs_admin(ann: Session, statement: str) -> None:
    with pytest.raises(DorisError, match="Access denied; you need"):
        ask(ann, statement)


def test_other_peoples_databases_are_not_listed(ann: Session) -> None:
    with pytest.raises(DorisError, match="Access denied for user 'ann' to database 'shop'"):
        ask(ann, "SHOW EXPORT FROM shop")


def test_proc_shows_the_catalogue_as_a_tree(root: Session) -> None:
    assert ("dbs",) in ask(root, "SHOW PROC '/'")
    assert columns(root, "SHOW PROC '/frontends'") == columns(root, "SHOW FRONTENDS")
    numbers = {row[1]: row[0] for row in ask(root, "SHOW PROC '/dbs'")}
    tables = {row[1]: row for row in ask(root, f"SHOW PROC '/dbs/{numbers['shop']}'")}
    assert tables["orders"][5:7] == ("NORMAL", "OLAP")
    assert ask(root, f"SHOW DATABASE {numbers['shop']}") == [("shop",)]
    number = tables["orders"][0]
    assert ask(root, f"SHOW TABLE {number}") == [("shop", "orders", numbers["shop"])]
    assert ask(root, f"SHOW PARTITION {number}") == [("shop", "orders", "orders", numbers["shop"], number)]
    assert ask(root, "SHOW TABLE 1") == []
    assert ask(root, "SHOW PROC '/statistic'")[-1][0] == "Total"
    with pytest.raises(Refused, match="SHOW PROC '/current_queries'"):
        ask(root, "SHOW PROC '/current_queries'")


def test_a_table_tells_which_views_read_it(root: Session) -> None:
    assert [row[0] for row in ask(root, "SHOW VIEW FROM orders")] == ["notes"]
    assert ask(root, "SHOW VIEW FROM orders FROM shop")[0][1].startswith("CREATE VIEW `notes`")
    with pytest.raises(DorisError, match="Unknown table 'nosuch'"):
        ask(root, "SHOW VIEW FROM nosuch")


def test_show_data_takes_an_order(root: Session) -> None:
    names = [row[0] for row in ask(root, "SHOW DATA ORDER BY TableName DESC")][:-3]
    assert names == sorted(names, reverse=True)
    assert len(ask(root, "SHOW DATA FROM orders ORDER BY RowCount, Size DESC")) == 2
    with pytest.raises(DorisError, match="nosuch"):
        ask(root, "SHOW DATA ORDER BY nosuch")


def test_users_have_no_functions(root: Session) -> None:
    assert ask(root, "SHOW FULL FUNCTIONS IN shop") == []
    with pytest.raises(DorisError, match=r"Unknown function, function=shop.f\(int\)"):
        ask(root, "SHOW CREATE FUNCTION f(int)")


def test_collations_are_two_whatever_is_asked(root: Session) -> None:
    assert len(ask(root, "SHOW COLLATION LIKE 'x%'")) == len(ask(root, "SHOW COLLATION WHERE Charset = 'x'")) == 2
    with pytest.raises(DorisError, match="mismatched input 'FOR' expecting"):
        ask(root, "SHOW COLLATION FOR x")


@pytest.mark.parametrize(
    "statement",
    [
        "SHOW STATUS TABLE",
        "SHOW STATUS LIKE 'x'",
        "SHOW GLOBAL STATUS WHERE Variable_name = 'x'",
        "SHOW WARNINGS LIKE 'x'",
        "SHOW AUTHORS LIMIT 1",
        "SHOW TRIGGERS ORDER BY 1",
        "SHOW GLOBAL FUNCTIONS FROM shop",
        "SHOW FUNCTIONS WHERE 1",
        "SHOW PLUGINS LIKE 'x'",
    ],
)
def test_nothing_follows_that_doris_does_not_take(root: Session, statement: str) -> None:
    with pytest.raises(DorisError, match="mismatched input"):
        ask(root, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SHOW WARNINGS LIMIT 1, 2",
        "SHOW TRIGGERS FROM shop LIKE 'x'",
        "SHOW EVENTS IN shop WHERE Db = 'x'",
        "SHOW FUNCTIONS FROM shop LIKE 'x'",
        "SHOW GLOBAL FULL FUNCTIONS LIKE 'x'",
        "SHOW ENCRYPTKEYS FROM shop LIKE 'x'",
        "SHOW CONSTRAINTS FROM shop.orders",
        "SHOW LOCAL STATUS",
    ],
)
def test_what_doris_takes_may_follow(root: Session, statement: str) -> None:
    assert ask(root, statement) == []


def test_the_last_insert_of_a_session_is_told(root: Session) -> None:
    assert ask(root, "SHOW LAST INSERT") == []
    do(root, "CREATE TABLE filled (id INT) DUPLICATE KEY (id) DISTRIBUTED BY RANDOM")
    info = do(root, "INSERT INTO filled WITH LABEL told VALUES (1), (2)").info
    (row,) = ask(root, "SHOW LAST INSERT")
    assert row[1:] == ("told", "shop", "filled", "VISIBLE", "2", "0")
    assert f"'txnId':'{row[0]}'" in info
    do(root, "DROP TABLE filled")


def test_small_answers(root: Session) -> None:
    assert ask(root, "ADMIN DIAGNOSE TABLET 7") == [("TabletExist", "No", "")]
    assert ask(root, "SHOW TRASH")[0][2] == "0.000 "
    assert [row[0] for row in ask(root, "SHOW FRONTEND CONFIG LIKE 'query%'")] == ["query_port"]
    assert ("sum",) in ask(root, "SHOW BUILTIN FUNCTIONS LIKE 'su%'")
    assert columns(root, "SHOW FULL BUILTIN FUNCTIONS") == [
        "Signature",
        "Return Type",
        "Function Type",
        "Intermediate Type",
        "Properties",
    ]
    assert ask(root, "SHOW CATALOG internal") == []
    assert len(ask(root, "SHOW ENGINES")) == 7


@pytest.mark.parametrize(
    ("call", "count", "first"),
    [
        ('numbers("number" = "10")', 1, ("number", "bigint", "No", "false", None, "NONE")),
        ("frontends()", 19, ("Name", "text", "No", "false", None, "NONE")),
        ('jobs("type" = "insert")', 12, ("Id", "text", "No", "false", None, "NONE")),
        ('TASKS("type" = "MV")', 19, ("TaskId", "text", "No", "false", None, "NONE")),
    ],
)
def test_table_functions_are_described(root: Session, call: str, count: int, first: tuple[object, ...]) -> None:
    rows = ask(root, f"DESC FUNCTION {call}")
    assert (len(rows), rows[0]) == (count, first)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("nosuch()", "Can not build FunctionTable nosuch"),
        ("jobs()", "Invalid job metadata query"),
        ('iceberg_meta("table" = "a.b")', "The iceberg table name contains the catalogName"),
        ('s3("uri" = "s3://b/f")', "format: is not supported"),
    ],
)
def test_unknown_table_functions_are_not(root: Session, call: str, text: str) -> None:
    with pytest.raises(DorisError, match=text):
        ask(root, f"DESC FUNCTION {call}")


@pytest.mark.parametrize("words", ["PARSED PLAN", "ANALYZED PLAN", "MEMO PLAN", "OPTIMIZED", "VERBOSE", "TREE", ""])
def test_every_kind_of_plan_is_told_under_its_engines_name(root: Session, words: str) -> None:
    lines = [row[0] for row in ask(root, f"EXPLAIN {words} SELECT id FROM orders WHERE id > 1")]
    assert "DuckDB" in lines[0]
    assert len(lines) > 4


def test_writes_are_explained_and_not_done(root: Session, ann: Session) -> None:
    do(root, "CREATE TABLE explained (id INT, v INT) UNIQUE KEY (id) DISTRIBUTED BY HASH (id) BUCKETS 1")
    before = ask(root, "SELECT count(*) FROM orders")
    for text in (
        "INSERT INTO orders SELECT * FROM orders",
        "INSERT INTO explained VALUES (1, 2)",
        "UPDATE explained SET v = 1 WHERE id = 1",
        "DELETE FROM explained WHERE id = 1",
    ):
        lines = [row[0] for row in ask(root, f"EXPLAIN {text}")]
        assert "DuckDB" in lines[0]
    assert ask(root, "SELECT count(*) FROM orders") == before
    assert ask(root, "SELECT count(*) FROM explained") == [(0,)]
    with pytest.raises(DorisError, match="Only unique table could be updated"):
        ask(root, "EXPLAIN UPDATE orders SET note = 'x' WHERE id = 1")
    with pytest.raises(DorisError, match="LOAD command denied to user 'ann'"):
        ask(ann, "EXPLAIN INSERT INTO shop.orders SELECT * FROM shop.orders")
    do(root, "DROP TABLE explained")


@pytest.mark.parametrize(
    ("query", "nullable"),
    [
        ("SELECT 1 AS a, 'x' AS b, NULL AS c", ["No", "No", "Yes"]),
        ("SELECT id, v FROM keyed", ["No", "Yes"]),
        ("SELECT * FROM (SELECT id FROM keyed) t", ["No"]),
        ("SELECT v, count(*) c, sum(id) s FROM keyed GROUP BY v", ["Yes", "No", "Yes"]),
        ("SELECT a.id, b.id other FROM keyed a LEFT JOIN keyed b ON a.id = b.v", ["No", "Yes"]),
        ("SELECT id FROM keyed GROUP BY ROLLUP (id)", ["Yes"]),
        ("SELECT TABLE_NAME FROM information_schema.columns", ["Yes"]),
    ],
)
def test_columns_of_views_tell_whether_they_may_be_null(root: Session, query: str, nullable: list[str]) -> None:
    do(root, "CREATE TABLE keyed (id INT NOT NULL, v INT) DUPLICATE KEY (id) DISTRIBUTED BY RANDOM")
    do(root, f"CREATE VIEW seen AS {query}")
    assert [row[2] for row in ask(root, "DESC seen")] == nullable
    asked = "SELECT IS_NULLABLE FROM information_schema.columns WHERE TABLE_NAME = 'seen' ORDER BY ORDINAL_POSITION"
    assert [row[0] for row in ask(root, asked)] == [word.upper() for word in nullable]
    do(root, "DROP VIEW seen")
    do(root, "DROP TABLE keyed")
