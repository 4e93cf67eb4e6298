"""Funnels over events: window_funnel, retention, sequence_match and sequence_count."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import funnels
from nereus.warehouse.embedded.sql.registry import aggregate, aggregate_call
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, number, sql, text
from nereus.warehouse.embedded.sql.rules.text_arguments import constant, refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, DATE, INT, DorisType, array, datetime

Order = list[tuple[Typed, bool]]

#: Conditions that one call takes.
_MOST = 32


def _result(node: exp.Expression, type_: DorisType, args: list[Typed]) -> Typed:
    return Typed(node, type_, volatile=any(arg.volatile for arg in args), aggregate=True)


def _plain(name: str, distinct: bool, order: Order) -> None:
    if distinct or order:
        raise Refused(f"{name} with DISTINCT or ORDER BY", "Aggregate a subquery that has them.")


def _given(args: list[Typed]) -> exp.Expression:
    """Rows in which an argument is NULL do not count."""
    found = sql("a IS NOT NULL", a=args[0].node.copy())
    for arg in args[1:]:
        found = exp.And(this=found, expression=sql("a IS NOT NULL", a=arg.node.copy()))
    return found


def _events(moment: Typed, conditions: list[Typed]) -> exp.Expression:
    """The moments and masks of a group's rows as a list of structs; NULL where there is no row."""
    mask: exp.Expression = number(0)
    for place, condition in enumerate(conditions):
        mask = sql("m + CASE WHEN c THEN b ELSE 0 END", m=mask, c=condition.node.copy(), b=number(1 << place))
    moments = call("epoch_us", cast(moment.node.copy(), "TIMESTAMP"))
    struct = call("row", cast(moments, BIGINT), cast(mask, BIGINT))
    listed = exp.Filter(this=call("list", struct), expression=exp.Where(this=_given([moment, *conditions])))
    return aggregate_call(listed)


def _moment(name: str, value: Typed, message: str) -> Typed:
    if not value.type.is_date:
        raise DorisError(message)
    return casts.cast_to(value, datetime(0)) if value.type == DATE else value


def _settled(name: str, found: exp.Expression) -> exp.Expression:
    """`found`, refused where simultaneous events leave the answer open."""
    return sql(
        "CASE WHEN f < 0 THEN CAST(error(m) AS BIGINT) ELSE f END",
        f=found,
        m=refusal_text(f"{name} over different events of one moment, whose order would decide"),
    )


@aggregate("window_funnel")
def window_funnel(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``window_funnel(3600, 'default', t, a, b)`` -> how far the conditions follow each other within an hour"""
    name = "window_funnel"
    if len(args) < 4:
        count_check(name, args, 4)
    _plain(name, distinct, order)
    if not args[0].type.is_integer:
        raise DorisError(f"The window params of {name} function must be integer")
    if not args[1].type.is_text:
        raise DorisError(f"The mode params of {name} function must be string")
    moment = _moment(name, args[2], f"The 3rd param of {name} function must be DATE or DATETIME")
    conditions = args[3:]
    if any(condition.type != BOOLEAN for condition in conditions):
        raise DorisError(f"The 4th and subsequent params of {name} function must be boolean")
    window, mode = args[0].node, args[1].literal
    if window.find(exp.Column) is not None or not isinstance(mode, str) or len(conditions) > _MOST:
        raise Refused(f"{name} with a computed window or mode, or more than {_MOST} conditions", "Write constants.")
    if (constant(args[0]) or 0) < 0:
        raise DorisError(f"the sliding time window must be a positive integer, but got: {constant(args[0])}")
    if mode not in funnels.MODES:
        raise DorisError("Invalid window_funnel mode")
    events = _events(moment, conditions)
    found = call("doris_window_funnel", events, cast(window, BIGINT), text(mode), number(len(conditions)))
    return _result(cast(_settled(name, found), INT), INT, args)


@aggregate("retention")
def retention(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``retention(a, b)`` -> ``[bool_or(a), bool_or(a) AND bool_or(b)]`` over rows without NULL"""
    if not args:
        raise DorisError("The retention function must have at least one param")
    _plain("retention", distinct, order)
    if any(arg.type != BOOLEAN for arg in args):
        raise DorisError("All params of retention function must be boolean")
    if len(args) > _MOST:
        raise Refused(f"retention of more than {_MOST} conditions", "Ask in two calls.")
    given = _given(args)
    met = [
        aggregate_call(exp.Filter(this=call("bool_or", arg.node.copy()), expression=exp.Where(this=given.copy())))
        for arg in args
    ]
    parts = [met[0], *(sql("a AND b", a=met[0].copy(), b=later) for later in met[1:])]
    type_ = array(BOOLEAN)
    node = sql("CASE WHEN a IS NOT NULL THEN l END", a=met[0].copy(), l=exp.Array(expressions=parts))
    return _result(cast(node, type_), type_, args)


@aggregate("sequence_match")
def sequence_match(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``sequence_match('(?1)(?2)', t, a, b)`` -> whether a row with a is followed by one with b"""
    return _sequence("sequence_match", args, distinct, order, BOOLEAN)


@aggregate("sequence_count")
def sequence_count(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``sequence_count('(?1)(?2)', t, a, b)`` -> how often a row with a is followed by one with b; 0 for no rows"""
    return _sequence("sequence_count", args, distinct, order, BIGINT)


def _sequence(name: str, args: list[Typed], distinct: bool, order: Order, type_: DorisType) -> Typed:
    if len(args) < 3:
        count_check(name, args, 3)
    _plain(name, distinct, order)
    pattern = args[0].literal
    if not isinstance(pattern, str):
        raise DorisError(f"The pattern param of {name} function must be string literal")
    moment = _moment(
        name, args[1], f"The timestamp params of {name} function must be DATE or DATETIME, but it is {args[1].type}"
    )
    conditions = args[2:]
    if any(condition.type != BOOLEAN for condition in conditions):
        raise DorisError(f"The conditions of {name} function must be boolean")
    parts = funnels.actions(pattern)
    if parts is None:
        raise DorisError(f"The format of pattern params is wrong: {name}('{pattern}', ...)")
    outside = any(part.kind == "event" and not 0 <= part.number < len(conditions) for part in parts)
    if outside or len(conditions) > _MOST:
        raise Refused(
            f"{name} with the pattern {pattern!r} and {len(conditions)} conditions",
            "Name only conditions that are given.",
        )
    events = _events(moment, conditions)
    found = _settled(name, call(f"doris_{name}", events, text(pattern)))
    if type_ == BIGINT:
        found = sql("coalesce(f, 0)", f=found)
    return _result(cast(found, type_), type_, args)
