"""A body on its way to the engine: bounded, decompressed, never left behind."""

import errno
import gzip
import os
import stat

import pytest

from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.spool import Spool

ROWS = b"1\ta\n2\tb\n" * 5000


def spooled(folder, chunks, **options):
    spool = Spool(folder, **options)
    for chunk in chunks:
        spool.write(chunk)
    spool.finish()
    return spool


def split(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_keeps_a_body_as_it_came_for_its_owner_alone(tmp_path):
    spool = spooled(tmp_path, split(ROWS, 777))
    assert spool.path.read_bytes() == ROWS
    assert spool.received == spool.size == len(ROWS)
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600


def test_names_of_two_bodies_differ(tmp_path):
    assert Spool(tmp_path).path != Spool(tmp_path).path


def test_is_gone_after_removal_also_when_it_was_not_finished(tmp_path):
    finished, broken = spooled(tmp_path, [b"x"]), Spool(tmp_path)
    broken.write(b"half")
    for spool in (finished, broken):
        spool.remove()
        spool.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1, 10, 1 << 20])
def test_inflates_gzip_whatever_the_chunks(tmp_path, size):
    packed = gzip.compress(b"1\ta\n2\tb\n")
    spool = spooled(tmp_path, split(packed, size), gzip=True)
    assert spool.path.read_bytes() == b"1\ta\n2\tb\n"
    assert (spool.received, spool.size) == (len(packed), 8)


def test_inflates_archives_of_several_members_and_filled_up_ones(tmp_path):
    packed = gzip.compress(b"first\n") + gzip.compress(b"second\n") + b"\0" * 512
    assert spooled(tmp_path, split(packed, 7), gzip=True).path.read_bytes() == b"first\nsecond\n"


def test_an_empty_compressed_body_is_empty(tmp_path):
    assert spooled(tmp_path, [], gzip=True).size == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"plain text", "not gzip"),
        (gzip.compress(ROWS, mtime=0)[:-9], "ends before its end"),
        (gzip.compress(ROWS, mtime=0)[:40] + b"!!!!" + gzip.compress(ROWS, mtime=0)[44:], "not gzip"),
        (gzip.compress(ROWS) + b"trailing garbage", "not gzip"),
    ],
)
def test_refuses_broken_gzip(tmp_path, body, reason):
    with pytest.raises(LoadFailed, match=reason):
        spooled(tmp_path, split(body, 1000), gzip=True)


def test_refuses_a_body_beyond_the_limit(tmp_path):
    with pytest.raises(LoadFailed, match=r"E-217.*|exceeds the warehouse's limit of 1 MB"):
        spooled(tmp_path, [b"x" * 600_000] * 2, limit=1 << 20)


def test_a_bomb_stops_at_the_limit_and_not_at_its_full_size(tmp_path):
    bomb = gzip.compress(b"\0" * (64 << 20))
    spool = Spool(tmp_path, gzip=True, limit=2 << 20)
    with pytest.raises(LoadFailed, match="limit of 2 MB"):
        spool.write(bomb)
    assert spool.path.stat().st_size <= 2 << 20


def test_says_that_the_disk_is_full(tmp_path, monkeypatch):
    spool = Spool(tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(LoadFailed, match=r"no space left .* then send it again"):
        spool.write(b"x")


def test_says_that_the_folder_is_gone(tmp_path):
    with pytest.raises(LoadFailed, match="did not take the body: No such file"):
        Spool(tmp_path / "absent")
