"""ALTER TABLE of partitions, temporary ones, rollups, features and indexes; PARTITION in FROM."""

import pytest


@pytest.fixture
def parted(run):
    run(
        "CREATE TABLE p (k INT NOT NULL, v INT) DUPLICATE KEY(k) PARTITION BY RANGE(k) (FROM (0) TO (30) INTERVAL 10) "
        "DISTRIBUTED BY HASH(k) BUCKETS 1"
    )
    run("INSERT INTO p VALUES (1, 1), (11, 1), (21, 1)")
    return run


def test_a_table_is_read_by_partition(parted):
    assert parted("SELECT k FROM p PARTITION (p_0_10, P_20_30) ORDER BY k") == [(1,), (21,)]
    assert parted("SELECT x.k FROM p PARTITION p_0_10 x JOIN p y ON x.v = y.v WHERE y.k = 11") == [(1,)]
    assert parted.error("SELECT * FROM p PARTITION (px)") == "Partition: px is not exists on table internal.d.p"
    parted("CREATE VIEW v AS SELECT k FROM p PARTITION (p_10_20)")
    assert parted("SELECT * FROM v") == [(11,)]
    assert "is not OLAP table" in parted.error("SELECT * FROM v PARTITION (p_0_10)")


def test_a_temporary_partition_takes_the_place_of_another(parted):
    parted("ALTER TABLE p ADD TEMPORARY PARTITION tp VALUES [('0'), ('10'))")
    parted("INSERT INTO p TEMPORARY PARTITION (tp) VALUES (2, 2), (3, 3)")
    assert "no partition for this tuple" in parted.error("INSERT INTO p TEMPORARY PARTITION (tp) VALUES (12, 2)")
    assert parted("SELECT k FROM p ORDER BY k") == [(1,), (11,), (21,)]
    assert parted("SELECT k FROM p TEMPORARY PARTITION (tp) ORDER BY k") == [(2,), (3,)]
    parted("ALTER TABLE p REPLACE PARTITION (p_0_10) WITH TEMPORARY PARTITION (tp)")
    assert parted("SELECT k FROM p ORDER BY k") == [(2,), (3,), (11,), (21,)]
    assert parted("SELECT k FROM p PARTITION (p_0_10) ORDER BY k") == [(2,), (3,)]
    assert "tp is not exists" in parted.error("SELECT k FROM p TEMPORARY PARTITION (tp)")


def test_two_partitions_become_two_under_new_names(parted):
    parted(
        "ALTER TABLE p ADD TEMPORARY PARTITION a VALUES [('0'), ('10')), "
        "ADD TEMPORARY PARTITION b VALUES [('10'), ('20'))"
    )
    parted("INSERT INTO p TEMPORARY PARTITION (b) VALUES (15, 5)")
    parted(
        "ALTER TABLE p REPLACE PARTITION (p_0_10, p_10_20) WITH TEMPORARY PARTITION (a, b) "
        "PROPERTIES ('use_temp_partition_name' = 'true')"
    )
    assert parted("SELECT k FROM p ORDER BY k") == [(15,), (21,)]
    assert "PARTITION b VALUES" in parted.shown("p")


def test_temporary_partitions_have_rules(parted):
    parted("ALTER TABLE p ADD TEMPORARY PARTITION tp VALUES [('0'), ('5'))")
    assert parted.error("ALTER TABLE p REPLACE PARTITION (p_0_10) WITH TEMPORARY PARTITION (tp)") == (
        "2 range lists are not stricly matched."
    )
    assert parted.error("ALTER TABLE p REPLACE PARTITION (p_0_10) WITH TEMPORARY PARTITION (x)") == (
        "Temp partition[x] does not exist"
    )
    assert parted.error("ALTER TABLE p ADD COLUMN n INT") == (
        "Can not alter table when there are temp partitions in table"
    )
    assert "intersected" in parted.error("ALTER TABLE p ADD TEMPORARY PARTITION t2 VALUES [('4'), ('9'))")
    assert parted.error("ALTER TABLE p ADD TEMPORARY PARTITION p_0_10 VALUES [('90'), ('99'))") == (
        "Duplicate partition name p_0_10"
    )
    parted("ALTER TABLE p DROP TEMPORARY PARTITION tp")
    parted("ALTER TABLE p ADD COLUMN n INT")
    parted("ALTER TABLE p ADD TEMPORARY PARTITION tp VALUES [('0'), ('5'))")
    parted("DROP TABLE p FORCE")


def test_properties_of_partitions_are_checked(parted):
    parted("ALTER TABLE p MODIFY PARTITION p_0_10 SET ('storage_medium' = 'HDD')")
    parted("ALTER TABLE p MODIFY PARTITION (p_0_10, p_10_20) SET ('replication_num' = '1')")
    parted("ALTER TABLE p MODIFY PARTITION (*) SET ('in_memory' = 'false')")
    assert "does not exist" in parted.error("ALTER TABLE p MODIFY PARTITION px SET ('replication_num' = '1')")
    assert "in_memory" in parted.error("ALTER TABLE p MODIFY PARTITION (*) SET ('in_memory' = 'true')")
    parted("ALTER TABLE p DROP PARTITION p_0_10 FORCE")
    assert parted("SELECT count(*) FROM p") == [(2,)]


def test_rollups_are_remembered_by_doris_rules(run):
    run("CREATE TABLE t (k INT, d DATE, v INT, s VARCHAR(5)) DUPLICATE KEY(k, d) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("ALTER TABLE t ADD ROLLUP r1(d, v), r2(s, v)")
    assert run.error("ALTER TABLE t ADD ROLLUP r1(v, k)") == "Rollup index[r1] already exists"
    assert run.error("ALTER TABLE t ADD ROLLUP r3(nocol)") == "Column[nocol] does not exist in base index"
    assert "useless" in run.error("ALTER TABLE t ADD ROLLUP r3(k, d)")
    assert run.error("ALTER TABLE t DROP COLUMN v") == "Can not drop column contained by mv, mv=r1"
    assert run.error("ALTER TABLE t MODIFY COLUMN v BIGINT") == "Can not modify column contained by mv, mv=r1"
    run("ALTER TABLE t RENAME ROLLUP r2 r9")
    run("ALTER TABLE t DROP ROLLUP r1, r9")
    run("ALTER TABLE t DROP COLUMN v")
    run(
        "CREATE TABLE a (k INT, d DATE, v INT SUM) AGGREGATE KEY(k, d) DISTRIBUTED BY HASH(k) BUCKETS 1 "
        "ROLLUP (r(d, v))"
    )
    assert "useless" in run.error("ALTER TABLE a ADD ROLLUP r2(k, d, v)")
    assert run.error("ALTER TABLE a ADD ROLLUP r2(v)") == "No key column is found"
    run("CREATE TABLE b LIKE a WITH ROLLUP (r)")
    run("ALTER TABLE b DROP ROLLUP r")
    assert "not exists" in run.error("CREATE TABLE c LIKE b WITH ROLLUP (r)")


def test_key_columns_can_be_added(run):
    run("CREATE TABLE t (k INT, v INT SUM) AGGREGATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("INSERT INTO t VALUES (1, 1), (2, 2)")
    run("ALTER TABLE t ADD COLUMN d DATE KEY DEFAULT '2024-01-01'")
    run("INSERT INTO t VALUES (1, '2024-01-01', 5), (1, '2024-01-02', 7)")
    assert run("SELECT * FROM t ORDER BY k, d") == [
        (1, "2024-01-01", 6),
        (1, "2024-01-02", 7),
        (2, "2024-01-01", 2),
    ]
    assert "AGGREGATE KEY(`k`, `d`)" in run.shown("t")


def test_features(run):
    run("CREATE TABLE u (k INT, v INT) UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    assert run.error("ALTER TABLE u ENABLE FEATURE 'batch_delete'") == (
        "Can not enable batch delete support, already supported batch delete."
    )
    assert run.error("ALTER TABLE u ENABLE FEATURE 'nope'") == "unknown feature name: nope"


def test_building_an_index_checks_that_there_is_one(parted):
    parted("CREATE INDEX i ON p(v) USING INVERTED")
    parted("BUILD INDEX i ON p")
    parted("BUILD INDEX i ON p PARTITION (p_0_10)")
    assert parted.error("BUILD INDEX nope ON p") == "Index[nope] is not exist in table[p]"
    assert parted.error("BUILD INDEX i ON nope") == "Table[nope] is not exist"
