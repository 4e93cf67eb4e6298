"""Nodes made without parents are what their classes make, and columns are the same by their names."""

from __future__ import annotations

import pytest
from sqlglot import exp

from nereus.warehouse.embedded.sql.nodes import make, same
from nereus.warehouse.embedded.sql.scope import Column
from nereus.warehouse.embedded.types import INT


def _column(alias: str, name: str) -> exp.Expression:
    return Column(name, INT, alias=alias, physical=name).node()


def test_a_made_node_equals_what_its_class_makes() -> None:
    left, right = exp.Literal.number(1), exp.Literal.string("a")
    made = make(exp.EQ, this=left, expression=right)
    assert made == exp.EQ(this=left.copy(), expression=right.copy())
    assert list(made.find_all(exp.Literal)) == [left, right]
    assert made.sql() == "1 = 'a'"


def test_a_copy_of_a_made_node_knows_all_parents() -> None:
    copy = make(exp.And, expressions=[make(exp.Not, this=exp.Null()), exp.true()]).copy()
    assert all(part.parent is not None for part in copy.walk() if part is not copy)
    copy.expressions[0].replace(exp.false())
    assert copy == exp.And(expressions=[exp.false(), exp.true()])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_column("#1", "a"), _column("#1", "a")),
        (_column("#1", "a"), _column("#2", "a")),
        (_column("#1", "a"), _column("#1", "A")),
        (_column("#1", "a"), exp.Literal.string("a")),
        (exp.Anonymous(this="sum", expressions=[_column("#1", "a")]), exp.Anonymous(this="sum", expressions=[])),
        (exp.Literal.number(1), exp.Literal.number(1)),
    ],
)
def test_same_is_what_sqlglot_finds_equal(one: exp.Expression, other: exp.Expression) -> None:
    assert same(one, other) == (one == other)
