"""Row policies: a user sees the rows that they leave, whatever way the table is read."""

import pytest

POLICY = "CREATE ROW POLICY {name} ON d.t AS {kind} TO {to} USING ({condition})"


@pytest.fixture
def guarded(run, as_user):
    run("CREATE TABLE t (k INT, who VARCHAR(9)) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("CREATE TABLE w (k INT, who VARCHAR(9)) UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("INSERT INTO t VALUES (1, 'ann'), (2, 'bob'), (3, 'ann'), (4, NULL)")
    run("INSERT INTO w SELECT * FROM t")
    run("CREATE VIEW v AS SELECT k + 0 AS k, who FROM t")
    ann = as_user("ann", "SELECT_PRIV ON d.*", "LOAD_PRIV ON d.*")
    ann("USE d")
    yield run, ann
    for name, *_ in run("SHOW ROW POLICY"):
        run(f"DROP ROW POLICY IF EXISTS {name} ON d.t")
        run(f"DROP ROW POLICY IF EXISTS {name} ON d.w")
        run(f"DROP ROW POLICY IF EXISTS {name} ON d.v")


WAYS = [
    "SELECT count(*) FROM t",
    "SELECT count(*) FROM d.t AS x",
    "SELECT count(k) FROM internal.d.t",
    "SELECT count(*) FROM v",
    "SELECT count(*) FROM (SELECT * FROM t) x",
    "WITH x AS (SELECT k FROM t) SELECT count(*) FROM x",
    "SELECT (SELECT count(*) FROM t)",
    "SELECT count(*) FROM w WHERE k IN (SELECT k FROM t)",
    "SELECT count(*) FROM w LEFT SEMI JOIN t ON w.k = t.k",
    "SELECT count(*) FROM t JOIN w USING (k)",
    "SELECT sum(n) FROM (SELECT 1 AS n FROM t UNION ALL SELECT 0) x",
    "SELECT count(*) FROM t PARTITION (t)",
    "SELECT count(*) FROM t LATERAL VIEW explode([1]) e AS one",
]


@pytest.mark.parametrize("sql", WAYS)
def test_every_way_to_the_table_is_guarded(guarded, sql):
    run, ann = guarded
    assert ann(sql)[0][0] == 4
    run(POLICY.format(name="p", kind="RESTRICTIVE", to="ann", condition="who = 'ann'"))
    assert ann(sql)[0][0] == 2
    assert run(sql)[0][0] == 4
    run("DROP ROW POLICY p ON d.t")
    assert ann(sql)[0][0] == 4


def test_restrictive_ones_all_hold_and_of_the_others_one(guarded):
    run, ann = guarded
    run("CREATE ROLE team")
    run("GRANT 'team' TO ann")
    try:
        run(POLICY.format(name="a", kind="PERMISSIVE", to="ann", condition="k = 1"))
        run(POLICY.format(name="b", kind="PERMISSIVE", to="ROLE team", condition="k = 3 OR k = 2"))
        assert ann("SELECT k FROM t ORDER BY k") == [(1,), (2,), (3,)]
        run(POLICY.format(name="c", kind="RESTRICTIVE", to="ROLE team", condition="who <> 'bob'"))
        assert ann("SELECT k FROM t ORDER BY k") == [(1,), (3,)]
        run(POLICY.format(name="d", kind="RESTRICTIVE", to="ann", condition="k > 1"))
        assert ann("SELECT k FROM t") == [(3,)]
    finally:
        run("DROP ROLE team")


def test_writes_reach_only_rows_that_are_seen(guarded):
    run, ann = guarded
    run(POLICY.format(name="p", kind="RESTRICTIVE", to="ann", condition="who = 'ann'"))
    run(POLICY.format(name="q", kind="RESTRICTIVE", to="ann", condition="who = 'ann'").replace("d.t", "d.w"))
    ann("DELETE FROM t WHERE k < 3")
    ann("UPDATE w SET who = 'me' WHERE k < 3")
    ann("DELETE FROM w WHERE k > 2")
    assert run("SELECT k FROM t ORDER BY k") == [(2,), (3,), (4,)]
    assert run("SELECT * FROM w ORDER BY k") == [(1, "me"), (2, "bob"), (4, None)]


def test_a_policy_on_a_view_holds_too(guarded):
    run, ann = guarded
    run(POLICY.format(name="p", kind="RESTRICTIVE", to="ann", condition="k = 2").replace("d.t", "d.v"))
    assert ann("SELECT k FROM v") == [(2,)]
    assert ann("SELECT count(*) FROM t") == [(4,)]


def test_the_plan_of_one_user_is_not_that_of_another(guarded):
    run, ann = guarded
    run(POLICY.format(name="p", kind="RESTRICTIVE", to="ann", condition="k = 1"))
    for _ in range(3):
        assert run("SELECT count(*) FROM t") == [(4,)]
        assert ann("SELECT count(*) FROM t") == [(1,)]
    assert any("k" in line for (line,) in ann("EXPLAIN SELECT * FROM t"))


def test_the_filter_needs_no_privilege_of_its_own(run, as_user):
    run("CREATE TABLE t (k INT, hidden INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("INSERT INTO t VALUES (1, 1), (2, 2)")
    eve = as_user("eve", "SELECT_PRIV(k) ON d.t")
    run("CREATE ROW POLICY p ON d.t AS RESTRICTIVE TO eve USING (hidden = 2)")
    try:
        assert eve("SELECT k FROM d.t") == [(2,)]
        assert "does not have privilege" in eve.error("SELECT hidden FROM d.t")
    finally:
        run("DROP ROW POLICY p ON d.t")


def test_they_are_shown(guarded):
    run, ann = guarded
    text = POLICY.format(name="p", kind="PERMISSIVE", to="ann", condition="k = 1")
    run(text)
    assert run("SHOW ROW POLICY FOR ann") == [
        ("p", "internal", "d", "t", "ROW", "PERMISSIVE", "k = 1", "ann", None, text)
    ]
    assert run("SHOW ROW POLICY FOR ROLE 'admin'") == []
    assert "ADMIN" in ann.error("SHOW ROW POLICY")


ERRORS = [
    (POLICY.format(name="p", kind="PERMISSIVE", to="root", condition="k = 1"), "not allow add row policy"),
    (POLICY.format(name="p", kind="PERMISSIVE", to="nobody", condition="k = 1"), "user not exist: 'nobody'@'%'"),
    (POLICY.format(name="p", kind="PERMISSIVE", to="ROLE none", condition="k = 1"), "role not exist: none"),
    (POLICY.format(name="p", kind="PERMISSIVE", to="ann", condition="nocol = 1"), "column not exist: nocol"),
    (POLICY.format(name="p", kind="PERMISSIVE", to="ann", condition="k IN (SELECT 1)"), "subquery"),
    ("DROP ROW POLICY none ON d.t", "the policy none not exist"),
]


@pytest.mark.parametrize(("sql", "text"), ERRORS)
def test_errors(guarded, sql, text):
    run, ann = guarded
    assert text in run.error(sql)
    assert "GRANT" in ann.error(sql)


def test_a_policy_is_made_once(guarded):
    run, _ = guarded
    run(POLICY.format(name="p", kind="PERMISSIVE", to="ann", condition="k = 1"))
    assert run.error(POLICY.format(name="p", kind="PERMISSIVE", to="ann", condition="k = 2")) == (
        "the policy p already create"
    )
    run(
        POLICY.format(name="p", kind="PERMISSIVE", to="ann", condition="k = 2").replace(
            "POLICY p", "POLICY IF NOT EXISTS p"
        )
    )
