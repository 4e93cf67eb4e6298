"""What a kernel does with the warehouse, as its scientist's own user."""

from __future__ import annotations

import pytest

from benchmarks.measure.people import Person
from tests.integration.jupyterhub.hubs import Deployment

pytestmark = pytest.mark.timeout(600)
IMPORT = "from nereus_notebook import warehouse"


def test_rows_come_as_a_data_frame_with_exact_types(ada: Person) -> None:
    said = ada.run(
        IMPORT,
        "rows = warehouse.sql('SELECT region, SUM(amount) AS amount, MAX(day) AS day FROM shop.orders'",
        "                     ' GROUP BY region ORDER BY region')",
        "print(rows.to_dict('records'))",
        "print(*rows.dtypes)",
    )
    assert said == (
        "[{'region': 'Asia', 'amount': Decimal('7.25'), 'day': datetime.date(2026, 1, 2)},"
        " {'region': 'Europe', 'amount': Decimal('10.50'), 'day': datetime.date(2026, 1, 3)}]\n"
        "string[pyarrow] decimal128(38, 2)[pyarrow] date32[day][pyarrow]"
    )


def test_every_scientist_asks_as_their_own_user(ada: Person, grace: Person) -> None:
    for person in (ada, grace):
        said = person.run(IMPORT, "print(warehouse.sql('SELECT CURRENT_USER() AS me')['me'][0])")
        assert said == f"'{person.name}'@'%'"


def test_many_rows_come_as_arrow_and_in_pieces(ada: Person) -> None:
    assert ada.run(IMPORT, "print(warehouse.arrow('SELECT n FROM shop.numbers').num_rows)") == "300000"
    said = ada.run(
        IMPORT,
        "pieces = [piece.num_rows for piece in warehouse.batches('SELECT n FROM shop.numbers')]",
        "print(sum(pieces), len(pieces) > 1)",
    )
    assert said == "300000 True"


def test_more_rows_than_asked_for_are_refused_with_the_way_out(ada: Person) -> None:
    said = ada.run(IMPORT, "warehouse.sql('SELECT n FROM shop.numbers', most_rows=1000)")
    assert said.startswith("WarehouseError: the query gives more than 1,000 rows; aggregate in the warehouse")


def test_a_cursor_takes_parameters(ada: Person) -> None:
    said = ada.run(
        IMPORT,
        "with warehouse.cursor('shop') as cursor:",
        "    cursor.execute('SELECT id FROM orders WHERE region = %s ORDER BY id', ('Europe',))",
        "    print(cursor.fetchall())",
    )
    assert said == "[{'id': 1}, {'id': 3}]"


def test_the_cost_of_a_query_comes_from_the_audit_log(ada: Person) -> None:
    said = ada.run(
        IMPORT,
        "cost = warehouse.cost('SELECT MAX(n) FROM shop.numbers')",
        "print(cost['scan_rows'], cost['return_rows'], cost['workload_group'], cost['milliseconds'] >= 0)",
    )
    assert said == "300000 1 scientists True"


def test_the_warehouses_own_words_are_shown(ada: Person) -> None:
    said = ada.run(IMPORT, "warehouse.sql('SELECT wrong FROM shop.orders')")
    assert said.startswith("WarehouseError: ")
    assert "wrong" in said
    assert "Detail" not in said
    refused = ada.run(IMPORT, "warehouse.sql('SELECT * FROM nereus_ops.loads')")
    assert refused.startswith("WarehouseError: ")


def test_scientists_read_and_do_not_write(deployment: Deployment, ada: Person) -> None:
    said = ada.run(
        IMPORT,
        "with warehouse.cursor('shop') as cursor:",
        "    cursor.execute('DELETE FROM orders WHERE id = 1')",
    )
    assert "denied" in said.lower()
    assert deployment.as_user("root").query("SELECT COUNT(*) AS n FROM shop.orders") == [{"n": 3}]


def test_a_warehouse_that_is_down_is_said_to_be_down(ada: Person) -> None:
    said = ada.run(
        "import os, subprocess, sys",
        "elsewhere = {**os.environ, 'WAREHOUSE_FLIGHT_PORT': '1', 'WAREHOUSE_PORT': '1'}",
        "code = '''",
        IMPORT,
        "for ask in (lambda: warehouse.sql('SELECT 1'), lambda: warehouse.cost('SELECT 1')):",
        "    try:",
        "        ask()",
        "    except warehouse.WarehouseError as error:",
        "        print(error)",
        "'''",
        "print(subprocess.run([sys.executable, '-c', code], env=elsewhere, capture_output=True, text=True).stdout)",
    )
    first, second = said.splitlines()
    assert first == second == "the warehouse at 127.0.0.1 does not answer; ask the platform team, or try again later"
