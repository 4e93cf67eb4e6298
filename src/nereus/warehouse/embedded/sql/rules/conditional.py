"""CASE, IF and the functions that choose between values."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import function, operator
from nereus.warehouse.embedded.sql.rules import casts, comparison, literals
from nereus.warehouse.embedded.sql.rules.build import call, count_check, signature_error, sql, twice, typed
from nereus.warehouse.embedded.sql.rules.coercion import common_type
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BOOLEAN, TINYINT, VARCHAR, DorisType


@operator(exp.Case)
def case(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``CASE WHEN c THEN 1 ELSE 2.5 END`` -> the same with both results as decimal(4,1)"""
    pairs, default = operands[: len(operands) // 2 * 2], operands[len(operands) // 2 * 2 :]
    results = [*pairs[1::2], *default]
    found = common_type(result.type for result in results)
    if found is None:
        raise DorisError("Cannot find common type for case when")
    branches = [
        exp.If(this=comparison.truth(condition).node, true=casts.implicit(result, found).node)
        for condition, result in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    otherwise = casts.implicit(default[0], found).node if default else None
    return typed(exp.Case(ifs=branches, default=otherwise), found, *operands)


def _chosen(name: str, values: list[Typed]) -> DorisType:
    """The common type of the values of a choosing function.

    A text beside a number is refused: frontend and backend give such a result different scales.
    """
    found = common_type(value.type for value in values)
    if found is None:
        raise signature_error(name, (value.type for value in values))
    kinds = {value.type.is_text for value in values if value.type.name != "null"}
    if len(kinds) > 1:
        raise Refused(f"{name} of a text and a {found}", "Cast one of them.")
    return TINYINT if found.name == "null" else found


@function("if")
def if_(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``if(c, a, b)`` -> ``CASE WHEN c THEN a ELSE b END``"""
    count_check("if", args, 3)
    found = _chosen("if", args[1:])
    condition, then, otherwise = comparison.truth(args[0]), *(casts.implicit(arg, found) for arg in args[1:])
    return typed(sql("CASE WHEN c THEN a ELSE b END", c=condition, a=then, b=otherwise), found, *args)


@function("ifnull", "nvl")
def ifnull(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``ifnull(a, b)`` -> ``coalesce(a, b)``"""
    count_check("ifnull", args, 2)
    return _coalesced("ifnull", args)


@function("coalesce")
def coalesce(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``coalesce(a, b, ...)`` -> the same"""
    if not args:
        raise DorisError("Can not found function 'coalesce' which has 0 arity.")
    return _coalesced("coalesce", args)


def _read_texts(args: list[Typed]) -> list[Typed]:
    """String literals in the type of the other values, where they read so: ``coalesce(day, '1970-01-01')``."""
    others = [arg.type for arg in args if not isinstance(arg.literal, str)]
    found = common_type(others) if others else None
    if found is None or found.name == "null" or found.is_text:
        return args
    read = [literals.beside(arg, found) if isinstance(arg.literal, str) else arg for arg in args]
    return read if all(arg.type == found or not arg.type.is_text for arg in read) else args


def _coalesced(name: str, args: list[Typed]) -> Typed:
    if name == "coalesce":
        args = _read_texts(args)
    found = _chosen(name, args)
    return typed(call("coalesce", *(casts.implicit(arg, found) for arg in args)), found, *args)


@function("nullif")
def nullif(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``nullif(a, b)`` -> ``CASE WHEN a = b THEN NULL ELSE a END``, compared in the common type"""
    count_check("nullif", args, 2)
    found = _chosen("nullif", args)
    twice(args[0], "nullif")
    left, right = (casts.implicit(arg, found) for arg in args)
    return typed(sql("CASE WHEN a = b THEN NULL ELSE a END", a=left, b=right), found, *args)


@function("isnull")
def isnull(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``isnull(a)`` -> ``a IS NULL``"""
    count_check("isnull", args, 1)
    return typed(sql("a IS NULL", a=args[0]), BOOLEAN, *args)


@function("xor")
def xor(args: list[Typed], facts: SessionFacts) -> Typed:
    """``xor(a, b)`` -> ``a <> b`` for booleans"""
    count_check("xor", args, 2)
    return comparison.exclusive(exp.Xor(), args, facts)


@function("nullable", "non_nullable")
def nullable(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``nullable(a)`` -> ``a``"""
    count_check("nullable", args, 1)
    return args[0]


@function("greatest")
def greatest(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``greatest(a, b)`` -> NULL if any is NULL, else the same: DuckDB alone would skip NULLs"""
    return _extreme("greatest", args)


@function("least")
def least(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``least(a, b)`` -> NULL if any is NULL, else the same"""
    return _extreme("least", args)


def _extreme(name: str, args: list[Typed]) -> Typed:
    if not args:
        raise DorisError(f"Can not found function '{name}' which has 0 arity.")
    args = _read_texts(args)
    found = _chosen(name, args)
    if found.name == "decimal" and any(arg.type.name == "null" for arg in args):
        raise Refused(f"{name} of NULL and a decimal", "Cast the NULL.")
    if found.is_text and all(isinstance(arg.literal, str) for arg in args) and len({arg.type for arg in args}) > 1:
        found = VARCHAR
    values = [casts.implicit(twice(arg, name), found) for arg in args]
    missing = [exp.Is(this=value.node.copy(), expression=exp.Null()) for value in values]
    test: exp.Expression = missing[0]
    for other in missing[1:]:
        test = exp.Or(this=test, expression=other)
    choice = call(name, *values)
    return typed(sql("CASE WHEN t THEN NULL ELSE v END", t=test, v=choice), found, *args)
