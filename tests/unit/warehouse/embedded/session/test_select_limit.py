from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import ask, do


@pytest.fixture(scope="module")
def filled(warehouse: Warehouse) -> None:
    """A table of four rows and a view of it."""
    session = warehouse.connect("root", database="other")
    do(session, "CREATE TABLE t (a INT, b INT) PROPERTIES ('replication_num' = '1')")
    do(session, "INSERT INTO t VALUES (1, 1), (2, 1), (3, 2), (4, 2)")
    do(session, "CREATE VIEW v AS SELECT a FROM t")
    session.close()


@pytest.fixture
def limited(root: Session, filled: None) -> Session:
    """A session that is shown two rows of each query."""
    do(root, "USE other")
    do(root, "SET sql_select_limit = 2")
    return root


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT a FROM t ORDER BY a", [1, 2]),
        ("(SELECT a FROM t ORDER BY a)", [1, 2]),
        ("((SELECT a FROM t) ORDER BY a DESC)", [4, 3]),
        ("SELECT sum(a) FROM t GROUP BY b, a ORDER BY 1", [1, 2]),
        ("SELECT DISTINCT a FROM (SELECT a FROM t ORDER BY a LIMIT 3) s ORDER BY a", [1, 2]),
        ("SELECT 1 UNION ALL SELECT 1 UNION ALL SELECT 1", [1, 1]),
        ("VALUES (1), (1), (1)", [1, 1]),
        ("WITH s AS (SELECT a FROM t) SELECT a FROM s ORDER BY a", [1, 2]),
        ("SELECT a FROM v ORDER BY a", [1, 2]),
        # What has a LIMIT keeps it, a greater one too.
        ("SELECT a FROM t ORDER BY a LIMIT 3", [1, 2, 3]),
        ("(SELECT a FROM t ORDER BY a LIMIT 3)", [1, 2, 3]),
        ("SELECT a FROM t ORDER BY a LIMIT 3 OFFSET 1", [2, 3, 4]),
        ("WITH s AS (SELECT a FROM t) SELECT x.a FROM s x JOIN s y ON x.a = y.a ORDER BY 1 LIMIT 3", [1, 2, 3]),
        # Inner queries are not limited.
        ("SELECT count(*) FROM (SELECT a FROM t) s", [4]),
        ("SELECT count(*) FROM v", [4]),
        ("SELECT a FROM t WHERE a IN (SELECT a FROM t) AND a > 2 ORDER BY a", [3, 4]),
        # A hint counts for its statement.
        ("SELECT /*+ SET_VAR(sql_select_limit = 1) */ a FROM t ORDER BY a", [1]),
        ("SELECT /*+ SET_VAR(sql_select_limit = 3) */ a FROM t ORDER BY a", [1, 2, 3]),
    ],
)
def test_the_outermost_select_is_limited(limited: Session, query: str, rows: list[int]) -> None:
    assert [row[0] for row in ask(limited, query)] == rows


def test_the_limit_belongs_to_the_plan(limited: Session) -> None:
    query = "SELECT a FROM t ORDER BY a"
    assert len(ask(limited, query)) == 2
    do(limited, "SET sql_select_limit = 3")
    assert len(ask(limited, query)) == 3
    do(limited, "SET sql_select_limit = 0")
    assert ask(limited, query) == []
    for none in ("DEFAULT", "-1", "9223372036854775807"):
        do(limited, f"SET sql_select_limit = {none}")
        assert len(ask(limited, query)) == 4


def test_writes_and_show_are_not_limited(limited: Session) -> None:
    do(limited, "CREATE TABLE u PROPERTIES ('replication_num' = '1') AS SELECT a FROM t")
    do(limited, "INSERT INTO u SELECT a FROM t")
    assert ask(limited, "SELECT count(*) FROM u") == [(8,)]
    assert len(ask(limited, "SHOW TABLES")) == 3
    assert len(ask(limited, "SHOW FULL COLUMNS FROM information_schema.tables")) > 2


def test_what_doris_forgets_to_limit_is_refused(limited: Session) -> None:
    with pytest.raises(Refused, match="more than once"):
        ask(limited, "WITH s AS (SELECT a FROM t) SELECT x.a FROM s x JOIN s y ON x.a = y.a")
