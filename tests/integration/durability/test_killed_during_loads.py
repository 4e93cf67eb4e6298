"""kill -9 at any moment of a load: what was acknowledged is there, everything else is not, and sending it again works.

NEREUS_KILL_LOADS sets how many loads are sent at least (12 by default).
"""

import io
import os
import random
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq

from nereus.errors import Failure
from tests.integration.durability.processes import BACK_WITHIN_S

LOADS = int(os.environ.get("NEREUS_KILL_LOADS", "12"))
ROWS = 4000
SEED = 4711


def body(kind, number):
    """All rows of one load carry its number."""
    if kind == "parquet":
        buffer = io.BytesIO()
        columns = {"k": list(range(ROWS)), "load_number": [number] * ROWS, "pad": ["x" * 60] * ROWS}
        pq.write_table(pa.table(columns), buffer)
        return buffer.getvalue(), {"format": "parquet"}
    lines = b"".join(b"%d,%d,%b\n" % (key, number, b"y" * 60) for key in range(ROWS))
    return lines, {"format": "csv", "column_separator": ","}


class Sender:
    """Sends loads of one kind into one table, one after the other, and remembers what became of them."""

    def __init__(self, table, kind, first):
        self.table, self.kind, self.next = table, kind, first
        self.acknowledged = set()
        self.unknown = set()

    def send(self, client, number):
        data, headers = body(self.kind, number)
        return client.stream_load("d", self.table, data, label=f"{self.table}_{number}", **headers)

    def run(self, client):
        """Until the warehouse is gone."""
        while True:
            number, self.next = self.next, self.next + 1
            self.unknown.add(number)
            try:
                result = self.send(client, number)
            except Failure:
                return
            assert result.loaded_rows == ROWS
            self.acknowledged.add(number)
            self.unknown.discard(number)


def complete(client, table):
    """The loads of which there are rows; each must be there as a whole and once."""
    found = client.query(f"select load_number, count(*) n, count(distinct k) ks from d.{table} group by load_number")
    assert all((row["n"], row["ks"]) == (ROWS, ROWS) for row in found), found
    return {row["load_number"] for row in found}


def check(client, senders):
    """Every acknowledged load is complete, every other absent or complete."""
    for sender in senders[:-1]:
        there = complete(client, sender.table)
        assert sender.acknowledged <= there
        assert there <= sender.acknowledged | sender.unknown
    # In the UNIQUE table the last load has replaced the rows of all the others.
    last = senders[-1]
    there = complete(client, last.table)
    assert len(there) <= 1
    assert there <= last.acknowledged | last.unknown
    assert not last.acknowledged or max(there) >= max(last.acknowledged)


def test_killed_loads_are_complete_or_absent(process):
    client, first_start = process.start()
    client.execute("create database d")
    columns = "(k int not null, load_number int, pad varchar(80))"
    for table, model in (("csv_rows", "duplicate"), ("parquet_rows", "duplicate"), ("newest", "unique")):
        client.execute(f"create table d.{table} {columns} {model} key(k) distributed by hash(k) buckets 1")
    senders = [Sender("csv_rows", "csv", 0), Sender("parquet_rows", "parquet", 0), Sender("newest", "csv", 0)]
    choose = random.Random(SEED)
    kills = 0
    while sum(sender.next for sender in senders) < LOADS or kills < LOADS // 6:
        threads = [threading.Thread(target=sender.run, args=(client,)) for sender in senders]
        for thread in threads:
            thread.start()
        time.sleep(choose.uniform(0.1, 1.0))
        process.kill()
        kills += 1
        for thread in threads:
            thread.join()
        client, seconds = process.start()
        assert seconds < first_start + BACK_WITHIN_S
        check(client, senders)
        assert list((process.folder / "data" / "spool").iterdir()) == []
        for sender in senders:
            resend(client, sender)
        check(client, senders)
    assert all(sender.acknowledged for sender in senders)


def resend(client, sender):
    """What got no answer is sent again under its label: it is loaded now, or was loaded before."""
    for number in sorted(sender.unknown):
        before = number in complete(client, sender.table)
        result = sender.send(client, number)
        assert result.already_loaded or result.loaded_rows == ROWS
        if sender.table != "newest":
            assert result.already_loaded == before
        sender.acknowledged.add(number)
    sender.unknown.clear()
