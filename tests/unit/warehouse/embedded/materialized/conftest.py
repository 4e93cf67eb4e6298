"""A warehouse with a small star: order lines, stores and items, some of them unknown."""

import random

import pytest

from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.statements.conftest import Runner

KEPT = "PROPERTIES ('replication_num' = '1')"
TABLES = (
    f"""CREATE TABLE sales (day DATE NOT NULL, store INT NOT NULL, item INT NULL, price DECIMAL(12,2) NULL,
        pieces INT NOT NULL, rate DOUBLE NULL, note VARCHAR(10) NULL)
        DUPLICATE KEY(day, store) AUTO PARTITION BY RANGE (date_trunc(day, 'month')) ()
        DISTRIBUTED BY HASH(store) BUCKETS 1 {KEPT}""",
    f"""CREATE TABLE stores (store INT NOT NULL, city VARCHAR(10) NULL, region VARCHAR(10) NOT NULL)
        UNIQUE KEY(store) DISTRIBUTED BY HASH(store) BUCKETS 1 {KEPT}""",
    f"""CREATE TABLE items (item INT NOT NULL, brand VARCHAR(10) NOT NULL, weight SMALLINT NULL)
        UNIQUE KEY(item) DISTRIBUTED BY HASH(item) BUCKETS 1 {KEPT}""",
)


def literal(value):
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


def rows_text(rows):
    return ", ".join(f"({', '.join(map(literal, row))})" for row in rows)


def some_sales(count, seed, months=range(1, 5)):
    made = random.Random(seed)
    return [
        (
            f"2024-{made.choice(list(months)):02d}-{made.randint(1, 28):02d}",
            made.randint(1, 8),
            made.choice([None, 1, 2, 3, 4, 5, 9]),
            made.choice([None, 0, made.randint(-500, 9999) / 100]),
            made.randint(1, 5),
            made.choice([None, made.random()]),
            made.choice([None, "", "x", "y"]),
        )
        for _ in range(count)
    ]


def fill(run):
    for statement in TABLES:
        run(statement)
    stores = [(i, None if i == 3 else f"c{i % 4}", f"r{i % 2}") for i in range(1, 8)]
    run(f"INSERT INTO stores VALUES {rows_text(stores)}")
    run(f"INSERT INTO items VALUES {rows_text([(i, f'b{i % 3}', None if i == 2 else i) for i in range(1, 6)])}")
    run(f"INSERT INTO sales VALUES {rows_text(some_sales(400, 1))}")


def wait(run):
    """Until no refresh waits or runs."""
    assert run.warehouse.views.wait_idle(30)


def tasks(run, name):
    """(status, mode) of the refreshes of a view, oldest first."""
    return run(
        f"SELECT Status, RefreshMode FROM tasks('type' = 'mv') WHERE MvName = '{name}' ORDER BY CAST(TaskId AS INT)"
    )


def chosen(run, query):
    """The views that EXPLAIN says answer a query."""
    lines = [row[0] for row in run(f"EXPLAIN {query}")]
    begin, end = (lines.index(f"MaterializedViewRewrite{word}:") for word in ("SuccessAndChose", "SuccessButNotChose"))
    return [line.strip().removeprefix("CBO.internal.d.").removesuffix(" chose") for line in lines[begin + 1 : end]]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    opened = Warehouse.open(tmp_path_factory.mktemp("data"), memory_gb=1, threads=2, root_password="secret of root")
    yield opened
    opened.close()


@pytest.fixture
def run(warehouse):
    """A session of root in the database `d` with the star in it, made for the test."""
    runner = Runner(warehouse.connect("root"))
    runner("CREATE DATABASE d")
    runner("USE d")
    fill(runner)
    yield runner
    wait(runner)
    runner.session.database = None
    runner("DROP DATABASE IF EXISTS d")
    runner.session.close()
