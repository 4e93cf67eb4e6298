"""AGGREGATE KEY: queries see one merged row per key, however the rows came."""

import pytest


@pytest.fixture
def agg(run):
    run(
        "CREATE TABLE a (k INT, d DATE, s BIGINT SUM DEFAULT '0', lo INT MIN, hi VARCHAR(9) MAX, r INT REPLACE, "
        "n INT REPLACE_IF_NOT_NULL, p DECIMAL(10,2) SUM) AGGREGATE KEY(k, d) DISTRIBUTED BY HASH(k) BUCKETS 1"
    )
    return run


def test_rows_of_one_insert_are_merged(agg):
    done = agg(
        "INSERT INTO a VALUES (1, '2024-01-01', 1, 5, 'a', 1, 1, 1.5), (1, '2024-01-01', 2, 3, 'c', 2, NULL, 2.25), "
        "(2, NULL, 1, 1, 'z', 1, 1, 0), (1, '2024-01-01', 3, 9, 'b', NULL, NULL, NULL)"
    )
    assert done.affected_rows == 4
    assert agg("SELECT * FROM a ORDER BY k") == [
        (1, "2024-01-01", 6, 3, "c", None, 1, "3.75"),
        (2, None, 1, 1, "z", 1, 1, "0.00"),
    ]


def test_rows_of_later_inserts_are_merged_with_them(agg):
    agg("INSERT INTO a VALUES (1, NULL, 1, 5, 'a', 1, 1, 1), (3, NULL, 1, 1, 'a', 1, 1, 1)")
    agg("INSERT INTO a (k, d, lo, n) VALUES (1, NULL, 7, 8), (2, NULL, 7, 8)")
    agg("INSERT INTO a (k, s, hi) SELECT k, s, 'y' FROM a WHERE k = 1")
    assert agg("SELECT * FROM a ORDER BY k") == [
        (1, None, 2, 5, "y", None, 8, "1.00"),
        (2, None, 0, 7, None, None, 8, None),
        (3, None, 1, 1, "a", 1, 1, "1.00"),
    ]


def test_nulls_take_no_part_in_sums(agg):
    agg("INSERT INTO a (k, s) VALUES (1, NULL), (2, NULL), (1, 4)")
    agg("INSERT INTO a (k, s) VALUES (2, NULL)")
    assert agg("SELECT k, s FROM a ORDER BY k") == [(1, 4), (2, None)]


def test_an_overwrite_merges_only_what_is_new(agg):
    agg("INSERT INTO a (k, s) VALUES (1, 10), (2, 20)")
    agg("INSERT OVERWRITE TABLE a (k, s) VALUES (1, 1), (1, 2)")
    assert agg("SELECT k, s FROM a") == [(1, 3)]


def test_auto_partitions_of_an_aggregate_table(run):
    run(
        "CREATE TABLE e (t DATETIME NOT NULL, v INT SUM) AGGREGATE KEY(t) AUTO PARTITION BY RANGE "
        "(date_trunc(t, 'day')) () DISTRIBUTED BY HASH(t) BUCKETS 1"
    )
    for _ in range(2):
        run("INSERT INTO e VALUES ('2024-01-01 00:00:00', 1), ('2024-01-02 00:00:00', 5), ('2024-01-01 00:00:00', 2)")
    assert run("SELECT * FROM e ORDER BY t") == [("2024-01-01 00:00:00", 6), ("2024-01-02 00:00:00", 10)]
    assert "PARTITION p20240102000000" in run.shown("e")


def test_what_is_written_in_large_loads(agg):
    agg("INSERT INTO a (k, s, r) SELECT number % 1000, 1, number FROM numbers('number' = '200000')")
    agg("INSERT INTO a (k, s, r) SELECT number % 1000, 1, number FROM numbers('number' = '100000')")
    assert agg("SELECT count(*), min(s), max(s), min(r - k) FROM a") == [(1000, 300, 300, 99000)]


def test_a_sum_that_does_not_fit_is_an_error(run):
    run("CREATE TABLE o (k INT, v TINYINT SUM) AGGREGATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("INSERT INTO o VALUES (1, 100)")
    assert run.error("INSERT INTO o VALUES (1, 100)")
    assert run("SELECT * FROM o") == [(1, 100)]


def test_bitmaps_and_hlls_are_united(run):
    columns = "k INT, b BITMAP BITMAP_UNION, h HLL HLL_UNION"
    run(f"CREATE TABLE u ({columns}) AGGREGATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("INSERT INTO u VALUES (1, to_bitmap(7), hll_hash('a')), (1, to_bitmap(3), hll_hash('a'))")
    run("INSERT INTO u VALUES (1, bitmap_from_string('7,9'), hll_hash('b')), (2, bitmap_empty(), hll_empty())")
    found = run("SELECT k, bitmap_to_string(b), hll_cardinality(h) FROM u ORDER BY k")
    assert found == [(1, "3,7,9", 2), (2, "", 0)]
    assert run("SELECT bitmap_union_count(b), hll_union_agg(h) FROM u") == [(3, 2)]


def test_bitmaps_and_hlls_that_a_row_leaves_out_are_empty(run):
    run(
        "CREATE TABLE u (k INT, b BITMAP BITMAP_UNION, h HLL HLL_UNION NOT NULL) AGGREGATE KEY(k) "
        "DISTRIBUTED BY HASH(k) BUCKETS 1"
    )
    run("INSERT INTO u VALUES (1, to_bitmap(5), hll_hash('a')), (1, to_bitmap(2), hll_hash('b'))")
    run("INSERT INTO u (k, b) VALUES (1, to_bitmap(5)), (2, bitmap_empty())")
    run("INSERT INTO u (k, h) SELECT 1, hll_hash('c')")
    assert run("SELECT k, bitmap_to_string(b), hll_cardinality(h) FROM u ORDER BY k") == [(1, "2,5", 3), (2, "", 0)]


def test_what_cannot_be_merged_is_refused(run):
    run("CREATE TABLE u (k INT, a IPV4 MAX) AGGREGATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    assert "whose column a is ipv4 MAX" in run.error("INSERT INTO u VALUES (1, NULL)")


def test_rows_can_be_deleted_by_key_alone(agg):
    agg("INSERT INTO a (k, s) VALUES (1, 10), (2, 20)")
    assert "Aggregate table" in agg.error("DELETE FROM a WHERE s = 10")
    agg("DELETE FROM a WHERE k = 1")
    assert agg("SELECT k FROM a") == [(2,)]
    assert agg.error("UPDATE a SET s = 1 WHERE k = 2") == "Only unique table could be updated."
