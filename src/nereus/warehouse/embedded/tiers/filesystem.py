"""Remote files as DuckDB reads them: ``cold://statement/key``, served from memory, the cache or the store.

DuckDB asks for the footer of a Parquet file and for the chunks of the columns and row groups that a query needs;
nothing else is ever fetched. It is given no network: this is the one scheme that its locked configuration lets through,
and the names behind it are those that the warehouse itself keeps.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from fsspec import AbstractFileSystem

from nereus.warehouse.embedded.tiers.cache import BlockCache, check
from nereus.warehouse.embedded.tiers.client import Client, StoreError
from nereus.warehouse.embedded.tiers.model import BLOCK, NO_USAGE, RemoteFile, Usage

SCHEME = "cold"
#: Statement of reads that must come from the store itself.
UNCACHED = "uncached"
_NEVER = datetime(2000, 1, 1)
#: Usage that nobody asked for is dropped when there is so much.
_MOST_PENDING = 10_000


class ColdFiles(AbstractFileSystem):  # type: ignore[misc]
    """The file system that DuckDB is given. Every method may be called by any thread of the engine.

    Attributes:
        clients: gives the client of a resource by its name.
    """

    protocol = SCHEME
    cachable = False

    def __init__(self, cache: BlockCache | None = None) -> None:
        super().__init__()
        self.cache = cache
        self.clients: Callable[[str], Client] | None = None
        self._files: dict[str, RemoteFile] = {}
        self._usage: dict[str, Usage] = {}
        self._guard = threading.Lock()

    # What the warehouse says and asks

    def add(self, file: RemoteFile) -> None:
        """Let a file be read from now on."""
        self._files[file.key] = file

    def remove(self, key: str) -> None:
        file = self._files.pop(key, None)
        if file is not None and self.cache is not None:
            self.cache.forget(file)

    def resource_of(self, key: str) -> str:
        return self._files[key].resource

    def known(self) -> set[str]:
        return set(self._files)

    def take_usage(self, statement: str) -> Usage:
        """What a statement has read since this was last asked."""
        with self._guard:
            return self._usage.pop(statement, NO_USAGE)

    def bytes_at(self, path: str, start: int, stop: int) -> bytes:
        """The bytes of a file from `start` to before `stop`, counted for the statement in `path`."""
        statement, file = self._find(path)
        stop = min(stop, file.size)
        if start >= stop:
            return b""
        kept_from = file.size - len(file.tail)
        if start >= kept_from:
            return file.tail[start - kept_from : stop - kept_from]
        return self._read(statement, file, start, stop)

    def _read(self, statement: str, file: RemoteFile, start: int, stop: int) -> bytes:
        if self.clients is None or self.cache is None:
            raise StoreError("the object store is not set up")
        client = self.clients(file.resource)

        def fetch(low: int, high: int) -> bytes:
            found = client.read(file.key, low, high)
            if len(found) != high - low:
                raise StoreError(f"the file {file.key} in the object store {client.resource.place} was cut short")
            return found

        if statement == UNCACHED:
            low = start // BLOCK * BLOCK
            content = fetch(low, min(-(-stop // BLOCK) * BLOCK, file.size))
            for number in range(-(-len(content) // BLOCK)):
                check(file, low // BLOCK + number, content[number * BLOCK : (number + 1) * BLOCK])
            return content[start - low : stop - low]
        content, fetched = self.cache.read(file, start, stop, fetch)
        with self._guard:
            if len(self._usage) > _MOST_PENDING:
                self._usage.clear()
            so_far = self._usage.get(statement, NO_USAGE)
            self._usage[statement] = Usage(so_far.fetched + fetched, so_far.cached + max(0, len(content) - fetched))
        return content

    def _find(self, path: str) -> tuple[str, RemoteFile]:
        statement, _, key = path.removeprefix(f"{SCHEME}://").partition("/")
        file = self._files.get(key)
        if file is None:
            raise StoreError(f"the cooled rows in {key} are gone: the table has changed. Run the statement again.")
        return statement, file

    # What DuckDB asks

    def open(self, path: str, mode: str = "rb", *args: Any, **kwargs: Any) -> io.RawIOBase:  # noqa: ANN401
        if mode != "rb":
            raise PermissionError(path)
        return ColdFile(self, path, self._find(path)[1].size)

    def glob(self, path: str, **kwargs: Any) -> list[str]:  # noqa: ANN401
        return [path]

    def exists(self, path: str, **kwargs: Any) -> bool:  # noqa: ANN401
        return self.isfile(path)

    def isfile(self, path: str) -> bool:
        return path.removeprefix(f"{SCHEME}://").partition("/")[2] in self._files

    def size(self, path: str) -> int:
        return self._find(path)[1].size

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        return {"name": path, "size": self.size(path), "type": "file"}

    def modified(self, path: str) -> datetime:
        return _NEVER


class ColdFile(io.RawIOBase):
    """One open remote file."""

    def __init__(self, files: ColdFiles, path: str, size: int) -> None:
        self._files = files
        self._path = path
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        stop = self._size if size < 0 else self._at + size
        found = self._files.bytes_at(self._path, self._at, stop)
        self._at += len(found)
        return found
