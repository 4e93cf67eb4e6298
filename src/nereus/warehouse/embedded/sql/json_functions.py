"""JSON functions that DuckDB runs: whole columns of text in, one column out. NULL in gives NULL out."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from nereus.warehouse.embedded.sql import documents
from nereus.warehouse.embedded.sql.paths import Path, parse_path

_WILDCARD = "In this situation, path expressions may not contain the * and ** tokens or an array range."


def _by_row(function: Callable[..., Any], result: pa.DataType) -> Callable[..., Any]:
    """A function of the values of one row as a function of columns."""

    def columns(*arguments: Any) -> Any:  # noqa: ANN401 - Arrow arrays
        rows = zip(*(argument.to_pylist() for argument in arguments), strict=True)
        return pa.array([None if None in row else function(*row) for row in rows], result)

    columns.__signature__ = signature(function)  # type: ignore[attr-defined] # DuckDB counts the parameters
    return columns


def _plain(path: str) -> Path:
    """A path without wildcards."""
    found = parse_path(path)
    if found.wildcard or found.anywhere:
        raise ValueError(_WILDCARD)
    return found


def _parse(text: str) -> str | None:
    try:
        return documents.write(documents.parse(text))
    except documents.Invalid:
        return None


def _extract(text: str, paths: list[str | None]) -> str | None:
    exists, found = documents.extract(documents.load(text), [parse_path(path) for path in paths if path is not None])
    return documents.write(found) if exists else None


def _extract_one(text: str, path: str) -> str | None:
    exists, found = documents.first(documents.load(text), parse_path(path))
    return documents.write(found) if exists else None


def _extract_bare(text: str, paths: list[str | None]) -> str | None:
    """What json_extract_no_quotes gives: a string whose own text stands in quotes loses them."""
    exists, found = documents.extract(documents.load(text), [parse_path(path) for path in paths if path is not None])
    if isinstance(found, str) and len(paths) == 1 and len(found) > 1 and found[0] == found[-1] == '"':
        found = found[1:-1]
    return documents.write(found) if exists else None


def _exists(text: str, path: str) -> bool:
    return documents.first(documents.load(text), parse_path(path))[0]


def _is_null(text: str, path: str) -> bool | None:
    exists, found = documents.first(documents.load(text), parse_path(path))
    return found is None if exists else None


def _kind(text: str, path: str) -> str | None:
    exists, found = documents.first(documents.load(text), parse_path(path))
    return documents.kind(found) if exists else None


def _length(text: str, path: str) -> int | None:
    exists, found = documents.first(documents.load(text), parse_path(path))
    return documents.length(found) if exists else None


def _contains(text: str, wanted: str, path: str) -> bool | None:
    exists, found = documents.first(documents.load(text), parse_path(path))
    return documents.contains(found, documents.load(wanted)) if exists else None


def _keys(text: str, path: str) -> list[str] | None:
    found = parse_path(path)
    if found.wildcard:
        raise ValueError(_WILDCARD)
    exists, value = documents.first(documents.load(text), found)
    return list(value) if exists and isinstance(value, dict) else None


def _modifier(*, insert: bool, replace: bool) -> Callable[[str, list[str], list[str]], str]:
    def modify(text: str, paths: list[str], values: list[str]) -> str:
        value = documents.load(text)
        for path, new in zip(paths, values, strict=True):
            value = documents.modify(value, _plain(path), documents.load(new), insert=insert, replace=replace)
        return documents.write(value)

    return modify


def _remove(text: str, paths: list[str]) -> str:
    value = documents.load(text)
    for path in paths:
        value = documents.remove(value, _plain(path))
    return documents.write(value)


def _elements(text: str) -> list[str] | None:
    value = documents.load(text)
    return [documents.write(item) for item in value] if isinstance(value, list) else None


def _member(text: str, name: str) -> str | None:
    value = documents.load(text)
    return documents.write(value[name]) if isinstance(value, dict) and name in value else None


_TEXTS = "VARCHAR[]"
_TEXT = "VARCHAR"

#: DuckDB's name -> function of Arrow columns, types of the arguments, type of the result.
_FUNCTIONS: dict[str, tuple[Callable[..., Any], list[str], str]] = {
    "doris_json_parse": (_by_row(_parse, pa.string()), [_TEXT], _TEXT),
    "doris_json_extract": (_by_row(_extract_one, pa.string()), [_TEXT, _TEXT], _TEXT),
    "doris_json_extract_all": (_by_row(_extract, pa.string()), [_TEXT, _TEXTS], _TEXT),
    "doris_json_extract_bare": (_by_row(_extract_bare, pa.string()), [_TEXT, _TEXTS], _TEXT),
    "doris_json_exists": (_by_row(_exists, pa.bool_()), [_TEXT, _TEXT], "BOOLEAN"),
    "doris_json_is_null": (_by_row(_is_null, pa.bool_()), [_TEXT, _TEXT], "BOOLEAN"),
    "doris_json_kind": (_by_row(_kind, pa.string()), [_TEXT, _TEXT], _TEXT),
    "doris_json_length": (_by_row(_length, pa.int32()), [_TEXT, _TEXT], "INTEGER"),
    "doris_json_contains": (_by_row(_contains, pa.bool_()), [_TEXT, _TEXT, _TEXT], "BOOLEAN"),
    "doris_json_keys": (_by_row(_keys, pa.list_(pa.string())), [_TEXT, _TEXT], _TEXTS),
    "doris_json_insert": (
        _by_row(_modifier(insert=True, replace=False), pa.string()),
        [_TEXT, _TEXTS, _TEXTS],
        _TEXT,
    ),
    "doris_json_set": (_by_row(_modifier(insert=True, replace=True), pa.string()), [_TEXT, _TEXTS, _TEXTS], _TEXT),
    "doris_json_replace": (
        _by_row(_modifier(insert=False, replace=True), pa.string()),
        [_TEXT, _TEXTS, _TEXTS],
        _TEXT,
    ),
    "doris_json_remove": (_by_row(_remove, pa.string()), [_TEXT, _TEXTS], _TEXT),
    "doris_json_elements": (_by_row(_elements, pa.list_(pa.string())), [_TEXT], _TEXTS),
    "doris_json_member": (_by_row(_member, pa.string()), [_TEXT, _TEXT], _TEXT),
    "doris_json_string": (_by_row(documents.write, pa.string()), [_TEXT], _TEXT),
    "doris_json_quote": (_by_row(documents.quote, pa.string()), [_TEXT], _TEXT),
    "doris_json_unquote": (_by_row(documents.unquote, pa.string()), [_TEXT], _TEXT),
}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to every connection of the same database. Call it once per database."""
    for name, (function, arguments, result) in _FUNCTIONS.items():
        connection.create_function(
            name,
            function,
            [connection.sqltype(argument) for argument in arguments],
            connection.sqltype(result),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
