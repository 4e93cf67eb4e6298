"""CSV as a Doris backend splits it. Nothing is quoted unless `enclose` is given, and NULL is written ``\\N``."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from nereus.warehouse.embedded.http.failures import refused
from nereus.warehouse.embedded.http.formats.lines import BLOCK_BYTES, BOM, check_length, read_lines
from nereus.warehouse.embedded.http.formats.source import (
    FIELDS,
    FIELDS_SCHEMA,
    LINE,
    NOT_UTF8,
    REASON,
    TextSource,
    lines_batch,
    sql_text,
)
from nereus.warehouse.embedded.http.options import LoadOptions

NULL_TEXT = "\\N"
_SURROGATE = re.compile("[\udc80-\udcff]")


def csv_source(path: Path, options: LoadOptions) -> TextSource:
    """The reader that the options call for. Raises LoadFailed for options that contradict each other."""
    if options.column_separator == options.line_delimiter:
        raise refused("a column_separator that is also the line_delimiter")
    if not (options.enclose or options.escape):
        return PlainCsv(path, options)
    if options.enclose == options.escape:
        raise refused("an escape that is also the enclose", "Two of it in a row stand for one without an escape.")
    return QuotedCsv(path, options)


class _Csv:
    def __init__(self, path: Path, options: LoadOptions) -> None:
        self._path = path
        self._options = options

    def mismatch(self, expected: int, found: str) -> str | None:
        options = self._options
        separator = options.column_separator.replace("\t", "\\t")
        delimiter = options.line_delimiter.replace("\n", "\\n")
        marks = f" (sep:{separator} delim:{delimiter}"
        marks += f" encl:{options.enclose}" if options.enclose else ""
        marks += f" esc:{options.escape}" if options.escape else ""
        head = sql_text(f"Column count mismatch: expected {expected}, but found ")
        return f"{head} || {found} || {sql_text(marks + ')')}"


class PlainCsv(_Csv):
    """Rows end at every delimiter and fields at every separator. DuckDB splits the fields."""

    @property
    def fields(self) -> str:
        return f'string_split("line", {sql_text(self._options.column_separator)})'

    def value(self, field: str) -> str:
        found = f"CASE WHEN {field} <> {sql_text(NULL_TEXT)} THEN {field} END"
        if self._options.trim_double_quotes:
            quoted = f"length({field}) >= 2 AND starts_with({field}, '\"') AND ends_with({field}, '\"')"
            found = f"CASE WHEN {quoted} THEN substr({field}, 2, length({field}) - 2) ELSE {found} END"
        if self._options.empty_field_as_null:
            found = f"CASE WHEN {field} <> '' THEN {found} END"
        return found

    def batches(self) -> Iterator[pa.RecordBatch]:
        for lines in read_lines(self._path, self._options.line_delimiter, self._options.skip_lines):
            yield lines_batch(lines)


class QuotedCsv(_Csv):
    """A field that begins with `enclose` may hold separators and delimiters; `escape` takes a character as it is."""

    @property
    def fields(self) -> str:
        return '"fields"'

    def value(self, field: str) -> str:
        return field

    def batches(self) -> Iterator[pa.RecordBatch]:
        for rows in self._rows():
            lines: list[str] = []
            reasons: list[str | None] = []
            fields: list[list[str | None]] = []
            for line, values in rows:
                if _SURROGATE.search(line):
                    lines.append(_SURROGATE.sub("\ufffd", line))
                    reasons.append(NOT_UTF8)
                    fields.append([])
                else:
                    lines.append(line)
                    reasons.append(None)
                    fields.append([self._value(value) for value in values])
            yield pa.RecordBatch.from_pydict({LINE: lines, REASON: reasons, FIELDS: fields}, FIELDS_SCHEMA)

    def _rows(self) -> Iterator[list[tuple[str, list[str]]]]:
        """Batches of (row as sent, its fields before NULL and escapes are looked at); no empty rows."""
        splitter = RowSplitter(
            self._options.column_separator, self._options.line_delimiter, self._options.enclose, self._options.escape
        )
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        text, skip, first = "", self._options.skip_lines, self._options.skip_lines == 0
        with self._path.open("rb") as file:
            last = False
            while not last:
                block = file.read(BLOCK_BYTES)
                last = not block
                text += decoder.decode(block, last)
                if first:
                    text = text.removeprefix(BOM.decode())
                    first = not text
                rows, at = splitter.split(text, complete=last)
                text = text[at:]
                check_length(len(text))
                if skip:
                    skip, rows = max(0, skip - len(rows)), rows[skip:]
                if rows := [row for row in rows if row[0]]:
                    yield rows

    def _value(self, text: str) -> str | None:
        options = self._options
        if options.empty_field_as_null and not text:
            return None
        trimmed = options.trim_double_quotes and len(text) >= 2 and text[0] == text[-1] == '"'
        if trimmed:
            text = text[1:-1]
        elif text == NULL_TEXT:
            return None
        return unescaped(text, options.escape, options.enclose) if options.escape else text


def unescaped(text: str, escape: str, enclose: str) -> str:
    """`text` without its escapes; of two `enclose` in a row one is left. An escape at the very end is dropped."""
    if escape not in text and not (enclose and enclose * 2 in text):
        return text
    kept = []
    taking = False
    for at, char in enumerate(text):
        starts = char == escape or (enclose and text.startswith(enclose * 2, at))
        taking = bool(starts) and not taking
        if not taking:
            kept.append(char)
    return "".join(kept)


class RowSplitter:
    """Finds rows and fields where fields may be enclosed."""

    def __init__(self, separator: str, delimiter: str, enclose: str, escape: str) -> None:
        self._separator = separator
        self._delimiter = delimiter
        self._enclose = enclose
        # Doris compares with the byte 0 when no escape is given, and so takes NUL for one.
        self._escape = escape or "\0"
        self._mark = re.compile(f"(?P<separator>{re.escape(separator)})|{re.escape(delimiter)}")
        self._special = re.compile(f"[{re.escape(enclose + self._escape)}]")

    def split(self, text: str, *, complete: bool) -> tuple[list[tuple[str, list[str]]], int]:
        """The rows of `text` and where what is left begins. `complete`: the last row needs no delimiter."""
        rows: list[tuple[str, list[str]]] = []
        start = 0
        while start < len(text):
            end = text.find(self._delimiter, start)
            row = self._plain(text, start, end) if end >= 0 or complete else None
            if row is None:
                found = self._row(text, start, complete=complete)
                if found is None:
                    break
                row, end = found
            rows.append(row)
            start = len(text) if end < 0 else end + len(self._delimiter)
        return rows, start

    def _plain(self, text: str, start: int, end: int) -> tuple[str, list[str]] | None:
        """The row up to the next delimiter, unless it may have an enclosed field."""
        line = self._line(text, start, len(text) if end < 0 else end, ended=end >= 0)
        if self._enclose and self._enclose in line:
            return None
        return line, line.split(self._separator)

    def _row(self, text: str, start: int, *, complete: bool) -> tuple[tuple[str, list[str]], int] | None:
        """The row at `start` and where its delimiter is (-1 at the end of the text); None where it is not complete."""
        bounds: list[tuple[int, int]] = []
        at = start
        while True:
            begin = at
            if self._enclose and text.startswith(self._enclose, at):
                at = self._after_enclosed(text, at + 1)
            mark = self._mark.search(text, at) if at < len(text) else None
            if mark is None:
                if not complete:
                    return None
                end = -1
                break
            if mark["separator"] is None:
                end = mark.start()
                break
            bounds.append((begin, mark.start()))
            at = mark.end()
        line = self._line(text, start, len(text) if end < 0 else end, ended=end >= 0)
        bounds.append((begin, start + len(line)))
        return (line, [self._trimmed(text[low:high]) for low, high in bounds]), end

    def _after_enclosed(self, text: str, at: int) -> int:
        """Where the enclosed part of a field is over; the length of the text where it has no end."""
        escaping = closing = False
        while at < len(text):
            if not (escaping or closing):
                special = self._special.search(text, at)
                if special is None:
                    return len(text)
                at = special.start()
            char = text[at]
            if char == self._escape:
                escaping = not escaping
            elif escaping:
                escaping = False
            elif char == self._enclose:
                closing = not closing
            elif closing:
                return at
            at += 1
        return at

    def _line(self, text: str, start: int, end: int, *, ended: bool) -> str:
        if ended and self._delimiter == "\n" and end > start and text[end - 1] == "\r":
            end -= 1
        return text[start:end]

    def _trimmed(self, field: str) -> str:
        enclosed = len(field) > 1 and field.startswith(self._enclose) and field.endswith(self._enclose)
        return field[1:-1] if self._enclose and enclosed else field
