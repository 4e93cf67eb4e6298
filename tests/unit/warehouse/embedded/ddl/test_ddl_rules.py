"""What Doris refuses in CREATE TABLE, in its own words; and what it takes in place of what is not written."""

import pytest

from nereus.warehouse.embedded.ddl import build_table, parse_ddl
from nereus.warehouse.embedded.errors import DorisError, Refused


def made(sql):
    return build_table(parse_ddl(sql), "d")


def refusal(sql):
    with pytest.raises(DorisError) as refused:
        made(sql)
    return refused.value.detail


COLUMNS = [
    ("a INT, v VARCHAR(0)", "VARCHAR size must be > 0: 0"),
    ("a INT, v VARCHAR(65534)", "VARCHAR size must be <= 65533: 65534"),
    ("a INT, v CHAR(256)", "CHAR size must be <= 255: 256"),
    ("a INT, v TIME", "Time type is not supported for olap table"),
    ("a INT, __DORIS_x INT", "Disable to create table column with name start with __DORIS_: __DORIS_X"),
    ("a INT, `é` INT", "Incorrect column name 'é'. Column regex is"),
    ("a INT, b INT NOT NULL DEFAULT NULL", "Can not set null default value to non nullable column: b"),
    ("a INT DEFAULT 'x'", "Invalid number format: x"),
    ("a TINYINT DEFAULT 300", "Number out of range[300]. type: TINYINT"),
    ("a INT, v VARCHAR(2) DEFAULT 'abc'", "Default value is too long: abc"),
    ("a INT, v DATE DEFAULT '2024-02-30'", "date literal [2024-02-30] is invalid"),
    ("a INT, v DECIMAL(4,2) DEFAULT '123.4'", "exceed the column decimal(4,2): 123.4"),
    ("a INT, v BOOLEAN DEFAULT 'maybe'", "Invalid BOOLEAN literal: maybe"),
    ("a INT DEFAULT CURRENT_TIMESTAMP", "Types other than DATETIME and DATETIMEV2 cannot use current_timestamp"),
    ("a INT, v DATETIME DEFAULT CURRENT_DATE", "Types other than DATE and DATEV2 cannot use current_date"),
    ("a INT, v INT DEFAULT PI", "Types other than DOUBLE cannot use pi as the default value"),
    ("a INT, v DATETIME(3) DEFAULT CURRENT_TIMESTAMP(6)", "can not be greater than type precision: datetime(3)"),
    ("a INT, v ARRAY<INT> DEFAULT '[1]'", "Array type column default value only support null or []"),
    ("a INT, v JSON DEFAULT '{}'", "Json or Variant type column default value just support null"),
    ("a INT, v MAP<INT, INT> DEFAULT '{}'", "Map type column default value just support null"),
    ("a INT, v BITMAP NULL", "complex type column must be not nullable, column:v"),
    ("a BIGINT NOT NULL AUTO_INCREMENT, b BIGINT NOT NULL AUTO_INCREMENT", "there can be at most one auto increment"),
    ("a INT NOT NULL AUTO_INCREMENT", "the auto increment must be BIGINT type."),
    ("a BIGINT NOT NULL AUTO_INCREMENT DEFAULT 1", "the auto increment column can't have default value."),
    ("a INT, u DATETIME ON UPDATE CURRENT_TIMESTAMP", "You must set the default value of the column[u]"),
    (
        "a INT, u DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP",
        "'ON UPDATE CURRENT_TIMESTAMP' is only supportted in unique table with merge-on-write enabled.",
    ),
    ("s STRING, a INT", "The olap table first column could not be float, double, string or array"),
    ("f FLOAT, a INT", "The olap table first column could not be float, double, string or array"),
]


@pytest.mark.parametrize(("columns", "text"), COLUMNS, ids=[columns for columns, _ in COLUMNS])
def test_columns(columns, text):
    assert text in refusal(f"CREATE TABLE t ({columns})")


KEYS = [
    ("(a INT, b INT) DUPLICATE KEY(c)", "Key column[c] doesn't exist."),
    ("(a INT) DUPLICATE KEY(a, b)", "The number of key columns should be less than the number of columns."),
    ("(a INT, b FLOAT) DUPLICATE KEY(a, b)", "Float or double can not used as a key, use decimal instead."),
    ("(a INT, b STRING) DUPLICATE KEY(a, b)", "String Type should not be used in key column[b]"),
    ("(a INT, b JSON) DUPLICATE KEY(a, b)", "JsonType type should not be used in key column[b]."),
    (
        "(a INT, b ARRAY<INT>) DUPLICATE KEY(a, b)",
        "Array can only be used in the non-key column of the duplicate table",
    ),
    ("(a INT SUM, b INT) DUPLICATE KEY(a)", "Key column[a] should not specify aggregate type."),
    ("(a INT, b INT SUM) DUPLICATE KEY(a)", "DUP_KEYS table should not specify aggregate type for non-key column[b]"),
    ("(a INT, b INT) AGGREGATE KEY(a)", "AGG_KEYS table should specify aggregate type for non-key column[b]"),
    (
        "(a INT, b VARCHAR(3) SUM) AGGREGATE KEY(a)",
        "Aggregate type SUM is not compatible with primitive type VARCHAR(3)",
    ),
    ("(a INT, b INT REPLACE_IF_NOT_NULL NOT NULL) AGGREGATE KEY(a)", "REPLACE_IF_NOT_NULL column must be nullable"),
    ("(a INT, b INT) DUPLICATE KEY(a) CLUSTER BY (b)", "Cluster keys only support unique keys table"),
    ("(a INT, b INT) UNIQUE KEY(a) CLUSTER BY (a)", "Unique keys and cluster keys should be different."),
    ("(a INT, b INT) UNIQUE KEY(a) CLUSTER BY (c)", "Cluster key column[c] doesn't exist."),
    ("(a INT) UNIQUE KEY(a)", "Create unique keys table should not contain random distribution desc"),
    ("(a INT, b INT) UNIQUE KEY(a) DISTRIBUTED BY HASH(b)", "Distribution column[b] is not key column"),
    ("(a INT) DISTRIBUTED BY HASH(a, a)", "Duplicate key in distribution desc is not allowed"),
    ("(a INT) DISTRIBUTED BY HASH(a) BUCKETS 0", "Number of hash distribution should be greater than zero."),
    (
        "(a INT, b INT REPLACE) AGGREGATE KEY(a)",
        "REPLACE or REPLACE_IF_NOT_NULL should not contain random distribution",
    ),
]


@pytest.mark.parametrize(("rest", "text"), KEYS, ids=[rest for rest, _ in KEYS])
def test_keys_and_distribution(rest, text):
    assert text in refusal(f"CREATE TABLE t {rest}")


PARTITIONS = [
    ("RANGE(x) ()", "partition key x is not exists"),
    ("RANGE(s) ()", "Column[s] type[VARCHAR] cannot be a range partition key."),
    ("RANGE(f) ()", "Floating point type column can not be partition column"),
    ("LIST(d, d) ()", "Duplicated partition column d"),
    ("RANGE(d) (PARTITION p VALUES IN ('2024-01-01'))", "partitions types is invalid, expected FIXED or LESS"),
    ("LIST(k) (PARTITION p VALUES LESS THAN (1))", "partitions types is invalid, expected FIXED or LESS"),
    (
        "RANGE(d) (PARTITION p VALUES LESS THAN ('2024-01-01'), PARTITION p VALUES LESS THAN ('2025-01-01'))",
        "Duplicated named partition: p",
    ),
    ("RANGE(d) (PARTITION `1p` VALUES LESS THAN ('2024-01-01'))", "Incorrect partition name"),
    ("RANGE(d) (PARTITION p VALUES LESS THAN ('nodate'))", "date literal [nodate] is invalid"),
    ("RANGE(k) (PARTITION p VALUES LESS THAN ('3000000000'))", "Number out of range[3000000000]. type: INT"),
    ("RANGE(d) (PARTITION p VALUES [('2024-02-01'), ('2024-01-01')))", "must smaller than upper values"),
    (
        "RANGE(k) (PARTITION a VALUES [('1'), ('5')), PARTITION b VALUES [('4'), ('9')))",
        "Range [types: [INT]; keys: [4]; ..types: [INT]; keys: [9]; ) is intersected with range: "
        "[types: [INT]; keys: [1]; ..types: [INT]; keys: [5]; )",
    ),
    ("LIST(s) (PARTITION a VALUES IN ('x', 'x'))", 'has duplicate item [("x")].'),
    ("LIST(s) (PARTITION a VALUES IN ('x'), PARTITION b VALUES IN ('x'))", "is conflict with current partitionKeys"),
    ("LIST(s, k) (PARTITION a VALUES IN (('x')))", "partition key desc list size[1] is not equal to partition column"),
    ("RANGE(d) (FROM ('2024-01-01') TO ('2023-01-01') INTERVAL 1 DAY)", "start time should less than end time."),
    ("RANGE(d) (FROM ('2024-1-1') TO ('2024-02-01') INTERVAL 1 DAY)", "start or end time style is illegal."),
    ("RANGE(d) (FROM ('2024-01-01') TO ('2024-02-01') INTERVAL 0 DAY)", "interval must be larger than zero."),
    ("RANGE(d) (FROM ('2024-01-01') TO ('2024-02-01') INTERVAL 1 EON)", "unknown time interval type: EON"),
    ("RANGE(k) (FROM (9) TO (1) INTERVAL 1)", "Batch build partition From value should less then TO value."),
    ("RANGE(k) (FROM (1) TO (9999) INTERVAL 1)", "The number of Multi partitions too much, should not exceed:4096"),
    ("RANGE(date_trunc(d, 'eon')) ()", "partition expr date_trunc(`d`, 'eon') is illegal!"),
    ("RANGE(lower(d)) ()", "auto create partition only support function call expr is date_trunc"),
    ("LIST(date_trunc(d, 'day')) ()", "internal catalog does not support functions in 'LIST' partition"),
]


@pytest.mark.parametrize(("clause", "text"), PARTITIONS, ids=[clause for clause, _ in PARTITIONS])
def test_partitions(clause, text):
    columns = "k INT, d DATE NOT NULL, s VARCHAR(9), f FLOAT"
    assert text in refusal(f"CREATE TABLE t ({columns}) DUPLICATE KEY(k) PARTITION BY {clause}")


def test_auto_partition_needs_a_function_and_a_column_that_is_not_null():
    auto = "CREATE TABLE t (d DATE, k INT) AUTO PARTITION BY RANGE"
    assert "AUTO RANGE PARTITION doesn't support NULL column" in refusal(f"{auto} (date_trunc(d, 'day')) ()")
    assert "only support date_trunc function of RANGE partition" in refusal(f"{auto} (d) ()")


def test_unique_tables_partition_by_keys():
    sql = "CREATE TABLE t (k INT, d DATE) UNIQUE KEY(k) PARTITION BY RANGE(d) () DISTRIBUTED BY HASH(k)"
    assert refusal(sql) == "Merge-on-Write table's partition column must be KEY column"


PROPERTIES = [
    ("'nope' = '1'", "Unknown properties: {nope=1}"),
    ("'estimate_partition_size' = '1G'", "Unknown properties: {estimate_partition_size=1G}"),
    ("'replication_num' = 'many'", 'For input string: "many"'),
    ("'replication_num' = '0'", "Replication num should between 1 and 32767"),
    ("'compression' = 'rar'", "unknown compression type: rar"),
    ("'storage_format' = 'v1'", "Storage format V1 has been deprecated since version 0.14, please use V2 instead"),
    ("'bloom_filter_columns' = 'x'", "Bloom filter column does not exist in table. invalid column: x"),
    ("'bloom_filter_columns' = 'f'", "FLOAT is not supported in bloom filter index. invalid column: f"),
    ("'bloom_filter_columns' = 'k,K'", "Reduplicated bloom filter column: K"),
    ("'bloom_filter_fpp' = '0.5'", "Bloom filter fpp should in [1.0E-4, 0.05]"),
    ("'in_memory' = 'true'", "Not support set 'in_memory'='true' now!"),
    ("'light_schema_change' = 'maybe'", "light_schema_change must be `true` or `false`"),
    ("'min_load_replica_num' = '0'", "min_load_replica_num should > 0 or =-1"),
    (
        "'min_load_replica_num' = '2', 'replication_num' = '1'",
        "Failed to check min load replica num [2]  <= default replica num [1]",
    ),
    ("'compaction_policy' = 'never'", "compaction_policy must be time_series or size_based"),
    ("'time_series_compaction_goal_size_mbytes' = '99'", "only time series compaction policy support for time series"),
    (
        "'compaction_policy' = 'time_series', 'time_series_compaction_level_threshold' = '3'",
        "time_series_compaction_level_threshold can not less than 1 or greater than 2: 3",
    ),
    ("'storage_page_size' = '1'", "Storage page size must be between 4KB and 10MB."),
    ("'group_commit_interval_ms' = 'x'", "parse group_commit_interval_ms format error"),
    (
        "'enable_unique_key_merge_on_write' = 'true'",
        "enable_unique_key_merge_on_write property only support unique key",
    ),
    (
        "'enable_mow_light_delete' = 'true'",
        "enable_mow_light_delete property is only supported for unique merge-on-write",
    ),
    ("'skip_write_index_on_load' = 'true'", "Property skip_write_index_on_load is forbidden now."),
    ("'dynamic_partition.enable' = 'true'", "Only support dynamic partition properties on range partition table"),
]


@pytest.mark.parametrize(("properties", "text"), PROPERTIES, ids=[properties for properties, _ in PROPERTIES])
def test_properties(properties, text):
    table = "CREATE TABLE t (k INT, f FLOAT) DISTRIBUTED BY HASH(k) BUCKETS 1"
    assert text in refusal(f"{table} PROPERTIES ({properties})")


INDEXES = [
    ("INDEX i (x)", "Column does not exist in table. invalid column: x"),
    ("INDEX i (f)", "FLOAT is not supported in INVERTED index. invalid index: i"),
    ("INDEX i (k), INDEX I (s)", "index name must be unique."),
    (
        "INDEX i (k) PROPERTIES ('parser' = 'english')",
        "INVERTED index with parser: english is not supported for column: k",
    ),
    (
        "INDEX i (k) USING NGRAM_BF PROPERTIES ('gram_size' = '3', 'bf_size' = '256')",
        "is not supported in ngram_bf index",
    ),
    ("INDEX i (s) USING NGRAM_BF", "ngram_bf index should have gram_size and bf_size properties"),
    (
        "INDEX i (s) USING NGRAM_BF PROPERTIES ('gram_size' = '3', 'bf_size' = '1')",
        "should be an integer between 64 and",
    ),
]


@pytest.mark.parametrize(("index", "text"), INDEXES, ids=[index for index, _ in INDEXES])
def test_indexes(index, text):
    assert text in refusal(f"CREATE TABLE t (k INT, f FLOAT, s VARCHAR(9), {index})")


SHORT_KEYS = [
    ("a INT, b INT, c INT, e INT", ("a", "b", "c")),
    ("a INT, s VARCHAR(9), b INT", ("a", "s")),
    ("a CHAR(30), b BIGINT", ("a",)),
    ("a CHAR(40), b INT", ("a",)),
    ("a LARGEINT, b LARGEINT, c INT, e INT", ("a", "b", "c")),
    ("a LARGEINT, b LARGEINT, c BIGINT", ("a", "b")),
    ("a DATE, f FLOAT, b INT", ("a",)),
    ("a DATETIME, b BOOLEAN, c DECIMAL(20,2)", ("a", "b", "c")),
    ("a INT, v INT SUM", ("a",)),
]


@pytest.mark.parametrize(("columns", "keys"), SHORT_KEYS)
def test_keys_that_are_not_written_are_the_short_key(columns, keys):
    table = made(f"CREATE TABLE t ({columns})")
    assert table.keys == keys
    assert [column.is_key for column in table.columns] == [c.name in keys for c in table.columns]


TYPES = {
    "INTEGER": "int",
    "BOOLEAN": "boolean",
    "STRING": "text",
    "VARCHAR(*)": "varchar(65533)",
    "VARCHAR": "varchar(65533)",
    "CHAR": "char(1)",
    "DECIMAL": "decimal(38,9)",
    "DECIMALV3(10)": "decimal(10,0)",
    "DATETIMEV2(6)": "datetime(6)",
    "DATEV2": "date",
    "INT(11)": "int",
    "JSONB": "json",
    "array<map<string,array<int>>>": "array<map<text,array<int>>>",
    "STRUCT<a:INT,b:STRING>": "struct<a:int,b:text>",
}


@pytest.mark.parametrize(("written", "kept"), TYPES.items())
def test_types_are_kept_under_their_canonical_name(written, kept):
    assert str(made(f"CREATE TABLE t (k INT, v {written})").columns[1].type) == kept


@pytest.mark.parametrize(
    "written", ["VARIANT", "DATETIME(7)", "DECIMAL(39,2)", "AGG_STATE<sum(int)>", "VARIANT<'a':INT>"]
)
def test_types_that_are_not_here_are_refused(written):
    with pytest.raises(Refused):
        made(f"CREATE TABLE t (k INT, v {written})")


def test_names_are_kept_as_declared():
    table = made("CREATE TABLE T (`Key` INT, `a b` INT, Val INT) DUPLICATE KEY(`KEY`) DISTRIBUTED BY HASH(`key`)")
    assert (table.name, table.keys, table.distribution.columns) == ("T", ("Key",), ("Key",))
    assert [column.name for column in table.columns] == ["Key", "a b", "Val"]


def test_defaults_are_kept_as_written():
    table = made(
        "CREATE TABLE t (k INT DEFAULT -5, s VARCHAR(9) DEFAULT 'a\"b', v DECIMAL(9,2) DEFAULT 1.50, d DATE DEFAULT "
        "'20240229', n INT DEFAULT NULL, p DOUBLE DEFAULT PI, a ARRAY<INT> DEFAULT '[]') COMMENT 'it''s'"
    )
    assert [column.default for column in table.columns] == ["-5", 'a"b', "1.50", "20240229", None, "PI", "[]"]
    assert table.comment == "it's"


def test_comments_of_columns_lose_their_backslashes():
    table = made(r"""CREATE TABLE t (k INT COMMENT 'a\b"c', v INT COMMENT "it's")""")
    assert [column.comment for column in table.columns] == ['ab"c', "it's"]
