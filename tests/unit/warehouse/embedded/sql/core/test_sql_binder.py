"""What callers of the binder rely on: views, single expressions, origins."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.binder import RELATION_ALIAS, bind_scalar
from nereus.warehouse.embedded.sql.parse import parse_expression
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import DATE, varchar
from tests.unit.warehouse.embedded.sql.core.asking import House


def scalar(house: House, text: str, table: str | None = None) -> Typed:
    relation = house.relations["shop", table] if table else None
    return bind_scalar(parse_expression(text), house, house.facts, relation, text)


def test_an_expression_without_a_relation(house: House) -> None:
    bound = scalar(house, "1 + 2 * 3")
    assert house.connection.execute(f"SELECT {Renderer().text(bound.node)}").fetchall() == [(7,)]
    assert scalar(house, "'x'").literal == "x"
    assert scalar(house, "-5").literal == -5


def test_an_expression_over_a_relation(house: House) -> None:
    bound = scalar(house, "orders.amount > 3 and id not in (select id from customers)", "orders")
    text = Renderer().text(bound.node)
    source = house.relations["shop", "orders"].from_sql
    rows = house.connection.execute(f"SELECT id FROM {source} AS {RELATION_ALIAS} WHERE {text} ORDER BY 1").fetchall()
    assert rows == [(1,), (2,)]
    assert scalar(house, "day", "orders").type == DATE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nosuch > 1", "Unknown column 'nosuch' in 'table list' in FILTER clause(line 1, pos 0)"),
        ("id +\n nosuch", "Unknown column 'nosuch' in 'table list' in FILTER clause(line 1, pos 0)"),
        ("customers.id = 1", "Unknown column 'id' in 'customers' in FILTER clause(line 1, pos 0)"),
    ],
)
def test_errors_in_expressions(house: House, text: str, message: str) -> None:
    with pytest.raises(DorisError) as caught:
        scalar(house, text, "orders")
    assert caught.value.detail == message


def test_views_are_read_as_themselves(house: House) -> None:
    answer = house.ask("select b.total, t.customer from big b join totals t on b.customer = t.customer")
    assert answer.rows == [(Decimal("12.50"), 10)]
    assert answer.reads == {"shop.big.total", "shop.big.customer", "shop.totals.customer"}
    assert answer.types == ["decimal(38,2)", "int"]


def test_a_view_knows_its_own_database_and_mode(house: House) -> None:
    house.view("joined", {"x": "string"}, "select 'a' || 'b' from orders limit 1")
    assert house.rows("select * from shop.joined", database="archive") == [(None,)]
    relation = house.relations["shop", "joined"]
    house.relations["shop", "joined"] = replace(relation, view_sql_mode="PIPES_AS_CONCAT")
    assert house.rows("select x from joined", database="shop") == [("ab",)]


def test_a_view_of_itself_is_refused(house: House) -> None:
    house.view("loop", {"x": "int"}, "select x from shop.loop")
    with pytest.raises(Refused, match="views nested deeper"):
        house.ask("select x from `loop`")


def test_names_of_a_statement_do_not_reach_into_views(house: House) -> None:
    text = "with orders as (select 99 as customer, 1 as amount) select customer from totals where customer = 10"
    assert house.column(text) == [10]


def test_user_variables(house: House) -> None:
    known = {"a": Typed(exp.Literal.string("hi"), varchar(2), literal="hi")}
    assert house.rows("select @a, @A, @b", user_variables=known) == [("hi", "hi", None)]


def test_the_same_query_binds_to_the_same_text(house: House) -> None:
    text = "select customer, count(*) from orders where day > '2024-01-01' group by customer"
    assert house.bind(text).sql == house.bind(text).sql


def test_parentheses_around_queries(house: House) -> None:
    assert house.column("((select id from orders where id < 3)) order by id desc") == [2, 1]
    assert house.column("(select id from orders order by id limit 2) order by id desc limit 1") == [2]
    assert house.column("(with c as (select 1 x) select x from c) union all select 2 order by 1") == [1, 2]
    assert house.rows("(select id, amount from orders) order by orders.amount desc limit 1") == [(2, Decimal("7.50"))]
