"""Aggregate functions of statistics: covariance, correlation, regression, skewness and kurtosis.

Doris adds up powers and products in double precision and combines the sums at the end; so do these rules, with the
same formulas in the same order of operations.
"""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import AggregateRule, aggregate, aggregate_call
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, sql
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import DOUBLE

Order = list[tuple[Typed, bool]]

#: Of two arguments: n rows where both are given, and sums of x, y, x*y, x*x and y*y over them.
_PAIRS = {
    ("covar", "covar_pop"): "CASE WHEN n = 1 THEN z WHEN n > 1 THEN xy / n - x * y / (n * n) END",
    ("covar_samp",): "CASE WHEN n = 1 THEN z WHEN n > 1 THEN xy / (n - 1) - x * y / (n * (n - 1)) END",
    ("corr",): "CASE WHEN n = 0 THEN NULL WHEN n * xx <= x * x OR n * yy <= y * y THEN z "
    "ELSE (n * xy - x * y) / sqrt((n * xx - x * x) * (n * yy - y * y)) END",
}
#: Here the first argument is y and the second x.
_REGRESSIONS = {
    "regr_slope": "CASE WHEN n >= 2 AND n * xx - x * x <> 0 THEN (n * xy - x * y) / (n * xx - x * x) END",
    "regr_intercept": "CASE WHEN n >= 2 AND n * xx - x * x <> 0 "
    "THEN (y - (n * xy - x * y) / (n * xx - x * x) * x) / n END",
}
_VARIANCE = "(xx - x * x / n) / n"
#: Of one argument: n values and sums of its powers.
_MOMENTS = {
    ("skew", "skew_pop", "skewness"): f"CASE WHEN n > 1 AND {_VARIANCE} > 0 "
    f"THEN (xxx - (3 * xx - 2 * x * x / n) * x / n) / n / pow({_VARIANCE}, 1.5) END",
    ("kurt", "kurt_pop", "kurtosis"): f"CASE WHEN n > 1 AND {_VARIANCE} > 0 "
    f"THEN (xxxx - (4 * xxx - (6 * xx - 3 * x * x / n) * x / n) * x / n) / n / pow({_VARIANCE}, 2) - 3 END",
}


def _sum(condition: exp.Expression, *factors: exp.Expression) -> exp.Expression:
    product = factors[0].copy()
    for factor in factors[1:]:
        product = sql("a * b", a=product, b=factor.copy())
    return aggregate_call(exp.Filter(this=call("sum", product), expression=exp.Where(this=condition.copy())))


def _count(condition: exp.Expression) -> exp.Expression:
    counted = exp.Filter(this=call("count", exp.Star()), expression=exp.Where(this=condition.copy()))
    return cast(aggregate_call(counted), DOUBLE)


def _plain(name: str, distinct: bool, order: Order) -> None:
    if order:
        raise DorisError(f"{name} doesn't support order by expression")
    if distinct:
        raise Refused(f"{name}(DISTINCT ...)", "Take the distinct rows in a derived table.")


def _filled(*values: exp.Expression) -> exp.Expression:
    found = sql("a IS NOT NULL", a=values[0].copy())
    for value in values[1:]:
        found = exp.And(this=found, expression=sql("a IS NOT NULL", a=value.copy()))
    return found


def _combined(template: str, sums: dict[str, exp.Expression], args: list[Typed]) -> Typed:
    words = set(template.replace("(", " ").replace(")", " ").replace(",", " ").split())
    node = cast(sql(template, **{name: value for name, value in sums.items() if name in words}), DOUBLE)
    return Typed(node, DOUBLE, volatile=any(arg.volatile for arg in args), aggregate=True)


def _paired(name: str, template: str, *, regression: bool) -> AggregateRule:
    def rule(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
        count_check(name, args, 2)
        _plain(name, distinct, order)
        if regression:
            for place, arg in zip(("first", "second"), args, strict=True):
                if not arg.type.is_numeric and arg.type.name != "null":
                    raise DorisError(f"{name} requires numeric for {place} parameter")
        x, y = (casts.cast_to(arg, DOUBLE).node for arg in (reversed(args) if regression else args))
        filled = _filled(x, y)
        sums = {
            "n": _count(filled),
            "x": _sum(filled, x),
            "y": _sum(filled, y),
            "xy": _sum(filled, x, y),
            "xx": _sum(filled, x, x),
            "yy": _sum(filled, y, y),
            "z": cast(exp.Literal.number(0), DOUBLE),
        }
        return _combined(template, sums, args)

    rule.__doc__ = f"``{name}(a, b)`` -> ``{template}`` over rows where both are given"
    return rule


def _moment(name: str, template: str) -> AggregateRule:
    def rule(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        _plain(name, distinct, order)
        x = casts.cast_to(args[0], DOUBLE).node
        filled = _filled(x)
        sums = {"n": _count(filled)} | {"x" * power: _sum(filled, *[x] * power) for power in range(1, 5)}
        return _combined(template, sums, args)

    rule.__doc__ = f"``{name}(a)`` -> ``{template}``; NULL where all values are equal"
    return rule


for _names, _template in _PAIRS.items():
    aggregate(*_names)(_paired(_names[0], _template, regression=False))
for _name, _template in _REGRESSIONS.items():
    aggregate(_name)(_paired(_name, _template, regression=True))
for _names, _template in _MOMENTS.items():
    aggregate(*_names)(_moment(_names[0], _template))


@aggregate("avg_weighted")
def avg_weighted(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``avg_weighted(a, w)`` -> ``sum(a * w) / sum(w)`` over rows where both are given"""
    count_check("avg_weighted", args, 2)
    _plain("avg_weighted", distinct, order)
    value, weight = (casts.cast_to(arg, DOUBLE).node for arg in args)
    filled = _filled(value, weight)
    return _combined("xy / x", {"xy": _sum(filled, value, weight), "x": _sum(filled, weight)}, args)
