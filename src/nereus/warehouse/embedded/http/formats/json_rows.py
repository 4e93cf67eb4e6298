"""JSON as a Doris backend reads it: objects, one per line, one alone or the elements of one array.

Every value is taken as the text it has in the file: ``1.10`` stays ``1.10``, a nested value stays as it is written,
true is ``1`` and false ``0``. Of a key that is given twice the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

import pyarrow as pa

from nereus.warehouse.embedded.http.failures import LoadFailed, refused
from nereus.warehouse.embedded.http.formats.jsonpath import Path as Steps
from nereus.warehouse.embedded.http.formats.jsonpath import parse_path, parse_paths
from nereus.warehouse.embedded.http.formats.lines import BOM, read_lines
from nereus.warehouse.embedded.http.formats.source import FIELDS, FIELDS_SCHEMA, LINE, REASON
from nereus.warehouse.embedded.http.options import LoadOptions

#: Largest file that is one JSON document (Doris' streaming_load_json_max_mb).
LARGEST_DOCUMENT_BYTES = 100 << 20
_BATCH_ROWS = 10_000
_SHOWN = 4096
_SPACE = re.compile(r"[ \t\n\r]*")


class _BadDocument(ValueError):
    """Why a document gives no rows; the message is what the error log says."""


@dataclass(frozen=True, slots=True)
class _Row:
    line: str
    reason: str | None
    values: Sequence[str | None]


class JsonSource:
    """A file of JSON, whose fields are the columns `names` in order.

    Args:
        defaults: text that a column has in a row without its key, by name.
    """

    fields = '"fields"'

    def __init__(
        self, path: Path, options: LoadOptions, names: Sequence[str], defaults: Mapping[str, str] | None = None
    ) -> None:
        self._path = path
        self._options = options
        self._names = tuple(names)
        self._defaults = [(defaults or {}).get(name) for name in names]
        self._index = {name: at for at, name in enumerate(names)}
        self._paths = parse_paths(options.jsonpaths) if options.jsonpaths else ()
        self._root = parse_path(options.json_root) if options.json_root else ()
        if options.strip_outer_array and () in self._paths:
            raise refused("the json path $ together with strip_outer_array")
        size = path.stat().st_size
        if not options.json_by_line and size > LARGEST_DOCUMENT_BYTES:
            raise LoadFailed(
                "E-217",
                f"json body size {size} exceed BE's conf `streaming_load_json_max_mb` {LARGEST_DOCUMENT_BYTES}. "
                "increase it if you are sure this load is reasonable. Or send one object per line with "
                "read_json_by_line",
            )

    def value(self, field: str) -> str:
        return field

    def mismatch(self, expected: int, found: str) -> str | None:
        return None

    def batches(self) -> Iterator[pa.RecordBatch]:
        rows: list[_Row] = []
        for row in self._rows():
            rows.append(row)
            if len(rows) >= _BATCH_ROWS:
                yield _batch(rows)
                rows = []
        if rows:
            yield _batch(rows)

    def _rows(self) -> Iterator[_Row]:
        for document in self._documents():
            text = ""
            try:
                text = document.removeprefix(BOM).decode()
                yield from self._document(text)
            except (_BadDocument, JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
                yield _Row(text or document.decode("utf-8", "replace"), _why(error), ())

    def _documents(self) -> Iterator[bytes]:
        if self._options.json_by_line:
            for lines in read_lines(self._path, self._options.line_delimiter):
                yield from lines
        elif document := self._path.read_bytes():
            yield document

    def _document(self, text: str) -> Iterator[_Row]:
        at = _space(text, 0)
        opening = text[at : at + 1]
        if opening not in ("{", "["):
            _decode(text, at)
            raise _BadDocument("Not an json object or json array")
        if self._root:
            if opening == "[":
                raise refused("json_root over an array", "Name the array's place with json_root, or leave it out.")
            _end(text, _decode(text, at)[1])
            text = raw_at(text, self._root) or _missing_root()
            at, opening = 0, text[0]
        if opening == "[":
            yield from self._array(text, at)
        elif self._options.strip_outer_array:
            raise _BadDocument("JSON data is not an array-object, `strip_outer_array` must be FALSE.")
        else:
            value, end = _decode(text, at)
            _end(text, end)
            yield self._object(value, text)

    def _array(self, text: str, at: int) -> Iterator[_Row]:
        if not self._options.strip_outer_array:
            _end(text, _decode(text, at)[1])
            raise _BadDocument("JSON data is array-object, `strip_outer_array` must be TRUE.")
        count = 0
        # Once for the whole array: a mistake at its end spoils all of its rows.
        for value, _ in _elements(text, at):
            count += 1
            if not isinstance(value, dict):
                raise _BadDocument("Parse json data failed. error info: an element of the array is not an object")
        if not count and not self._paths:
            raise _BadDocument("Empty json line")
        for value, raw in _elements(text, at):
            yield self._object(value, raw)

    def _object(self, value: object, raw: str) -> _Row:
        if not isinstance(value, dict):
            raise _BadDocument("Not object item")
        values = list(self._defaults)
        found = False
        if self._paths:
            for at, path in enumerate(self._paths[: len(self._names)]):
                given = value if not path else _walk(value, path)
                if given is not _ABSENT:
                    found = True
                    values[at] = raw if not path else _text(given, raw, path)
        else:
            for key, given in value.items():
                at = self._index.get(key, -1)
                if at >= 0:
                    found = True
                    values[at] = _text(given, raw, (key,))
        if found:
            return _Row(raw, None, values)
        names = "".join(f"{name}, " for name in self._names)
        return _Row(
            raw,
            f"There is no column matching jsonpaths in the json file, columns:[{names}], please check columns "
            f"and jsonpaths:{self._options.jsonpaths}",
            (),
        )


_ABSENT = object()


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else dict(reversed(pairs))


def _no_constant(name: str) -> None:
    raise _BadDocument(f"Parse json data for JsonDoc failed. error info: {name} is no JSON")


_DECODER = JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=_no_constant, object_pairs_hook=_first_wins, strict=True
)


def _decode(text: str, at: int) -> tuple[Any, int]:
    return _DECODER.raw_decode(text, at)


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _end(text: str, at: int) -> None:
    if (rest := _space(text, at)) < len(text):
        raise JSONDecodeError("Extra data", text, rest)


def _elements(text: str, at: int) -> Iterator[tuple[Any, str]]:
    """The values of the array at `at`, each with its own text; nothing may follow the array."""
    at = _space(text, at + 1)
    if text[at : at + 1] == "]":
        _end(text, at + 1)
        return
    while True:
        value, end = _decode(text, at)
        yield value, text[at:end]
        at = _space(text, end)
        if text[at : at + 1] == "]":
            _end(text, at + 1)
            return
        if text[at : at + 1] != ",":
            raise JSONDecodeError("Expecting ',' delimiter", text, at)
        at = _space(text, at + 1)


def _walk(value: object, path: Steps) -> object:
    for step in path:
        if isinstance(step, str):
            value = value.get(step, _ABSENT) if isinstance(value, dict) else _ABSENT
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else _ABSENT
        if value is _ABSENT:
            break
    return value


def _text(value: object, raw: str, path: Steps) -> str | None:
    """What a column gets; `raw` is the text of the object in which `path` leads to the value."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    return raw_at(raw, path)


def raw_at(text: str, path: Steps) -> str | None:
    """The text of the value that `path` leads to in valid JSON `text`, or None."""
    for step in path:
        at = _space(text, 0)
        if isinstance(step, int):
            values = _elements(text, at) if text[at : at + 1] == "[" else iter(())
            found = next((raw for number, (_, raw) in enumerate(values) if number == step), None)
        else:
            members = _members(text, at) if text[at : at + 1] == "{" else iter(())
            found = next((raw for key, raw in members if key == step), None)
        if found is None:
            return None
        text = found
    return text


def _members(text: str, at: int) -> Iterator[tuple[object, str]]:
    at = _space(text, at + 1)
    while text[at] != "}":
        key, at = _decode(text, at)
        at = _space(text, _space(text, at) + 1)
        _, end = _decode(text, at)
        yield key, text[at:end]
        at = _space(text, end)
        if text[at] == ",":
            at = _space(text, at + 1)


def _missing_root() -> str:
    raise _BadDocument("JSON Root not found.")


def _why(error: Exception) -> str:
    if isinstance(error, _BadDocument):
        return str(error)
    if isinstance(error, RecursionError):
        return "Parse json data for JsonDoc failed. error info: it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "Parse json data for JsonDoc failed. error info: The input is not valid UTF-8"
    return f"Parse json data for JsonDoc failed. error info: {error}"


def _batch(rows: Sequence[_Row]) -> pa.RecordBatch:
    try:
        return _arrow(rows)
    except UnicodeEncodeError:
        # A lone surrogate escape (\ud800) has no character.
        return _arrow([_without_surrogates(row) for row in rows])


def _arrow(rows: Sequence[_Row]) -> pa.RecordBatch:
    columns = {
        LINE: [row.line[:_SHOWN] if row.reason else row.line for row in rows],
        REASON: [row.reason for row in rows],
        FIELDS: [row.values for row in rows],
    }
    return pa.RecordBatch.from_pydict(columns, FIELDS_SCHEMA)


def _without_surrogates(row: _Row) -> _Row:
    try:
        "".join((row.line, row.reason or "", *filter(None, row.values))).encode()
    except UnicodeEncodeError:
        line = row.line.encode("utf-8", "replace").decode()
        return _Row(line, "Parse json data for JsonDoc failed. error info: Problem while parsing a string", ())
    return row
