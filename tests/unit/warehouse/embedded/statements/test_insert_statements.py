"""Forms of INSERT, partial update, sequence columns and the delete sign."""

import pytest


@pytest.fixture
def plain(run):
    run("CREATE TABLE t (k INT, v VARCHAR(5)) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    return run


@pytest.fixture
def parted(run):
    run(
        "CREATE TABLE p (k INT, v INT) DUPLICATE KEY(k) PARTITION BY RANGE(k) (FROM (0) TO (30) INTERVAL 10) "
        "DISTRIBUTED BY HASH(k) BUCKETS 1"
    )
    run("INSERT INTO p VALUES (1, 1), (11, 1), (21, 1)")
    return run


@pytest.fixture
def unique(run):
    run(
        "CREATE TABLE u (k INT, a INT, b INT DEFAULT '7', c DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE "
        "CURRENT_TIMESTAMP(3)) UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1"
    )
    run("INSERT INTO u (k, a, b, c) VALUES (1, 1, 1, '2020-01-01'), (2, 2, 2, '2020-01-01')")
    yield run
    run("SET enable_unique_key_partial_update = false")


def test_common_tables_before_and_behind_insert(plain):
    plain("WITH x AS (SELECT 1 AS k, 'a' AS v) INSERT INTO t SELECT * FROM x")
    plain("INSERT INTO t WITH x AS (SELECT 2 AS k, 'b' AS v) SELECT * FROM x")
    plain("INSERT INTO t WITH label AS (SELECT 3 AS k, 'c' AS v) SELECT * FROM label")
    plain("/* c */ with insert_ as (select 4 k, 'insert' v) insert into t (k, v) select k, left(v, 2) from insert_")
    assert plain("SELECT * FROM t ORDER BY k") == [(1, "a"), (2, "b"), (3, "c"), (4, "in")]
    assert plain("WITH x AS (SELECT 'insert into' AS v) SELECT * FROM x") == [("insert into",)]


def test_common_tables_before_update_and_delete(unique):
    unique("WITH x AS (SELECT 1 AS k, 50 AS n) UPDATE u SET a = x.n FROM x WHERE u.k = x.k")
    assert unique("SELECT k, a FROM u ORDER BY k") == [(1, 50), (2, 2)]
    unique("WITH x AS (SELECT 1 AS k) DELETE FROM u USING x WHERE u.k = x.k")
    assert unique("SELECT k FROM u") == [(2,)]


def test_empty_values_need_no_column_list(plain):
    assert plain.error("INSERT INTO t (k, v) VALUES ()") == "value list should not be empty if columns are specified"
    plain("INSERT INTO t VALUES ()")
    assert plain("SELECT * FROM t") == [(None, None)]


def test_rows_that_do_not_fit_are_left_out_where_asked(plain):
    plain("SET enable_insert_strict = false")
    try:
        plain("CREATE TABLE n (k INT NOT NULL) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
        plain("INSERT INTO n SELECT k FROM (SELECT 1 AS k UNION ALL SELECT NULL) x")
        assert plain("SELECT * FROM n") == [(1,)]
        plain("SET insert_max_filter_ratio = 0.2")
        text = plain.error("INSERT INTO n SELECT k FROM (SELECT 1 AS k UNION ALL SELECT NULL) x")
        assert text == "Insert has too many filtered data 1/2 insert_max_filter_ratio is 0.200000"
    finally:
        plain("SET enable_insert_strict = true")
        plain("SET insert_max_filter_ratio = 1.0")


def test_overwriting_the_partitions_that_get_rows(parted):
    parted("INSERT OVERWRITE TABLE p PARTITION(*) VALUES (2, 2), (3, 2), (25, 2)")
    assert parted("SELECT k FROM p ORDER BY k") == [(2,), (3,), (11,), (25,)]
    assert "no partition for this tuple" in parted.error("INSERT OVERWRITE TABLE p PARTITION(*) VALUES (99, 2)")
    assert "ASTERISK" in parted.error("INSERT INTO p PARTITION(*) VALUES (1, 2)")


def test_overwriting_makes_partitions_only_where_asked(run):
    run(
        "CREATE TABLE e (c VARCHAR(9) NOT NULL, v INT) DUPLICATE KEY(c) AUTO PARTITION BY LIST (c) () "
        "DISTRIBUTED BY HASH(c) BUCKETS 1"
    )
    run("INSERT INTO e VALUES ('a', 1), ('b', 1)")
    run("INSERT OVERWRITE TABLE e PARTITION(*) VALUES ('a', 2)")
    assert run("SELECT * FROM e ORDER BY c") == [("a", 2), ("b", 1)]
    assert "no partition for this tuple" in run.error("INSERT OVERWRITE TABLE e VALUES ('c', 3)")
    run("SET enable_auto_create_when_overwrite = true")
    try:
        run("INSERT OVERWRITE TABLE e VALUES ('c', 3)")
    finally:
        run("SET enable_auto_create_when_overwrite = false")
    assert run("SELECT * FROM e") == [("c", 3)]


def test_partial_update_keeps_absent_columns(unique):
    unique("SET enable_unique_key_partial_update = true")
    unique("INSERT INTO u (k, a) VALUES (1, 10), (3, 30), (1, 11)")
    rows = unique("SELECT k, a, b, c > '2021-01-01' FROM u ORDER BY k")
    assert rows == [(1, 11, 1, True), (2, 2, 2, False), (3, 30, 7, True)]


def test_partial_update_needs_every_key(unique):
    unique("SET enable_unique_key_partial_update = true")
    assert unique.error("INSERT INTO u (a) VALUES (10)") == (
        "Partial update should include all key columns, missing: k"
    )
    unique("SET partial_update_new_key_behavior = 'ERROR'")
    try:
        assert "Can't append new rows in partial update" in unique.error("INSERT INTO u (k, a) VALUES (9, 10)")
        unique("INSERT INTO u (k, a) VALUES (2, 20)")
    finally:
        unique("SET partial_update_new_key_behavior = 'APPEND'")
    assert unique("SELECT k, a, b FROM u ORDER BY k") == [(1, 1, 1), (2, 20, 2)]


def test_partial_update_of_a_new_row_without_a_needed_value(run):
    run("CREATE TABLE w (k INT, a INT NOT NULL, b INT) UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("INSERT INTO w VALUES (1, 1, 1)")
    run("SET enable_unique_key_partial_update = true")
    try:
        run("INSERT INTO w (k, b) VALUES (1, 5)")
        assert "the unmentioned column `a`" in run.error("INSERT INTO w (k, b) VALUES (2, 5)")
    finally:
        run("SET enable_unique_key_partial_update = false")
    assert run("SELECT * FROM w") == [(1, 1, 5)]


def test_the_delete_sign_deletes_its_key(unique):
    unique("INSERT INTO u (k, a, __DORIS_DELETE_SIGN__) VALUES (1, 9, 1), (3, 3, 0), (4, 4, 0), (4, 4, 1)")
    assert unique("SELECT k, a, b FROM u ORDER BY k") == [(2, 2, 2), (3, 3, 7)]


def test_a_sequence_column_decides_which_row_is_the_latest(run):
    run(
        "CREATE TABLE s (k INT, v VARCHAR(5), at DATETIME) UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1 "
        "PROPERTIES ('function_column.sequence_col' = 'at')"
    )
    run("INSERT INTO s VALUES (1, 'new', '2024-01-02'), (1, 'old', '2024-01-01'), (2, 'a', NULL)")
    run("INSERT INTO s VALUES (1, 'older', '2023-01-02'), (2, 'b', '2020-01-01'), (3, 'x', '2020-01-01')")
    run("INSERT INTO s VALUES (3, 'same', '2020-01-01')")
    assert run("SELECT k, v FROM s ORDER BY k") == [(1, "new"), (2, "b"), (3, "same")]
    assert run.error("INSERT INTO s (k, v) VALUES (1, 'q')") == (
        "Table s has sequence column, need to specify the sequence column"
    )
    assert "sequence column" in run.error("DELETE FROM s WHERE k = 1")
    assert '"function_column.sequence_col" = "at"' in run.shown("s")


def test_a_delete_needs_a_condition(unique):
    assert unique.error("DELETE FROM u") == "delete command must contain filter"
    assert unique.error("DELETE FROM u WHERE 1 = 1") == "delete command must contain filter"
    assert "'txnId':'-1'" in unique("DELETE FROM u WHERE 1 = 2").info
    assert unique("DELETE FROM u WHERE a + 0 > 1").affected_rows == 1
    assert unique("SELECT k FROM u") == [(1,)]


def test_of_an_empty_table_nothing_is_deleted(unique):
    unique("TRUNCATE TABLE u")
    assert "'txnId':'-1'" in unique("DELETE FROM u WHERE a = 1").info
    assert "Unknown column 'nocol'" in unique.error("DELETE FROM u WHERE nocol = 1")


def test_deleting_in_a_partition(run):
    run(
        "CREATE TABLE q (k INT, v INT) UNIQUE KEY(k) PARTITION BY RANGE(k) (FROM (0) TO (20) INTERVAL 10) "
        "DISTRIBUTED BY HASH(k) BUCKETS 1"
    )
    run("INSERT INTO q VALUES (1, 5), (11, 5)")
    run("DELETE FROM q PARTITION p_0_10 WHERE v = 5")
    assert run("SELECT k FROM q") == [(11,)]
    assert run.error("DELETE FROM q PARTITION px WHERE v = 5") == ("Partition: px is not exists on table internal.d.q")


def test_columns_added_in_the_middle_get_their_values(plain):
    plain("ALTER TABLE t ADD COLUMN n INT DEFAULT '5' AFTER k")
    plain("INSERT INTO t VALUES (1, 2, 'x')")
    assert plain("SELECT * FROM t") == [(1, 2, "x")]
