"""Rows of a query as files of an object store, named and written as Doris' OUTFILE names and writes them."""

from __future__ import annotations

import gzip
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nereus.warehouse.embedded import arrow_types
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.separators import unescape
from nereus.warehouse.embedded.operations.remote import Bucket, Place, place_of, store_properties
from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.variables import UTC_NAMES
from nereus.warehouse.embedded.wire.texts import texts

#: Doris' names of Parquet compressions, with pyarrow's.
_COMPRESSIONS = {"snappy": "snappy", "gzip": "gzip", "brotli": "brotli", "zstd": "zstd", "lz4": "lz4", "plain": "none"}
_LOCAL = (
    "Exporting results to local disk is not allowed. To enable this feature, you need to add "
    "`enable_outfile_to_local=true` in fe.conf and restart FE"
)
_DEFAULT_SIZE = 1 << 30
_LEAST_SIZE = 5 << 20
_VOLUME = re.compile(r"(\d+)\s*([A-Za-z]*)")
_UNITS = {"": 0, "B": 0, "K": 10, "KB": 10, "M": 20, "MB": 20, "G": 30, "GB": 30, "T": 40, "TB": 40}
#: What a Parquet file holds as it comes from the engine.
_AS_IS = {
    **arrow_types.PLAIN,
    **dict.fromkeys(("char", "varchar", "string", "json", "variant", "largeint"), pa.string()),
}
_BOM = b"\xef\xbb\xbf"
_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Written:
    """What Doris tells of files that were written. `url` names them all with a ``*``."""

    files: int
    rows: int
    size: int
    url: str
    seconds: float

    @property
    def speed(self) -> str:
        """KB per second."""
        return f"{self.size / 1024 / max(self.seconds, 1e-9):.2f}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where files go (`place` is a prefix) and how they are written."""

    place: Place
    format: str
    separator: str
    delimiter: str
    bom: bool
    compression: str
    most_bytes: int
    suffix: str
    int96: bool


def target_of(path: str, format_: str, properties: Mapping[str, str]) -> Target:
    """Read INTO OUTFILE path FORMAT AS format PROPERTIES (...). Raises DorisError as Doris does, or Refused."""
    format_ = format_.lower() or "csv"
    if path.startswith("file:///"):
        raise DorisError(_LOCAL)
    if format_ in ("orc", "json", "csv_with_names_and_types", "hive_text", "avro", "arrow", "wal"):
        raise Refused(f"writing files of the format {format_}", "Write parquet, csv or csv_with_names.")
    if format_ not in ("parquet", "csv", "csv_with_names"):
        raise DorisError(f"format:{format_} is not supported.")
    if not properties:
        raise DorisError("Please specify BROKER properties or check your local file path.")
    store, given = store_properties(properties)
    place = place_of(path, store)
    if given.pop("delete_existing_files", "false").lower() == "true":
        raise Refused("delete_existing_files", "Files have names that no other file has.")
    compression = given.pop("compress_type", "").lower()
    if format_ == "parquet":
        compression = _COMPRESSIONS.get(compression or "snappy", "")
        if not compression:
            raise DorisError(
                "parquet compression type is invalid, please choose one among SNAPPY, GZIP, BROTLI, ZSTD, LZ4, LZO, "
                "BZ2 or PLAIN"
            )
    elif compression not in ("", "plain", "gz"):
        raise Refused(f"CSV compressed as {compression}", "Write plain or gz.")
    separator, delimiter = _mark(given, "column_separator", "\t"), _mark(given, "line_delimiter", "\n")
    suffix = given.pop("file_suffix", "") or ("parquet" if format_ == "parquet" else "csv")
    size = _volume(given.pop("max_file_size", ""))
    target = Target(
        place=place,
        format=format_,
        separator=separator,
        delimiter=delimiter,
        bom=given.pop("with_bom", "false").lower() == "true",
        compression=compression,
        most_bytes=size,
        suffix=suffix,
        int96=given.pop("enable_int96_timestamps", "true").lower() == "true",
    )
    if given:
        raise Refused(f"the property {next(iter(given))} of files that are written")
    return target


def _mark(given: dict[str, str], name: str, usual: str) -> str:
    text = given.pop(name, usual)
    if not text:
        raise DorisError(f"{name} can not be empty.")
    try:
        return unescape(text)
    except LoadFailed as failed:
        raise DorisError(failed.detail.removeprefix("TStatus: errCode = 2, detailMessage = ")) from failed


def _volume(text: str) -> int:
    """``100MB`` -> 104857600"""
    if not text:
        return _DEFAULT_SIZE
    found = _VOLUME.fullmatch(text.strip())
    if found is None or found[2].upper() not in _UNITS:
        raise DorisError(f"invalid data volume expression: {text}")
    size = int(found[1]) << _UNITS[found[2].upper()]
    if size < _LEAST_SIZE:
        raise DorisError(f"max file size should larger than 5MB. Given: {size}")
    return size


def check_columns(target: Target, columns: Sequence[ResultColumn], timezone: str) -> None:
    """Raise Refused for columns of which Doris would write something else than this does."""
    for column in columns:
        kind = column.type
        if target.format != "parquet":
            if kind.args or kind.name not in (*_AS_IS, "decimal", "datetime"):
                raise Refused(f"the column {column.name} of type {kind} in a CSV file", "CAST it AS STRING.")
        elif not _fits(kind):
            raise Refused(f"the column {column.name} of type {kind} in a Parquet file", "CAST it AS STRING.")
        elif kind.name == "datetime" and timezone.lower() not in UTC_NAMES:
            raise Refused(f"the DATETIME column {column.name} in a Parquet file", "SET time_zone = 'UTC'.")


def _fits(kind: DorisType) -> bool:
    if kind.name in ("array", "map", "struct"):
        return all(arg.name not in ("datetime", "largeint") and _fits(arg) for arg in kind.args)
    return kind.name in _AS_IS or kind.name in ("decimal", "datetime")


def write(
    target: Target,
    name: str,
    columns: Sequence[ResultColumn],
    batches: Iterable[pa.RecordBatch],
    spool: Path,
    check: Callable[[], None],
) -> Written:
    """Write the rows; `name` is what no other files of the prefix are called by. Raises DorisError.

    Where it fails, the files that were sent are removed again. `check` is called between batches.
    """
    began = time.monotonic()
    bucket = Bucket(target.place)
    sent: list[str] = []
    size = rows = 0
    part: _Part | None = None
    try:
        for batch in batches:
            check()
            part = part or _part(target, columns, spool)
            part.add(batch)
            rows += batch.num_rows
            if part.size() >= target.most_bytes:
                size += _send(bucket, target, name, part, sent)
                part = None
        if part is not None or not sent:
            part = part or _part(target, columns, spool)
            size += _send(bucket, target, name, part, sent)
            part = None
    except BaseException:
        for key in sent:
            with suppress(DorisError):
                bucket.delete(key)
        raise
    finally:
        if part is not None:
            part.drop()
    return Written(len(sent), rows, size, f"{target.place.uri}{name}_*", time.monotonic() - began)


def _send(bucket: Bucket, target: Target, name: str, part: _Part, sent: list[str]) -> int:
    try:
        path = part.finish()
        key = f"{target.place.key}{name}_{len(sent)}.{target.suffix}"
        bucket.put(key, path)
        sent.append(key)
        return path.stat().st_size
    finally:
        part.drop()


class _Part(Protocol):
    """One file while it is written."""

    def add(self, batch: pa.RecordBatch) -> None: ...

    def size(self) -> int: ...

    def finish(self) -> Path: ...

    def drop(self) -> None: ...


def _part(target: Target, columns: Sequence[ResultColumn], spool: Path) -> _Part:
    path = spool / f"{secrets.token_hex(16)}.out"
    try:
        return _Parquet(path, target, columns) if target.format == "parquet" else _Csv(path, target, columns)
    except OSError as error:
        raise DorisError(f"the warehouse's disk did not take a file: {error.strerror}") from error


class _Parquet:
    def __init__(self, path: Path, target: Target, columns: Sequence[ResultColumn]) -> None:
        self._path = path
        self._columns = columns
        self._kinds = [_arrow(column.type) for column in columns]
        self._schema = pa.schema([(column.name, kind) for column, kind in zip(columns, self._kinds, strict=True)])
        self._file = path.open("xb")
        self._writer = pq.ParquetWriter(
            self._file,
            self._schema,
            compression=target.compression,
            use_deprecated_int96_timestamps=target.int96,
            store_schema=False,
        )
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        arrays = [
            _converted(array, column.type, kind)
            for array, column, kind in zip(batch.columns, self._columns, self._kinds, strict=True)
        ]
        self._held.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows += batch.num_rows
        if self._rows >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.Table.from_batches(self._held))
        self._held, self._rows = [], 0

    def size(self) -> int:
        return int(self._file.tell())

    def finish(self) -> Path:
        self._flush()
        self._writer.close()
        self._file.close()
        return self._path

    def drop(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def _arrow(kind: DorisType) -> pa.DataType:
    if kind.name == "decimal":
        return pa.decimal128(kind.precision, kind.scale)
    if kind.name == "datetime":
        return pa.timestamp("us")
    if kind.name == "array":
        return pa.list_(_arrow(kind.args[0]))
    if kind.name == "map":
        return pa.map_(_arrow(kind.args[0]), _arrow(kind.args[1]))
    if kind.name == "struct":
        return pa.struct([(name, _arrow(arg)) for name, arg in zip(kind.fields, kind.args, strict=True)])
    return _AS_IS[kind.name]


def _converted(array: pa.Array, of: DorisType, kind: pa.DataType) -> pa.Array:
    if of.name == "largeint":
        return texts(array, of).cast(pa.string())
    return array if array.type == kind else array.cast(kind)


class _Csv:
    def __init__(self, path: Path, target: Target, columns: Sequence[ResultColumn]) -> None:
        self._path = path
        self._columns = columns
        self._separator, self._delimiter = target.separator.encode(), target.delimiter.encode()
        self._raw = path.open("xb")
        packed = gzip.GzipFile(fileobj=self._raw, mode="wb", mtime=0) if target.compression == "gz" else self._raw
        self._file = cast(BinaryIO, packed)
        if target.bom:
            self._file.write(_BOM)
        if target.format == "csv_with_names":
            names = self._separator.join(column.name.encode() for column in columns)
            self._file.write(names + self._delimiter)

    def add(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows == 0:
            return
        null = pa.scalar(b"\\N")
        cells = [
            pc.fill_null(texts(array, column.type), null)
            for array, column in zip(batch.columns, self._columns, strict=True)
        ]
        lines = pc.binary_join_element_wise(*cells, pa.scalar(self._separator)) if len(cells) > 1 else cells[0]
        self._file.writelines(_ended(lines, self._delimiter))

    def size(self) -> int:
        return int(self._raw.tell())

    def finish(self) -> Path:
        self._file.close()
        self._raw.close()
        return self._path

    def drop(self) -> None:
        with suppress(OSError):
            self._file.close()
        self._raw.close()
        self._path.unlink(missing_ok=True)


def _ended(lines: pa.Array, delimiter: bytes) -> Iterator[bytes]:
    for line in lines.to_pylist():
        yield line + delimiter
