"""CREATE, DROP and TRUNCATE through a session: what they do, and what Doris says where it refuses."""

import re

import pytest


def test_a_table_is_made_filled_shown_and_dropped(run):
    run("CREATE TABLE t (k INT, s VARCHAR(5)) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 3")
    assert "DISTRIBUTED BY HASH(`k`) BUCKETS 3" in run.shown("t")
    run("INSERT INTO t VALUES (1, 'a')")
    assert run("SELECT * FROM d.t") == [(1, "a")]
    run("DROP TABLE t FORCE")
    assert run.error("SELECT * FROM t").startswith("Table [t] does not exist in database [d].")


REFUSED = [
    ("CREATE DATABASE d", "Can't create database 'd'; database exists"),
    ("CREATE DATABASE information_schema", "Can't create database 'information_schema'; database exists"),
    ("DROP DATABASE nodb", "Can't drop database 'nodb'; database doesn't exist"),
    ("CREATE TABLE t5 (a INT, a INT)", "Duplicate column name 'a'"),
    ("CREATE TABLE t5 (a INT) ENGINE=innodb", "Do not support table with engine name = innodb"),
    ("CREATE TABLE t5 (a INT) DISTRIBUTED BY HASH(b) BUCKETS 1", "Distribution column(b) doesn't exist"),
    (
        "CREATE TABLE t5 (a INT, b INT) DUPLICATE KEY(b) DISTRIBUTED BY HASH(a) BUCKETS 1",
        "Key columns should be a ordered prefix of the schema. KeyColumns[0] (starts from zero) is b, but "
        "corresponding column is a in the previous columns declaration.",
    ),
    ("CREATE TABLE t5 (a INT) PROPERTIES ('nope'='1','replication_num'='1')", "Unknown properties: {nope=1}"),
    ("CREATE TABLE t5 (a INT AUTO_INCREMENT)", "the auto increment column should be NOT NULL."),
    (
        "CREATE TABLE t5 (a JSON)",
        "The olap table first column could not be float, double, string or array, struct, map, please use decimal or "
        "varchar instead.",
    ),
    ("CREATE TABLE t5 (a INT) UNIQUE KEY(a)", "Create unique keys table should not contain random distribution desc"),
    ("CREATE TABLE nodb.t (a INT)", "Unknown database 'nodb'"),
    ("CREATE TABLE there (a INT)", "Table 'there' already exists"),
    ("CREATE TABLE t5 LIKE nosuch", "Unknown table 'nosuch'"),
    ("DROP VIEW nosuch", "Unknown table 'nosuch' in d"),
    ("DROP VIEW there", "'d.there' is not VIEW. Use 'DROP TABLE d.there'."),
    ("TRUNCATE TABLE nosuch", "Unknown table 'nosuch'"),
    ("TRUNCATE TABLE there PARTITION(p9)", "Partition p9 does not exist"),
    ("ALTER DATABASE d RENAME d", "Same database name"),
    ("ALTER VIEW there AS SELECT 1", "'d.there' is not VIEW. Use 'ALTER TABLE d.there'."),
    ("CREATE VIEW v (a, b) AS SELECT 1 x", "View's SELECT and view's field list have different column counts"),
    ("CREATE VIEW v AS SELECT 1 a, 2 A", "Duplicate column name 'A'"),
    ("CREATE VIEW v AS SELECT nocol FROM there", "Unknown column 'nocol' in 'table list' in PROJECT clause"),
    ("CREATE TABLE information_schema.t (a INT)", "not supported create table in this database"),
    ("CREATE TABLE c (a, b) AS SELECT 1", "ctas column size is not equal to the query's"),
    (
        "CREATE TABLE big (a INT) PROPERTIES ('replication_num' = '4')",
        "replication num should be less than the number of available backends. replication num is 4, available backend "
        "num is 3",
    ),
]


@pytest.mark.parametrize(("sql", "text"), REFUSED, ids=[sql[:50] for sql, _ in REFUSED])
def test_refusals_read_as_doris_writes_them(run, sql, text):
    run("CREATE TABLE there (a INT)")
    assert text in run.error(sql)


PARSED = [
    "CREATE TABLE t5 (a INT PRIMARY KEY)",
    "CREATE TABLE t (a INT) DISTRIBUTED BY HASH(a) BUCKETS x",
    "CREATE TABLE t (a INT,, b INT)",
    "CREATE TABLE (a INT)",
    "CREATE VIEW v",
    "DROP TABLE",
    "TRUNCATE t",
    "ALTER TABLE t",
    "CREATE TABLE t (a INT) PARTITION BY RANGE(a) (PARTITION p VALUES LESS (1))",
]


@pytest.mark.parametrize("sql", PARSED)
def test_what_the_grammar_does_not_have_is_an_error(run, sql):
    assert run.error(sql)


CLEARLY_REFUSED = [
    ("CREATE TEMPORARY TABLE t (a INT)", "CREATE TEMPORARY TABLE"),
    ("CREATE EXTERNAL TABLE t (a INT)", "CREATE EXTERNAL TABLE"),
    ("CREATE TABLE t (a INT, v VARIANT)", "column v of type variant"),
    ("CREATE TABLE t (a INT, INDEX i (a) USING BITMAP)", "BITMAP indexes"),
    ("DROP DATABASE information_schema", "dropping the system database"),
]


@pytest.mark.parametrize(("sql", "what"), CLEARLY_REFUSED)
def test_what_is_not_here_is_refused_by_name(run, sql, what):
    assert run.error(sql).startswith(f"the embedded warehouse refuses {what}")


def test_if_exists_and_if_not_exists(run):
    run("CREATE DATABASE IF NOT EXISTS d")
    run("CREATE TABLE t (a INT)")
    run("CREATE TABLE IF NOT EXISTS t (b INT)")
    assert "`a` int" in run.shown("t")
    run("DROP TABLE IF EXISTS nosuch")
    run("DROP VIEW IF EXISTS nosuch")
    run("DROP DATABASE IF EXISTS nodb")


def test_create_like_takes_everything_but_rows(run):
    run(
        "CREATE TABLE a (d DATE NOT NULL COMMENT 'day', v INT DEFAULT 7, INDEX i (v)) DUPLICATE KEY(d) COMMENT 'c' "
        "AUTO PARTITION BY RANGE (date_trunc(d, 'month')) () PROPERTIES ('compression' = 'zstd')"
    )
    run("INSERT INTO a (d) VALUES ('2024-01-05')")
    run("CREATE TABLE b LIKE d.a")
    assert run.shown("b") == run.shown("a").replace("`a` (", "`b` (")
    assert run("SELECT count(*) FROM b") == [(0,)]
    run("INSERT INTO b (d) VALUES ('2024-02-05')")
    assert "p20240201000000" not in run.shown("a")


def test_ctas_takes_types_from_the_query(run):
    run("CREATE TABLE t (k INT NOT NULL, s VARCHAR(7), x STRING) DUPLICATE KEY(k)")
    run("INSERT INTO t VALUES (1, 'a', 'b')")
    done = run(
        "CREATE TABLE c PROPERTIES ('replication_num'='1') AS SELECT k, s, x, 'lit' l, 1.5 n, NULL e, k + 1 p FROM t"
    )
    assert done.affected_rows == 1
    assert re.fullmatch(r"\{'label':'label_[0-9a-f]+_[0-9a-f]+', 'status':'VISIBLE', 'txnId':'\d+'\}", done.info)
    shown = run.shown("c")
    for column in (
        "`k` int NOT NULL",
        "`s` varchar(7) NULL",
        "`x` text NULL",
        "`l` varchar(65533) NULL",
        "`n` decimal(2,1) NULL",
        "`e` tinyint NULL",
        "`p` bigint NULL",
        "DUPLICATE KEY(`k`, `s`)",
        "DISTRIBUTED BY HASH(`k`) BUCKETS 10",
    ):
        assert column in shown
    assert run("SELECT * FROM c") == [(1, "a", "b", "lit", "1.5", None, 2)]
    assert run("CREATE TABLE IF NOT EXISTS c AS SELECT 1 a").affected_rows == 0


def test_ctas_renames_columns_and_leaves_nothing_when_it_fails(run):
    run("CREATE TABLE c (`a`, b) AS SELECT 1, 'x'")
    assert run("SELECT a, b FROM c") == [(1, "x")]
    assert run.error("CREATE TABLE bad AS SELECT k FROM nosuch").startswith("Table [nosuch] does not exist")
    assert run("SHOW TABLES") == [("c",)]


def test_views_see_their_tables_from_everywhere(run):
    run("CREATE TABLE t (k INT, s VARCHAR(5)) DUPLICATE KEY(k)")
    run("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    run("CREATE VIEW v (key_ COMMENT 'the key', text_) COMMENT 'all' AS SELECT k, s FROM t WHERE k > 1")
    run("CREATE DATABASE other")
    run("USE other")
    try:
        assert run("SELECT text_, key_ FROM d.v") == [("b", 2)]
        run("CREATE VIEW w AS SELECT x.key_ FROM d.v x JOIN (SELECT * FROM d.t) y ON x.key_ = y.k")
        run("USE d")
        assert run("SELECT * FROM other.w") == [(2,)]
    finally:
        run("USE d")
        run("DROP DATABASE other")
    assert run.shown("v") == (
        "CREATE VIEW `v`\n(key_ comment 'the key',text_)\n COMMENT 'all' AS SELECT `internal`.`d`.`t`.`k` AS `key_`, "
        "`internal`.`d`.`t`.`s` AS `text_` FROM `internal`.`d`.`t` WHERE `internal`.`d`.`t`.`k` > 1;"
    )


def test_names_of_with_are_no_tables_of_a_view(run):
    run("CREATE TABLE t (k INT)")
    run("CREATE TABLE x (k INT)")
    run("INSERT INTO t VALUES (1)")
    run("CREATE VIEW v AS WITH x AS (SELECT k FROM t) SELECT k FROM x WHERE k IN (SELECT k FROM t)")
    assert run("SELECT * FROM v") == [(1,)]
    assert run.shown("v").count("FROM `internal`.`d`.`t`") == 2
    assert "FROM x" in run.shown("v")


D = "`internal`.`d`"
WRITTEN_OUT = [
    (
        "select k, sum(v) sv, count(*) c from ev group by k",
        f"select {D}.`ev`.`k`, sum({D}.`ev`.`v`) `sv`, count(*) `c` from {D}.`ev` group by {D}.`ev`.`k`",
    ),
    ("select * from ev", f"select {D}.`ev`.`k`, {D}.`ev`.`v` from {D}.`ev`"),
    ("select e.k as a from ev as e order by a", f"select {D}.`e`.`k` as `a` from {D}.`ev` as `e` order by `a`"),
    (
        "select x.k from (select k from d.ev) x where x.k > 1",
        f"select {D}.`x`.`k` from (select {D}.`ev`.`k` from {D}.`ev`) `x` where {D}.`x`.`k` > 1",
    ),
    (
        "with c (a) as (select v from ev) select c.a + 1 from c",
        f"with `c` (`a`) as (select {D}.`ev`.`v` from {D}.`ev`) select {D}.`c`.`a` + 1 from c",
    ),
    (
        "select k, w from ev lateral view explode([1, 2]) tmp as w",
        f"select {D}.`ev`.`k`, `tmp`.`w` from {D}.`ev` lateral view explode([1, 2]) `tmp` as `w`",
    ),
    (
        "select k from ev where v in (select v from ev x where v > 1)",
        f"select {D}.`ev`.`k` from {D}.`ev` where {D}.`ev`.`v` in (select v from {D}.`ev` `x` where v > 1)",
    ),
]


@pytest.mark.parametrize(("query", "kept"), WRITTEN_OUT)
def test_views_are_kept_with_every_name_written_out(run, query, kept):
    run("CREATE TABLE ev (k INT, v INT) DUPLICATE KEY(k)")
    run("INSERT INTO ev VALUES (1, 2), (2, 3)")
    run(f"CREATE VIEW w AS {query}")
    shown = run.shown("w").partition(" AS ")[2]
    assert shown == f"{kept};"
    assert sorted(run("SELECT * FROM w")) == sorted(run(query))


def test_a_view_without_tables_is_shown_under_the_names_of_its_columns(run):
    run("CREATE VIEW v1 (x COMMENT 'c') COMMENT 'vv' AS select 1")
    assert run.shown("v1") == "CREATE VIEW `v1`\n(x comment 'c')\n COMMENT 'vv' AS select 1 AS `x`;"


def test_a_view_keeps_the_columns_that_star_meant(run):
    run("CREATE TABLE t (k INT)")
    run("CREATE VIEW v AS SELECT * FROM t")
    run("ALTER TABLE t ADD COLUMN n INT DEFAULT '3'")
    run("INSERT INTO t VALUES (1, 2)")
    assert run("SELECT * FROM v") == [(1,)]


def test_alter_view_changes_query_and_comment(run):
    run("CREATE VIEW v2 AS WITH x AS (SELECT 1 a) SELECT * FROM x")
    run("ALTER VIEW v2 AS SELECT 2 b")
    assert run("SELECT * FROM v2") == [(2,)]
    run("ALTER VIEW v2 MODIFY COMMENT 'new'")
    assert "COMMENT 'new'" in run.shown("v2")
    run("CREATE OR REPLACE VIEW v2 AS SELECT 3 c")
    assert run("SELECT c FROM v2") == [(3,)]
    run("DROP VIEW v2")


def test_truncate_takes_all_or_some_partitions(run):
    run("CREATE TABLE t (k INT) PARTITION BY RANGE(k) (FROM (0) TO (30) INTERVAL 10)")
    run("INSERT INTO t VALUES (5), (15), (25)")
    run("TRUNCATE TABLE t PARTITION(p_0_10, p_20_30)")
    assert run("SELECT k FROM t") == [(15,)]
    run("TRUNCATE TABLE t")
    assert run("SELECT count(*) FROM t") == [(0,)]
    assert run.shown("t").count("PARTITION p_") == 3


def test_a_renamed_database_keeps_its_tables(run):
    run("CREATE TABLE t (k INT)")
    run("ALTER DATABASE d RENAME d2")
    try:
        assert run("SELECT count(*) FROM d2.t") == [(0,)]
        assert run.error("SELECT count(*) FROM d.t").startswith("Database [d] does not exist.")
    finally:
        run("ALTER DATABASE d2 RENAME d")


def test_privileges_are_asked_for(run, as_user):
    run("CREATE TABLE ev (k INT)")
    run("CREATE TABLE u (k INT)")
    ann = as_user("ann", "SELECT_PRIV ON d.u", "LOAD_PRIV ON d.u")
    need = "Access denied; you need (at least one of) the ({}) privilege(s) for this operation"
    assert ann.error("CREATE TABLE d.zz (a INT)") == need.format("CREATE")
    assert ann.error("DROP TABLE d.ev") == need.format("DROP")
    assert ann.error("TRUNCATE TABLE d.ev") == need.format("LOAD")
    assert ann.error("CREATE DATABASE zz") == "Access denied for user 'ann' to database 'zz'"
    assert ann.error("DROP DATABASE d") == "Access denied for user 'ann' to database 'd'"
    assert ann.error("CREATE VIEW d.v9 AS SELECT 1") == (
        "Access denied; you need (at least one of) the (Admin_priv,Create_priv) privilege(s) on table v9 for this "
        "operation"
    )
    assert ann.error("ALTER TABLE d.u ADD COLUMN z INT") == (
        "ALTER TABLE command denied to user 'ann'@'127.0.0.1' for table 'd: u'"
    )
    run("GRANT CREATE_PRIV ON d.* TO ann")
    assert "Permission denied" in ann.error("CREATE VIEW d.v9 AS SELECT k FROM d.ev")
    assert "Permission denied" in ann.error("CREATE TABLE d.zz AS SELECT k FROM d.ev")
    ann("CREATE TABLE d.zz AS SELECT k FROM d.u")
    ann("TRUNCATE TABLE d.u")


def test_a_view_writes_both_sides_of_an_operator_out(run):
    run("CREATE TABLE left_ (a INT) DISTRIBUTED BY HASH(a) BUCKETS 1")
    run("CREATE TABLE right_ (b INT) DISTRIBUTED BY HASH(b) BUCKETS 1")
    run("INSERT INTO left_ VALUES (1), (2), (3)")
    run("INSERT INTO right_ VALUES (1), (2)")
    run("CREATE VIEW both_ AS SELECT a, a + b AS total FROM left_ INNER JOIN right_ ON a = b WHERE a < b + 1")
    assert "ON `internal`.`d`.`left_`.`a` = `internal`.`d`.`right_`.`b`" in run.shown("both_")
    assert run("SELECT * FROM both_ ORDER BY a") == [(1, 2), (2, 4)]
