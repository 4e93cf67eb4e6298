"""Functions that answer from the session and the clock."""

from __future__ import annotations

from datetime import datetime as _datetime

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import literals
from nereus.warehouse.embedded.sql.rules.build import cast, count_check, text
from nereus.warehouse.embedded.sql.rules.date_arguments import check_utc
from nereus.warehouse.embedded.sql.rules.text_arguments import constant
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, STRING, VARCHAR, DorisType

#: What Doris says to MySQL clients.
VERSION = "5.7.99"


def _text(value: str, type_: DorisType = VARCHAR) -> Typed:
    return Typed(text(value), type_, volatile=True)


@function("user", "session_user")
def user(args: list[Typed], facts: SessionFacts) -> Typed:
    """``user()`` -> ``'''root''@''127.0.0.1'''``"""
    count_check("user", args, 0)
    return _text(f"'{facts.user}'@'{facts.host}'")


@function("current_user")
def current_user(args: list[Typed], facts: SessionFacts) -> Typed:
    """``current_user()`` -> ``'''root''@''%'''``"""
    count_check("current_user", args, 0)
    return _text(f"'{facts.user}'@'%'", STRING)


@function("database", "schema")
def database(args: list[Typed], facts: SessionFacts) -> Typed:
    """``database()`` -> its name, '' where none is chosen"""
    count_check("database", args, 0)
    return _text(facts.database or "")


@function("current_catalog")
def current_catalog(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``current_catalog()`` -> ``'internal'``"""
    count_check("current_catalog", args, 0)
    return _text("internal")


@function("version")
def version(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``version()`` -> ``'5.7.99'``"""
    count_check("version", args, 0)
    return _text(VERSION)


@function("connection_id")
def connection_id(args: list[Typed], facts: SessionFacts) -> Typed:
    """``connection_id()`` -> its number"""
    count_check("connection_id", args, 0)
    return Typed(literals.integer_as(facts.connection_id, BIGINT).node, BIGINT, volatile=True)


@function("last_query_id")
def last_query_id(args: list[Typed], facts: SessionFacts) -> Typed:
    """``last_query_id()`` -> ``'3e396105c1864cea-88ec73b9ecc13d3a'``, of the session's statement before this one"""
    count_check("last_query_id", args, 0)
    return _text(facts.last_query_id)


def _moment(now: _datetime, scale: int) -> Typed:
    """The start of the statement, cut (not rounded) to `scale` fractional digits."""
    step = 10 ** (6 - scale)
    found = literals.moment(now.replace(microsecond=now.microsecond // step * step), scale)
    return Typed(found.node, found.type, found.literal, volatile=True)


@function("now", "current_timestamp", "localtimestamp")
def now(args: list[Typed], facts: SessionFacts) -> Typed:
    """``now(3)`` -> the start of the statement as datetime(3)"""
    count_check("now", args, 0, 1)
    scale = 0 if not args else constant(args[0])
    if scale is None or not 0 <= scale <= 6:
        raise Refused("now() with anything but a number from 0 to 6", "Write an integer literal.")
    return _moment(facts.now, scale)


@function("utc_timestamp")
def utc_timestamp(args: list[Typed], facts: SessionFacts) -> Typed:
    """``utc_timestamp()`` -> the start of the statement, where the session's time zone is UTC"""
    count_check("utc_timestamp", args, 0)
    check_utc("utc_timestamp()", facts.variables.get("time_zone"))
    return _moment(facts.now, 0)


@function("curdate", "current_date")
def curdate(args: list[Typed], facts: SessionFacts) -> Typed:
    """``curdate()`` -> the day on which the statement started"""
    count_check("curdate", args, 0)
    found = literals.day(facts.now)
    return Typed(found.node, found.type, found.literal, volatile=True)


def _clock(name: str) -> FunctionRule:
    def rule(args: list[Typed], facts: SessionFacts) -> Typed:
        count_check(name, args, 0)
        return Typed(cast(text(f"{facts.now:%H:%M:%S}"), "INTERVAL"), DorisType("time", scale=0), volatile=True)

    rule.__doc__ = f"``{name}()`` -> ``CAST('10:20:30' AS INTERVAL)``"
    return rule


function("curtime", "current_time", "localtime")(_clock("curtime"))
