"""``@@name`` and ``@name`` as values."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql import registry
from nereus.warehouse.embedded.sql.rules import literals
from nereus.warehouse.embedded.sql.rules.build import text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, DOUBLE, INT, STRING
from nereus.warehouse.embedded.variables import catalogue, known


def read(node: exp.Expression, facts: SessionFacts) -> Typed:
    """``@@query_timeout`` -> its value; ``@@global.query_timeout`` -> the global one; ``@a`` -> the user variable.

    The type is that of the variable, whatever its value. A user variable that was never set is NULL.
    """
    if isinstance(node, exp.Parameter):
        found = facts.user_variables.get(node.this.lower())
        if found is None:
            return replace(registry.OPERATORS[exp.Null](exp.Null(), [], facts), volatile=True)
        return replace(found, node=found.node.copy(), volatile=True)
    name = known(node.this)
    if name is None:
        raise DorisError(f"Unsupported system variable: {node.this}")
    values = facts.global_variables if node.args.get("kind") == "GLOBAL" else facts.variables
    return replace(_literal(values[name], catalogue()[name].type), volatile=True)


def _literal(value: str, kind: str) -> Typed:
    if kind == "boolean":
        return Typed(exp.Boolean(this=value == "true"), BOOLEAN, literal=value == "true")
    if kind in ("int", "bigint"):
        # autocommit is kept as a word and told as a number.
        number = int(value == "true") if value in ("true", "false") else int(value)
        return literals.integer_as(number, INT if kind == "int" else BIGINT)
    if kind == "double":
        inner = exp.Cast(this=exp.Literal.string(value), to=exp.DataType.build("DOUBLE", dialect="duckdb"))
        return Typed(inner, DOUBLE)
    return Typed(text(value), STRING)
