"""A catalogue of Doris' clauses: text in, rows out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.unit.warehouse.embedded.sql.core.asking import House


def test_a_select_without_from(house: House) -> None:
    answer = house.ask("select 1, 'x' as y, 1.50, null")
    assert answer.rows == [(1, "x", Decimal("1.50"), None)]
    assert answer.names == ["1", "y", "1.50", "null"]
    assert answer.types == ["tinyint", "varchar(1)", "decimal(3,2)", "null"]
    assert answer.reads == set()


def test_dual_is_no_table(house: House) -> None:
    assert house.value("select 1 from dual where 1 = 1") == 1
    assert house.rows("select 1 from dual where 1 = 0") == []


def test_columns_ignore_case_and_keep_the_written_name(house: House) -> None:
    answer = house.ask("select CODE, `value`, m.Code from Mixed m")
    assert answer.names == ["CODE", "value", "Code"]
    assert answer.rows == [(1, "x", 1)]


def test_columns_of_tables_describe_their_origin(house: House) -> None:
    columns = house.ask("select o.id i, id, id + 1 from orders o").bound.columns
    assert [(c.db, c.table, c.origin) for c in columns[1:]] == [("shop", "orders", "id"), ("", "", "")]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("amount", [3, 4, 5, 1, 2]),
        ("amount desc", [2, 1, 5, 4, 3]),
        ("amount asc nulls last", [4, 5, 1, 2, 3]),
        ("amount desc nulls first", [3, 2, 1, 5, 4]),
        ("2", [3, 4, 5, 1, 2]),
        ("a", [3, 4, 5, 1, 2]),
        ("-a", [3, 2, 1, 5, 4]),
        ("note, id desc", [2, 4, 5, 1, 3]),
        ("orders.note, 1", [2, 4, 1, 5, 3]),
        ("99, id", [1, 2, 3, 4, 5]),
        ("'x', id desc", [5, 4, 3, 2, 1]),
    ],
)
def test_order_by(house: House, order: str, expected: list[int]) -> None:
    rows = house.rows(f"select id, amount a from orders order by {order}")
    assert [row[0] for row in rows] == expected


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("limit 2", [1, 2]),
        ("limit 1, 2", [2, 3]),
        ("limit 2 offset 3", [4, 5]),
        ("limit 0", []),
        ("limit 9", [1, 2, 3, 4, 5]),
    ],
)
def test_limit(house: House, limit: str, expected: list[int]) -> None:
    assert house.column(f"select id from orders order by id {limit}") == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("amount > 3", [1, 2]),
        ("note = 'b'", [3]),
        ("note <> 'a'", [3, 4]),
        ("note in ('a', 'B')", [1, 4, 5]),
        ("customer not in (10, null)", []),
        ("day between '2024-01-02' and '2024-02-01'", [2, 3, 4]),
        ("day = '2024-01-02' and amount is null", [3]),
        ("not (amount > 3)", [4, 5]),
        ("amount <=> null", [3]),
        ("note like 'a%' or customer is null", [1, 4, 5]),
        ("amount and customer", [1, 2, 5]),
        ("1", [1, 2, 3, 4, 5]),
        ("null", []),
        ("orders.id = 1 || shop.orders.id = 2", [1, 2]),
        ("internal.shop.orders.id = 4", [4]),
        ("id = '4'", [4]),
    ],
)
def test_where(house: House, where: str, expected: list[int]) -> None:
    assert house.column(f"select id from orders where {where} order by id") == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("*", ["id", "name", "city"]),
        ("c.*", ["id", "name", "city"]),
        ("shop.C.*", ["id", "name", "city"]),
        ("* except(name)", ["id", "city"]),
        ("* replace(id as name)", ["id", "name", "city"]),
        ("name, *", ["name", "id", "name", "city"]),
        ("id, c.* except(id, city)", ["id", "name"]),
    ],
)
def test_star(house: House, items: str, expected: list[str]) -> None:
    assert [column.name for column in house.bind(f"select {items} from customers c").columns] == expected


def test_random_values_order_by_what_is_shown(house: House) -> None:
    shown = house.column("select rand() r from orders order by r desc")
    assert shown == sorted(shown, reverse=True)
    assert len(house.rows("select id from orders order by rand()")) == 5


# joins


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        ("orders o, customers c where o.customer = c.id", [(1, "Ann"), (2, "Ann"), (3, "Bob"), (5, "Bob")]),
        ("orders o join customers c on o.customer = c.id", [(1, "Ann"), (2, "Ann"), (3, "Bob"), (5, "Bob")]),
        ("orders o inner join [shuffle] customers c on o.customer = c.id and c.name = 'Bob'", [(3, "Bob"), (5, "Bob")]),
        (
            "orders o left join customers c on o.customer = c.id",
            [(1, "Ann"), (2, "Ann"), (3, "Bob"), (4, None), (5, "Bob")],
        ),
        (
            "orders o right outer join customers c on o.customer = c.id",
            [(None, "Cid"), (1, "Ann"), (2, "Ann"), (3, "Bob"), (5, "Bob")],
        ),
        (
            "orders o full join customers c on o.customer = c.id",
            [(None, "Cid"), (1, "Ann"), (2, "Ann"), (3, "Bob"), (4, None), (5, "Bob")],
        ),
        ("(select 1 id) o cross join customers c", [(1, "Ann"), (1, "Bob"), (1, "Cid")]),
        ("(select 1 id) o join customers c", [(1, "Ann"), (1, "Bob"), (1, "Cid")]),
        ("(orders o join customers c on o.customer = c.id)", [(1, "Ann"), (2, "Ann"), (3, "Bob"), (5, "Bob")]),
        ("(select 2 k) x join (orders o join customers c on o.customer = c.id) on x.k = o.id", [(2, "Ann")]),
    ],
)
def test_joins(house: House, join: str, expected: list[tuple[int | None, str | None]]) -> None:
    assert house.rows(f"select o.id, c.name from {join} order by 1, 2") == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("left semi join", [10, 20]),
        ("left anti join", [30]),
    ],
)
def test_semi_and_anti_joins_give_one_side(house: House, kind: str, expected: list[int]) -> None:
    assert (
        house.column(f"select * except(name, city) from customers c {kind} orders o on o.customer = c.id order by 1")
        == expected
    )
    right = kind.replace("left", "right")
    assert house.column(f"select id from orders o {right} customers c on o.customer = c.id order by 1") == expected
    assert house.error(f"select o.id from customers c {kind} orders o on o.customer = c.id") == (
        "Unknown column 'id' in 'o' in PROJECT clause(line 1, pos 7)"
    )


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        (
            "orders o left join customers c on o.customer = c.id and c.id in (select 10)",
            [(1, "Ann"), (2, "Ann"), (3, None)],
        ),
        (
            "orders o left join customers c on o.customer = c.id and o.id = (select 3)",
            [(1, None), (2, None), (3, "Bob")],
        ),
        (
            "orders o left join customers c on o.customer = c.id"
            " and not exists (select 1 from orders x where x.id = o.id + 3)",
            [(1, None), (2, None), (3, "Bob")],
        ),
        ("orders o join customers c on o.customer = c.id and c.id in (select 10)", [(1, "Ann"), (2, "Ann")]),
    ],
)
def test_subqueries_in_on(house: House, join: str, expected: list[tuple[int, str | None]]) -> None:
    assert house.rows(f"select o.id, c.name from {join} where o.id < 4 order by 1") == expected


def test_using_shows_the_key_once(house: House) -> None:
    answer = house.ask("select * from orders join archive.orders a using (id)")
    assert answer.names == ["id", "customer", "day", "amount", "note", "remark"]
    assert answer.rows == [(1, 10, date(2024, 1, 1), Decimal("5.00"), "a", "other")]
    assert house.rows(
        "select a.id, id from orders left join archive.orders a using (id) order by orders.id desc limit 1"
    ) == [(None, 5)]
    assert house.column("select id from orders right join archive.orders a using (id)") == [1]


def test_columns_named_like_tables_are_no_trap(house: House) -> None:
    text = "select t1.t2 from (select 1 t1, 2 t2, 3 t3) t1, (select 4 t1) t2 where exists (select t1.t3 from orders t3)"
    assert house.rows(text) == [(2,)]


# grouping


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select customer, count(*) from orders group by customer order by 1", [(None, 1), (10, 2), (20, 2)]),
        ("select customer c, sum(amount) from orders group by c order by c desc", [(20, 3), (10, 12.5), (None, 1.25)]),
        ("select customer, max(note) from orders group by 1 order by 1", [(None, "B"), (10, "a"), (20, "b")]),
        ("select count(*), count(amount), count(distinct note) from orders", [(5, 4, 3)]),
        ("select sum(amount) from nothing", [(None,)]),
        ("select count(*) from nothing", [(0,)]),
        ("select count(*) from orders having count(*) > 9", []),
        ("select customer from orders group by customer having sum(amount) > 4", [(10,)]),
        ("select customer, sum(amount) s from orders group by customer having s > 4", [(10, 12.5)]),
        ("select customer + 1 from orders where customer = 10 group by customer + 1", [(11,)]),
        ("select customer + 1 + 1 from orders where customer = 10 group by customer + 1", [(12,)]),
        ("select (customer) from orders group by orders.customer order by shop.orders.customer desc limit 1", [(20,)]),
        ("select max(id) from orders group by customer order by sum(amount) desc", [(2,), (5,), (4,)]),
        ("select note from orders group by note, customer order by count(*) desc, note, customer limit 1", [(None,)]),
        ("select customer k from orders where id > 1 group by k, 'x', 1 order by k limit 1", [(None,)]),
        ("select count(*) from orders group by null", [(5,)]),
        ("select null x, count(*) from orders group by x", [(None, 5)]),
        ("select distinct null, customer from orders order by customer desc limit 1", [(None, 20)]),
        ("select * from (select null x union all select null) t", [(None,), (None,)]),
        ("values (null, 1), (null, 2)", [(None, 1), (None, 2)]),
        ("select count(*) from orders group by 7, 1.5, 'x'", [(5,)]),
        ("select 5, count(*) from orders group by 1", [(5, 5)]),
        ("select 'a' x, count(*) from orders group by x", [("a", 5)]),
        ("select sum((select max(id) from customers)) from orders", [(150,)]),
        ("select distinct customer from orders order by customer", [(None,), (10,), (20,)]),
        ("select distinct customer, customer + 1 from orders order by 2 desc limit 1", [(20, 21)]),
        ("select distinct count(*) from orders group by customer order by 1", [(1,), (2,)]),
        ("select all customer from orders where id = 1", [(10,)]),
        ("select id k from orders having k = 3", [(3,)]),
        ("select id k from orders having amount = 5", [(1,)]),
        ("select 'n' from orders having count(*) > 1", [("n",)]),
    ],
)
def test_grouping(house: House, text: str, expected: list[tuple[object, ...]]) -> None:
    assert house.rows(text) == expected


def test_a_column_wins_over_an_alias_in_group_by(house: House) -> None:
    assert house.error("select customer % 2 as id from orders group by id") == "customer not in aggregate's output"
    assert house.rows("select id as customer from orders group by id order by customer desc limit 1") == [(5,)]


def test_the_first_column_of_that_name_orders(house: House) -> None:
    text = "select a.id, orders.id from orders left join archive.orders a using (id) order by id desc limit 1"
    assert house.rows(text) == [(1, 1)]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("rollup(customer, note)", 9),
        ("customer, note with rollup", 9),
        ("cube(customer, note)", 13),
        ("grouping sets ((customer), (note), ())", 8),
        ("grouping sets ((customer, note))", 5),
    ],
)
def test_grouping_sets(house: House, group: str, expected: int) -> None:
    rows = house.rows(f"select customer, note, count(*) from orders group by {group}")
    assert len(rows) == expected


def test_grouping_functions(house: House) -> None:
    rows = house.rows(
        "select customer, grouping(customer), grouping_id(customer, note), count(*) from orders"
        " group by rollup(customer, note) having grouping(note) = 1 order by 2, 1"
    )
    assert rows == [(None, 0, 1, 1), (10, 0, 1, 2), (20, 0, 1, 2), (None, 1, 3, 5)]


# windows


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("row_number() over (order by amount)", [4, 5, 1, 2, 3]),
        ("sum(amount) over (partition by customer order by id)", [5, 12.5, None, 1.25, 3]),
        ("count(*) over ()", [5, 5, 5, 5, 5]),
        ("max(id) over (order by id rows between 1 preceding and 1 following)", [2, 3, 4, 5, 5]),
        ("sum(id) over (order by id rows 1 preceding)", [1, 3, 5, 7, 9]),
        ("sum(id) over (order by customer range between unbounded preceding and current row)", [7, 7, 15, 4, 15]),
        ("sum(id) over (order by id rows between current row and unbounded following)", [15, 14, 12, 9, 5]),
        ("rank() over (order by customer desc)", [3, 3, 1, 5, 1]),
        ("lag(id, 1, 0) over (order by id)", [0, 1, 2, 3, 4]),
        ("avg(id) over (partition by customer)", [1.5, 1.5, 4, 4, 4]),
        ("last_value(amount, true) over (order by id)", [5, 7.5, 7.5, 1.25, 3]),
        ("first_value(id) over (order by customer range between current row and unbounded following)", [1, 2, 3, 4, 5]),
        ("first_value(id) over (order by id rows between 1 following and 3 following)", [2, 3, 4, 5, None]),
        ("first_value(id) over (order by id rows between 1 preceding and 1 following)", [1, 1, 2, 3, 4]),
    ],
)
def test_windows(house: House, item: str, expected: list[object]) -> None:
    assert [row[1] for row in house.rows(f"select id, {item} from orders order by id")] == expected


def test_windows_over_groups(house: House) -> None:
    rows = house.rows(
        "select customer, sum(sum(amount)) over (order by customer), rank() over (order by count(*)) r"
        " from orders group by customer order by customer"
    )
    assert rows == [(None, Decimal("1.25"), 1), (10, Decimal("13.75"), 2), (20, Decimal("16.75"), 2)]


def test_qualify(house: House) -> None:
    assert house.column(
        "select id from orders qualify row_number() over (partition by customer order by id) = 2 order by 1"
    ) == [2, 5]
    assert house.column("select id, rank() over (order by id desc) r from orders qualify r = 1") == [5]
    distinct = "select distinct customer from orders having count(*) > 1 order by 1"
    assert house.column(distinct) == [10, 20]
    grouped = "select customer, sum(amount) s from orders group by customer qualify rank() over (order by s desc) = 1"
    assert house.rows(grouped) == [(10, Decimal("12.50"))]


def test_windows_without_groups_come_before_having(house: House) -> None:
    assert house.rows("select id, row_number() over (order by id) r from orders having id > 3 order by 1") == [
        (4, 4),
        (5, 5),
    ]
    assert house.rows("select id from orders having amount > 3 qualify rank() over (order by id) = 2") == [(2,)]


@pytest.mark.parametrize(
    ("item", "having", "expected"),
    [
        ("rank() over (order by sum(amount) desc)", "sum(amount) < 4", [(None, 2), (20, 1)]),
        ("rank() over (order by sum(amount) desc)", "s < 4", [(None, 2), (20, 1)]),
        ("rank() over (order by sum(amount) desc)", "x < 5", [(None, 3), (20, 2)]),
        ("rank() over (order by sum(amount) desc)", "sum(amount) + 1 < 5", [(None, 3), (20, 2)]),
        ("rank() over (order by sum(amount) desc)", "r = 1", [(10, 1)]),
        ("rank() over (order by sum(amount) desc)", "customer > 10", [(20, 1)]),
        ("1", "s < 4 qualify rank() over (order by sum(amount) desc) = 1", [(20, 1)]),
        ("rank() over (order by sum(amount) desc)", "s < 4 qualify r = 1", [(20, 1)]),
    ],
)
def test_windows_over_groups_and_having(
    house: House, item: str, having: str, expected: list[tuple[int | None, int]]
) -> None:
    text = f"select customer, {item} r, sum(amount) s, sum(amount) + 1 x from orders group by customer having {having}"
    assert [row[:2] for row in house.rows(f"{text} order by 1")] == expected


# lateral views

_LISTS = "(select 1 k, [1, null, 3] a union all select 2, [] union all select 3, null) t"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"select k, e from {_LISTS} lateral view explode(a) x as e", [(1, 1), (1, None), (1, 3)]),
        (f"select k, x.e from {_LISTS} lateral view explode_outer(a) x as e where k > 1", [(2, None), (3, None)]),
        (f"select p, e from {_LISTS} lateral view posexplode(a) x as p, e", [(0, 1), (1, None), (2, 3)]),
        (
            f"select * from {_LISTS} lateral view explode_numbers(k - 1) x as n where k = 3",
            [(3, None, 0), (3, None, 1)],
        ),
        ("select e from (select 'a,,b' s) t lateral view explode_split(s, ',') x as e", [("a",), ("",), ("b",)]),
        ("select e from (select 'ab' s) t lateral view explode_split(s, '') x as e", [("a",), ("b",)]),
        ("select e from (select 1 k) t lateral view explode_split_outer(null, ',') x as e", [(None,)]),
        ("select e from (select 1 k) t lateral view explode_split_outer('a', null) x as e", [(None,)]),
        ("select a, b from (select 1 k) t lateral view explode([1, 2], ['x']) x as a, b", [(1, "x"), (2, None)]),
        (
            "select e, f from (select 'a,b' s) t lateral view explode_split(s, ',') x as e"
            " lateral view explode_split(concat(e, ';', e), ';') y as f join (select 'b' g) u on x.e = u.g",
            [("b", "b"), ("b", "b")],
        ),
    ],
)
def test_lateral_views(house: House, text: str, expected: list[tuple[object, ...]]) -> None:
    assert sorted(house.rows(text), key=repr) == sorted(expected, key=repr)


def test_lateral_view_errors(house: House) -> None:
    text = "select 1 from orders lateral view {} x as e"
    assert house.error(text.format("nosuch(note)")) == "Can not found function 'nosuch'"
    assert house.error(text.format("explode_split(note)")) == "Can not found function 'explode_split' which has 1 arity"
    assert house.error(text.format("posexplode([1])")) == "posexplode gives 2 columns, but 1 are named"
    assert "refuses LATERAL VIEW explode_variant_array" in house.error(text.format("explode_variant_array(note)"))
    assert "refuses explode of varchar(20)" in house.error(text.format("explode(note)"))
    forbidden = "LOGICAL_GENERATE can not contains AggregateFunction expression: max(id)"
    assert house.error(text.format("explode_numbers(max(id))")) == forbidden


# set operations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1 union select 1 union all select 2", [1, 2]),
        ("select 1 union all select 1", [1, 1]),
        ("select id from orders minus select 3 except select 4", [1, 2, 5]),
        ("select id from orders intersect select 3", [3]),
        ("select 1 union select 2 intersect select 3", [1]),
        ("(select id from orders order by id desc limit 1) union all (select 0)", [0, 5]),
        ("select note from orders union select city from customers", [None, "B", "Oslo", "Rome", "a", "b"]),
        ("values (3), (300)", [3, 300]),
        ("select id a from orders where id < 3 union select id from customers where id > 20", [1, 2, 30]),
    ],
)
def test_set_operations(house: House, text: str, expected: list[object]) -> None:
    assert house.column(f"{text} order by 1") == expected


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("select 1 union all select 300", ["smallint"]),
        ("select 1, null union all select null, 'x'", ["tinyint", "varchar(1)"]),
        ("select 1 union all select 2.50", ["decimal(5,2)"]),
        ("select id from orders union all select id from customers", ["bigint"]),
        ("select ratio from flags union all select id from flags", ["double"]),
        ("select note from orders union all select city from customers", ["text"]),
        ("values (1, 'a'), (2.5, 'bb')", ["decimal(4,1)", "text"]),
    ],
)
def test_set_operations_unify_types(house: House, text: str, types: list[str]) -> None:
    assert house.ask(text).types == types


def test_a_union_is_named_by_its_first_side(house: House) -> None:
    assert house.ask("select id as first, 1 from orders union all select 2, 3").names == ["first", "1"]
    assert house.column("select id k from orders union select 9 order by k desc limit 1") == [9]


# common tables, views, subqueries in FROM


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("with c as (select 1 a) select a from c", [1]),
        ("with c(x, y) as (select 1, 2) select y from c", [2]),
        ("with c as (select 1 a), d as (select a + 1 b from c) select b from d, c", [2]),
        ("with c as (select 1 a) select x.a + y.a from c x join c y on x.a = y.a", [2]),
        ("with orders as (select 7 id) select id from orders", [7]),
        ("with c as (select 1 a) select * from (with c as (select 2 a) select a from c) d", [2]),
        ("with c as (select id from orders) select count(*) from c where id in (select id from c where id > 3)", [2]),
        ("select x.n from (select max(id) n from orders) x", [5]),
        ("select a.b.n from (select 1 n) b", None),
        ("select total from totals where customer = 10", [Decimal("12.50")]),
        ("select customer from big", [10]),
        ("select sum(number) from numbers('number' = '5') n", [10]),
        ("select n.number from numbers('number' = '2', 'const_value' = '7') n", [7, 7]),
    ],
)
def test_derived_tables(house: House, text: str, expected: list[object] | None) -> None:
    if expected is None:
        assert house.error(text).startswith("Unknown column 'n' in 'a.b'")
    else:
        assert house.column(text) == expected


# subqueries in expressions


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("id in (select customer from orders)", [10, 20]),
        ("id not in (select customer from orders where customer is not null)", [30]),
        ("id not in (select customer from orders)", []),
        ("exists (select * from orders o where o.customer = customers.id and amount > 4)", [10]),
        ("not exists (select 1 from orders o where o.customer = customers.id)", [30]),
        ("id = (select max(customer) from orders)", [20]),
        ("2 = (select count(*) from orders o where o.customer = customers.id)", [10, 20]),
        ("id > (select min(id) * 4 from customers)", []),
        ("id in (select '10')", [10]),
        ("(select count(*) from orders) > 4 and id < 20", [10]),
        ("id in (select customer from orders union select 30)", [10, 20, 30]),
        ("case when exists (select 1 from orders where customer = customers.id) then 1 else 0 end = 0", [30]),
    ],
)
def test_subqueries(house: House, where: str, expected: list[int]) -> None:
    assert house.column(f"select id from customers where {where} order by id") == expected


def test_scalar_subqueries_are_values(house: House) -> None:
    text = "select name, (select sum(amount) from orders o where o.customer = c.id) s from customers c order by 1"
    assert house.rows(text) == [("Ann", Decimal("12.50")), ("Bob", Decimal("3.00")), ("Cid", None)]
    having = "select customer from orders group by customer having sum(amount) > (select avg(amount) from orders)"
    assert house.column(having) == [10]


def test_a_scalar_subquery_of_several_rows_is_an_error(house: House) -> None:
    bound = house.bind("select (select id from orders)")
    with pytest.raises(Exception, match="More than one row"):
        house.connection.execute(bound.sql).fetchall()
