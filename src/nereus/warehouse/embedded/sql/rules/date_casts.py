"""CAST to and from DATE and DATETIME."""

from __future__ import annotations

from datetime import datetime

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.rules import dateparse, literals
from nereus.warehouse.embedded.sql.rules.build import cast, number, sql, text, try_cast, twice, typed
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import DATE, STRING, DorisType

#: Nodes that may turn a value into NULL.
FALLIBLE = (exp.TryCast, exp.Case)

_DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_TIMED = _DAY + "[ T][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.][0-9]{0,6})?"
#: What no grammar of Doris reads as a date.
_NO_DATE = r"([^0-9\s].*|\s*[0-9]{0,4})"


def to_date(value: Typed, to: DorisType) -> Typed:
    """``'2024-1-1'`` -> ``CAST('2024-01-01' AS DATE)``; ``20240101`` -> the same; what is no date -> NULL"""
    source = value.type
    if source.is_date:
        return _date_to_date(value, to)
    if isinstance(value.literal, str):
        return _literal_to_date(value.literal, to)
    if source.is_text:
        return _text_to_date(value, to)
    if source.is_integer:
        return _integer_to_date(value, to)
    raise Refused(f"a cast from {source} to {to}", "Cast to bigint first.")


def _literal_to_date(written: str, to: DorisType) -> Typed:
    parsed = dateparse.parse(written)
    if parsed is None:
        return literals.null_of(to)
    return literals.day(parsed.day) if to == DATE else literals.moment(parsed.value, to.scale or 0)


def _date_to_date(value: Typed, to: DorisType) -> Typed:
    """``datetime`` -> its day; ``date`` -> its midnight; a smaller scale rounds half up what the frontend knows

    Doris' backend keeps the digits of a stored datetime and prints fewer: they still count in a comparison. Such a
    value is an error where a digit would be lost.
    """
    source, scale = value.type, to.scale or 0
    if "date" in (source.name, to.name) or scale >= (source.scale or 0):
        return typed(cast(value, to) if source.duckdb != to.duckdb else value.node, to, value)
    if isinstance(value.literal, datetime):
        if dateparse.rounded(value.literal, scale) is None:
            raise Refused(f"rounding {value.literal} to {to}", "Write fewer digits.")
        return literals.moment(value.literal, scale)
    if value.volatile and value.node.find(exp.Column) is None:
        return typed(rounded(value.node, scale), to, value)
    twice(value, f"a cast to {to}")
    node = sql(
        "CASE WHEN epoch_us(d) % k = 0 THEN d ELSE error(m || d) END",
        d=value.node,
        k=number(10 ** (6 - scale)),
        m=text(f"the embedded warehouse refuses to cut digits in a cast to {to}, write date_format(d, ...): "),
    )
    return typed(node, to, value)


def rounded(node: exp.Expression, scale: int) -> exp.Expression:
    """A TIMESTAMP rounded half up to `scale` fractional digits."""
    if scale >= 6:
        return node
    step = 10 ** (6 - scale)
    return sql(
        "make_timestamp(u - (((u % k) + k) % k))", u=sql("epoch_us(t) + h", t=node, h=number(step // 2)), k=number(step)
    )


def _text_to_date(value: Typed, to: DorisType) -> Typed:
    """A text of which only the run time knows the spelling: the usual ones are read, doubtful ones are an error."""
    twice(value, f"a cast to {to}")
    day = sql("split_part(replace(s, 'T', ' '), ' ', 1)", s=value.node.copy())
    timed = sql(
        "CASE WHEN t < TIMESTAMP '10000-01-01' THEN t END",
        t=rounded(try_cast(value.node.copy(), "TIMESTAMP"), to.scale or 0),
    )
    node = sql(
        "CASE WHEN s IS NULL OR left(s, 4) = '0000' AND s <> '0000' OR NOT regexp_full_match(s, p) THEN"
        " CASE WHEN s IS NULL OR regexp_full_match(s, n) THEN NULL WHEN regexp_full_match(s, '[0-9]{8}') THEN c"
        " ELSE error(m || s) END ELSE v END",
        s=value.node.copy(),
        p=text(f"{_DAY}|{_TIMED}"),
        n=text(_NO_DATE),
        c=cast(sql("try_strptime(s, '%Y%m%d')", s=value.node.copy()), to),
        m=text("the embedded warehouse refuses this text as a date, write YYYY-MM-DD: "),
        v=try_cast(day, "DATE") if to == DATE else timed,
    )
    return typed(node, to, value)


def _integer_to_date(value: Typed, to: DorisType) -> Typed:
    """``20240229`` -> 2024-02-29, ``240229`` -> 2024-02-29, ``128`` -> 2000-01-28, ``20240229101112`` with its time"""
    twice(value, f"a cast to {to}")
    node = sql(
        "CASE WHEN n BETWEEN 101 AND 9999 THEN a WHEN n BETWEEN 10000 AND 99999 THEN b"
        " WHEN n BETWEEN 100000 AND 699999 THEN b WHEN n BETWEEN 700000 AND 999999 THEN y"
        " WHEN n BETWEEN 10000101 AND 99999999 THEN d WHEN n BETWEEN 10000101000000 AND 99991231235959 THEN t END",
        n=value,
        a=_compact(value, 20000000, 8),
        b=_compact(value, 20000000, 8),
        y=_compact(value, 19000000, 8),
        d=_compact(value, 0, 8),
        t=_compact(value, 0, 14),
    )
    return typed(cast(node, to), to, value)


def _compact(value: Typed, add: int, digits: int) -> exp.Expression:
    return sql(
        "try_strptime(CAST(CAST(n AS BIGINT) + a AS VARCHAR), f)",
        n=value.node.copy(),
        a=number(add),
        f=text("%Y%m%d" if digits == 8 else "%Y%m%d%H%M%S"),
    )


def from_date(value: Typed, to: DorisType) -> Typed:
    """``date`` -> 20240229 as a number, '2024-02-29' as text; ``datetime(3)`` -> '2024-02-29 10:11:12.000'"""
    if to.is_text:
        return typed(_text(value), STRING if to.name == "string" else to, value)
    if not (to.is_integer or to.name in ("float", "double")):
        raise Refused(f"a cast from {value.type} to {to}", "Cast it to bigint or string first.")
    twice(value, f"a cast to {to}")
    day = "year(d) * 10000 + month(d) * 100 + day(d)"
    if value.type == DATE:
        return typed(cast(sql(day, d=value), to), to, value)
    if to.name in ("float", "double") and value.type.scale:
        raise Refused(f"a cast from {value.type} to {to}", "Cast it to bigint or string first.")
    return typed(
        cast(sql(f"({day}) * 1000000 + hour(d) * 10000 + minute(d) * 100 + second(d)", d=value), to), to, value
    )


def _text(value: Typed) -> exp.Expression:
    scale = value.type.scale or 0
    if value.type.name == "datetime" and scale:
        return sql(f"left(strftime(d, '%Y-%m-%d %H:%M:%S.%f'), {20 + scale})", d=value)
    return cast(value, "VARCHAR")
