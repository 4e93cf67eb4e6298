"""Files from an object store as relations: fetched into the spool folder, typed as Doris types them."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.formats.csv import csv_source
from nereus.warehouse.embedded.http.formats.json_rows import JsonSource
from nereus.warehouse.embedded.http.formats.lines import read_lines
from nereus.warehouse.embedded.http.formats.parquet import parquet_file
from nereus.warehouse.embedded.http.formats.source import FIELDS, LINE, REASON, TextSource, sql_text
from nereus.warehouse.embedded.http.options import LoadOptions
from nereus.warehouse.embedded.http.separators import unescape
from nereus.warehouse.embedded.http.spool import DEFAULT_LIMIT_BYTES, Spool
from nereus.warehouse.embedded.operations.remote import Bucket, Found, Place, matching
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.typed import RelationColumn, Typed
from nereus.warehouse.embedded.types import STRING, datetime
from nereus.warehouse.embedded.variables import UTC_NAMES

#: Objects of one S3().
MOST_FILES = 10_000
#: One S3() fetches no more than this part of what is free on the disk.
_FREE_SHARE = 0.5
_CSV = {"csv": 0, "csv_with_names": 1, "csv_with_names_and_types": 2}
_BATCH = "nereus_fetched"
_KNOWN = {
    "column_separator",
    "line_delimiter",
    "skip_lines",
    "trim_double_quotes",
    "enclose",
    "escape",
    "empty_field_as_null",
    "compress_type",
    "read_json_by_line",
    "strip_outer_array",
    "json_root",
    "jsonpaths",
}


@dataclass(frozen=True, slots=True)
class Files:
    """Rows that lie in files of the spool folder. `from_sql` gives the columns under their own names."""

    columns: tuple[RelationColumn, ...]
    from_sql: str


@dataclass(slots=True)
class Fetched:
    """What one statement fetched, kept until it is over. `of` are the relations by what they were made of."""

    folder: Path
    of: dict[tuple[tuple[str, str], ...], Files] = field(default_factory=dict)

    @classmethod
    def below(cls, spool: Path) -> Fetched:
        folder = spool / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        return cls(folder)

    def close(self) -> None:
        """Remove the files. Doing it twice changes nothing."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are to be read.

    Attributes:
        format: parquet, csv, csv_with_names, csv_with_names_and_types or json.
        options: those of the format, under Doris' names in lower case.
        timezone: of the session.
    """

    format: str
    options: Mapping[str, str]
    timezone: str

    def check(self) -> None:
        """Raise for a format that Doris does not have, and for what is not read here."""
        if self.format in ("orc", "avro", "arrow", "wal", "hive_text"):
            raise Refused(f"files of the format {self.format}", "Write Parquet, CSV or JSON.")
        if self.format not in (*_CSV, "parquet", "json"):
            raise DorisError(f"format:{self.format} is not supported.")
        for key in self.options:
            if key not in _KNOWN:
                raise Refused(f"the property {key} of files")

    def gzip(self, key: str) -> bool:
        """Whether the object of this key is compressed."""
        given = self.options.get("compress_type", "").lower()
        if given in ("", "unknown"):
            ending = key.rpartition(".")[2].lower()
            if ending in ("bz2", "lz4", "lzo", "deflate", "snappy", "zst", "zstd"):
                raise Refused(f"files compressed as {ending}", "Use gzip.")
            return ending == "gz"
        if given not in ("plain", "gz"):
            raise Refused(f"files compressed as {given}", "Use gzip.")
        return given == "gz"

    def text_options(self) -> LoadOptions:
        get = self.options.get
        return LoadOptions(
            label="",
            format=self.format,
            column_separator=_character(get("column_separator", "\t"), "column_separator"),
            line_delimiter=_character(get("line_delimiter", "\n"), "line_delimiter"),
            enclose=_single(get("enclose", ""), "enclose should not be longer than one byte."),
            escape=_single(get("escape", ""), "escape must be single-char"),
            skip_lines=_CSV.get(self.format, 0) or _count(get("skip_lines", "0")),
            trim_double_quotes=_true(get("trim_double_quotes")),
            empty_field_as_null=_true(get("empty_field_as_null")),
            json_by_line=_true(get("read_json_by_line")),
            strip_outer_array=_true(get("strip_outer_array")),
        )


def fetch(
    cursor: duckdb.DuckDBPyConnection, place: Place, reading: Reading, folder: Path, check: Callable[[], None]
) -> Files:
    """Fetch the files that a place means and read what is in them. Raises DorisError.

    `check` is called now and then; what it raises ends the work.
    """
    bucket = Bucket(place)
    found = [one for one in matching(bucket, place.key) if one.size]
    if not found:
        raise DorisError(f"no file with rows in it was found at {place.uri}")
    if len(found) > MOST_FILES:
        raise Refused(f"{len(found)} files at once", f"Name at most {MOST_FILES}.")
    limit = min(DEFAULT_LIMIT_BYTES, int(shutil.disk_usage(folder).free * _FREE_SHARE))
    if sum(one.size for one in found) > limit:
        raise DorisError(
            f"the files at {place.uri} have {sum(one.size for one in found)} bytes, and at most {limit} are fetched at "
            "once. Name fewer files"
        )
    try:
        if reading.format == "parquet":
            return _parquet(cursor, _fetched(bucket, found, reading, folder, limit, check), reading)
        return _text(cursor, _fetched(bucket, found, reading, folder, limit, check), reading, folder, check)
    except LoadFailed as failed:
        raise DorisError(failed.detail.removeprefix("TStatus: errCode = 2, detailMessage = ")) from failed


def _fetched(
    bucket: Bucket, found: Sequence[Found], reading: Reading, folder: Path, limit: int, check: Callable[[], None]
) -> Iterator[Path]:
    for one in found:
        spool = Spool(folder, gzip=reading.format != "parquet" and reading.gzip(one.key), limit=limit)
        try:
            bucket.fetch(one.key, spool, check)
            spool.finish()
        except BaseException:
            spool.remove()
            raise
        limit -= spool.size
        yield spool.path


# Parquet


def _parquet(cursor: duckdb.DuckDBPyConnection, paths: Iterator[Path], reading: Reading) -> Files:
    columns: tuple[RelationColumn, ...] | None = None
    selects: list[str] = []
    for path in paths:
        typed = _parquet_columns(cursor, path, reading)
        its = tuple(RelationColumn(name, value.type) for name, value in typed)
        if columns is not None and its != columns:
            raise Refused("files of one S3() with different columns", "Read them one by one.")
        columns = its
        renderer = Renderer()
        items = ", ".join(f"{renderer.text(value.node)} AS {_quoted(name)}" for name, value in typed)
        selects.append(f"SELECT {items} FROM {parquet_file(cursor, path).from_sql}")
    return Files(columns or (), f"({' UNION ALL '.join(selects)})")


def _parquet_columns(cursor: duckdb.DuckDBPyConnection, path: Path, reading: Reading) -> list[tuple[str, Typed]]:
    """Each column with its name, in lower case as Doris has it, and its value."""
    file = parquet_file(cursor, path)
    schema = pq.ParquetFile(path).schema
    found: list[tuple[str, Typed]] = []
    for at, column in enumerate(file.columns):
        typed = column.typed(reading.timezone)
        logical = schema.column(at).logical_type.type if len(schema) == len(file.columns) else ""
        if typed is None or logical in ("UUID", "BSON", "FLOAT16", "TIME", "INTERVAL"):
            raise Refused(f"the Parquet column {column.name} of type {column.physical}", "Write simple types.")
        physical = schema.column(at).physical_type if logical else ""
        if physical == "INT96" and reading.timezone.lower() not in UTC_NAMES:
            raise Refused(f"the Parquet column {column.name} of type INT96", "SET time_zone = 'UTC'.")
        if logical == "TIMESTAMP" and "milliseconds" in str(schema.column(at).logical_type):
            typed = Typed(typed.node, datetime(3))
        found.append((column.name.lower(), typed))
    _check_names([name for name, _ in found])
    return found


def _check_names(names: Sequence[str]) -> None:
    for at, name in enumerate(names):
        if name in names[:at]:
            raise DorisError(f"Repeated lowercase column names: {name}")


# Text


def _text(
    cursor: duckdb.DuckDBPyConnection, paths: Iterator[Path], reading: Reading, folder: Path, check: Callable[[], None]
) -> Files:
    """The rows of text files, all of whose columns are texts, written anew as Parquet."""
    options = reading.text_options()
    names: tuple[str, ...] | None = None
    written: list[str] = []
    for path in paths:
        if names is None:
            names = _json_names(path, options, reading) if reading.format == "json" else _csv_names(path, reading)
            _check_names(names)
        source: TextSource
        source = JsonSource(path, options, names) if reading.format == "json" else csv_source(path, options)
        target = folder / f"{secrets.token_hex(16)}.parquet"
        _copy(cursor, source, names, target, check)
        path.unlink()
        written.append(sql_text(str(target)))
    columns = tuple(RelationColumn(name, STRING) for name in names or ())
    return Files(columns, f"read_parquet([{', '.join(written)}], hive_partitioning = false)")


def _copy(
    cursor: duckdb.DuckDBPyConnection,
    source: TextSource,
    names: Sequence[str],
    target: Path,
    check: Callable[[], None],
) -> None:
    """Take the rows of a file apart. Raises DorisError for the first one that is no row of these columns."""

    def rows() -> Iterator[pa.RecordBatch]:
        for batch in source.batches():
            check()
            yield batch

    values = ", ".join(f"{source.value(f'f[{at + 1}]')} AS {_quoted(name)}" for at, name in enumerate(names))
    mismatch = source.mismatch(len(names), "len(f)")
    bad = f'CASE WHEN "{REASON}" IS NOT NULL THEN error("{REASON}") END'
    if mismatch is not None:
        bad = f"coalesce({bad}, CASE WHEN len(f) <> {len(names)} THEN error({mismatch}) END)"
    fields = f'SELECT "{REASON}", {source.fields} AS f FROM {_BATCH}'
    checked = f'SELECT f FROM (SELECT f, {bad} AS bad, "{REASON}" FROM ({fields})) WHERE bad IS NULL'
    first = next(batches := rows(), None)
    schema = pa.schema([(LINE, pa.string()), (REASON, pa.string())]) if first is None else first.schema
    if first is None and FIELDS in source.fields:
        schema = schema.append(pa.field(FIELDS, pa.list_(pa.string())))

    def every() -> Iterator[pa.RecordBatch]:
        if first is not None:
            yield first
            yield from batches

    cursor.register(_BATCH, pa.RecordBatchReader.from_batches(schema, every()))
    try:
        cursor.execute(f"COPY (SELECT {values} FROM ({checked})) TO {sql_text(str(target))} (FORMAT parquet)")
    except duckdb.InvalidInputException as error:
        check()
        raise DorisError(str(error).removeprefix("Invalid Input Error: ").partition("\n")[0]) from error
    finally:
        cursor.unregister(_BATCH)


def _csv_names(path: Path, reading: Reading) -> tuple[str, ...]:
    """``c1``, ``c2`` ... for as many fields as the first row has, or the names that the first line gives."""
    options = reading.text_options()
    if reading.format == "csv":
        source = csv_source(path, options)
        first = next(source.batches(), None)
        if first is None:
            raise DorisError("the file has no row from which its columns could be told")
        row = first.slice(0, 1)
        if FIELDS in first.schema.names:
            count = len(row.column(first.schema.names.index(FIELDS)).to_pylist()[0])
        else:
            count = len(str(row.column(0).to_pylist()[0]).split(options.column_separator))
        return tuple(f"c{at + 1}" for at in range(count))
    line = next((lines[0] for lines in read_lines(path, options.line_delimiter)), b"")
    try:
        names = line.decode().split(options.column_separator)
    except UnicodeDecodeError:
        raise DorisError("the names in the first line are not UTF-8") from None
    if options.enclose or any(not name.strip() for name in names):
        raise Refused("names of columns that are empty or enclosed", "Use format csv with skip_lines.")
    return tuple(name.lower() for name in names)


def _json_names(path: Path, options: LoadOptions, reading: Reading) -> tuple[str, ...]:
    """The keys of the first object, in its order."""
    if reading.options.get("jsonpaths") or reading.options.get("json_root"):
        raise Refused("jsonpaths and json_root of S3()", "Select from the whole objects.")
    if options.json_by_line == options.strip_outer_array:
        raise Refused(
            "JSON that is neither lines nor one array",
            'Give one of "read_json_by_line" and "strip_outer_array" = "true".',
        )
    return first_keys(path, options)


def first_keys(path: Path, options: LoadOptions) -> tuple[str, ...]:
    """The keys of the first object of a JSON file."""
    if options.json_by_line:
        text = next((lines[0] for lines in read_lines(path, options.line_delimiter)), b"").decode("utf-8", "replace")
    else:
        text = path.read_bytes().decode("utf-8", "replace").lstrip(" \t\r\n\ufeff").removeprefix("[").lstrip()
    try:
        found, _ = JSONDecoder().raw_decode(text)
    except (JSONDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict) or not found:
        raise DorisError("the file does not begin with a JSON object that has keys")
    return tuple(found)


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")


def _character(text: str, name: str) -> str:
    if not text:
        raise DorisError(f"{name} can not be empty.")
    try:
        return unescape(text)
    except LoadFailed as failed:
        raise DorisError(failed.detail.removeprefix("TStatus: errCode = 2, detailMessage = ")) from failed


def _single(text: str, error: str) -> str:
    if len(text) > 1:
        raise DorisError(error)
    if text and not text.isascii():
        raise Refused(f"the character {text} as enclose or escape", "Use one of ASCII.")
    return text


def _count(text: str) -> int:
    if not text.lstrip("-").isdigit():
        raise DorisError(f'For input string: "{text}"')
    if int(text) < 0:
        raise DorisError("skipLines should not be less than 0.")
    return int(text)


def _true(text: str | None) -> bool:
    return (text or "").lower() == "true"
