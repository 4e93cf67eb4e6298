"""``@@name`` and ``@name`` as values."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql import registry
from nereus.warehouse.embedded.sql.rules import literals
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, INT


def read(node: exp.Expression, facts: SessionFacts) -> Typed:
    """``@@query_timeout`` -> its value; ``@a`` -> the user variable, NULL where it was never set."""
    if isinstance(node, exp.Parameter):
        found = facts.user_variables.get(node.this.lower())
        if found is None:
            return replace(registry.OPERATORS[exp.Null](exp.Null(), [], facts), volatile=True)
        return replace(found, node=found.node.copy(), volatile=True)
    name = node.this
    value = facts.variables.get(name.lower())
    if value is None:
        raise DorisError(f"Unknown system variable '{name}'")
    return replace(_literal(value), volatile=True)


def _literal(value: str) -> Typed:
    if value in ("true", "false"):
        return Typed(exp.Boolean(this=value == "true"), BOOLEAN, literal=value == "true")
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdigit():
        number = int(value)
        return literals.integer_as(number, INT if -(2**31) <= number < 2**31 else BIGINT)
    return literals.text(value)
