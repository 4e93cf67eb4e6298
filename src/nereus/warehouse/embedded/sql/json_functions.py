"""JSON functions that DuckDB runs: whole columns of text in, one column out. NULL in gives NULL out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded.sql import documents, rows
from nereus.warehouse.embedded.sql.paths import Path, parse_path
from nereus.warehouse.embedded.sql.rows import Told, by_row

_WILDCARD = "In this situation, path expressions may not contain the * and ** tokens or an array range."


def _plain(path: str) -> Path:
    """A path without wildcards."""
    found = parse_path(path)
    if found.wildcard or found.anywhere:
        raise Told(_WILDCARD)
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
        raise Told(_WILDCARD)
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
    "doris_json_parse": (by_row(_parse, pa.string()), [_TEXT], _TEXT),
    "doris_json_extract": (by_row(_extract_one, pa.string()), [_TEXT, _TEXT], _TEXT),
    "doris_json_extract_all": (by_row(_extract, pa.string()), [_TEXT, _TEXTS], _TEXT),
    "doris_json_extract_bare": (by_row(_extract_bare, pa.string()), [_TEXT, _TEXTS], _TEXT),
    "doris_json_exists": (by_row(_exists, pa.bool_()), [_TEXT, _TEXT], "BOOLEAN"),
    "doris_json_is_null": (by_row(_is_null, pa.bool_()), [_TEXT, _TEXT], "BOOLEAN"),
    "doris_json_kind": (by_row(_kind, pa.string()), [_TEXT, _TEXT], _TEXT),
    "doris_json_length": (by_row(_length, pa.int32()), [_TEXT, _TEXT], "INTEGER"),
    "doris_json_contains": (by_row(_contains, pa.bool_()), [_TEXT, _TEXT, _TEXT], "BOOLEAN"),
    "doris_json_keys": (by_row(_keys, pa.list_(pa.string())), [_TEXT, _TEXT], _TEXTS),
    "doris_json_insert": (
        by_row(_modifier(insert=True, replace=False), pa.string()),
        [_TEXT, _TEXTS, _TEXTS],
        _TEXT,
    ),
    "doris_json_set": (by_row(_modifier(insert=True, replace=True), pa.string()), [_TEXT, _TEXTS, _TEXTS], _TEXT),
    "doris_json_replace": (
        by_row(_modifier(insert=False, replace=True), pa.string()),
        [_TEXT, _TEXTS, _TEXTS],
        _TEXT,
    ),
    "doris_json_remove": (by_row(_remove, pa.string()), [_TEXT, _TEXTS], _TEXT),
    "doris_json_elements": (by_row(_elements, pa.list_(pa.string())), [_TEXT], _TEXTS),
    "doris_json_member": (by_row(_member, pa.string()), [_TEXT, _TEXT], _TEXT),
    "doris_json_string": (by_row(documents.write, pa.string()), [_TEXT], _TEXT),
    "doris_json_quote": (by_row(documents.quote, pa.string()), [_TEXT], _TEXT),
    "doris_json_unquote": (by_row(documents.unquote, pa.string()), [_TEXT], _TEXT),
}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to every connection of the same database. Call it once per database."""
    rows.register(connection, _FUNCTIONS)
