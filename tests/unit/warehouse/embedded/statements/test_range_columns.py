"""RANGE partitions over several columns: bounds compare column by column, NULL sorts first."""

import pytest

TABLE = (
    "CREATE TABLE r (d DATE, k INT, v INT) DUPLICATE KEY(d, k) PARTITION BY RANGE(d, k) ("
    "PARTITION p1 VALUES LESS THAN ('2024-01-01', 10), "
    "PARTITION p2 VALUES LESS THAN ('2024-01-01', 20), "
    "PARTITION p3 VALUES LESS THAN ('2024-02-01'), "
    "PARTITION p5 VALUES [('2024-03-01', 5), ('2024-03-01', 7))) DISTRIBUTED BY HASH(k) BUCKETS 1"
)
ROWS = {
    "p1": ["(NULL, NULL)", "(NULL, 99)", "('2023-12-31', 99)", "('2024-01-01', NULL)", "('2024-01-01', 9)"],
    "p2": ["('2024-01-01', 10)", "('2024-01-01', 19)"],
    "p3": ["('2024-01-01', 20)", "('2024-01-02', -5)", "('2024-01-31', 99)", "('2024-02-01', NULL)"],
    "p5": ["('2024-03-01', 5)", "('2024-03-01', 6)"],
}


@pytest.fixture
def ranged(run):
    run(TABLE)
    for rows in ROWS.values():
        run("INSERT INTO r (d, k) VALUES " + ", ".join(rows))
    return run


def test_rows_go_where_their_columns_sort(ranged):
    for name, rows in ROWS.items():
        assert ranged(f"SELECT count(*) FROM r PARTITION ({name})") == [(len(rows),)], name
        ranged(f"INSERT INTO r PARTITION ({name}) (d, k) VALUES {rows[-1]}")
    for outside in ("('2024-02-01', 0)", "('2024-03-01', 4)", "('2024-03-01', 7)", "('2024-03-01', NULL)"):
        assert "no partition for this tuple" in ranged.error(f"INSERT INTO r (d, k) VALUES {outside}")
    assert "no partition for this tuple" in ranged.error(
        "INSERT INTO r PARTITION (p1) (d, k) VALUES ('2024-01-01', 10)"
    )


def test_it_is_shown_as_doris_shows_it(ranged):
    shown = ranged.shown("r")
    assert (
        "PARTITION BY RANGE(`d`, `k`)\n"
        "(PARTITION p1 VALUES [('0000-01-01', \"-2147483648\"), ('2024-01-01', \"10\")),\n"
        "PARTITION p2 VALUES [('2024-01-01', \"10\"), ('2024-01-01', \"20\")),\n"
        "PARTITION p3 VALUES [('2024-01-01', \"20\"), ('2024-02-01', \"-2147483648\")),\n"
        "PARTITION p5 VALUES [('2024-03-01', \"5\"), ('2024-03-01', \"7\")))\n"
    ) in shown
    ranged("CREATE TABLE again" + shown.removeprefix("CREATE TABLE `r`"))
    assert ranged.shown("again") == shown.replace("`r`", "`again`")
    first = ranged("SHOW PARTITIONS FROM r")[0]
    assert "d, k" in first
    assert (
        "[types: [DATEV2, INT]; keys: [0000-01-01, -2147483648]; ..types: [DATEV2, INT]; keys: [2024-01-01, 10]; )"
    ) in first


def test_partitions_come_and_go(ranged):
    ranged("ALTER TABLE r ADD PARTITION p4 VALUES LESS THAN ('2024-03-01', 5)")
    ranged("ALTER TABLE r ADD PARTITION p9 VALUES LESS THAN MAXVALUE")
    shown = ranged.shown("r")
    assert "PARTITION p4 VALUES [('2024-02-01', \"-2147483648\"), ('2024-03-01', \"5\"))" in shown
    assert "PARTITION p9 VALUES [('2024-03-01', \"7\"), (MAXVALUE, MAXVALUE))" in shown
    assert "keys: [MAXVALUE, MAXVALUE]; )" in ranged("SHOW PARTITIONS FROM r")[-1][6]
    ranged("INSERT INTO r (d, k) VALUES ('2024-02-01', -2147483648), ('2024-03-01', NULL), ('9999-12-31', 1)")
    assert ranged("SELECT count(*) FROM r PARTITION (p4)") == [(2,)]
    ranged("ALTER TABLE r DROP PARTITION p2")
    ranged("TRUNCATE TABLE r PARTITION (p3)")
    assert ranged("SELECT count(*) FROM r") == [(len(ROWS["p1"]) + len(ROWS["p5"]) + 3,)]
    ranged("ALTER TABLE r ADD TEMPORARY PARTITION t VALUES [('2024-03-01', 5), ('2024-03-01', 7))")
    ranged("INSERT INTO r TEMPORARY PARTITION (t) (d, k) VALUES ('2024-03-01', 6)")
    ranged("ALTER TABLE r REPLACE PARTITION (p5) WITH TEMPORARY PARTITION (t)")
    assert ranged("SELECT k FROM r PARTITION (p5)") == [(6,)]
    ranged("INSERT OVERWRITE TABLE r PARTITION (p5) (d, k) VALUES ('2024-03-01', 5)")
    assert ranged("SELECT k FROM r PARTITION (p5)") == [(5,)]
    ranged("DELETE FROM r PARTITION p1 WHERE k = 99")
    assert ranged("SELECT count(*) FROM r PARTITION (p1) WHERE k = 99") == [(0,)]


@pytest.mark.parametrize(
    ("partitions", "text"),
    [
        ("PARTITION a VALUES LESS THAN (1, 2, 3)", "Partition values number is more than partition column number"),
        ("PARTITION a VALUES LESS THAN (1, MAXVALUE)", "Not support MAXVALUE in multi partition range values."),
        ("PARTITION a VALUES [(1, 2), (1, MAXVALUE))", "Not support MAXVALUE in multi partition range values."),
        ("PARTITION a VALUES [(1, 2), (1, 2))", "The lower values must smaller than upper values"),
        ("PARTITION a VALUES [(2), (1, 2))", "The lower values must smaller than upper values"),
        (
            "PARTITION a VALUES [(1, 1), (2, 1)), PARTITION b VALUES [(2, 0), (3, 0))",
            "Range [types: [INT, INT]; keys: [2, 0]; ..types: [INT, INT]; keys: [3, 0]; ) is intersected with range: "
            "[types: [INT, INT]; keys: [1, 1]; ..types: [INT, INT]; keys: [2, 1]; )",
        ),
        ("FROM (1) TO (10) INTERVAL 2", "partitions over several columns"),
        ("PARTITION a VALUES [(1), (MAXVALUE))", "MAXVALUE as the first"),
        ("PARTITION a VALUES LESS THAN (-2147483648)", "upper value should not be MIN VALUE"),
    ],
)
def test_what_is_no_range(run, partitions, text):
    error = run.error(f"CREATE TABLE x (a INT, b INT) DUPLICATE KEY(a, b) PARTITION BY RANGE(a, b) ({partitions})")
    assert text in error


def test_it_is_neither_automatic_nor_dynamic(run):
    columns = "CREATE TABLE x (d DATE NOT NULL, b INT NOT NULL) DUPLICATE KEY(d, b) "
    assert "only support" in run.error(columns + "AUTO PARTITION BY RANGE (d, b) ()")
    wanted = {"time_unit": "DAY", "end": "1", "prefix": "p"}
    dynamic = ", ".join(f"'dynamic_partition.{name}' = '{value}'" for name, value in wanted.items())
    assert run.error(columns + f"PARTITION BY RANGE (d, b) () PROPERTIES ({dynamic})") == (
        "Dynamic partition only support single-column range partition"
    )


def test_keys_are_unique_across_partitions_of_several_columns(run):
    run(
        "CREATE TABLE u (a INT, b INT, v INT) UNIQUE KEY(a, b) PARTITION BY RANGE(a, b) ("
        "PARTITION p1 VALUES LESS THAN (5, 5), PARTITION p2 VALUES LESS THAN MAXVALUE) DISTRIBUTED BY HASH(a) BUCKETS 1"
    )
    run("INSERT INTO u VALUES (5, 4, 1), (5, 5, 1), (NULL, 9, 1)")
    run("INSERT INTO u VALUES (5, 4, 2), (5, 5, 2), (NULL, 9, 2)")
    assert run("SELECT a, b, v FROM u PARTITION (p1) ORDER BY a") == [(None, 9, 2), (5, 4, 2)]
    assert run("SELECT a, b, v FROM u PARTITION (p2)") == [(5, 5, 2)]
    run("UPDATE u SET v = 3 WHERE a = 5")
    assert run("SELECT v FROM u ORDER BY v") == [(2,), (3,), (3,)]
