"""Making nodes of syntax trees, of which a query has hundreds."""

from __future__ import annotations

from typing import TypeVar

from sqlglot import exp

_Node = TypeVar("_Node", bound=exp.Expression)


def make(kind: type[_Node], **args: object) -> _Node:
    """``kind(**args)`` in half the time: the children are not told of their parent.

    Nothing here asks a node for its parent, except whether an aggregate call stands in a Window, which is made by its
    class; and trees without ways back up are freed at once, not by the garbage collector. A copy knows all parents.
    """
    made = kind.__new__(kind)
    made.args = args
    made.parent = made.arg_key = made.index = made.comments = made._type = made._meta = made._hash = None
    return made


def same(one: exp.Expression, other: exp.Expression) -> bool:
    """``one == other``; columns, which most keys of GROUP BY and ORDER BY are, by name and without a hash of both."""
    if type(one) is not type(other):
        return False
    if isinstance(one, exp.Column) and isinstance(other, exp.Column):
        return one.name == other.name and one.table == other.table
    return one == other
