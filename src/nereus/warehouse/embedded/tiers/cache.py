"""Blocks of remote files on the local disk: bounded, checked whenever they are read, the least used go first."""

from __future__ import annotations

import logging
import os
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from nereus.warehouse.embedded.tiers.client import StoreError
from nereus.warehouse.embedded.tiers.model import BLOCK, RemoteFile

_log = logging.getLogger(__name__)

#: Gives the bytes from one offset to before another.
Fetch = Callable[[int, int], bytes]


class BlockCache:
    """A folder that holds at most `limit` bytes of blocks, whatever happens.

    What does not fit, or cannot be written because the disk is full, is read from the store again the next time.
    A block whose checksum is wrong is thrown away and fetched again.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._limit = limit
        self._blocks: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0
        self._guard = threading.Lock()
        #: Blocks that a reader is fetching, and what is set when it has ended.
        self._coming: dict[str, threading.Event] = {}
        self._load()

    @property
    def used(self) -> int:
        """What lies in the folder now."""
        return self._bytes

    @property
    def limit(self) -> int:
        return self._limit

    def read(self, file: RemoteFile, start: int, stop: int, fetch: Fetch) -> tuple[bytes, int]:
        """Bytes of a file from `start` to before `stop`, and how many had to be fetched for them."""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        found: dict[int, bytes] = {}
        fetched = 0
        while missing := [number for number in range(first, last + 1) if not self._take(file, number, found)]:
            mine, coming = self._claim(file, missing)
            try:
                for low, high in _runs(mine):
                    content = fetch(low * BLOCK, min((high + 1) * BLOCK, file.size))
                    fetched += len(content)
                    for number in range(low, high + 1):
                        at = (number - low) * BLOCK
                        block = content[at : at + BLOCK]
                        check(file, number, block)
                        found[number] = block
                        self._put(_name(file, number), block)
            finally:
                self._release(file, mine)
            # Fetched by another reader meanwhile. If it failed, or nothing could be kept, they are missing again.
            for event in coming:
                event.wait()
        joined = found[first] if first == last else b"".join(found[number] for number in range(first, last + 1))
        return joined[start - first * BLOCK : stop - first * BLOCK], fetched

    def forget(self, file: RemoteFile) -> None:
        """Remove the blocks of a file that is gone."""
        with self._guard:
            prefix = _prefix(file)
            for name in [name for name in self._blocks if name.startswith(prefix)]:
                self._drop(name)

    def clear(self) -> None:
        with self._guard:
            for name in list(self._blocks):
                self._drop(name)

    def _claim(self, file: RemoteFile, numbers: list[int]) -> tuple[list[int], set[threading.Event]]:
        """Which blocks this reader fetches, and what tells the end of those that others are fetching."""
        mine, coming = [], set()
        with self._guard:
            ended = threading.Event()
            for number in numbers:
                name = _name(file, number)
                if self._there(name):
                    continue  # It has come since it was looked for.
                other = self._coming.setdefault(name, ended)
                if other is ended:
                    mine.append(number)
                else:
                    coming.add(other)
        return mine, coming

    def _release(self, file: RemoteFile, numbers: list[int]) -> None:
        with self._guard:
            for number in numbers:
                self._coming.pop(_name(file, number)).set()

    def _there(self, name: str) -> bool:
        # A block is counted before it is written: until its reader has released it, the file may not be whole.
        return name in self._blocks and name not in self._coming

    def _take(self, file: RemoteFile, number: int, found: dict[int, bytes]) -> bool:
        if number in found:
            return True
        name = _name(file, number)
        with self._guard:
            if not self._there(name):
                return False
            self._blocks.move_to_end(name)
        try:
            block = (self._folder / name).read_bytes()
            check(file, number, block)
        except (OSError, StoreError):
            with self._guard:
                self._drop(name)
            return False
        found[number] = block
        return True

    def _put(self, name: str, block: bytes) -> None:
        with self._guard:
            if len(block) > self._limit or name in self._blocks:
                return
            while self._bytes + len(block) > self._limit:
                self._drop(next(iter(self._blocks)))
            # Counted before it is there, so that the folder never holds more than is known.
            self._blocks[name] = len(block)
            self._bytes += len(block)
        try:
            (self._folder / name).write_bytes(block)
        except OSError as error:
            _log.warning("the cache of cooled rows cannot take a block: %s", error)
            with self._guard:
                self._drop(name)
        with self._guard:
            if name not in self._blocks:
                # It had to make room for another while it was written.
                (self._folder / name).unlink(missing_ok=True)

    def _drop(self, name: str) -> None:
        size = self._blocks.pop(name, None)
        if size is None:
            return
        self._bytes -= size
        (self._folder / name).unlink(missing_ok=True)

    def _load(self) -> None:
        """Take over what a former run left; their checksums are looked at when they are read."""
        entries = [(entry.stat(), entry) for entry in os.scandir(self._folder) if entry.is_file(follow_symlinks=False)]
        for status, entry in sorted(entries, key=lambda pair: pair[0].st_mtime):
            self._blocks[entry.name] = status.st_size
            self._bytes += status.st_size
        while self._bytes > self._limit:
            self._drop(next(iter(self._blocks)))


def check(file: RemoteFile, number: int, block: bytes) -> None:
    """Raise unless this is the block that was written."""
    expected = int.from_bytes(file.checksums[4 * number : 4 * number + 4], "little")
    if zlib.crc32(block) != expected:
        raise StoreError(
            f"the file {file.key} in the object store has changed: its block {number} has a wrong checksum. "
            "Restore the file from a backup of the bucket."
        )


def checksums(path: Path) -> bytes:
    """The checksum of each block of a file, as `RemoteFile` keeps them."""
    found = bytearray()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found += zlib.crc32(block).to_bytes(4, "little")
    return bytes(found)


def _prefix(file: RemoteFile) -> str:
    # The last part of a key is unique by itself.
    return f"{Path(file.key).stem}-"


def _name(file: RemoteFile, number: int) -> str:
    return f"{_prefix(file)}{number}"


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """``[1, 2, 5] -> [(1, 2), (5, 5)]``"""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
