"""What DuckDB's parser reads is the tree that was built."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from nereus.warehouse.embedded.sql.render import Renderer, quoted, string


def number(value: int) -> exp.Expression:
    return exp.Literal(this=str(value), is_string=False)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=30))
@settings(max_examples=200, deadline=None)
def test_strings_and_names_arrive_as_they_are(text: str) -> None:
    assert duckdb.execute(f"SELECT {string(text)}").fetchone() == (text,)
    if text and "\0" not in text:
        assert duckdb.sql(f"SELECT 1 AS {quoted(text)}").columns == [text]


_NUMBERS = st.integers(-5, 5).map(number)


def _operations(children: st.SearchStrategy[exp.Expression]) -> st.SearchStrategy[exp.Expression]:
    binary = st.sampled_from([exp.Add, exp.Sub, exp.Mul, exp.BitwiseAnd, exp.BitwiseOr])
    return st.one_of(
        st.builds(lambda kind, a, b: kind(this=a.copy(), expression=b.copy()), binary, children, children),
        children.map(lambda child: exp.Neg(this=child.copy())),
        st.builds(
            lambda a, b, c: exp.Case(
                ifs=[exp.If(this=exp.LT(this=a.copy(), expression=b.copy()), true=c.copy())], default=number(7)
            ),
            children,
            children,
            children,
        ),
    )


def _value(node: exp.Expression) -> int:
    if isinstance(node, exp.Literal):
        return int(node.this)
    if isinstance(node, exp.Neg):
        return -_value(node.this)
    if isinstance(node, exp.Case):
        (branch,) = node.args["ifs"]
        condition = branch.this
        chosen = branch.args["true"] if _value(condition.this) < _value(condition.expression) else node.args["default"]
        return _value(chosen)
    one, other = _value(node.this), _value(node.expression)
    results: dict[type[exp.Expression], int] = {
        exp.Add: one + other,
        exp.Sub: one - other,
        exp.Mul: one * other,
        exp.BitwiseAnd: one & other,
        exp.BitwiseOr: one | other,
    }
    return results[type(node)]


@given(st.recursive(_NUMBERS, _operations, max_leaves=12))
@settings(max_examples=150, deadline=None)
def test_operations_keep_their_order(tree: exp.Expression) -> None:
    row = duckdb.execute(f"SELECT {Renderer().text(tree)}").fetchone()
    assert row == (_value(tree),)


def column(name: str) -> exp.Expression:
    return exp.column(name, table="t", quoted=True)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (exp.Not(this=exp.EQ(this=column("a"), expression=number(1))), 'NOT ("t"."a" = 1)'),
        (
            exp.EQ(this=exp.EQ(this=column("a"), expression=number(1)), expression=exp.Boolean(this=True)),
            '("t"."a" = 1) = TRUE',
        ),
        (
            exp.Or(
                this=exp.Or(this=column("a"), expression=column("b")),
                expression=exp.And(this=column("c"), expression=column("d")),
            ),
            '"t"."a" OR "t"."b" OR ("t"."c" AND "t"."d")',
        ),
        (exp.In(this=exp.Neg(this=column("a")), expressions=[number(1), number(2)]), '(-"t"."a") IN (1, 2)'),
        (exp.Neg(this=number(-1)), "-(-1)"),
        (exp.Is(this=column("a"), expression=exp.Null()), '"t"."a" IS NULL'),
        (exp.Anonymous(this="max", expressions=[exp.IgnoreNulls(this=column("a"))]), 'max("t"."a" IGNORE NULLS)'),
        (exp.Cast(this=column("a"), to=exp.DataType.build("DECIMAL(10, 2)")), 'CAST("t"."a" AS DECIMAL(10, 2))'),
        (
            exp.Lambda(
                this=exp.Add(this=exp.to_identifier("x"), expression=number(1)), expressions=[exp.to_identifier("x")]
            ),
            'LAMBDA "x" : ("x" + 1)',
        ),
    ],
)
def test_text(tree: exp.Expression, text: str) -> None:
    assert Renderer().text(tree) == text


def test_a_long_chain_does_not_nest() -> None:
    chain: Any = column("a")
    for _ in range(5000):
        chain = exp.And(this=chain, expression=column("a"))
    assert Renderer().text(chain).count(" AND ") == 5000
