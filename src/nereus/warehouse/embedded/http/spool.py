"""The body of a load on its way from the socket to the engine: a file of its own, bounded, gone afterwards."""

from __future__ import annotations

import errno
import os
import secrets
import zlib
from pathlib import Path

from nereus.warehouse.embedded.http.failures import LoadFailed

#: Largest body, and largest content of a compressed body (Doris' streaming_load_max_mb).
DEFAULT_LIMIT_BYTES = 10 * 1024**3
#: What is inflated in one go, so that a small body that inflates to a huge one takes no memory.
_PIECE = 1 << 20
_GZIP = 16 + zlib.MAX_WBITS


class Spool:
    """A file in the spool folder that takes a body chunk by chunk. Not for several threads at once.

    Attributes:
        received: bytes taken from the client.
        size: bytes in the file, after decompression.
    """

    def __init__(self, folder: Path, *, gzip: bool = False, limit: int = DEFAULT_LIMIT_BYTES) -> None:
        """Create the file, readable by the owner alone. Raises LoadFailed when the disk does not take it."""
        self.path = folder / secrets.token_hex(16)
        self.received = 0
        self.size = 0
        self._limit = limit
        self._inflate = zlib.decompressobj(_GZIP) if gzip else None
        try:
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _disk(error) from error
        self._open = True

    def write(self, chunk: bytes) -> None:
        """Add a piece of the body. Raises LoadFailed beyond the limit, on a full disk and for data that is not gzip."""
        self.received += len(chunk)
        if self.received > self._limit:
            raise self._too_large()
        if self._inflate is None:
            self._put(chunk)
        else:
            self._put_inflated(chunk)

    def finish(self) -> None:
        """Close the file for reading by the engine. Raises LoadFailed when compressed data ends too early."""
        self._close()
        if self._inflate is not None and self.received and not self._inflate.eof:
            raise LoadFailed("INTERNAL_ERROR", "the gzip data ends before its end")

    def remove(self) -> None:
        """Delete the file. Doing it twice changes nothing."""
        self._close()
        self.path.unlink(missing_ok=True)

    def _put_inflated(self, chunk: bytes) -> None:
        while chunk:
            assert self._inflate is not None  # noqa: S101
            if self._inflate.eof:
                # Zeros may fill up the end of an archive; anything else is a further member.
                if not chunk.strip(b"\0"):
                    return
                self._inflate = zlib.decompressobj(_GZIP)
            try:
                self._put(self._inflate.decompress(chunk, _PIECE))
            except zlib.error as error:
                raise LoadFailed("INTERNAL_ERROR", f"the body is not gzip: {error}") from error
            chunk = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail

    def _put(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise self._too_large()
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            raise _disk(error) from error

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._file)

    def _too_large(self) -> LoadFailed:
        limit = self._limit // 1024**2
        return LoadFailed(
            "E-217",
            f"body size exceeds the warehouse's limit of {limit} MB (compressed or not). Send the file in parts",
        )


def _disk(error: OSError) -> LoadFailed:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LoadFailed(
            "IO_ERROR", "no space left on the warehouse's disk to take the body. Free space, then send it again"
        )
    return LoadFailed("IO_ERROR", f"the warehouse's disk did not take the body: {error.strerror}")
