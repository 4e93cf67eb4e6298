"""Generated columns are computed by every write, and never written."""

import pytest


@pytest.fixture
def made(run):
    run(
        "CREATE TABLE g (k INT, a INT, b DOUBLE GENERATED ALWAYS AS (a * 2 + 1), c VARCHAR(9) AS (concat('x', b)) "
        "COMMENT 'made') UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1"
    )
    return run


def test_every_write_computes_them(made):
    made("INSERT INTO g VALUES (1, 10, DEFAULT, DEFAULT)")
    made("INSERT INTO g (k, a) VALUES (2, 20), (3, NULL)")
    made("INSERT INTO g (k, a, b) VALUES (4, 1, DEFAULT)")
    made("INSERT INTO g (k, a) SELECT k + 10, a FROM g WHERE k = 1")
    made("UPDATE g SET a = 0 WHERE k = 2")
    assert made("SELECT k, a, b, c FROM g ORDER BY k") == [
        (1, 10, 21.0, "x21"),
        (2, 0, 1.0, "x1"),
        (3, None, None, None),
        (4, 1, 3.0, "x3"),
        (11, 10, 21.0, "x21"),
    ]
    assert "`b` double AS (a * 2 + 1) NULL" in made.shown("g")


NOT_ALLOWED = [
    "INSERT INTO g VALUES (1, 10, 5, DEFAULT)",
    "INSERT INTO g (k, b) VALUES (1, 5)",
    "INSERT INTO g (k, b) SELECT 1, 5",
    "INSERT INTO g SELECT 1, 1, 1, 'x'",
    "UPDATE g SET b = 1 WHERE k = 1",
]


@pytest.mark.parametrize("sql", NOT_ALLOWED)
def test_nothing_else_is_written_to_them(made, sql):
    text = made.error(sql)
    assert text == "The value specified for generated column 'b' in table 'g' is not allowed."


BAD = [
    ("b INT AS (c + 1), c INT AS (a)", "Generated column can refer only to generated columns defined prior to it."),
    ("b INT AS (nocol + 1)", "In generated column 'b', unknown column 'nocol'"),
    ("b DOUBLE AS (rand())", "contains a disallowed function"),
    ("b INT AS (sum(a))", "contains a disallowed function"),
    ("b INT AS (a) DEFAULT '1'", "Generated columns cannot have default value."),
]


@pytest.mark.parametrize(("columns", "text"), BAD)
def test_expressions_have_rules(run, columns, text):
    assert text in run.error(f"CREATE TABLE t (k INT, a INT, {columns}) DUPLICATE KEY(k)")


def test_alter_table_leaves_them_as_they_are(made):
    assert made.error("ALTER TABLE g ADD COLUMN z INT AS (a)") == "Not supporting alter table add generated columns."
    assert made.error("ALTER TABLE g MODIFY COLUMN b DOUBLE") == (
        "Not supporting alter table modify generated columns."
    )
    assert made.error("ALTER TABLE g DROP COLUMN a") == "Column 'a' has a generated column dependency on :[b]"
