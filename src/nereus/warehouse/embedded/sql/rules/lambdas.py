"""DuckDB's lambdas, for rules that need a computed value several times or an expression for every element of a list."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.sql.rules.build import call, number, sql
from nereus.warehouse.embedded.sql.typed import Typed


def parameter(name: str) -> exp.Expression:
    """A reference to a parameter of a lambda, inside its body."""
    return exp.Column(this=exp.Identifier(this=name, quoted=True))


def lambda_(body: str, *names: str, **operands: exp.Expression | Typed) -> exp.Expression:
    """``lambda_("x + k", "x", k=column)``: the template `body` over the parameters `names` and other operands."""
    parameters = {name: parameter(name) for name in names}
    identifiers = [exp.Identifier(this=name, quoted=True) for name in names]
    return exp.Lambda(this=sql(body, **parameters, **operands), expressions=identifiers)


def let(name: str, value: exp.Expression | Typed, body: str, **operands: exp.Expression | Typed) -> exp.Expression:
    """The template `body`, which uses `value` by its name any number of times; it is computed once.

    ``let("s", list, "s[1] + s[2]")`` -> ``list_extract(list_transform([list], LAMBDA s : ...), 1)``
    """
    node = value.node if isinstance(value, Typed) else value
    one = exp.Array(expressions=[node])
    return call("list_extract", call("list_transform", one, lambda_(body, name, **operands)), number(1))
