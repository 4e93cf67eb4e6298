"""The headers of a load: read, checked as Doris checks them, and those that cannot be honoured refused."""

from __future__ import annotations

import difflib
import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from nereus.warehouse.embedded.catalog.names import check_label
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.http.failures import LoadFailed, analysis, from_doris, invalid, refused
from nereus.warehouse.embedded.http.separators import unescape
from nereus.warehouse.embedded.write.partial import NewRows

#: Seconds that a load may take: Doris' default and largest value (three days).
LONGEST_TIMEOUT_S = 259_200
_LONGEST_NUMBER = 40

_TRUE = "true"

#: Lines that precede the data in a format with names (and types).
_CSV_FORMATS = {"csv": 0, "csv_with_names": 1, "csv_with_names_and_types": 2}
_OTHER_FORMATS = ("json", "parquet")
_UNSUPPORTED_FORMATS = ("orc", "arrow", "wal", "hive_text")
_UNSUPPORTED_COMPRESSION = ("lzo", "bz2", "lz4", "lz4_block", "lzop", "snappy_block", "deflate")

#: Headers that are read below.
_READ = (
    "columns",
    "column_separator",
    "comment",
    "compress_type",
    "empty_field_as_null",
    "enclose",
    "escape",
    "format",
    "group_commit",
    "json_root",
    "jsonpaths",
    "label",
    "line_delimiter",
    "max_filter_ratio",
    "merge_type",
    "partial_columns",
    "partial_update_new_key_behavior",
    "partitions",
    "read_json_by_line",
    "skip_lines",
    "strict_mode",
    "strip_outer_array",
    "time_zone",
    "timeout",
    "timezone",
    "trim_double_quotes",
    "unique_key_update_mode",
    "where",
)
#: Whole numbers that steer a cluster's work and change no row.
_TUNING_NUMBERS = ("exec_mem_limit", "send_batch_parallelism", "load_stream_per_node")
_TUNING = (*_TUNING_NUMBERS, "load_to_single_tablet", "memtable_on_sink_node", "enable_profile", "fuzzy_parse")
#: They change rows as soon as they are not empty.
_REFUSED = {
    "temporary_partitions": "Load the partition itself.",
    "delete": "Use DELETE FROM after the load.",
    "function_column.sequence_col": "",
    "hidden_columns": "",
    "sql": "Load with the headers columns and where, or INSERT INTO ... SELECT.",
}
#: They change rows when they are "true".
_REFUSED_IF_TRUE = {
    "negative": "",
    "two_phase_commit": "A label already makes a load repeatable.",
}
_KNOWN = (*_READ, *_TUNING, *_REFUSED, *_REFUSED_IF_TRUE, "num_as_string")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the headers of one load ask for.

    Attributes:
        label: given or made up.
        format: csv, json or parquet.
        skip_lines: lines before the data, the lines of names and types among them.
        columns, where: Doris SQL as the header gives it; empty when not given.
        column_separator, line_delimiter: characters, escapes resolved.
        enclose, escape: one character or empty.
        max_filter_ratio: 0 lets no bad row pass.
        jsonpaths, json_root: as the header gives them.
        gzip: the body is compressed.
        partial: rows of present keys keep what the load does not give; `new_rows` says what becomes of other keys.
        deletes: the rows of the file delete their keys (merge_type DELETE).
    """

    label: str
    format: str = "csv"
    gzip: bool = False
    comment: str = ""
    columns: str = ""
    where: str = ""
    partitions: tuple[str, ...] = ()
    max_filter_ratio: float = 0.0
    strict: bool = False
    timeout_s: int = LONGEST_TIMEOUT_S
    timezone: str = ""
    column_separator: str = "\t"
    line_delimiter: str = "\n"
    enclose: str = ""
    escape: str = ""
    skip_lines: int = 0
    trim_double_quotes: bool = False
    empty_field_as_null: bool = False
    json_by_line: bool = False
    strip_outer_array: bool = False
    jsonpaths: str = ""
    json_root: str = ""
    partial: bool = False
    new_rows: NewRows = "APPEND"
    deletes: bool = False


def label_of(headers: Mapping[str, str]) -> str:
    """The label given, or a new one where none is."""
    return headers.get("label", "") or str(uuid.uuid4())


def parse(headers: Mapping[str, str], label: str) -> LoadOptions:
    """Read the headers of a load (names in any case). Raises LoadFailed for what cannot be honoured."""
    given = _given(headers)
    _refuse(given)
    try:
        check_label(label)
    except DorisError as error:
        raise from_doris(error) from error
    format_, lines = _format(given)
    zone = given.get("timezone") or given.get("time_zone", "")
    return LoadOptions(
        label=label,
        format=format_,
        gzip=_compressed(given, format_),
        comment=given.get("comment", ""),
        columns=given.get("columns", ""),
        where=given.get("where", ""),
        partitions=_partitions(given),
        max_filter_ratio=_ratio(given),
        strict=_strict(given),
        timeout_s=_timeout(given),
        timezone=zone,
        column_separator=unescape(given.get("column_separator", "\t")),
        line_delimiter=unescape(given.get("line_delimiter", "\n")),
        enclose=_single(given, "enclose"),
        escape=_single(given, "escape"),
        skip_lines=lines or _skipped(given),
        trim_double_quotes=_flag(given, "trim_double_quotes"),
        empty_field_as_null=_flag(given, "empty_field_as_null"),
        json_by_line=_flag(given, "read_json_by_line"),
        strip_outer_array=_flag(given, "strip_outer_array"),
        jsonpaths=given.get("jsonpaths", ""),
        json_root=given.get("json_root", ""),
        partial=_partial(given),
        new_rows=_new_rows(given),
        deletes=given.get("merge_type", "").upper() == "DELETE",
    )


def _given(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are not empty, by lower-case name."""
    given: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        if key in _KNOWN:
            if key in given:
                raise invalid(f"the header {key} is given twice")
            if value.encode("utf-8", "surrogateescape").decode("utf-8", "replace") != value:
                raise invalid(f"the header {key} is not UTF-8")
        if value:
            given[key] = value
    return given


def _refuse(given: Mapping[str, str]) -> None:
    for name, value in given.items():
        if name in _REFUSED or (name in _REFUSED_IF_TRUE and value.lower() == _TRUE):
            hint = _REFUSED.get(name) or _REFUSED_IF_TRUE.get(name, "")
            raise refused(f"the header {name}", hint)
        if name in _TUNING_NUMBERS:
            _whole(given, name)
        elif name not in _KNOWN and (near := difflib.get_close_matches(name, _KNOWN, 1, 0.85)):
            raise refused(f"the header {name}", f"Did you mean {near[0]}?")
    mode = given.get("group_commit", "off_mode").lower()
    if mode != "off_mode":
        raise refused(f"group_commit {mode}", "Send larger loads instead, or leave the header out.")
    merge = given.get("merge_type", "APPEND").upper()
    if merge == "MERGE":
        raise refused("merge_type MERGE", "Load the rows to delete and the others apart.")
    if merge not in ("APPEND", "DELETE"):
        raise invalid(f"Invalid merge type {given['merge_type']}")
    update = given.get("unique_key_update_mode", "UPSERT").upper()
    if update == "UPDATE_FLEXIBLE_COLUMNS":
        raise refused(f"unique_key_update_mode {update}", "Send every column, or use UPDATE.")
    if update not in ("UPSERT", "UPDATE_FIXED_COLUMNS"):
        raise invalid(
            f"Invalid unique_key_partial_mode {given['unique_key_update_mode']}, must be one of 'UPSERT', "
            "'UPDATE_FIXED_COLUMNS' or 'UPDATE_FLEXIBLE_COLUMNS'"
        )


def _partial(given: Mapping[str, str]) -> bool:
    return _flag(given, "partial_columns") or given.get("unique_key_update_mode", "").upper() == "UPDATE_FIXED_COLUMNS"


def _new_rows(given: Mapping[str, str]) -> NewRows:
    value = given.get("partial_update_new_key_behavior", "APPEND").upper()
    if value not in ("APPEND", "ERROR"):
        raise invalid(f"Invalid partial_update_new_key_behavior {value}, must be one of {{'APPEND', 'ERROR'}}")
    return "ERROR" if value == "ERROR" else "APPEND"


def _format(given: Mapping[str, str]) -> tuple[str, int]:
    """The format, and how many lines of names and types its files begin with."""
    text = given.get("format", "csv")
    name = text.lower()
    if name in _CSV_FORMATS:
        return "csv", _CSV_FORMATS[name]
    if name in _OTHER_FORMATS:
        return name, 0
    if name in _UNSUPPORTED_FORMATS:
        raise refused(f"the format {name}", "Send csv, json or parquet.")
    raise LoadFailed("E-1101", f"unknown data format, format={text}")


def _compressed(given: Mapping[str, str], format_: str) -> bool:
    kind = given.get("compress_type", "").lower()
    if not kind:
        return False
    if kind != "gz":
        if kind in _UNSUPPORTED_COMPRESSION:
            raise refused(f"compress_type {kind}", "Send gz.")
        raise LoadFailed("E-1101", f"unknown data format, format={given.get('format', '')}, compress_type={kind}")
    if format_ == "parquet":
        raise refused("compress_type with parquet", "Parquet is compressed within: leave the header out.")
    return True


def _partitions(given: Mapping[str, str]) -> tuple[str, ...]:
    names = [name.strip() for name in given["partitions"].split(",")] if "partitions" in given else []
    if not all(names):
        raise invalid(f"the header partitions names an empty partition: '{given['partitions']}'")
    return tuple(names)


def _ratio(given: Mapping[str, str]) -> float:
    text = given.get("max_filter_ratio", "0")
    try:
        ratio = float(text)
    except ValueError:
        ratio = math.nan
    if not 0 <= ratio < math.inf:
        raise invalid(f"Invalid format of 'max_filter_ratio': '{text}', expected a number from 0 to 1")
    return ratio


def _strict(given: Mapping[str, str]) -> bool:
    text = given.get("strict_mode", "false").lower()
    if text not in ("true", "false"):
        raise invalid("Invalid strict mode format. Must be bool type")
    return text == _TRUE


def _timeout(given: Mapping[str, str]) -> int:
    seconds = _whole(given, "timeout", LONGEST_TIMEOUT_S)
    if not 1 <= seconds <= LONGEST_TIMEOUT_S:
        raise analysis(f"Invalid timeout: {seconds}. Timeout should between 1 and {LONGEST_TIMEOUT_S} seconds")
    return seconds


def _skipped(given: Mapping[str, str]) -> int:
    lines = _whole(given, "skip_lines", 0)
    if lines < 0:
        raise invalid(f"Invalid 'skip_lines': {lines}")
    return lines


def _whole(given: Mapping[str, str], name: str, default: int = 0) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise invalid(f"Invalid format of '{name}': '{text}', stoi")
    bits = 64 if name == "exec_mem_limit" else 32
    number = int(text) if len(text) < _LONGEST_NUMBER else 2**bits
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise invalid(f"'{name}' value out of range: '{text[:_LONGEST_NUMBER]}', stoi")
    return number


def _single(given: Mapping[str, str], name: str) -> str:
    text = given.get(name, "")
    if len(text) > 1:
        raise invalid(f"{name} must be single-char, actually is {text}")
    if not text.isascii():
        raise refused(f"the {name} {text}", "Take a character of ASCII.")
    return text


def _flag(given: Mapping[str, str], name: str) -> bool:
    return given.get(name, "").lower() == _TRUE
