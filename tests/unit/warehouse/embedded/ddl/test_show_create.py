"""What SHOW CREATE TABLE answers is what a real Doris frontend answered, character by character.

Each file of `recorded/shown/` holds a statement and, after the line "-- is shown as", the frontend's own text.
"""

from datetime import UTC, datetime

import pytest

from nereus.fidelity.recordings import RECORDED
from nereus.warehouse.embedded.catalog.codec import decode, encode
from nereus.warehouse.embedded.catalog.model import View
from nereus.warehouse.embedded.ddl import build_table, parse_ddl, show_create
from nereus.warehouse.embedded.types import INT

SHOWN = sorted((RECORDED / "shown").glob("*.sql"))
#: The day on which the frontend was asked: its dynamic partitions say so.
ASKED = datetime(2026, 11, 22, 5, 48, tzinfo=UTC)


@pytest.mark.parametrize("file", SHOWN, ids=[file.stem for file in SHOWN])
def test_tables_are_shown_as_the_frontend_shows_them(file):
    written, expected = file.read_text().split("-- is shown as\n")
    table = build_table(parse_ddl(written), "d", now=ASKED)
    assert show_create(table) == expected.rstrip("\n")
    assert show_create(decode(encode(table))) == expected.rstrip("\n")


@pytest.mark.parametrize("file", SHOWN, ids=[file.stem for file in SHOWN])
def test_what_is_shown_makes_the_same_table(file):
    shown = file.read_text().split("-- is shown as\n")[1].rstrip("\n")
    assert show_create(build_table(parse_ddl(shown), "d", now=ASKED)) == shown


def test_a_view_is_shown_with_its_columns_and_comments():
    sql = "select `internal`.`d`.`ev`.`k` AS `a`, `internal`.`d`.`ev`.`v` AS `b` from `internal`.`d`.`ev`"
    view = View("d", "vw", 0, sql, (("a", INT, "ca"), ("b", INT, "")), comment="vv")
    assert show_create(view) == f"CREATE VIEW `vw`\n(a comment 'ca',b)\n COMMENT 'vv' AS {sql};"
    bare = View("d", "vw", 0, sql, (("a", INT, ""), ("b", INT, "")))
    assert show_create(bare) == f"CREATE VIEW `vw`\n(a,b)\n AS {sql};"


PARTITIONS = [
    (
        "partition by range(n) (partition a values less than (10), partition b values less than maxvalue)",
        'PARTITION BY RANGE(`n`)\n(PARTITION a VALUES [("-2147483648"), ("10")),\n'
        'PARTITION b VALUES [("10"), (MAXVALUE)))',
    ),
    (
        "partition by range(n) (from (1) to (250) interval 100)",
        'PARTITION BY RANGE(`n`)\n(PARTITION p_1_101 VALUES [("1"), ("101")),\n'
        'PARTITION p_101_201 VALUES [("101"), ("201")),\nPARTITION p_201_250 VALUES [("201"), ("250")))',
    ),
    (
        "partition by list(c, n) (partition b values in (('x', 2), ('y', 1)), partition a values in (('a', 9)))",
        'PARTITION BY LIST (`c`, `n`)\n(PARTITION a VALUES IN (("a", "9")),\n'
        'PARTITION b VALUES IN (("x", "2"),("y", "1")))',
    ),
    (
        "partition by list(c) (partition p1 values in ('x', 'y'), partition p2 values in (null))",
        'PARTITION BY LIST (`c`)\n(PARTITION p2 VALUES IN (NULL),\nPARTITION p1 VALUES IN ("x","y"))',
    ),
    (
        "partition by range(t) (partition p values [('2024-01-01'), ('2024-01-01 12:00:00')))",
        "PARTITION BY RANGE(`t`)\n(PARTITION p VALUES [('2024-01-01 00:00:00.000'), ('2024-01-01 12:00:00.000')))",
    ),
    (
        "partition by range(d) (from ('2023') to ('2025') interval 1 year, from ('2025-01-01') to ('2025-01-03') "
        "interval 1 day)",
        "PARTITION BY RANGE(`d`)\n(PARTITION p_2023 VALUES [('2023-01-01'), ('2024-01-01')),\n"
        "PARTITION p_2024 VALUES [('2024-01-01'), ('2025-01-01')),\n"
        "PARTITION p_20250101 VALUES [('2025-01-01'), ('2025-01-02')),\n"
        "PARTITION p_20250102 VALUES [('2025-01-02'), ('2025-01-03')))",
    ),
]


@pytest.mark.parametrize(("clause", "shown"), PARTITIONS)
def test_partitions_are_shown_as_ranges_and_lists(clause, shown):
    sql = f"create table t (c varchar(9), n int, t datetime(3), d date) duplicate key(c, n, t, d) {clause}"
    table = build_table(parse_ddl(sql), "d")
    assert f"\n{shown}\nDISTRIBUTED" in show_create(table)
    assert show_create(build_table(parse_ddl(show_create(table)), "d")) == show_create(table)


PROPERTIES = [
    ('"replication_allocation" = "tag.location.default: 2"', '"replication_allocation" = "tag.location.default: 2"'),
    ('"compression" = "lz4"', '"compression" = "LZ4"'),
    ('"storage_medium" = "SSD"', '"storage_medium" = "ssd"'),
    ('"colocate_with" = "g"', '"colocate_with" = "g"'),
    ('"storage_page_size" = "5000"', '"storage_page_size" = "8192"'),
    ('"store_row_column" = "true"', '"store_row_column" = "true",\n"row_store_page_size" = "16384"'),
    ('"disable_auto_compaction" = "true"', '"disable_auto_compaction" = "true"'),
    ('"inverted_index_storage_format" = "v3"', '"inverted_index_storage_format" = "V3"'),
    (
        '"compaction_policy" = "time_series"',
        '"compaction_policy" = "time_series",\n"time_series_compaction_goal_size_mbytes" = "1024"',
    ),
]


@pytest.mark.parametrize(("written", "shown"), PROPERTIES)
def test_properties_are_shown_as_kept(written, shown):
    table = build_table(
        parse_ddl(f"create table t (k int) distributed by hash(k) buckets 1 properties ({written})"), "d"
    )
    assert shown in show_create(table)


def test_properties_that_are_usual_are_not_shown():
    table = build_table(parse_ddl('create table t (k int) properties ("compression" = "default_compression")'), "d")
    assert "compression" not in show_create(table).replace("compaction", "")


def test_a_table_without_keys_shows_none():
    sql = 'create table t (k int) properties ("enable_duplicate_without_keys_by_default" = "true")'
    shown = show_create(build_table(parse_ddl(sql), "d"))
    assert "KEY" not in shown
    assert '"enable_duplicate_without_keys_by_default" = "true"' in shown
