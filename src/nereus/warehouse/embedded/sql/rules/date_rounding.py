"""year_floor, hour_ceil ... and date_floor, date_ceil: moments rounded to multiples of a unit since an origin."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import cast, count_check, number, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.date_arguments import amount, exact_moment, unit, wider_moment
from nereus.warehouse.embedded.sql.rules.date_arithmetic import SHIFTS
from nereus.warehouse.embedded.sql.rules.lambdas import let
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, DATE, INT, DorisType, datetime

#: The units that something can be rounded to.
_UNITS = tuple(unit_ for unit_ in SHIFTS if unit_ not in ("MILLISECOND", "MICROSECOND"))
_CALENDAR = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY")
_DAYS = "date_diff('day', DATE '0001-01-01', CAST({0} AS DATE))"
_TIME = "(epoch_us({0}) - epoch_us(date_trunc('day', {0})))"
#: Unit -> Doris' number of whole units of a moment, and what of the moment is left beside them.
_PARTS = {
    "YEAR": ("year({0})", f"(month({{0}}) * 32 + day({{0}})) * 86400000000 + {_TIME}"),
    "MONTH": ("(year({0}) * 12 + month({0}))", f"day({{0}}) * 86400000000 + {_TIME}"),
    "WEEK": (f"(({_DAYS} + 366) // 7)", f"(({_DAYS} + 366) % 7) * 86400 + {_TIME} // 1000000"),
    "DAY": (_DAYS, _TIME),
    "HOUR": (f"({_DAYS} * 24 + hour({{0}}))", f"{_TIME} % 3600000000"),
    "MINUTE": (f"(({_DAYS} * 24 + hour({{0}})) * 60 + minute({{0}}))", f"{_TIME} % 60000000"),
    "SECOND": (f"({_DAYS} * 86400 + {_TIME} // 1000000)", f"{_TIME} % 1000000"),
}
_QUARTER_REST = f"((month({{0}}) - 1) % 3 * 32 + day({{0}})) * 86400000000 + {_TIME}"


def _rounding(name: str, unit_: str, *, up: bool) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1, 2, 3)
        if len(args) == 2 and (args[1].type.is_date or isinstance(args[1].literal, str)):
            return rounded_since(args[0], None, args[1], unit_, up=up)
        if len(args) == 3:
            return rounded_since(args[0], args[1], args[2], unit_, up=up)
        return rounded_to(args[0], args[1] if len(args) == 2 else None, unit_, up=up)

    rule.__doc__ = (
        f"``{name}(d, n)`` -> d {'up' if up else 'down'} to a multiple of n units since 0001-01-01; "
        f"``{name}(d, n, origin)`` since the origin"
    )
    return rule


for _unit in _UNITS:
    for _way in ("floor", "ceil"):
        _name = f"{_unit.lower()}_{_way}"
        function(_name)(_rounding(_name, _unit, up=_way == "ceil"))


def rounded_to(value: Typed, period: Typed | None, unit_: str, *, up: bool) -> Typed:
    """A date or datetime rounded to a multiple of `period` units since 0001-01-01, a Monday."""
    steps = 1 if period is None else period.literal
    if period is not None and not (isinstance(steps, int) and not isinstance(steps, bool)):
        return rounded_since(value, period, None, unit_, up=up)
    if not isinstance(steps, int) or steps < 1:
        raise Refused(f"rounding to {steps} times a {unit_}", "Write a positive number.")
    moment = _moment(value, unit_)
    twice(moment, f"rounding to {unit_}")
    maker, times = SHIFTS[unit_]
    width = f"{maker}({steps * times})"
    exact = "date_trunc('second', CAST(d AS TIMESTAMP))" if unit_ == "WEEK" else "CAST(d AS TIMESTAMP)"
    down = sql(f"time_bucket({width}, {exact}, TIMESTAMP '0001-01-01 00:00:00')", d=moment)
    if up:
        down = sql(
            f"CASE WHEN f = {exact} THEN f WHEN year(f + {width}) > 9999 THEN error(m) ELSE f + {width} END",
            f=down,
            d=moment.node.copy(),
            m=text(f"Operation {unit_.lower()}_ceil out of range"),
        )
    return typed(cast(down, moment.type), moment.type, moment)


def rounded_since(value: Typed, period: Typed | None, origin: Typed | None, unit_: str, *, up: bool) -> Typed:
    """A date or datetime rounded to a multiple of `period` units since `origin`; NULL for a period below 1."""
    moment = _moment(value, unit_)
    start = _moment(origin, unit_) if origin is not None else Typed(text("0001-01-01"), DATE)
    type_ = _together(moment.type, start.type) if origin is not None else moment.type
    steps = casts.cast_to(period, INT) if period is not None else Typed(number(1), INT)
    node = let("d", cast(moment, "TIMESTAMP"), "x", x=_since(cast(start, "TIMESTAMP"), steps, unit_, up=up))
    return typed(cast(node, type_), type_, moment, start, steps)


def _since(start: exp.Expression, period: Typed, unit_: str, *, up: bool) -> exp.Expression:
    """With the moment as the lambda parameter d: its whole units since the start, then whole periods of them."""
    maker, times = SHIFTS[unit_]
    rounded = "u - ((u % n) + n) % n" + (" + CASE WHEN ((u % n) + n) % n = 0 THEN 0 ELSE n END" if up else "")
    target = f"o + {maker}(CAST(({rounded}) * {times} AS BIGINT))"
    moved = f"CASE WHEN n < 1 THEN NULL WHEN year({target}) NOT BETWEEN 0 AND 9999 THEN error(m) ELSE {target} END"
    whole, rest = (part.format("o") for part in _PARTS[unit_ if unit_ != "QUARTER" else "MONTH"])
    own_whole, own_rest = (part.format("d") for part in _PARTS[unit_ if unit_ != "QUARTER" else "MONTH"])
    difference = f"({own_whole} - {whole})"
    if unit_ == "QUARTER":
        difference = "((year(d) - year(o)) * 4 + CAST(trunc((month(d) - month(o)) / 3) AS BIGINT))"
        rest, own_rest = _QUARTER_REST.format("o"), _QUARTER_REST.format("d")
    change = f"+ CASE WHEN {own_rest} > {rest}" if up else f"- CASE WHEN {own_rest} < {rest}"
    parameters = {name: exp.Column(this=exp.Identifier(this=name, quoted=True)) for name in ("d", "o")}
    units = cast(sql(f"{difference} {change} THEN 1 ELSE 0 END", **parameters), BIGINT)
    out_of_range = text(f"Operation {unit_.lower()}_{'ceil' if up else 'floor'} out of range")
    inner = let("u", units, moved, n=cast(period, BIGINT), o=parameters["o"].copy(), m=out_of_range)
    return let("o", start, "x", x=inner)


def _together(left: DorisType, right: DorisType) -> DorisType:
    return DATE if left == right == DATE else wider_moment(left, right)


def _moment(value: Typed, unit_: str) -> Typed:
    moment = exact_moment(f"rounding to {unit_}", value)
    if isinstance(value.literal, str):
        return casts.cast_to(moment, wider_moment(moment.type))
    if moment.type == DATE and unit_ not in _CALENDAR:
        return casts.cast_to(moment, datetime(0))
    return moment


@function("date_floor")
def date_floor(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``date_floor(d, INTERVAL 5 MINUTE)`` -> ``minute_floor(d, 5)``"""
    count_check("date_floor", args, 2)
    return rounded_to(args[0], amount(args[1]), _unit_or_day(args[1]), up=False)


@function("date_ceil")
def date_ceil(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``date_ceil(d, INTERVAL 5 MINUTE)`` -> ``minute_ceil(d, 5)``"""
    count_check("date_ceil", args, 2)
    return rounded_to(args[0], amount(args[1]), _unit_or_day(args[1]), up=True)


def _unit_or_day(value: Typed) -> str:
    found = unit(value) if isinstance(value.node, exp.Interval) else "DAY"
    if found not in _UNITS:
        raise Refused(f"rounding to {found}", "Write YEAR, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND.")
    return found
