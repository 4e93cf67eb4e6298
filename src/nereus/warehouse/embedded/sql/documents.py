"""JSON documents: read, written, searched and changed as Doris' backend does it (its parser, paths and JSONB text).

A document in memory is made of dict, list, str, int, bool, None and `Number`, which keeps the text of a number with a
fraction. In DuckDB a document is its text, written without spaces: what Doris prints.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any

from nereus.warehouse.embedded.sql.paths import Leg, Path
from nereus.warehouse.embedded.sql.rows import Told

#: Nesting beyond which Doris' writer gives up.
_MAX_DEPTH = 100
#: Bytes of a member's name.
_MAX_NAME = 255
_INT128 = 1 << 127

Document = Any


class Invalid(Told):
    """A text that is no JSON document."""


class Doubtful(Told):
    """A document or a change of which Doris' answer is not certain."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the embedded warehouse refuses {what}")


class Number(float):
    """A number with a fraction or an exponent, and the text by which it is printed."""

    text: str

    def __new__(cls, text: str) -> Number:
        made = super().__new__(cls, text)
        made.text = text
        return made


def parse(text: str) -> Document:
    """Read a text as Doris' parser does. Raises Invalid, and Doubtful for what the two read differently."""
    return _read(text, _PARSER)


def load(text: str) -> Document:
    """Read the text of a document that `write` has written: every number keeps its digits."""
    return _read(text, _LOADER)


def write(value: Document) -> str:
    """The text that Doris prints: no spaces, members in their order, letters beyond ASCII as they are."""
    kind = type(value)
    if kind is str:
        return str(quoted(value))
    if kind is dict:
        return "{" + ",".join([f"{quoted(name)}:{write(item)}" for name, item in value.items()]) + "}"
    if kind is list:
        return "[" + ",".join([write(item) for item in value]) + "]"
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    return value.text if kind is Number else str(value)


def _read(text: str, decoder: json.JSONDecoder) -> Document:
    stripped = text.strip(" \t\r\n")
    try:
        value, end = decoder.raw_decode(stripped)
    except json.JSONDecodeError as error:
        raise Invalid(str(error)) from None
    except RecursionError:
        raise Doubtful("a JSON document nested this deeply") from None
    if end != len(stripped):
        if stripped[0] in "[{" and stripped[-1] == {"[": "]", "{": "}"}[stripped[0]]:
            raise Doubtful("a JSON document with something behind it")
        raise Invalid("something stands behind the document")
    if "\\u" in stripped:
        _check_escapes(value)
    if stripped.count("[") + stripped.count("{") > _MAX_DEPTH and _depth(value) > _MAX_DEPTH:
        raise Doubtful("a JSON document nested this deeply")
    return value


def _check_escapes(value: Document) -> None:
    written = write(value)
    if "\\u0000" in written:
        raise Doubtful("JSON with the character NUL")
    try:
        written.encode()
    except UnicodeEncodeError:
        raise Invalid("half of a surrogate pair") from None


def _depth(value: Document) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _members(pairs: list[tuple[str, Document]]) -> dict[str, Document]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Doubtful("a JSON object with a name twice")
    if any(len(name) > _MAX_NAME // 4 and len(name.encode("utf-8", "replace")) > _MAX_NAME for name in found):
        raise Invalid("a name of more than 255 bytes")
    return found


def _fraction(text: str) -> Number:
    found = float(text)
    if math.isinf(found) or (found == 0 and re.search("[1-9]", re.split("[eE]", text)[0])):
        raise Doubtful(f"the JSON number {text}")
    return Number(repr(found))


def _integer(text: str) -> int | Number:
    if len(text) < 38:
        return int(text)
    found = int(text)
    return found if -_INT128 <= found < _INT128 else _fraction(text)


def _constant(text: str) -> Document:
    raise json.JSONDecodeError(f"{text} is no JSON", text, 0)


_PARSER = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_fraction, parse_int=_integer, parse_constant=_constant
)
_LOADER = json.JSONDecoder(object_pairs_hook=_members, parse_float=Number, parse_int=_integer, parse_constant=_constant)


# reading parts


def find(value: Document, path: Path) -> list[Document]:
    """What a path leads to: nothing or one value, or any number where the path has a wildcard."""
    found = [value]
    if path.anywhere:
        found += _below(value)
    for leg in path.legs:
        found = [item for place in found for item in _step(place, leg)]
    return found


def first(value: Document, path: Path) -> tuple[bool, Document]:
    """Whether a path leads anywhere, and to what: a list of all values where it has a wildcard."""
    found = find(value, path)
    if path.anywhere or path.wildcard:
        return bool(found), found
    return (True, found[0]) if found else (False, None)


def _below(value: Document) -> list[Document]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for child in children for item in (child, *_below(child))]


def _step(value: Document, leg: Leg) -> list[Document]:
    if leg.name is not None:
        if not isinstance(value, dict):
            return []
        if leg.name == "*":
            return list(value.values())
        return [value[leg.name]] if leg.name in value else []
    if leg.index is None:
        return value if isinstance(value, list) else []
    if not isinstance(value, list):
        return [value] if leg.index == 0 else []
    place = leg.index if leg.index >= 0 else len(value) + leg.index
    return [value[place]] if 0 <= place < len(value) else []


def extract(value: Document, paths: list[Path]) -> tuple[bool, Document]:
    """The value of one path, or the values of several as a list."""
    if len(paths) == 1:
        return first(value, paths[0])
    together: list[Document] = []
    for path in paths:
        exists, found = first(value, path)
        if exists:
            together += found if path.anywhere or path.wildcard else [found]
    return bool(together), together


def contains(value: Document, wanted: Document) -> bool:
    """Whether `wanted` is a part of `value`, as json_contains means it."""
    if isinstance(value, list):
        if not isinstance(wanted, list):
            return any(contains(item, wanted) for item in value)
        if len(wanted) > len(value):
            return False
        return sum(any(contains(item, other) for other in wanted) for item in value) == len(wanted)
    if isinstance(value, dict):
        return isinstance(wanted, dict) and all(
            name in value and contains(value[name], item) for name, item in wanted.items()
        )
    return type(value) is type(wanted) and bool(value == wanted)


def kind(value: Document) -> str:
    """The name that json_type gives to a value that was read from text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if -(1 << 31) <= value < 1 << 31 else "bigint" if -(1 << 63) <= value < 1 << 63 else "largeint"
    names: dict[type, str] = {Number: "double", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def length(value: Document) -> int:
    """Members of an object, elements of an array, 1 for anything else."""
    return len(value) if isinstance(value, (dict, list)) else 1


# changing parts


def modify(value: Document, path: Path, new: Document, *, insert: bool, replace: bool) -> Document:
    """A document with `new` at a path. `insert` sets what is missing, `replace` what is there."""
    exists, _ = first(value, path)
    if (exists and not replace) or (not exists and not insert):
        return value
    if exists:
        return _replaced(value, path.legs, new)
    parents, last = Path(path.legs[:-1]), path.legs[-1]
    if not find(value, parents):
        return value
    return _changed(value, parents.legs, lambda parent: _grown(parent, last, new))


def _replaced(value: Document, legs: tuple[Leg, ...], new: Document) -> Document:
    return _changed(value, legs, lambda _old: new)


def _changed(value: Document, legs: tuple[Leg, ...], change: Any) -> Document:  # noqa: ANN401 - document to document
    if not legs:
        return change(value)
    leg, rest = legs[0], legs[1:]
    if isinstance(value, dict) and leg.name is not None:
        return {name: _changed(item, rest, change) if name == leg.name else item for name, item in value.items()}
    if isinstance(value, list) and leg.index is not None:
        place = leg.index if leg.index >= 0 else len(value) + leg.index
        return [_changed(item, rest, change) if at == place else item for at, item in enumerate(value)]
    if rest:
        raise Doubtful("a JSON path with an index into something that is no array")
    return change(value)


def _grown(parent: Document, last: Leg, new: Document) -> Document:
    if isinstance(parent, list):
        if last.index is None:
            raise Doubtful("a JSON path with a name in an array")
        return [*parent, new]
    if last.index is not None:
        return [parent, new]
    if isinstance(parent, dict):
        return {**parent, last.name: new}
    raise Invalid("Cannot insert value into this type")


def remove(value: Document, path: Path) -> Document:
    """A document without what is at a path; an index from the end removes nothing, as in Doris."""
    return _without(value, path.legs) if find(value, path) else value


def _without(value: Document, legs: tuple[Leg, ...]) -> Document:
    if not legs:
        return value
    leg, rest = legs[0], legs[1:]
    if isinstance(value, dict) and leg.name is not None:
        return {
            name: _without(item, rest) if name == leg.name else item
            for name, item in value.items()
            if rest or name != leg.name
        }
    if isinstance(value, list) and leg.index is not None:
        return [
            _without(item, rest) if at == leg.index else item
            for at, item in enumerate(value)
            if rest or at != leg.index
        ]
    return value


# plain text


def quote(text: str) -> str:
    """A text as a JSON string, by the rules of json_quote (control characters in capital hexadecimal digits)."""
    return re.sub(r"\\u00[0-9a-f]{2}", lambda found: found[0][:4] + found[0][4:].upper(), str(quoted(text)))


def unquote(text: str) -> str:
    """The text of a JSON string; anything that does not stand in double quotes comes back as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    try:
        return str(json.loads(text).encode().decode())
    except (ValueError, AttributeError):
        raise Invalid(f"Invalid JSON text in argument 1 to function json_unquote: {text}") from None


@lru_cache(maxsize=4096)
def canonical(text: str) -> str | None:
    """The document in a constant text; None where it is none."""
    try:
        return write(parse(text))
    except Invalid:
        return None
