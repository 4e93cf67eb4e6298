"""What string functions make of their arguments, and the type of text they give back."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import text
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import INT, STRING, VARCHAR, DorisType


def as_text(value: Typed) -> Typed:
    """An argument as text: numbers, dates and booleans as CAST writes them. Raises Refused for arrays and the like."""
    if value.type.args:
        raise Refused(f"{value.type} as the text of a function", "Cast it to string.")
    return value if value.type.is_text else casts.implicit(value, VARCHAR)


def texts(args: list[Typed]) -> list[Typed]:
    return [as_text(arg) for arg in args]


def result_type(args: list[Typed]) -> DorisType:
    """varchar(65533), or string where more of the text arguments are of type string than of varchar."""
    strings = sum(arg.type == STRING for arg in args)
    varchars = sum(arg.type.name == "varchar" for arg in args)
    return STRING if strings > varchars else VARCHAR


def as_int(value: Typed) -> Typed:
    """A count or position as INT."""
    return casts.cast_to(value, INT)


def constant(value: Typed) -> int | None:
    """The number of an integer literal; None for anything else."""
    found = value.literal
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def constant_text(name: str, what: str, value: Typed) -> str:
    """The text of a string literal. Raises Refused for anything else."""
    if not isinstance(value.literal, str):
        raise Refused(f"a computed {what} of {name}", "Write a string literal.")
    return value.literal


def refusal_text(what: str) -> exp.Expression:
    """The message of an error() that a value raises at run time."""
    return text(f"the embedded warehouse refuses {what}")
