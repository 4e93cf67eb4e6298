"""Results are given again only while nothing changed that they were computed from."""

import pytest

from nereus.warehouse.embedded import resultcache
from tests.unit.warehouse.embedded.materialized.conftest import KEPT, wait
from tests.unit.warehouse.embedded.statements.conftest import Runner

QUERY = "SELECT store, sum(pieces) FROM sales GROUP BY store ORDER BY store"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """Tables need not have been quiet for a while."""
    monkeypatch.setattr(resultcache, "QUIET_S", 0.0)


def hits(run, query):
    before = run.warehouse.results.hits
    rows = run(query)
    return run.warehouse.results.hits - before, rows


def test_a_result_is_given_again_until_a_table_changes(run):
    assert hits(run, QUERY)[0] == 0
    again, rows = hits(run, QUERY)
    assert again == 1
    run("SET enable_sql_cache = false")
    assert hits(run, QUERY) == (0, rows)
    run("SET enable_sql_cache = true")
    for change in (
        "INSERT INTO sales VALUES ('2024-01-01', 1, 1, 1000, 7, NULL, NULL)",
        "DELETE FROM sales WHERE store = 2",
        "TRUNCATE TABLE sales",
        "ALTER TABLE sales DROP COLUMN note",
    ):
        run(QUERY)
        assert hits(run, QUERY)[0] == 1
        run(change)
        run("SET enable_sql_cache = false")
        expected = run(QUERY)
        run("SET enable_sql_cache = true")
        assert hits(run, QUERY) == (0, expected)


def test_columns_have_the_names_that_this_query_gives_them(run):
    for name in ("one", "two"):
        for result in run.session.execute(f"SELECT count(*) AS {name} FROM sales WHERE store = 2"):
            assert [column.name for column in result.columns] == [name]
            assert len(list(result.batches)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT rand(), store FROM sales",
        "SELECT now(), count(*) FROM sales",
        "SELECT count(*) FROM information_schema.tables",
        "SELECT 1",
    ],
)
def test_what_is_never_kept(run, query):
    run(query)
    assert hits(run, query)[0] == 0


def test_large_results_are_not_kept(run, monkeypatch):
    monkeypatch.setattr(resultcache, "MOST_ROWS", 100)
    query = "SELECT day, store FROM sales"
    run(query)
    assert hits(run, query)[0] == 0


def test_all_results_together_stay_below_their_limit(run, monkeypatch):
    monkeypatch.setattr(resultcache, "MOST_TOTAL", 4000)
    queries = [f"SELECT count(*), {number} FROM sales WHERE store = {number}" for number in range(50)]
    for query in queries:
        run(query)
    assert hits(run, queries[0])[0] == 0
    assert hits(run, queries[-1])[0] == 1


def test_nobody_gets_rows_that_they_may_not_read(run, as_user):
    run(QUERY)
    stranger = as_user("eve")
    assert "denied" in stranger.error(f"{QUERY.replace('sales', 'd.sales')}")
    reader = as_user("ann", "SELECT_PRIV ON internal.d.sales")
    reader("USE d")
    assert reader(QUERY) == run(QUERY)
    run("CREATE ROW POLICY only_one ON d.sales AS RESTRICTIVE TO ann USING (store = 1)")
    assert [row[0] for row in reader(QUERY)] == [1]
    assert len(run(QUERY)) > 1
    run("DROP ROW POLICY only_one ON d.sales FOR ann")


def test_a_result_from_a_view_is_not_given_once_the_view_was_refreshed(run):
    run(
        "CREATE MATERIALIZED VIEW mv BUILD IMMEDIATE REFRESH AUTO ON MANUAL DISTRIBUTED BY RANDOM BUCKETS 1"
        f" {KEPT.replace(')', chr(44) + ' ' + repr('grace_period') + ' = ' + repr('3600') + ')')}"
        " AS SELECT store, sum(pieces) AS pieces FROM sales GROUP BY store"
    )
    wait(run)
    query = "SELECT sum(pieces) FROM sales"
    before = run(query)
    run("INSERT INTO sales VALUES ('2024-01-01', 1, 1, 1000, 70, NULL, NULL)")
    assert run(query) == before
    run("REFRESH MATERIALIZED VIEW mv AUTO")
    wait(run)
    assert run(query)[0][0] == before[0][0] + 70


@pytest.fixture
def as_user(run):
    """Runners of users who hold what is granted to them."""
    sessions = []

    def connect(name, *grants):
        run(f"CREATE USER {name} IDENTIFIED BY 'secret of {name}'")
        for grant in grants:
            run(f"GRANT {grant} TO {name}")
        session = run.warehouse.connect(name)
        sessions.append((name, session))
        return Runner(session)

    yield connect
    for name, session in sessions:
        session.close()
        run(f"DROP USER {name}")
