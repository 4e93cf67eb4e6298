"""Readers of the cache of cold blocks beside each other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nereus.warehouse.embedded.tiers.cache import BlockCache, checksums
from nereus.warehouse.embedded.tiers.client import StoreError
from nereus.warehouse.embedded.tiers.model import BLOCK, RemoteFile

BLOCKS = 6


@pytest.fixture
def content() -> bytes:
    return b"".join(bytes([number]) * BLOCK for number in range(BLOCKS - 1)) + b"short"


@pytest.fixture
def file(content: bytes, tmp_path: Path) -> RemoteFile:
    source = tmp_path / "source"
    source.write_bytes(content)
    return RemoteFile("root/1/2/abc.parquet", 1, 2, "cold", 1, len(content), checksums(source), b"", ())


class Store:
    """Gives ranges of one content, each only when so many are asked for at once."""

    def __init__(self, content: bytes, together: int = 1) -> None:
        self.content = content
        self.asked: list[tuple[int, int]] = []
        self.meeting = threading.Barrier(together)

    def __call__(self, low: int, high: int) -> bytes:
        self.asked.append((low // BLOCK, -(-high // BLOCK)))
        self.meeting.wait(10)
        return self.content[low:high]


def test_readers_of_two_places_of_one_file_do_not_wait_for_each_other(
    tmp_path: Path, file: RemoteFile, content: bytes
) -> None:
    cache, store = BlockCache(tmp_path / "cache", 1 << 30), Store(content, together=2)
    with ThreadPoolExecutor(2) as readers:
        one = readers.submit(cache.read, file, 0, 2 * BLOCK, store)
        other = readers.submit(cache.read, file, 3 * BLOCK, file.size, store)
        assert one.result()[0] == content[: 2 * BLOCK]
        assert other.result()[0] == content[3 * BLOCK :]


def test_readers_of_one_place_fetch_it_once(tmp_path: Path, file: RemoteFile, content: bytes) -> None:
    cache, store, go = BlockCache(tmp_path / "cache", 1 << 30), Store(content), threading.Barrier(8)

    def read(number: int) -> tuple[bytes, int]:
        go.wait(10)
        return cache.read(file, number % 2 * BLOCK + 7, 4 * BLOCK, store)

    with ThreadPoolExecutor(8) as readers:
        answers = list(readers.map(read, range(8)))
    for number, (found, _) in enumerate(answers):
        assert found == content[number % 2 * BLOCK + 7 : 4 * BLOCK]
    blocks = sorted(block for low, high in store.asked for block in range(low, high))
    assert blocks == [0, 1, 2, 3]
    assert sum(fetched for _, fetched in answers) == 4 * BLOCK


def test_a_reader_that_fails_lets_the_next_try(tmp_path: Path, file: RemoteFile, content: bytes) -> None:
    cache, reached, fail = BlockCache(tmp_path / "cache", 1 << 30), threading.Event(), threading.Event()

    def broken(low: int, high: int) -> bytes:
        reached.set()
        assert fail.wait(10)
        raise StoreError("gone")

    with ThreadPoolExecutor(2) as readers:
        first = readers.submit(cache.read, file, 0, BLOCK, broken)
        assert reached.wait(10)
        second = readers.submit(cache.read, file, 0, BLOCK, Store(content))
        fail.set()
        with pytest.raises(StoreError, match="gone"):
            first.result()
        assert second.result() == (content[:BLOCK], BLOCK)


def test_what_cannot_be_kept_is_read_all_the_same(tmp_path: Path, file: RemoteFile, content: bytes) -> None:
    cache, store = BlockCache(tmp_path / "cache", BLOCK - 1), Store(content)
    with ThreadPoolExecutor(4) as readers:
        answers = [readers.submit(cache.read, file, 0, 3 * BLOCK, store) for _ in range(4)]
    assert {answer.result()[0] for answer in answers} == {content[: 3 * BLOCK]}
    assert cache.used == 0
