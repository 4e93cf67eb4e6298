"""SQL Lab: what an analyst may read in the warehouse, to look at and not to change, and not for ever."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from nereus.errors import Failure
from nereus.provision import superset
from nereus.superset.api import Superset
from tests.integration.superset.conftest import Stand

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def database(stand: Stand) -> int:
    admin = superset.login(stand.home, stand.platform, "admin")
    return int(admin._call("GET", "/api/v1/database/")["result"][0]["id"])


def ask(person: Superset, database: int, sql: str, schema: str = "retail") -> dict[str, Any]:
    question = {"database_id": database, "sql": sql, "schema": schema, "runAsync": False, "queryLimit": 10}
    answer: dict[str, Any] = person._call(
        "POST", "/api/v1/sqllab/execute/", {**question, "client_id": uuid.uuid4().hex[:10]}
    )
    return answer


def test_tables_without_a_dataset_are_read(analyst: Superset, database: int) -> None:
    (row,) = ask(analyst, database, "SELECT COUNT(*) AS n FROM retail.customer")["data"]
    assert row["n"] >= 300
    joined = "SELECT a.name, COUNT(*) AS n FROM v_flights f JOIN airlines a ON f.airline = a.name GROUP BY a.name"
    assert len(ask(analyst, database, joined, "flights")["data"]) == 10


def test_databases_and_tables_are_offered(analyst: Superset, database: int) -> None:
    told = analyst._call("GET", f"/api/v1/database/{database}/schemas/")["result"]
    assert sorted(told) == ["flights", "retail"]
    found = analyst._call("GET", f"/api/v1/database/{database}/tables/?q=(schema_name:retail)")["result"]
    names = {one["value"] for one in found}
    assert {"customer", "v_sales"} <= names
    assert "lineorder" not in names


def test_rows_are_limited(analyst: Superset, database: int) -> None:
    assert len(ask(analyst, database, "SELECT c_custkey FROM customer")["data"]) == 10


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM retail.mv_sales_monthly",
        "INSERT INTO retail.geo_region VALUES (9, 'X')",
        "CREATE TABLE retail.mine (a INT) DISTRIBUTED BY HASH(a) BUCKETS 1",
        "DROP TABLE retail.customer",
        "TRUNCATE TABLE retail.customer",
    ],
)
def test_nothing_is_changed(analyst: Superset, database: int, sql: str) -> None:
    with pytest.raises(Failure, match=r"(?i)DML|not allowed|read|denied"):
        ask(analyst, database, sql)


@pytest.mark.parametrize("table", ["retail.lineorder", "nereus_ops.loads", "__internal_schema.audit_log", "mysql.user"])
def test_what_is_not_an_analysts_is_closed(analyst: Superset, database: int, table: str) -> None:
    with pytest.raises(Failure, match=r"(?i)access|denied"):
        ask(analyst, database, f"SELECT * FROM {table}")


def test_databases_are_the_platforms(analyst: Superset) -> None:
    with pytest.raises(Failure, match="403"):
        analyst._call("POST", "/api/v1/database/", {"database_name": "x", "sqlalchemy_uri": "sqlite://"})


def test_who_sees_a_part_of_the_rows_has_no_sql_lab(eva: Superset, database: int) -> None:
    with pytest.raises(Failure, match="403"):
        ask(eva, database, "SELECT COUNT(*) AS n FROM retail.mv_sales_monthly")


def test_what_takes_too_long_is_ended_by_the_warehouse(analyst: Superset, database: int) -> None:
    long = "SELECT COUNT(*) AS n FROM part a, part b, part c, part d WHERE a.p_size + b.p_size > c.p_size + d.p_size"
    with pytest.raises(Failure, match=r"(?i)timeout|timed out|cancel"):
        ask(analyst, database, long)
    assert ask(analyst, database, "SELECT 1 AS one")["data"] == [{"one": 1}]
