"""A spooled file as batches of lines: the delimiter is any text, memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nereus.warehouse.embedded.http.failures import LoadFailed

#: What is read in one go. A batch holds the lines that end in it.
BLOCK_BYTES = 1 << 20
#: Longest row. A file without the delimiter it was declared to have would otherwise be one row.
LONGEST_ROW_BYTES = 128 << 20

BOM = b"\xef\xbb\xbf"


def read_lines(path: Path, delimiter: str = "\n", skip: int = 0) -> Iterator[list[bytes]]:
    """Batches of the lines that are not empty, without their delimiters.

    Where lines end with a line feed, one carriage return before it belongs to the delimiter. The first `skip` lines
    are left out, empty ones counted. A byte order mark at the start of the data is left out, unless it is in a line
    that was skipped. Raises LoadFailed for a line longer than LONGEST_ROW_BYTES.
    """
    end = delimiter.encode()
    rest = b""
    first = skip == 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            data = rest + block
            lines = (data.replace(b"\r\n", end) if end == b"\n" else data).split(end)
            rest = lines.pop()
            check_length(len(rest))
            if skip and lines:
                skip, lines = max(0, skip - len(lines)), lines[skip:]
            if first and lines:
                lines[0] = lines[0].removeprefix(BOM)
                first = False
            if b"" in lines:
                lines = [line for line in lines if line]
            if lines:
                yield lines
    if first:
        rest = rest.removeprefix(BOM)
    if rest and not skip:
        yield [rest]


def check_length(size: int) -> None:
    """Raise LoadFailed when an unfinished row of `size` bytes (or characters) is too long to go on with."""
    if size > LONGEST_ROW_BYTES:
        raise LoadFailed(
            "INTERNAL_ERROR",
            f"a row is longer than {LONGEST_ROW_BYTES >> 20} MB. It may be due to a wrong line_delimiter or enclose, "
            "or a very large row of data",
        )
