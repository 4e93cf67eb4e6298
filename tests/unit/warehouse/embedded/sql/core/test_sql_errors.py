"""What Doris refuses, in Doris' words; and what a query reads."""

from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import Refused
from tests.unit.warehouse.embedded.sql.core.asking import House


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select a from orders", "Unknown column 'a' in 'table list' in PROJECT clause(line 1, pos 7)"),
        ("select o.a from orders o", "Unknown column 'a' in 'o' in PROJECT clause(line 1, pos 7)"),
        ("select orders.id from orders o", "Unknown column 'id' in 'orders' in PROJECT clause(line 1, pos 7)"),
        ("select ORDERS.id from orders", "Unknown column 'id' in 'ORDERS' in PROJECT clause(line 1, pos 7)"),
        ("select id k from orders where k = 1", "Unknown column 'k' in 'table list' in FILTER clause(line 1, pos 30)"),
        ("select id from orders where 1 = k", "Unknown column 'k' in 'table list' in FILTER clause(line 1, pos 28)"),
        ("select id\nfrom orders\nwhere x", "Unknown column 'x' in 'table list' in FILTER clause(line 3, pos 6)"),
        ("select x", "Unknown column 'x' in 'table list' in UNBOUND_ONE_ROW_RELATION clause(line 1, pos 7)"),
        ("select id from orders group by x", "Unknown column 'x' in 'table list' in AGGREGATE clause(line 1, pos 31)"),
        ("select 1 from nothing group by cube(x)",
         "Unknown column 'x' in 'table list' in REPEAT clause(line 1, pos 36)"),
        ("select id from orders order by x", "Unknown column 'x' in 'table list' in SORT clause(line 1, pos 31)"),
        ("select id from orders having x", "Unknown column 'x' in 'table list' in HAVING clause(line 1, pos 29)"),
        (
            "select 1 from orders o join customers c on o.x = c.id",
            "Unknown column 'x' in 'o' in JOIN clause(line 1, pos 43)",
        ),
        ("select a.b.c.d.e", "Not supported name: a.b.c.d.e"),
        ("select id from orders, customers", "id is ambiguous: id#0, id#5."),
        ("select x.* from orders", "unknown qualifier: x.*"),
        ("select * except(id, amount) from nothing", "All slots in * EXCEPT clause are excepted"),
        ("select *", "SELECT * must have a FROM clause"),
        ("select * from nosuch", "Table [nosuch] does not exist in database [shop].(line 1, pos 14)"),
        ("select * from orders, nosuch", "Table [nosuch] does not exist in database [shop].(line 1, pos 14)"),
        ("select * from Orders", "Table [Orders] does not exist in database [shop].(line 1, pos 14)"),
        ("select * from nodb.t", "Database [nodb] does not exist.(line 1, pos 14)"),
        ("select * from nocat.shop.orders", "Catalog nocat does not exist."),
        ("select * from a.b.c.d", "Table name [a.b.c.d] is invalid."),
        ("select 1 from orders, orders", "Not unique table/alias: 'orders'"),
        ("select 1 from orders a, customers b, orders a", "Not unique table/alias: 'a'"),
        ("select id, count(*) from orders", "id not in aggregate's output"),
        ("select id, note, count(*) from orders group by customer", "id, note not in aggregate's output"),
        ("select * from orders group by id", "customer, day, amount, note not in aggregate's output"),
        ("select id + count(*) from orders", "id not in aggregate's output"),
        ("select sum(id) over (order by note) from orders group by id", "note not in aggregate's output"),
        ("select customer from orders group by customer order by id", "id should be grouped by."),
        ("select customer from orders group by customer having id > 1", "id should be grouped by."),
        ("select distinct note from orders order by id", "id should be grouped by."),
        ("select sum(id) from orders where sum(id) > 1",
         "LOGICAL_FILTER can not contains AggregateFunction expression: sum(id)"),
        ("select id from orders where row_number() over (order by id) = 1",
         "LOGICAL_FILTER can not contains WindowExpression expression: row_number()"),
        ("select 1 from orders o join customers c on max(o.id) = c.id",
         "LOGICAL_JOIN can not contains AggregateFunction expression: max(id)"),
        ("select sum(id) from orders group by sum(id)",
         "GROUP BY expression must not contain aggregate functions: sum(id)"),
        ("select sum(id) from orders group by 1", "GROUP BY expression must not contain aggregate functions: sum(id)"),
        ("select sum(max(id)) from orders", "aggregate function cannot contain aggregate parameters: max(id)"),
        ("select id from orders order by sum(id)",
         "LOGICAL_SORT can not contains AggregateFunction expression: sum(id)"),
        ("select note from orders group by note qualify rank() over (order by id) = 1", "id should be grouped by."),
        ("select id from orders qualify id = 1", "qualify only used for window expression"),
        ("select distinct note from orders having id > 1", "id should be grouped by."),
        ("select distinct note from orders group by note, id order by id",
         "id of ORDER BY clause is not in SELECT list"),
        ("select id from orders order by rank() over (order by note)",
         "LOGICAL_SORT can not contains WindowExpression expression: rank()"),
        ("select nosuch(1)", "Can not found function 'nosuch'"),
        ("select row_number() from orders", "analytic function is not allowed in LOGICAL_PROJECT"),
        ("select grouping(id) from orders group by rollup(note)",
         "Column in Grouping does not exist in GROUP BY clause."),
        ("select nosuch(1) over () from orders", "Can not found function 'nosuch'"),
        ("select sum(id) over (rows 1 preceding) from orders", "WindowFrame clause requires OrderBy clause"),
        ("select lag(id) over (order by id rows 1 preceding) from orders", "WindowFrame for LAG() must be null"),
        ("select sum(id) over (order by id rows between 1 following and current row) from orders",
         "WindowFrame with FOLLOWING left boundary requires UNBOUNDED FOLLOWING or FOLLOWING right boundary"),
        ("select sum(id) over (order by id range 1 preceding) from orders",
         "WindowFrame with RANGE must use both UNBOUNDED boundary or one UNBOUNDED boundary and one CURRENT ROW"),
        ("select 1 union select 1, 2",
         "Operands have unequal number of columns:\n'[1#0]' has 1 column(s)\n'[1#1, 2#2]' has 2 column(s)"),
        ("select 1 intersect all select 1", "INTERSECT and EXCEPT does not support ALL qualified"),
        ("select id from orders where id in (select id, customer from orders)",
         "Multiple columns returned by subquery are not yet supported. Found 2"),
        ("select (select 1, 2)", "Multiple columns returned by subquery are not yet supported. Found 2"),
        ("with c as (select 1), c as (select 2) select 1", "CTE name [c] cannot be used more than once."),
        ("with c(a, A) as (select 1, 2) select 1", "Duplicated CTE column alias: [a] in CTE [c]"),
        ("with c(a, b) as (select 1) select 1",
         "CTE [c] returns 2 columns, but 1 labels were specified. The number of column labels must be smaller or"
         " equal to the number of returned columns."),
        ("select n.x from numbers('numer' = '5') n",
         "Can not build NumbersTableValuedFunction by numbers('numer' = '5'): 'numer' is invalid property"),
        ("values (1, default)", "Default expression can't exist in SELECT statement at row 1"),
        ("select 1 * * b", "'*' can only be used in conjunction with COUNT"),
        ("select @@nosuch", "Unsupported system variable: nosuch"),
    ],
)  # fmt: skip
def test_errors(house: House, text: str, message: str) -> None:
    assert house.error(text) == message


_UNNEST = "select id from customers c where id {} (select {} from orders o where {})"


@pytest.mark.parametrize(
    ("compare", "item", "where", "message"),
    [
        ("<", "sum(o.id)", "o.customer < c.id", "scalar subquery's correlatedPredicates's operator must be EQ"),
        ("<", "sum(o.id)", "o.customer + c.id = 1", "Unsupported correlated subquery with correlated predicate"),
        ("<", "sum(o.id)", "o.id = c.id or o.id = 1", "Unsupported correlated subquery with correlated predicate"),
        ("<", "sum(o.id + c.id)", "1 = 1", "access outer query's column in aggregate is not supported"),
        ("<", "o.id + c.id", "o.id = 1", "access outer query's column in project is not supported"),
        ("<", "o.id", "o.customer > c.id", "scalar subquery's correlatedPredicates's operator must be EQ"),
        ("<", "max(o.id)", "o.customer = c.id group by o.note",
         "access outer query's column before agg with group by is not supported"),
        ("=", "o.id", "o.customer = c.id limit 2", "limit is not supported in correlated subquery"),
        ("in", "sum(o.id)", "o.customer = c.id", "Unsupported correlated subquery with grouping and/or aggregation"),
        ("in", "o.id", "o.customer = c.id limit 1", "Unsupported correlated subquery with a LIMIT clause"),
        ("in", "o.id + c.id", "o.id = 1", "outer query's column is not supported in subquery's output"),
    ],
)  # fmt: skip
def test_correlation_that_doris_cannot_unnest(house: House, compare: str, item: str, where: str, message: str) -> None:
    assert house.error(_UNNEST.format(compare, item, where)) == message


@pytest.mark.parametrize(
    ("compare", "item", "where", "expected"),
    [
        (">", "sum(o.id)", "o.customer = c.id", [10, 20]),
        ("in", "o.customer", "o.id < c.id", [10, 20]),
        (">", "count(*)", "(o.customer = c.id and o.id = 1) or (o.customer = c.id and o.id = 2)", [10, 20, 30]),
        ("not in", "o.customer", "o.id < c.id and o.customer is not null", [30]),
        ("=", "max(o.customer)", "c.id = o.customer and o.id > 1", [10, 20]),
    ],
)
def test_correlation_that_doris_unnests(house: House, compare: str, item: str, where: str, expected: list[int]) -> None:
    assert house.column(_UNNEST.format(compare, item, where) + " order by id") == expected


def test_exists_with_limit_zero_is_false(house: House) -> None:
    assert house.column("select id from customers where exists (select 1 from orders limit 0)") == []
    assert len(house.column("select id from customers where not exists (select 1 from orders limit 0)")) == 3


def test_no_database_chosen(house: House) -> None:
    assert house.error("select * from orders", database=None) == "Current database is not set."
    assert house.value("select count(*) from shop.orders", database=None) == 5


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("select 1 from orders partition (p1)", "PARTITION behind shop.orders"),
        ("select * from tasks('type' = 'insert')", "the table function tasks"),
        ("select sum(rank() over (order by id)) from orders", "a window function inside an aggregate function"),
        (
            "select id, rank() over (order by sum(id)) r, id + 1 x from orders group by id having x > 1"
            " qualify rank() over (order by id) > r",
            "window functions in the SELECT list and in QUALIFY around this HAVING",
        ),
        ("select grouping(id) from orders group by id", "grouping(id) without GROUPING SETS, ROLLUP or CUBE"),
        ("select rand() r from orders having r > 0.5", "another use of a random value"),
        ("select rand() r from orders group by r", "another use of a random value"),
        ("select rand() r from orders order by r + 1", "another use of a random value"),
        ("select rank() over (order by id) r from orders group by r", "a window function in GROUP BY"),
        ("select interval 1 day", "INTERVAL outside date arithmetic"),
        ("select group_concat(note order by id nulls last) from orders", None),
        ("select ?", "a parameter marker here"),
    ],
)
def test_refusals_name_the_construct(house: House, text: str, construct: str | None) -> None:
    with pytest.raises(Refused) as caught:
        house.ask(text)
    if construct is not None:
        assert caught.value.construct == construct


def test_a_function_of_doris_without_a_rule_is_refused_by_name(house: House) -> None:
    assert house.error("select ai_mask('x')").startswith("the embedded warehouse refuses the function ai_mask")


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        (
            "select id, o.note from orders o where day is null",
            {"shop.orders.id", "shop.orders.note", "shop.orders.day"},
        ),
        ("select count(*) from orders", {"shop.orders"}),
        ("select 1 from orders, customers c where c.id = 1", {"shop.orders", "shop.customers.id"}),
        ("select count(customer) from totals", {"shop.totals.customer"}),
        ("select n from (select count(*) n from archive.orders) x", {"archive.orders"}),
        ("select 1 from dual where exists (select 1 from orders where id = 1)", {"shop.orders.id"}),
        ("select * from Mixed", {"shop.Mixed.Code", "shop.Mixed.Value"}),
        ("select 1 from orders join archive.orders a using (id)", {"shop.orders.id", "archive.orders.id"}),
    ],
)
def test_reads(house: House, text: str, reads: set[str]) -> None:
    assert house.ask(text).reads == reads


def test_sql_mode_decides_about_pipes(house: House) -> None:
    variables = {"sql_mode": "PIPES_AS_CONCAT"}
    assert house.value("select 'a' || 'b'", variables=variables) == "ab"
    assert house.value("select 'a' || 'b'") is None
    assert house.value("select true || false") is True


def test_strict_casts_are_refused(house: House) -> None:
    assert "enable_strict_cast" in house.error("select cast('x' as int)", variables={"enable_strict_cast": "true"})


def test_variables_are_values_that_are_not_cached(house: House) -> None:
    answer = house.ask(
        "select @@query_timeout, @@sql_mode, @@autocommit, @@global.query_timeout, @a",
        variables={
            "query_timeout": "900",
            "sql_mode": "ONLY_FULL_GROUP_BY",
            "autocommit": "true",
        },
        global_variables={"query_timeout": "60"},
    )
    assert answer.rows == [(900, "ONLY_FULL_GROUP_BY", 1, 60, None)]
    assert answer.types == ["int", "text", "bigint", "int", "null"]
    assert answer.names == ["@@query_timeout", "@@sql_mode", "@@autocommit", "@@global.query_timeout", "@a"]
    assert answer.bound.volatile


def test_plain_queries_may_be_cached(house: House) -> None:
    assert not house.bind("select id + 1 from orders where day > '2024-01-01'").volatile


def test_a_deep_statement_is_refused_without_a_traceback(house: House) -> None:
    assert house.value("select " + " + ".join(["1"] * 300)) == 300
    long = "select id from orders where " + " or ".join(f"id = {i}" for i in range(800))
    assert len(house.rows(long)) == 5
