"""ALTER TABLE through a session: definitions and rows change together."""

from datetime import UTC, datetime

import pytest

from nereus.warehouse.embedded.ddl.dynamic import is_dynamic
from nereus.warehouse.embedded.write.altering import refresh_all


@pytest.fixture
def table(run):
    run(
        "CREATE TABLE t (k INT NOT NULL, d DATE, v INT, s VARCHAR(9) DEFAULT 'x' COMMENT 'old') DUPLICATE KEY(k, d) "
        "PARTITION BY RANGE(d) (FROM ('2024-01-01') TO ('2024-04-01') INTERVAL 1 MONTH) "
        "DISTRIBUTED BY HASH(k) BUCKETS 2 PROPERTIES ('replication_num'='1', 'bloom_filter_columns'='v,s')"
    )
    run("INSERT INTO t VALUES (1, '2024-01-05', 10, 'a'), (2, '2024-02-05', 20, NULL)")
    return run


CHANGES = [
    (["ADD COLUMN n INT DEFAULT '5' COMMENT 'x' AFTER v"], "k, d, v, n, s", [(1, "2024-01-05", 10, 5, "a")]),
    (["ADD COLUMN n INT NOT NULL DEFAULT '5'"], "*", [(1, "2024-01-05", 10, "a", 5)]),
    (["ADD COLUMN n DATETIME"], "*", [(1, "2024-01-05", 10, "a", None)]),
    (["ADD COLUMN (n INT, m VARCHAR(3) DEFAULT 'mm')"], "*", [(1, "2024-01-05", 10, "a", None, "mm")]),
    (["DROP COLUMN v"], "*", [(1, "2024-01-05", "a")]),
    (["MODIFY COLUMN v BIGINT"], "*", [(1, "2024-01-05", 10, "a")]),
    (["MODIFY COLUMN v VARCHAR(11)"], "*", [(1, "2024-01-05", "10", "a")]),
    (["MODIFY COLUMN s VARCHAR(40) DEFAULT 'x'"], "*", [(1, "2024-01-05", 10, "a")]),
    (["MODIFY COLUMN v INT AFTER s"], "*", [(1, "2024-01-05", "a", 10)]),
    (["RENAME COLUMN v w"], "k, w", [(1, 10)]),
    (["RENAME COLUMN k key_"], "key_, d", [(1, "2024-01-05")]),
    (["ORDER BY (k, d, s, v)"], "*", [(1, "2024-01-05", "a", 10)]),
    (["DROP COLUMN v", "ADD COLUMN v DECIMAL(5,1) DEFAULT '1.5'"], "*", [(1, "2024-01-05", "a", "1.5")]),
    (["DROP PARTITION p_202402", "ADD COLUMN n INT"], "k", [(1,)]),
]


@pytest.mark.parametrize(("clauses", "columns", "rows"), CHANGES, ids=[", ".join(c[0]) for c in CHANGES])
def test_changes_of_columns_reach_the_rows(table, clauses, columns, rows):
    table(f"ALTER TABLE t {', '.join(clauses)}")
    key = columns.split(",")[0] if columns != "*" else "k"
    assert table(f"SELECT {columns} FROM t ORDER BY {key} LIMIT 1") == rows
    shown = table.shown("t")
    table("CREATE TABLE again LIKE t")
    assert table.shown("again") == shown.replace("`t` (", "`again` (")
    table("INSERT INTO again SELECT * FROM t")


REFUSED = [
    ("DROP COLUMN nocol", "Column does not exists: nocol"),
    ("DROP COLUMN d", "Partition column[d] cannot be dropped. index[t]"),
    ("DROP COLUMN k", "Distribution column[k] cannot be dropped. index[t]"),
    ("ADD COLUMN V INT", "Can not add column which already exists in base table: V"),
    ("ADD COLUMN n INT FIRST", "Can't add value column n as First column"),
    ("ADD COLUMN n INT AFTER nocol", "Column[nocol] does not found"),
    ("ADD COLUMN n INT AFTER k", "Invalid column order. value should be after key. index[t]"),
    ("ADD COLUMN n INT SUM", "Can not assign aggregation method on column in Duplicate data model table: n"),
    ("ADD COLUMN n BIGINT NOT NULL AUTO_INCREMENT", "Can not add auto-increment column n"),
    ("MODIFY COLUMN k BIGINT", "Can not modify partition or distribution column : k"),
    ("MODIFY COLUMN s VARCHAR(20)", "Can not change default value"),
    (
        "MODIFY COLUMN s VARCHAR(5) DEFAULT 'x'",
        "Shorten type length is prohibited, srcType=varchar(9), dstType=varchar(5)",
    ),
    ("MODIFY COLUMN v DATE", "Can not change INT to DATEV2"),
    ("MODIFY COLUMN v SMALLINT", "Can not change INT to SMALLINT"),
    ("MODIFY COLUMN v INT NOT NULL", "Can not change from nullable to non-nullable"),
    ("MODIFY COLUMN v VARCHAR(5)", "Can not change from wider type int to narrower type varchar(5)"),
    ("RENAME COLUMN d day", "Renaming partition columns has problems, forbidden in current Doris version"),
    ("RENAME COLUMN v S", "Column name[S] is already used"),
    ("RENAME COLUMN x y", "Column[x] does not exists"),
    ("RENAME COLUMN v V", "Same column name"),
    ("ORDER BY (k, d)", "Reorder stmt should contains all columns"),
    ("ORDER BY (v, k, d, s)", "Invalid column order. value should be after key. index[t]"),
    ("RENAME t", "Same table name"),
    ("RENAME other", "Table name[other] is already used"),
    ("DROP PARTITION nop", "Error in list of partitions to nop"),
    (
        "ADD PARTITION p1 VALUES LESS THAN ('2024-01-15')",
        "Range [types: [DATEV2]; keys: [0000-01-01]; ..types: [DATEV2]; keys: [2024-01-15]; ) is intersected with "
        "range: [types: [DATEV2]; keys: [2024-01-01]; ..types: [DATEV2]; keys: [2024-02-01]; )",
    ),
    ("ADD PARTITION p_202401 VALUES LESS THAN ('2025-01-15')", "Duplicate partition name p_202401"),
    ("RENAME PARTITION p_202401 P_202402", "Partition name[P_202402] is already used"),
    ("SET ('nope' = '1')", "Unknown table property: [nope]"),
    ("SET ('in_memory' = 'false', 'compression' = 'lz4')", "Can only set one table property at a time"),
    ("SET ('enable_unique_key_merge_on_write' = 'true')", "Can not change UNIQUE KEY to Merge-On-Write mode"),
    ("DROP INDEX nope", "index nope does not exist"),
    ("ADD INDEX i (nocol)", "Column does not exist in table. invalid column: nocol"),
    ("REPLACE WITH TABLE nosuch", "Unknown table 'nosuch'"),
]


@pytest.mark.parametrize(("clause", "text"), REFUSED, ids=[clause[:40] for clause, _ in REFUSED])
def test_refusals_read_as_doris_writes_them(table, clause, text):
    table("CREATE TABLE other (k INT)")
    before = table.shown("t")
    assert table.error(f"ALTER TABLE t {clause}") == text
    assert table.shown("t") == before


def test_unique_keys_stay(run):
    run("CREATE TABLE u (k INT, v INT) UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    assert run.error("ALTER TABLE u DROP COLUMN k") == "Can not drop key column in Unique data model table"
    assert run.error("ALTER TABLE u ADD COLUMN n INT KEY").startswith(
        "the embedded warehouse refuses adding a key column"
    )
    assert run.error("ALTER TABLE nosuch ADD COLUMN a INT") == "Unknown table 'nosuch'"


def test_a_not_null_column_needs_a_default_or_an_empty_table(table):
    assert "without a default to a table that has rows" in table.error("ALTER TABLE t ADD COLUMN n INT NOT NULL")
    table("TRUNCATE TABLE t")
    table("ALTER TABLE t ADD COLUMN n INT NOT NULL")
    assert table.error("INSERT INTO t (k, d) VALUES (1, '2024-01-05')") == "Column has no default value, column=n"


def test_several_clauses_take_effect_together_or_not_at_all(table):
    before = table.shown("t")
    assert table.error("ALTER TABLE t ADD COLUMN n INT, DROP COLUMN nocol") == "Column does not exists: nocol"
    assert table.shown("t") == before
    assert table("SELECT * FROM t WHERE k = 1") == [(1, "2024-01-05", 10, "a")]


def test_what_names_a_column_follows_it(table):
    table("CREATE INDEX ix ON t (v) USING INVERTED COMMENT 'c'")
    table("ALTER TABLE t RENAME COLUMN v w")
    assert 'INDEX ix (`w`) USING INVERTED COMMENT "c"' in table.shown("t")
    assert '"bloom_filter_columns" = "w, s"' in table.shown("t")
    table("ALTER TABLE t DROP COLUMN w")
    assert "INDEX" not in table.shown("t")
    assert '"bloom_filter_columns" = "s"' in table.shown("t")


def test_indexes_come_and_go(table):
    table("CREATE INDEX IF NOT EXISTS i ON d.t (s) USING INVERTED PROPERTIES ('parser' = 'english')")
    assert "INDEX i (`s`) USING INVERTED PROPERTIES(" in table.shown("t")
    assert table.error("ALTER TABLE t ADD INDEX i (v)") == "index `i` already exist."
    table("DROP INDEX i ON t")
    table("DROP INDEX IF EXISTS i ON t")
    assert "INDEX" not in table.shown("t")


def test_partitions_come_and_go_with_their_rows(table):
    table("ALTER TABLE t ADD PARTITION p5 VALUES [('2024-05-01'), ('2024-06-01'))")
    table("ALTER TABLE t ADD PARTITION IF NOT EXISTS p5 VALUES [('2024-05-01'), ('2024-06-01'))")
    table("ALTER TABLE t ADD PARTITIONS FROM ('2024-06-01') TO ('2024-08-01') INTERVAL 1 MONTH")
    table("INSERT INTO t (k, d) VALUES (5, '2024-05-05'), (6, '2024-07-31')")
    table("ALTER TABLE t DROP PARTITION p5 FORCE")
    table("ALTER TABLE t DROP PARTITION IF EXISTS p5")
    table("ALTER TABLE t RENAME PARTITION p_202407 july")
    assert table("SELECT k FROM t ORDER BY k") == [(1,), (2,), (6,)]
    assert "PARTITION july VALUES [('2024-07-01'), ('2024-08-01'))" in table.shown("t")
    assert "no partition for this tuple" in table.error("INSERT INTO t (k, d) VALUES (5, '2024-05-05')")


def test_properties_and_comments_are_set(table):
    table("ALTER TABLE t SET ('replication_num' = '2')")
    table("ALTER TABLE t SET ('default.replication_allocation' = 'tag.location.default: 3')")
    table("ALTER TABLE t SET ('group_commit_interval_ms' = '2000')")
    table("ALTER TABLE t MODIFY COMMENT 'the table'")
    table("ALTER TABLE t MODIFY COLUMN s COMMENT 'the text'")
    shown = table.shown("t")
    assert '"replication_allocation" = "tag.location.default: 3"' in shown
    assert '"group_commit_interval_ms" = "2000"' in shown
    assert "COMMENT 'the table'" in shown
    assert '`s` varchar(9) NULL DEFAULT "x" COMMENT "the text"' in shown


def test_a_renamed_table_keeps_its_rows(table):
    table("ALTER TABLE t RENAME t9")
    assert table("SELECT count(*) FROM t9") == [(2,)]
    assert table.error("SELECT * FROM t").startswith("Table [t] does not exist")


def test_replace_with_table_exchanges_or_replaces(run):
    for name, value in (("a", 1), ("b", 2)):
        run(f"CREATE TABLE {name} (k INT)")
        run(f"INSERT INTO {name} VALUES ({value})")
    run("ALTER TABLE a REPLACE WITH TABLE b")
    assert (run("SELECT k FROM a"), run("SELECT k FROM b")) == ([(2,)], [(1,)])
    run("ALTER TABLE a REPLACE WITH TABLE b PROPERTIES ('swap' = 'false')")
    assert run("SELECT k FROM a") == [(1,)]
    assert run("SHOW TABLES") == [("a",)]


@pytest.fixture
def dynamic(run):
    run(
        "CREATE TABLE t (d DATE, v INT) DUPLICATE KEY(d) PARTITION BY RANGE(d) () PROPERTIES ("
        "'dynamic_partition.time_unit' = 'MONTH', 'dynamic_partition.start' = '-2', 'dynamic_partition.end' = '1', "
        "'dynamic_partition.prefix' = 'p', 'dynamic_partition.create_history_partition' = 'true')"
    )
    return run


def test_dynamic_partitions_move_with_time(dynamic):
    catalog = dynamic.warehouse.catalog
    table = catalog.find_table("d", "t")
    assert is_dynamic(table)
    names = [partition.name for partition in table.partitions]
    assert len(names) == 4
    this_month = datetime.now(UTC).strftime("p%Y%m")
    assert names[2] == this_month
    dynamic("INSERT INTO t VALUES (curdate(), 1)")
    year = datetime.now(UTC).year + 1
    with dynamic.warehouse.engine.cursor() as cursor:
        refresh_all(catalog, cursor, datetime(year, 6, 15, tzinfo=UTC))
    moved = [partition.name for partition in catalog.find_table("d", "t").partitions]
    assert sorted(moved) == [f"p{year}04", f"p{year}05", f"p{year}06", f"p{year}07"]
    assert dynamic("SELECT count(*) FROM t") == [(0,)]


def test_dynamic_tables_take_no_partitions_by_hand(dynamic):
    text = dynamic.error("ALTER TABLE t ADD PARTITION p1 VALUES LESS THAN ('1999-01-01')")
    assert text.startswith("Cannot add/drop partition on a Dynamic Partition Table")
    dynamic('ALTER TABLE t SET ("dynamic_partition.enable" = "false")')
    dynamic("ALTER TABLE t ADD PARTITION p1 VALUES LESS THAN ('1999-01-01')")


DYNAMIC_REFUSED = [
    ("'dynamic_partition.end' = '3'", "Must assign dynamic_partition.time_unit properties"),
    ("'dynamic_partition.time_unit' = 'EON'", "Must assign dynamic_partition.prefix properties"),
    (
        "'dynamic_partition.time_unit' = 'EON', 'dynamic_partition.prefix' = 'p', 'dynamic_partition.end' = '1'",
        "Unsupported time unit EON. Expect HOUR/DAY/WEEK/MONTH/YEAR.",
    ),
    (
        "'dynamic_partition.time_unit' = 'DAY', 'dynamic_partition.prefix' = '1', 'dynamic_partition.end' = '1'",
        "Invalid dynamic partition prefix: 1.",
    ),
    (
        "'dynamic_partition.time_unit' = 'DAY', 'dynamic_partition.prefix' = 'p', 'dynamic_partition.end' = '0'",
        "Dynamic partition end must greater than 0",
    ),
    (
        "'dynamic_partition.time_unit' = 'DAY', 'dynamic_partition.prefix' = 'p', 'dynamic_partition.end' = '501'",
        "Too many dynamic partitions: 501. Limit: 500",
    ),
    ("'dynamic_partition.nope' = '1'", "Invalid dynamic partition properties: dynamic_partition.nope"),
]


@pytest.mark.parametrize(("properties", "text"), DYNAMIC_REFUSED)
def test_dynamic_properties_are_checked(run, properties, text):
    assert run.error(f"CREATE TABLE t (d DATE) PARTITION BY RANGE(d) () PROPERTIES ({properties})") == text
