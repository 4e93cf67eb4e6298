"""Arrays whose elements Doris gives in the order of a hash table, and arrays that go side by side."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.registry import function
from nereus.warehouse.embedded.sql.rules.build import call, cast, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_, let
from nereus.warehouse.embedded.sql.rules.text_arguments import refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import DorisType, array

_CONTENTS = "contents"


def contents(value: Typed) -> Typed:
    """An array for a function that does not look at the order of its elements."""
    found = value.node.meta.get(_CONTENTS)
    return value if found is None else replace(value, node=found)


def unordered(name: str, node: exp.Expression, type_: DorisType, args: list[Typed]) -> Typed:
    """An array in no certain order: an error with more than one element, except to functions that ask `contents`."""
    shown = let(
        "l",
        node.copy(),
        "CASE WHEN len(l) > 1 THEN error(m) ELSE l END",
        m=refusal_text(f"the order of the elements of {name}, write array_sort({name}(...))"),
    )
    shown.meta[_CONTENTS] = node
    return typed(shown, type_, *args)


@function("array_zip")
def array_zip(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_zip(['a'], [1])`` -> [{"col1": "a", "col2": 1}]; arrays of different lengths are an error"""
    if not args or any(arg.type.name != "array" for arg in args):
        raise DorisError(f"Can not find the compatibility function signature: array_zip({_types(args)})")
    for arg in args:
        twice(arg, "array_zip")
    missing = reduce(lambda found, arg: sql("m OR a IS NULL", m=found, a=arg.node.copy()), args, sql("FALSE"))
    first = args[0].node
    uneven = reduce(
        lambda found, arg: sql("u OR len(a) <> len(b)", u=found, a=first.copy(), b=arg.node.copy()),
        args[1:],
        sql("FALSE"),
    )
    members = [call("list_extract", arg.node.copy(), _place()) for arg in args]
    pairs = call(
        "list_transform", sql("range(1, len(a) + 1)", a=first.copy()), lambda_("r", "i", r=call("row", *members))
    )
    node = sql(
        "CASE WHEN m THEN NULL WHEN u THEN error(e) ELSE v END",
        m=missing,
        u=uneven,
        e=text("function array_zip's arguments should have the same offsets as the first"),
        v=pairs,
    )
    names = tuple(f"col{place}" for place in range(1, len(args) + 1))
    type_ = array(DorisType("struct", args=tuple(arg.type.args[0] for arg in args), fields=names))
    return typed(cast(node, type_), type_, *args)


def _place() -> exp.Expression:
    return exp.Column(this=exp.Identifier(this="i", quoted=True))


def _types(args: list[Typed]) -> str:
    return ", ".join(str(arg.type).upper() for arg in args)
