"""INSERT, UPDATE and DELETE through a session."""

import re
import threading

import pytest

from nereus.warehouse.embedded.catalog import physical

INFO = r"\{'label':'label_[0-9a-f]{1,16}_[0-9a-f]{1,16}', 'status':'VISIBLE', 'txnId':'\d+'\}"


@pytest.fixture
def plain(run):
    run("CREATE TABLE t (k INT, s VARCHAR(5), d DATE, v DECIMAL(10,2), b BOOLEAN, f DOUBLE) DUPLICATE KEY(k)")
    return run


@pytest.fixture
def unique(run):
    run(
        "CREATE TABLE u (id BIGINT NOT NULL, name VARCHAR(10) DEFAULT 'x', amt DECIMAL(10,2), upd DATETIME(3) DEFAULT "
        "CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1"
    )
    run("INSERT INTO u (id, name, amt) VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)")
    return run


def test_insert_answers_as_doris_does(plain):
    done = plain("INSERT INTO t (k) VALUES (1), (2)")
    assert done.affected_rows == 2
    assert re.fullmatch(INFO, done.info)
    labelled = plain("INSERT INTO t WITH LABEL lb1 (k) SELECT 1")
    assert labelled.info.startswith("{'label':'lb1', 'status':'VISIBLE', 'txnId':'")
    txn = labelled.info.split("'txnId':'")[1].rstrip("'}")
    assert plain.error("INSERT INTO t WITH LABEL lb1 (k) SELECT 1") == (
        f"begin transaction failed. Label [lb1] has already been used, relate to txn [{txn}], status [VISIBLE]."
    )


VALUES = [
    ("(1, 'a', '2024-01-02', 1.5, true, 2.5)", (1, "a", "2024-01-02", "1.50", True, 2.5)),
    ("('7', 8, 20240102, '1.005', 1, '1e3')", (7, "8", "2024-01-02", "1.01", True, 1000.0)),
    ("(-5, NULL, NULL, -0.5, false, -1)", (-5, None, None, "-0.50", False, -1.0)),
    ("(1 + 1, upper('ab'), date_add('2024-01-31', INTERVAL 1 DAY), 10 / 4, NULL, abs(-3))",
     (2, "AB", "2024-02-01", "2.50", None, 3.0)),
    ("(DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT)", (None,) * 6),
    ("()", (None,) * 6),
    ("(2.7, 'é', '2024-01-02 10:00:00', 3, 0, 0)", (2, "é", "2024-01-02", "3.00", False, 0.0)),
]  # fmt: skip


@pytest.mark.parametrize(("values", "row"), VALUES)
def test_values_are_cast_to_their_columns(plain, values, row):
    plain(f"INSERT INTO t VALUES {values}")
    assert plain("SELECT * FROM t") == [row]


def test_rows_of_different_kinds_go_together(plain):
    plain("INSERT INTO t (k, s) VALUES (1, 'a'), ('2', 3), (1 + 2, NULL), (4.9, concat('x', 'y'))")
    assert plain("SELECT k, s FROM t ORDER BY k") == [(1, "a"), (2, "3"), (3, None), (4, "xy")]


TEXTS = [
    ("'it''s'", "it's"),
    (r"'it\'s'", "it's"),
    ('"dq"', "dq"),
    ("'a,b)'", "a,b)"),
    (r"'\n'", "\n"),
    ("'-- x'", "-- x"),
    ("/* c */ 'x'", "x"),
    ("'x' 'y'", None),
    ("'VALUES'", "VALUE"),
]


@pytest.mark.parametrize(("literal", "value"), TEXTS)
def test_texts_of_values_are_read_as_any_literal(plain, literal, value):
    sql = f"INSERT INTO t (s, k) VALUES ({literal}, 1), (NULL, -2);"
    if value is None:
        plain.error(sql)
        return
    assert plain(sql).affected_rows == 2
    assert plain("SELECT s, k FROM t ORDER BY k DESC") == [(value, 1), (None, -2)]


@pytest.mark.parametrize(
    ("sql", "keys"),
    [
        ("INSERT INTO t (k) SELECT 1 UNION ALL VALUES (2)", [1, 2]),
        ("INSERT INTO t (k) SELECT * FROM (VALUES (3)) x", [3]),
        ("INSERT INTO t (k) /* VALUES (8) */ VALUES (4)", [4]),
        ("INSERT INTO t (k) VALUES (5), (6 + 1)", [5, 7]),
        ("INSERT INTO `t` (`k`) values\n(\n1\n)\n,\n( 2 )\n", [1, 2]),
    ],
)
def test_values_stand_in_many_places(plain, sql, keys):
    plain(sql)
    assert [k for (k,) in plain("SELECT k FROM t ORDER BY k")] == keys


def test_a_long_text_is_cut_as_doris_cuts_it(plain):
    plain("INSERT INTO t (k, s) VALUES (1, 'toolong-toolong')")
    plain("INSERT INTO t (k, s) SELECT 2, concat('äöüßé', 'x') FROM t LIMIT 0")
    assert plain("SELECT s FROM t") == [("toolo",)]
    text = plain.error("INSERT INTO t (k, s) VALUES (3, 'äöüßé')")
    assert "the length of input is too long than schema" in text


NOT_INSERTED = [
    ("INSERT INTO nosuch VALUES (1)", "Table [nosuch] does not exist in database [d]."),
    ("DELETE FROM nosuch WHERE k = 1", "Table [nosuch] does not exist in database [d].(line 1, pos 0)"),
    ("INSERT INTO nodb.t VALUES (1)", "Database [nodb] does not exist."),
    ("INSERT INTO t VALUES (1)", "Column count doesn't match value count"),
    ("INSERT INTO t (nocol) VALUES (1)", "Unknown column 'nocol' in target table."),
    ("INSERT INTO t SELECT 1", "insert into cols should be corresponding to the query output"),
    ("INSERT INTO t PARTITION(p1) (k) VALUES (1)", "partition p1 is not found in table t"),
    ("INSERT INTO v VALUES (1)", "d.v is a view"),
    ("INSERT INTO t (k) VALUES ('abc')", "a value does not fit int: abc"),
    ("INSERT INTO t (k) SELECT 99999999999", "a value does not fit int: 99999999999"),
    ("INSERT INTO t (d) VALUES ('2024-02-30')", "does not fit"),
    ("INSERT INTO n VALUES (NULL)", "column_name[k], null value for not null column, type=INT"),
    ("INSERT INTO n (v) VALUES (1)", "Column has no default value, column=k"),
    ("INSERT INTO n VALUES (DEFAULT, 1)", "Column has no default value, column=k"),
]


@pytest.mark.parametrize(("sql", "text"), NOT_INSERTED)
def test_what_cannot_be_inserted_is_refused_as_a_whole(plain, sql, text):
    plain("CREATE VIEW v AS SELECT k FROM t")
    plain("CREATE TABLE n (k INT NOT NULL, v INT)")
    values = sql.replace("n VALUES (NULL)", "n VALUES (1, 1), (NULL, 2)")
    assert text in plain.error(values)
    assert plain("SELECT count(*) FROM t") == [(0,)]
    assert plain("SELECT count(*) FROM n") == [(0,)]


def test_insert_select_reads_its_own_table(plain):
    plain("INSERT INTO t (k, s) VALUES (1, 'a'), (2, 'b')")
    plain("INSERT INTO t (s, k) SELECT s, k + 10 FROM t")
    assert plain("SELECT k, s FROM t ORDER BY k") == [(1, "a"), (2, "b"), (11, "a"), (12, "b")]


def test_thousands_of_values_are_one_load(plain):
    rows = ", ".join(f"({i}, 't{i % 7}', '2024-01-{i % 28 + 1:02d}', {i}.25, true, {i}.5)" for i in range(5000))
    assert plain(f"INSERT INTO t VALUES {rows}").affected_rows == 5000
    assert plain("SELECT sum(k), sum(v), count(DISTINCT d) FROM t") == [(12497500, "12498750.00", 28)]


def test_overwrite_replaces_table_and_partitions(run):
    run("CREATE TABLE p (k INT, v INT) PARTITION BY RANGE(k) (FROM (0) TO (20) INTERVAL 10)")
    run("INSERT INTO p VALUES (1, 1), (11, 1)")
    run("INSERT OVERWRITE TABLE p PARTITION(p_0_10) VALUES (2, 2)")
    assert run("SELECT k FROM p ORDER BY k") == [(2,), (11,)]
    assert "no partition for this tuple" in run.error("INSERT OVERWRITE TABLE p PARTITION(p_0_10) VALUES (12, 2)")
    run("INSERT OVERWRITE TABLE p SELECT k, v + 100 FROM p WHERE k = 2")
    assert run("SELECT * FROM p") == [(2, 102)]


def test_automatic_numbers_and_defaults(run):
    run("CREATE TABLE a (id BIGINT NOT NULL AUTO_INCREMENT(100), s VARCHAR(9) NOT NULL DEFAULT 'x') DUPLICATE KEY(id)")
    run("INSERT INTO a (s) VALUES ('a'), (DEFAULT)")
    run("INSERT INTO a VALUES (NULL, 'b'), (DEFAULT, 'c')")
    assert run("SELECT id, s FROM a ORDER BY id") == [(100, "a"), (101, "x"), (102, "b"), (103, "c")]


def test_update_changes_rows_of_unique_tables(unique):
    before = unique("SELECT upd FROM u WHERE id = 2")
    done = unique("UPDATE u SET amt = amt * 2, NAME = concat(name, '!') WHERE id < 3")
    assert done.affected_rows == 2
    assert re.fullmatch(INFO, done.info)
    assert unique("SELECT id, name, amt FROM u ORDER BY id") == [(1, "a!", "2.00"), (2, "b!", "4.00"), (3, "c", "3.00")]
    assert unique("SELECT upd FROM u WHERE id = 2") > before


def test_update_joins_other_tables(unique):
    unique("CREATE TABLE n (id BIGINT, price DECIMAL(9,2))")
    unique("INSERT INTO n VALUES (1, 5.5), (3, 7)")
    unique("UPDATE u x SET amt = n.price FROM n WHERE x.id = n.id AND x.name <> 'c'")
    assert unique("SELECT id, amt FROM u ORDER BY id") == [(1, "5.50"), (2, "2.00"), (3, "3.00")]
    unique("UPDATE u SET amt = 0 WHERE id IN (SELECT id FROM n)")
    assert unique("SELECT id FROM u WHERE amt = 0 ORDER BY id") == [(1,), (3,)]


NOT_UPDATED = [
    ("UPDATE t SET k = 1", "Only unique table could be updated."),
    ("UPDATE u SET id = 9 WHERE id = 1", "Only value columns of unique table could be updated"),
    ("UPDATE u SET nocol = 9", "unknown column in assignment list: nocol"),
    ("UPDATE u SET x.amt = 9", "column in assignment list is invalid, x.amt"),
    ("UPDATE u SET amt = nocol", "Unknown column 'nocol'"),
]


@pytest.mark.parametrize(("sql", "text"), NOT_UPDATED)
def test_what_cannot_be_updated(unique, sql, text):
    unique("CREATE TABLE t (k INT)")
    assert text in unique.error(sql)


DELETED = [
    ("DELETE FROM t WHERE k = 1", [2, 3, 4]),
    ("DELETE FROM t WHERE k > 1 AND k <= 3", [1, 4]),
    ("DELETE FROM t WHERE k IN (1, 2)", [3, 4]),
    ("DELETE FROM t WHERE k NOT IN (1, 2)", [1, 2]),
    ("DELETE FROM t WHERE s IS NULL", [1, 2, 3]),
    ("DELETE FROM t WHERE s IS NOT NULL", [4]),
    ("DELETE FROM t WHERE k BETWEEN 2 AND 3", [1, 4]),
    ("DELETE FROM t WHERE d < date_sub('2024-03-01', INTERVAL 1 MONTH)", [2, 3, 4]),
    ("DELETE FROM t x WHERE x.k = 1", [2, 3, 4]),
    ("DELETE FROM d.t WHERE t.k <> 1", [1]),
]


@pytest.mark.parametrize(("sql", "left"), DELETED)
def test_delete_takes_plain_conditions(plain, sql, left):
    rows = "(1, 'a', '2024-01-01'), (2, 'b', '2024-02-01'), (3, 'c', '2024-03-01'), (4, NULL, NULL)"
    plain(f"INSERT INTO t (k, s, d) VALUES {rows}")
    done = plain(sql)
    assert done.affected_rows == 0
    assert re.fullmatch(r"\{'label':'delete_[0-9a-f-]{36}', 'txnId':'\d+', 'status':'VISIBLE'\}", done.info)
    assert [k for (k,) in plain("SELECT k FROM t ORDER BY k")] == left


NOT_DELETED = [
    ("DELETE FROM t", "delete command must contain filter"),
    ("DELETE FROM t WHERE k = 1 OR k = 2", "Where clause only supports compound predicate"),
    ("DELETE FROM t WHERE upper(s) = 'A'", "Left expr of binary predicate should be column name"),
    ("DELETE FROM t WHERE k = k + 1", "Right expr of binary predicate should be value"),
    ("DELETE FROM t WHERE s LIKE 'a%'", "Where clause only supports compound predicate"),
    ("DELETE FROM t WHERE f = 1", "Column[f] type is float or double."),
    ("DELETE FROM t WHERE k IN (SELECT 1)", "Where clause only supports compound predicate"),
    ("DELETE FROM t PARTITION p1 WHERE k = 1", "Partition: p1 is not exists on table internal.d.t"),
    ("DELETE FROM ag WHERE pv = 1", "delete predicate on value column only supports Unique table"),
]


@pytest.mark.parametrize(("sql", "text"), NOT_DELETED)
def test_delete_refuses_what_doris_refuses(plain, sql, text):
    plain("CREATE TABLE ag (k INT, pv BIGINT SUM) AGGREGATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    assert text in plain.error(sql)


def test_delete_from_unique_tables_takes_every_condition(unique):
    unique("CREATE TABLE n (id BIGINT)")
    unique("INSERT INTO n VALUES (1)")
    done = unique("DELETE FROM u USING n WHERE u.id = n.id")
    assert done.affected_rows == 1
    assert re.fullmatch(INFO, done.info)
    unique("DELETE FROM u WHERE id IN (SELECT id + 1 FROM n) OR name LIKE 'z%'")
    assert unique("SELECT id FROM u") == [(3,)]
    assert unique("DELETE FROM u WHERE abs(id) = 3 OR name IS NULL").affected_rows == 1


def test_privileges_are_asked_for(run, as_user):
    run("CREATE TABLE ev (ts DATETIME, k INT)")
    run("CREATE TABLE u (k INT)")
    ann = as_user("ann", "LOAD_PRIV ON d.u", "SELECT_PRIV ON d.u")
    assert (
        ann.error("INSERT INTO d.ev (k) VALUES (1)") == "LOAD command denied to user 'ann'@'127.0.0.1' for table 'd.ev'"
    )
    assert (
        ann.error("DELETE FROM d.ev WHERE k = 1") == "LOAD command denied to user 'ann'@'127.0.0.1' for table 'd: ev'"
    )
    assert "Permission denied" in ann.error("INSERT INTO d.u SELECT k FROM d.ev")
    assert ann("INSERT INTO d.u VALUES (1)").affected_rows == 1


def test_kill_ends_an_insert_that_waits_for_its_table(plain):
    catalog = plain.warehouse.catalog
    table = catalog.find_table("d", "t")
    other = plain.warehouse.connect("root")
    with catalog.changing(table):
        timer = threading.Timer(0.2, plain.session.kill, kwargs={"connection": False, "by": "127.0.0.1"})
        timer.start()
        assert "cancel query by user" in plain.error("INSERT INTO t (k) VALUES (1)")
        timer.join()
    other.close()
    rows = plain.warehouse.engine.cursor().execute(f"SELECT count(*) FROM {physical(table)}").fetchone()
    assert rows == (0,)
