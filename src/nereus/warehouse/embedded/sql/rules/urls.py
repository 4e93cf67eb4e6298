"""Functions of URLs."""

from __future__ import annotations

import re

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import function
from nereus.warehouse.embedded.sql.rules import literals
from nereus.warehouse.embedded.sql.rules.build import call, count_check, is_null, text, typed
from nereus.warehouse.embedded.sql.rules.text_arguments import constant_text, result_type, texts
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.sql.url_functions import PARTS

#: A constant URL is read by Doris' frontend with Java's grammar: both agree on plain ones.
_PLAIN = re.compile(
    r"(https?|ftp)://([A-Za-z0-9]+([-.][A-Za-z0-9]+)*\.)?[A-Za-z][A-Za-z0-9]*(?P<port>:[1-9][0-9]{0,4})?"
    r"(?P<path>/[A-Za-z0-9._~/-]*(\?[A-Za-z0-9._~/&=-]*)?(#[A-Za-z0-9._~-]*)?)?",
    re.ASCII,
)


@function("parse_url")
def parse_url(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``parse_url(u, 'HOST')`` -> ``doris_parse_url(u, 'HOST')``, with a third ``'a'`` ``doris_url_parameter(u, 'a')``

    Frontend and backend read odd URLs differently: such a constant is refused.
    """
    count_check("parse_url", args, 2, 3)
    if any(map(is_null, args)):
        return literals.null_of(result_type(texts(args)))
    values = texts(args)
    part = constant_text("parse_url", "part", args[1]).upper()
    if part not in PARTS:
        listed = "'PROTOCOL', 'HOST', 'PATH', 'REF', 'AUTHORITY', 'FILE', 'USERINFO', 'PORT' and 'QUERY'"
        raise DorisError(f"Invalid URL part: {args[1].literal} (Valid URL parts are {listed})")
    type_ = result_type(values)
    if len(args) == 3:
        if part != "QUERY":
            return literals.null_of(type_)
        return typed(call("doris_url_parameter", values[0], values[2]), type_, *args)
    if isinstance(args[0].literal, str):
        found = _PLAIN.fullmatch(args[0].literal)
        if found is None or (part == "PORT" and not found["port"]):
            raise Refused(f"parse_url of the constant '{args[0].literal}'", "Read it from a column.")
    return typed(call("doris_parse_url", values[0], text(part)), type_, *args)


@function("url_decode")
def url_decode(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``url_decode('a%20b')`` -> ``doris_url_decode('a%20b')``"""
    count_check("url_decode", args, 1)
    values = texts(args)
    return typed(call("doris_url_decode", *values), result_type(values), *args)
