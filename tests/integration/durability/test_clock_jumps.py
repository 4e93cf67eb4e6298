"""The machine's clock jumps ahead and back: no row is lost or old, and views go on following their tables."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import not_run
from tests.integration.durability.processes import Process

JUMPS = (timedelta(days=40), timedelta(days=-40), timedelta(0))


@pytest.fixture
def clock(tmp_path):
    """A command that lets another run by a clock of its own, and what sets that clock off by so much."""
    libraries = list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        not_run("a clock that jumps", "apt-get install faketime")
    offset = tmp_path / "offset"

    def jump(by):
        offset.write_text(f"{by.total_seconds():+.0f}s\n")

    jump(timedelta(0))
    settings = {
        "LD_PRELOAD": libraries[0],
        "FAKETIME_TIMESTAMP_FILE": offset,
        "FAKETIME_NO_CACHE": 1,
        "FAKETIME_DONT_FAKE_MONOTONIC": 1,
    }
    return ("env", *(f"{name}={value}" for name, value in settings.items())), jump


def test_a_clock_that_jumps(clock, tmp_path):
    inside, jump = clock
    process = Process(tmp_path, inside)
    client, _ = process.start()
    try:
        client.execute("create database d")
        client.execute("create table d.t (k int) distributed by hash(k) buckets 1")
        client.execute(
            "create materialized view d.m build immediate refresh complete on commit "
            "distributed by random buckets 1 as select k % 2 odd, count(*) c from d.t group by k % 2"
        )
        for number, by in enumerate(JUMPS, 1):
            jump(by)
            (told,) = client.query("select utc_timestamp() t")
            assert abs(told["t"] - datetime.now(UTC).replace(tzinfo=None) - by) < timedelta(minutes=2)
            loaded = client.stream_load("d", "t", b"1\n2\n", format="csv", label=f"load_{number}")
            assert loaded.loaded_rows == 2
            assert client.stream_load("d", "t", b"1\n2\n", format="csv", label=f"load_{number}").already_loaded
            assert client.query("select count(*) n, sum(k) s from d.t") == [{"n": 2 * number, "s": 3 * number}]
            give_up = time.monotonic() + 30
            while client.query("select odd, c from d.m order by odd") != [{"odd": odd, "c": number} for odd in (0, 1)]:
                assert time.monotonic() < give_up, f"the view was not refreshed after a jump of {by}"
                time.sleep(0.1)
        process.kill()
        client, _ = process.start()
        assert client.query("select count(*) n, sum(k) s from d.t") == [{"n": 6, "s": 9}]
        assert client.stream_load("d", "t", b"1\n2\n", format="csv", label="load_1").already_loaded
    finally:
        process.end()
