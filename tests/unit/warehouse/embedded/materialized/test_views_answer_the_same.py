"""A thousand generated queries give the same rows from materialised views as from their tables."""

import random
from collections import Counter

import pytest

from nereus.warehouse.embedded.statements.query import plan_query
from tests.unit.warehouse.embedded.materialized.conftest import KEPT, wait
from tests.unit.warehouse.embedded.statements.conftest import Runner

JOIN = "sales s JOIN stores t ON s.store = t.store LEFT JOIN items i ON s.item = i.item"
VIEWS = {
    "by_day": f"""SELECT s.day AS day, t.region AS region, t.city AS city, i.brand AS brand, count(*) AS n,
        sum(i.weight) AS weight,
        count(i.weight) AS weighed, count(s.price) AS priced, sum(s.price) AS revenue, sum(s.pieces) AS pieces,
        min(s.price) AS low,
        max(s.pieces) AS most, sum(s.price * s.pieces) AS value, sum(s.rate) AS rates, max(s.rate) AS top
        FROM {JOIN} GROUP BY s.day, t.region, t.city, i.brand""",
    "by_month": f"""SELECT date_trunc(s.day, 'month') AS month, t.region AS region, i.brand AS brand, count(*) AS n,
        sum(s.price) AS revenue FROM {JOIN} GROUP BY date_trunc(s.day, 'month'), t.region, i.brand""",
    "stores_only": """SELECT store, day, note, count(*) AS n, sum(price) AS revenue, count(price) AS priced
        FROM sales GROUP BY store, day, note""",
    "recent": """SELECT day, item, sum(pieces) AS pieces, count(*) AS n FROM sales WHERE day >= '2024-02-01'
        AND store < 6 GROUP BY day, item""",
    "joined": """SELECT s.day AS day, t.region AS region, s.price AS price, s.pieces AS pieces, s.rate AS rate
        FROM sales s JOIN stores t ON s.store = t.store""",
}
STAR = {
    "from": [
        JOIN,
        "stores t JOIN sales s ON t.store = s.store LEFT JOIN items i ON i.item = s.item",
        "(SELECT * FROM sales) s JOIN (SELECT store, region, city FROM stores) t USING (store)"
        " LEFT JOIN items i ON s.item = i.item",
    ],
    "keys": [
        "s.day",
        "t.region",
        "t.city",
        "i.brand",
        "date_trunc(s.day, 'month')",
        "year(s.day)",
        "upper(t.region)",
        "concat(t.region, '-', i.brand)",
        "t.store",
    ],
    "totals": [
        "count(*)",
        "sum(s.price)",
        "sum(s.pieces)",
        "avg(s.price)",
        "min(s.price)",
        "max(s.pieces)",
        "sum(s.price) / count(*)",
        "count(s.price)",
        "count(DISTINCT t.city)",
        "max(s.day)",
        "min(i.brand)",
        "sum(s.price * s.pieces)",
        "sum(s.rate)",
        "max(s.rate)",
        "avg(s.pieces)",
        "sum(s.price) - 1",
        "avg(i.weight)",
        "count(s.store)",
        "max(i.weight)",
    ],
    "filters": [
        "s.day >= '2024-02-10'",
        "s.day BETWEEN '2024-01-05' AND '2024-03-01'",
        "t.region = 'r1'",
        "i.brand IN ('b0', 'b1')",
        "i.brand IS NULL",
        "t.city <> 'c1'",
        "s.day < '2024-03-01' OR t.region = 'r0'",
        "month(s.day) = 2",
        "s.pieces > 2",
        "date_trunc(s.day, 'month') = '2024-02-01'",
        "t.store < 5",
    ],
    "having": ["count(*) > 3", "sum(s.price) > 100", "max(s.pieces) = 5"],
}
SALES = {
    "from": ["sales s", "(SELECT * FROM sales WHERE day >= '2024-02-01') s", "sales s"],
    "keys": ["s.store", "s.day", "s.note", "s.item", "date_trunc(s.day, 'month')", "s.store % 3"],
    "totals": [
        "count(*)",
        "sum(s.price)",
        "count(s.price)",
        "avg(s.price)",
        "max(s.store)",
        "count(DISTINCT s.note)",
        "sum(s.pieces)",
        "min(s.day)",
        "max(s.day)",
        "sum(s.rate)",
    ],
    "filters": [
        "s.day >= '2024-02-01'",
        "s.day >= '2024-03-01'",
        "s.store < 6",
        "s.store < 4",
        "s.store = 5",
        "s.note = 'x'",
        "s.note IS NOT NULL",
        "s.item > 2",
        "s.price > 10",
    ],
    "having": ["count(*) > 3", "sum(s.price) > 50"],
}
PAIR = {
    **STAR,
    "from": ["sales s JOIN stores t ON s.store = t.store", "sales s, stores t WHERE t.store = s.store"],
    "keys": [key for key in STAR["keys"] if "i." not in key],
    "totals": [total for total in STAR["totals"] if "i." not in total],
    "filters": [term for term in STAR["filters"] if "i." not in term],
}


def generated(made):
    """A query, and whether its rows are few enough to be in one order only."""
    kind = made.choice([STAR, STAR, SALES, PAIR])
    keys = made.sample(kind["keys"], made.choice([0, 1, 1, 2, 2, 3]))
    totals = made.sample(kind["totals"], made.randint(1, 3))
    distinct = not made.randrange(12) and bool(keys)
    items = keys if distinct else keys + totals
    source = made.choice(kind["from"])
    filters = made.sample(kind["filters"], made.choice([0, 0, 1, 1, 2]))
    text = f"SELECT {'DISTINCT ' if distinct else ''}{', '.join(items)} FROM {source}"
    if filters:
        text += (" AND " if "WHERE" in source.rpartition(")")[2] else " WHERE ") + " AND ".join(
            f"({f})" for f in filters
        )
    if not distinct and keys:
        grouping = made.choice(["plain"] * 6 + ["rollup", "ordinals"])
        if grouping == "rollup":
            text += f" GROUP BY ROLLUP({', '.join(keys)})"
        elif grouping == "ordinals":
            text += f" GROUP BY {', '.join(str(i + 1) for i in range(len(keys)))}"
        else:
            text += f" GROUP BY {', '.join(keys)}"
        if not made.randrange(4):
            text += f" HAVING {made.choice(kind['having'])}"
        if not made.randrange(3):
            text += f" ORDER BY {made.choice(['1', totals[0]])} DESC"
    if not made.randrange(8):
        text = f"SELECT count(*), count(c) FROM (SELECT q.c FROM (SELECT 1 AS c, x.* FROM ({_named(text)}) x) q) y"
    return text


def _named(text):
    """The query with names for its columns, as a derived table must have them."""
    head, tail = text.split(" FROM ", 1)
    distinct = head.startswith("SELECT DISTINCT ")
    items = split_items(head.removeprefix("SELECT ").removeprefix("DISTINCT "))
    listed = ", ".join(f"{item} AS k{i}" for i, item in enumerate(items))
    return f"SELECT {'DISTINCT ' if distinct else ''}{listed} FROM {tail}"


def split_items(text):
    items, depth, last = [], 0, 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            items.append(text[last:at])
            last = at + 1
    return [*items, text[last:]]


def rows(found):
    """Rows as they compare, whatever their order; sums of floating numbers to twelve digits."""
    return Counter(tuple(f"{v:.12g}" if isinstance(v, float) else v for v in row) for row in found)


def test_a_thousand_queries_give_the_same_rows_from_views_as_from_tables(run):
    for name, query in VIEWS.items():
        run(
            f"CREATE MATERIALIZED VIEW {name} BUILD IMMEDIATE REFRESH AUTO ON COMMIT"
            f" DISTRIBUTED BY RANDOM BUCKETS 1 PROPERTIES ('replication_num' = '1') AS {query}"
        )
    wait(run)
    plain = Runner(run.warehouse.connect("root", database="d"))
    plain("SET enable_materialized_view_rewrite = false")
    made = random.Random(20240601)
    used = Counter()
    for _ in range(1000):
        query = generated(made)
        from_views = run(query)
        names = last_answer(run, query)
        used.update(names or ["none"])
        if names:
            assert rows(from_views) == rows(plain(query)), (query, names)
    plain.session.close()
    assert len(used) >= 5
    assert sum(used.values()) - used["none"] > 300


def last_answer(run, query):
    """The views that answered a query that has just run."""
    session = run.session
    plan = plan_query(session, query)
    return session.warehouse.views.answering.answer(session, query, plan.bound, plan.answers).chosen


TOTAL = "SELECT count(*) AS n, sum(price) AS revenue, max(day) AS last FROM sales"


@pytest.mark.parametrize(
    ("view", "query", "answers"),
    [
        (TOTAL, "SELECT count(*), max(s.day) FROM sales s", True),
        (TOTAL, "SELECT count(*) FROM sales WHERE store = 1", False),
        (TOTAL, "SELECT DISTINCT 1 FROM sales", False),
        (VIEWS["recent"], "SELECT sum(pieces) FROM sales WHERE day >= '2024-03-01' AND store < 6", True),
        (VIEWS["recent"], "SELECT sum(pieces) FROM sales WHERE day >= '2024-03-01' AND store < 5", False),
        (VIEWS["recent"], "SELECT sum(pieces) FROM sales WHERE day >= '2024-01-01' AND store < 6", False),
        (VIEWS["by_day"], f"SELECT avg(i.weight), avg(s.price) FROM {JOIN} WHERE t.region = 'r1'", True),
        (VIEWS["by_day"], f"SELECT sum(s.rate) FROM {JOIN}", False),
        (VIEWS["by_day"], f"SELECT avg(s.pieces) FROM {JOIN}", False),
        (VIEWS["by_day"], "SELECT count(*) FROM sales s JOIN stores t ON s.store = t.store", False),
        (VIEWS["by_day"], f"SELECT count(*) FROM {JOIN.replace('LEFT ', '')}", False),
        (VIEWS["by_day"], f"SELECT t.region, rank() OVER (ORDER BY count(*)) FROM {JOIN} GROUP BY t.region", False),
        (
            VIEWS["by_day"],
            f"WITH q AS (SELECT t.city AS c, sum(s.pieces) AS p FROM {JOIN} GROUP BY t.city) SELECT max(p) FROM q",
            True,
        ),
        (
            VIEWS["joined"],
            "SELECT region, sum(price) FROM sales s, stores t WHERE s.store = t.store GROUP BY region",
            True,
        ),
        (
            VIEWS["joined"],
            "SELECT region, sum(rate) FROM sales s, stores t WHERE s.store = t.store GROUP BY region",
            False,
        ),
        (VIEWS["stores_only"], "SELECT count(store), sum(price) FROM sales", True),
        (VIEWS["stores_only"], "SELECT count(item) FROM sales", False),
        (
            "SELECT a.day AS d, b.day AS e, count(*) AS n FROM sales a JOIN sales b ON a.store = b.item"
            " GROUP BY a.day, b.day",
            "SELECT y.day, count(*) FROM sales x JOIN sales y ON y.store = x.item GROUP BY y.day",
            True,
        ),
    ],
)
def test_which_queries_a_view_answers(run, view, query, answers):
    run(
        "CREATE MATERIALIZED VIEW mv BUILD IMMEDIATE REFRESH AUTO ON MANUAL"
        f" DISTRIBUTED BY RANDOM BUCKETS 1 {KEPT} AS {view}"
    )
    wait(run)
    found = run(query)
    assert (last_answer(run, query) == ("internal.d.mv",)) is answers
    run("SET enable_materialized_view_rewrite = false")
    assert rows(found) == rows(run(query))
    assert last_answer(run, query) == ()
    run("SET enable_materialized_view_rewrite = true")
