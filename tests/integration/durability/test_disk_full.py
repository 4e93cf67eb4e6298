"""The disk of the data folder is full: one clear error, nothing acknowledged is lost, service goes on by itself."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from nereus.errors import Failure
from tests.conftest import not_run
from tests.integration.durability.processes import Process

DISK_MB = 160
ROWS = 20_000
SCRIPT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && exec sleep infinity'
#: Digits that do not compress.
PAD = "concat(md5(cast(number + {0} as varchar)), md5(cast(number * 7 + {0} as varchar)))"


@pytest.fixture
def disk(tmp_path):
    """A small file system in namespaces of its own: the command that runs others in it, and its folder from outside."""
    data = tmp_path / "data"
    data.mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", f"{DISK_MB}m", str(data)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        if holder.stdout.readline() != b"mounted\n":
            not_run("a full disk", "user namespaces: sysctl kernel.unprivileged_userns_clone=1, or run as root")
        enter = ("nsenter", "--user", "--mount", "--preserve-credentials", "--target", str(holder.pid))
        yield enter, Path(f"/proc/{holder.pid}/root") / data.relative_to("/")
    finally:
        holder.kill()
        holder.communicate()


def load(client, number):
    pad = PAD.format(number * ROWS)
    client.execute(f"insert into d.t (n, k, pad) select {number}, number, {pad} from numbers('number'='{ROWS}')")


def there(client):
    """Rows and a checksum of every load."""
    found = client.query("select n, count(*) c, sum(crc32(pad)) s from d.t group by n order by n")
    return {row["n"]: (row["c"], row["s"]) for row in found}


@pytest.mark.parametrize("left", [4_000_000, 0], ids=["nearly full", "full"])
def test_a_full_disk(disk, tmp_path, left):
    inside, folder = disk
    process = Process(tmp_path, inside)
    client, _ = process.start()
    try:
        client.execute("create database d")
        client.execute("create table d.t (n int, k bigint, pad varchar(80)) distributed by hash(k) buckets 1")
        load(client, 0)
        before = there(client)
        free = os.statvfs(folder)
        filler = folder / "filler"
        # The warehouse writes beside it.
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            file.write(bytes(free.f_bavail * free.f_frsize - left))
        number, refused = 1, None
        while refused is None:
            assert number < 40
            try:
                load(client, number)
            except Failure as error:
                refused = error
            else:
                before = there(client)
                number += 1
        assert "disk" in str(refused).lower()
        assert "Traceback" not in str(refused)
        if left:
            assert there(client) == before
        filler.unlink()
        client = back(process, client)
        assert there(client) == before
        load(client, number)
        assert there(client)[number][0] == ROWS
        process.running.send_signal(signal.SIGKILL)
        process.running.wait()
        client, _ = process.start()
        assert {n: there(client)[n] for n in before} == before
    finally:
        process.end()


def back(process, client):
    """The warehouse, which still answers, or the one that its supervisor would start after it ended by itself."""
    with suppress(Failure):
        client.query("select count(*) from d.t")
        return client
    assert process.running.wait(30) == 1
    process.running.stdout.close()
    return process.start()[0]
