"""Dates to text and back, by format."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from datetime import datetime as _datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import function
from nereus.warehouse.embedded.sql.rules import casts, dateparse, literals
from nereus.warehouse.embedded.sql.rules.build import cast, count_check, number, scaled, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.date_arguments import as_datetime, as_moment, check_utc
from nereus.warehouse.embedded.sql.rules.dates import week_template, yearweek_template
from nereus.warehouse.embedded.sql.rules.lambdas import let
from nereus.warehouse.embedded.sql.rules.text_arguments import as_text, constant_text, refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, DATE, VARCHAR, DorisType, datetime, decimal

#: Formats in Java's letters that Doris knows, and only these.
_JAVA = {"yyyyMMdd": "%Y%m%d", "yyyy-MM-dd": "%Y-%m-%d", "yyyy-MM-dd HH:mm:ss": "%Y-%m-%d %H:%i:%s"}
#: MySQL's specifiers in DuckDB's letters.
_STRFTIME = {
    **{letter: f"%{letter}" for letter in "YymdHSjapbfwU%"},
    **{"i": "%M", "s": "%S", "h": "%I", "I": "%I", "c": "%-m", "e": "%-d", "k": "%-H", "l": "%-I"},
    **{"M": "%B", "W": "%A", "v": "%V", "x": "%G", "r": "%I:%M:%S %p", "T": "%H:%M:%S"},
}
#: Specifiers that DuckDB has no letter for.
_COMPUTED = {
    "u": f"lpad(CAST({week_template(1)} AS VARCHAR), 2, '0')",
    "V": f"lpad(CAST({week_template(2)} AS VARCHAR), 2, '0')",
    "X": f"lpad(CAST(({yearweek_template(2)}) // 100 AS VARCHAR), 4, '0')",
    "D": "day(d) || CASE WHEN day(d) BETWEEN 10 AND 19 THEN 'th' WHEN day(d) % 10 = 1 THEN 'st'"
    " WHEN day(d) % 10 = 2 THEN 'nd' WHEN day(d) % 10 = 3 THEN 'rd' ELSE 'th' END",
}
_WIDTHS = {"W": 9, "M": 9, "a": 3, "b": 3, "D": 4, "Y": 4, "X": 4, "x": 4, "j": 3, "f": 6, "r": 11, "T": 8, "%": 1}
_LONGEST = 90
_LAST_SECOND = 253402300799  # 9999-12-31 23:59:59


def _longest(written: str) -> int:
    """Characters that a format writes at most; Doris gives NULL for long results."""
    return sum(_WIDTHS.get(found[1:], 2) if len(found) == 2 else 1 for found in re.findall(r"%.|.", written, re.DOTALL))


def _pieces(written: str) -> list[tuple[str, bool]]:
    """A format as (DuckDB format, False) and (computed expression, True) in order."""
    pieces: list[tuple[str, bool]] = []
    plain, at = "", 0
    while at < len(written):
        char = written[at]
        if char != "%" or at + 1 == len(written):
            plain += "%%" if char == "%" else char
            at += 1
            continue
        letter = written[at + 1]
        at += 2
        if letter in _COMPUTED:
            pieces += [(plain, False), (_COMPUTED[letter], True)]
            plain = ""
        else:
            plain += _STRFTIME.get(letter, letter)
    return [piece for piece in [*pieces, (plain, False)] if piece[0]]


def formatted(value: Typed, written: str) -> exp.Expression:
    """A date or datetime as text in a MySQL format."""
    if _longest(written) > _LONGEST:
        raise Refused(
            f"a date format whose text may be longer than {_LONGEST} characters", "Join shorter ones by concat."
        )
    pieces = _pieces(_JAVA.get(written, written)) or [("CASE WHEN d IS NOT NULL THEN '' END", True)]
    if len(pieces) > 1 or pieces[0][1]:
        twice(value, "date_format")
    joined: exp.Expression | None = None
    for piece, computed in pieces:
        node = sql(
            piece if computed else "strftime(d, f)", d=value.node.copy(), **({} if computed else {"f": text(piece)})
        )
        node = exp.Paren(this=node)
        joined = node if joined is None else exp.DPipe(this=joined, expression=node)
    assert joined is not None  # noqa: S101 - there is at least one piece
    return joined


@function("date_format")
def date_format(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``date_format(d, '%Y-%m')`` -> ``strftime(d, '%Y-%m')``; also 'yyyyMMdd', 'yyyy-MM-dd', 'yyyy-MM-dd HH:mm:ss'"""
    count_check("date_format", args, 2)
    value = as_moment(args[0])
    return typed(formatted(value, constant_text("date_format", "format", args[1])), VARCHAR, value)


@function("from_unixtime")
def from_unixtime(args: list[Typed], facts: SessionFacts) -> Typed:
    """``from_unixtime(0)`` -> ``strftime(make_timestamp(0), ...)``; NULL below 0 and after the year 9999"""
    count_check("from_unixtime", args, 1, 2)
    check_utc("from_unixtime", facts.variables.get("time_zone"))
    if args[0].type.name == "decimal":
        raise Refused("from_unixtime of a decimal", "Cast it to bigint.")
    seconds = twice(casts.cast_to(args[0], BIGINT), "from_unixtime")
    written = "%Y-%m-%d %H:%i:%s" if len(args) == 1 else constant_text("from_unixtime", "format", args[1])
    moment = sql(f"CASE WHEN n BETWEEN 0 AND {_LAST_SECOND} THEN make_timestamp(n * 1000000) END", n=seconds)
    return typed(formatted(Typed(moment, datetime(0)), written), VARCHAR, *args)


@function("unix_timestamp")
def unix_timestamp(args: list[Typed], facts: SessionFacts) -> Typed:
    """``unix_timestamp(date)`` -> bigint, ``unix_timestamp(datetime(s))`` -> decimal(12+s,s); 0 before 1970

    ``unix_timestamp('07/01/2024', '%d/%m/%Y')`` -> the same of ``str_to_date(...)`` as decimal(18,6)
    """
    count_check("unix_timestamp", args, 0, 1, 2)
    check_utc("unix_timestamp", facts.variables.get("time_zone"))
    if not args:
        seconds = int(facts.now.replace(tzinfo=UTC).timestamp())
        found = literals.integer_as(seconds, BIGINT)
        return Typed(found.node, BIGINT, volatile=True)
    if len(args) == 2:
        return _written_timestamp(args, facts)
    if args[0].type.is_text and not isinstance(args[0].literal, str):
        raise Refused("unix_timestamp of a computed text", "Cast it to datetime.")
    if args[0].type == DATE:
        value = twice(args[0], "unix_timestamp")
        node = sql(
            "CASE WHEN year(d) > 3000 THEN error(m) ELSE greatest(epoch_us(CAST(d AS TIMESTAMP)), 0) // 1000000 END",
            d=value,
            m=refusal_text("unix_timestamp after the year 3000"),
        )
        return typed(
            cast(sql("CASE WHEN d IS NOT NULL THEN n END", d=value.node.copy(), n=node), BIGINT), BIGINT, value
        )
    value = twice(as_datetime(args[0]), "unix_timestamp")
    scale = value.type.scale or 0
    type_ = decimal(12 + scale, scale)
    digits = sql(
        "CASE WHEN year(d) > 3000 THEN error(m) WHEN d IS NOT NULL"
        f" THEN CAST(greatest(epoch_us(d), 0) // {10 ** (6 - scale)} AS HUGEINT) END",
        d=value,
        m=refusal_text("unix_timestamp after the year 3000"),
    )
    return typed(scaled(digits, type_), type_, value)


def _written_timestamp(args: list[Typed], facts: SessionFacts) -> Typed:
    if not args[0].type.is_text:
        raise Refused(f"unix_timestamp of {args[0].type} with a format", "Leave the format out.")
    moment = str_to_date(args, facts)
    letters = set(re.findall("%(.)", constant_text("unix_timestamp", "format", args[1]))) & set("HisSfT")
    if letters and not (letters >= {"T"} or letters >= {"H", "i", "s"} or letters >= {"H", "i", "S"}):
        raise Refused("unix_timestamp with a part of the time of day", "Write %H, %i and %s, or none of them.")
    node = let(
        "d",
        cast(moment, "TIMESTAMP"),
        "CASE WHEN year(d) > 3000 THEN error(m) WHEN d IS NOT NULL THEN CAST(greatest(epoch_us(d), 0) AS HUGEINT) END",
        m=refusal_text("unix_timestamp after the year 3000"),
    )
    return typed(scaled(node, decimal(18, 6)), decimal(18, 6), *args)


_SHAPES = {
    "Y": r"[0-9]{4}",
    "m": "[0-9]{1,2}",
    "d": "[0-9]{1,2}",
    "H": "[0-9]{1,2}",
    "i": "[0-9]{1,2}",
    "s": "[0-9]{1,2}",
}
_SHAPES |= {"S": _SHAPES["s"], "f": "[0-9]{1,6}", "T": "[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}"}


@function("str_to_date")
def str_to_date(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``str_to_date('07/01/2024', '%d/%m/%Y')`` -> ``try_strptime(...)``, a date where the format has no time

    Texts that do not have the shape of the format are an error: Doris reads some of them in part.
    """
    count_check("str_to_date", args, 2)
    written = constant_text("str_to_date", "format", args[1])
    written = _JAVA.get(written, written)
    shape, target, letters = _shape(written)
    if not {"Y", "m", "d"} <= set(letters) or len(set(letters)) != len(letters):
        raise Refused(f"str_to_date with the format '{written}'", "Use %Y, %m, %d, %H, %i, %s and %f once each.")
    type_: DorisType = DATE
    if set(letters) & set("HisSfT"):
        type_ = datetime(6 if "f" in letters else 0)
    value = twice(as_text(args[0]), "str_to_date")
    node = sql(
        "CASE WHEN regexp_full_match(s, p) THEN try_strptime(s, f) WHEN s IS NOT NULL THEN error(m || s) END",
        s=value,
        p=text(shape),
        f=text(target),
        m=refusal_text("a text that has not the shape of its date format: "),
    )
    return typed(cast(node, type_), type_, *args)


def _shape(written: str) -> tuple[str, str, list[str]]:
    """A regular expression, DuckDB's format and the specifiers of a format."""
    shape, target, letters = "", "", []
    for found in re.finditer(r"%(.)|(.)", written, re.DOTALL):
        letter, char = found.groups()
        if letter is None:
            if char.isalnum() or char == "%":
                raise Refused(f"str_to_date with the format '{written}'", "Put punctuation between its parts.")
            shape += re.escape(char) if char != " " else " "
            target += char
            continue
        if letter not in _SHAPES:
            raise Refused(f"str_to_date with %{letter}", "Write %Y, %m, %d, %H, %i, %s and %f.")
        before = written[: found.start()]
        after = written[found.end() :]
        tight = (before[-2:-1] == "%") or after[:1] == "%"
        shape += _SHAPES[letter].replace("{1,2}", "{2}") if tight else _SHAPES[letter]
        target += {"i": "%M", "s": "%S", "S": "%S", "T": "%H:%M:%S"}.get(letter, f"%{letter}")
        letters.append(letter)
    return shape, target, letters


@function("convert_tz")
def convert_tz(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``convert_tz('2024-01-01 00:00:00', 'UTC', 'Asia/Tokyo')`` -> the constant; columns between fixed offsets only"""
    count_check("convert_tz", args, 3)
    source, target = (_zone(constant_text("convert_tz", "time zone", arg)) for arg in args[1:])
    value = as_datetime(args[0])
    if isinstance(value.literal, _datetime):
        return _converted(value.literal, source, target, value.type.scale or 0)
    if not (isinstance(source, timezone) and isinstance(target, timezone)):
        raise Refused("convert_tz of a column between named time zones", "Use offsets like '+08:00'.")
    seconds = int((target.utcoffset(None) - source.utcoffset(None)).total_seconds())
    return typed(sql("d + to_seconds(n)", d=value, n=number(seconds)), value.type, value)


def _zone(name: str) -> tzinfo:
    found = re.fullmatch(r"([+-])(\d{1,2}):(\d{2})", name)
    if found:
        minutes = int(found[2]) * 60 + int(found[3])
        if minutes > 14 * 60:
            raise Refused(f"the time zone {name}", "Write a name like 'Europe/Berlin' or an offset like '+08:00'.")
        return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
    if name.upper() in ("UTC", "GMT", "Z", "ETC/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"the time zone {name}", "Use an offset like '+08:00'.") from None


def _converted(moment: _datetime, source: tzinfo, target: tzinfo, scale: int) -> Typed:
    first, second = (moment.replace(tzinfo=source, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise Refused(f"convert_tz of {moment}, where the clock changes", "Convert a moment outside that hour.")
    found = literals.moment(first.astimezone(target).replace(tzinfo=None), scale)
    if dateparse.rounded(moment, scale) is None:
        raise Refused(f"convert_tz of {moment}", "Convert a moment of the years 1 to 9998.")
    return found
