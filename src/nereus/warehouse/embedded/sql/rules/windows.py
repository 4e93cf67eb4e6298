"""Functions that need OVER (...)."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import aggregate_call, window
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, count_check, number
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, DOUBLE, DorisType


def _called(name: str, type_: DorisType, args: list[Typed], *operands: exp.Expression | Typed) -> Typed:
    volatile = any(arg.volatile for arg in args)
    return Typed(aggregate_call(call(name, *operands)), type_, volatile=volatile)


@window("row_number")
def row_number(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``row_number()`` -> the same"""
    count_check("row_number", args, 0)
    return _called("row_number", BIGINT, args)


@window("rank")
def rank(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``rank()`` -> the same"""
    count_check("rank", args, 0)
    return _called("rank", BIGINT, args)


@window("dense_rank")
def dense_rank(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``dense_rank()`` -> the same"""
    count_check("dense_rank", args, 0)
    return _called("dense_rank", BIGINT, args)


@window("percent_rank")
def percent_rank(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``percent_rank()`` -> the same"""
    count_check("percent_rank", args, 0)
    return _called("percent_rank", DOUBLE, args)


@window("cume_dist")
def cume_dist(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``cume_dist()`` -> the same"""
    count_check("cume_dist", args, 0)
    return _called("cume_dist", DOUBLE, args)


@window("ntile")
def ntile(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``ntile(4)`` -> the same; the number of buckets is a positive constant"""
    count_check("ntile", args, 1)
    buckets = args[0].literal
    if not isinstance(buckets, int) or isinstance(buckets, bool) or buckets <= 0:
        raise DorisError("The buckets parameter of NTILE must be a positive constant integer")
    return _called("ntile", BIGINT, args, number(buckets))


@window("lag")
def lag(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``lag(a, 1, 0)`` -> the same, the default in the type of a"""
    return _shifted("lag", args)


@window("lead")
def lead(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``lead(a, 1, 0)`` -> the same, the default in the type of a"""
    return _shifted("lead", args)


def _shifted(name: str, args: list[Typed]) -> Typed:
    count_check(name, args, 1, 2, 3)
    value, offset = args[0], 1
    if len(args) > 1:
        given = args[1].literal
        if not isinstance(given, int) or isinstance(given, bool) or given < 0:
            raise DorisError(f"The offset parameter of {name.upper()} must be a constant positive integer")
        offset = given
    if len(args) < 3:
        return _called(name, value.type, args, value, number(offset))
    default = casts.implicit(literals.beside(args[2], value.type), value.type)
    return _called(name, value.type, args, value, number(offset), default)


@window("first_value")
def first_value(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``first_value(a)`` -> the same; ``first_value(a, true)`` ignores NULLs"""
    return _edge("first_value", args)


@window("last_value")
def last_value(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``last_value(a)`` -> the same; ``last_value(a, true)`` ignores NULLs"""
    return _edge("last_value", args)


def _edge(name: str, args: list[Typed]) -> Typed:
    count_check(name, args, 1, 2)
    if len(args) == 2 and not isinstance(args[1].literal, bool):
        raise DorisError(f"The second parameter of {name.upper()} must be a constant or a constant expression")
    if len(args) == 2 and args[1].literal:
        return _called(name, args[0].type, args, exp.IgnoreNulls(this=args[0].node))
    return _called(name, args[0].type, args, args[0])


@window("nth_value")
def nth_value(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``nth_value(a, 2)`` -> the same; the position is a positive constant"""
    count_check("nth_value", args, 2)
    position = args[1].literal
    if not isinstance(position, int) or isinstance(position, bool) or position <= 0:
        raise Refused("a computed position of nth_value", "Write a positive integer.")
    return _called("nth_value", args[0].type, args, args[0], number(position))
