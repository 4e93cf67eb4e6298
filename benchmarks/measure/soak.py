"""64 connections, 10,000 statements each: none lost, none answered to the wrong session, memory back to its level.

    .venv/bin/python -m benchmarks.measure.soak [--connections 64] [--statements 10000]

Every answer can be given by one session alone: it holds a number that nobody else asks for, or the session's own id and
user variable. The audit log must name every statement. Memory is compared with its level after a tenth of the work, so
that what pools and caches take once is not counted as growth.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable

import aiomysql

from benchmarks.measure.findings import Finding, at_most, holds, note, report, say
from benchmarks.measure.server import Running, warehouse

#: Allocators keep some of what they once had; a leak of 250 bytes a statement would exceed it.
KEPT_MB = 150.0
#: No single answer takes this long on a live service.
PATIENCE_SECONDS = 120.0


def measure(connections: int = 64, statements: int = 10_000) -> list[Finding]:
    with warehouse() as server:
        return asyncio.run(_run(server, connections, statements))


async def _run(server: Running, connections: int, statements: int) -> list[Finding]:
    say("warming up")
    await _all(server, connections, max(20, statements // 10))
    before, audited_before = server.rss_mb, _audited(server)
    say(f"{connections} connections run {statements} statements each")
    started = time.perf_counter()
    answers = await _all(server, connections, statements)
    seconds = time.perf_counter() - started
    audited, after, total = _audited(server) - audited_before, server.rss_mb, connections * statements
    answered, wrong = sum(one for one, _ in answers), sum(one for _, one in answers)
    return [
        holds("Statements answered", f"{answered:,} of {total:,}", "all", kept=answered == total),
        holds("Answered wrongly", f"{wrong:,}", "none", kept=wrong == 0),
        holds("In the audit log", f"{audited:,} of {total:,}", "all", kept=audited == total),
        at_most("Server memory after, above its level before", after - before, KEPT_MB, " MB", digits=0),
        note("Server memory", f"{before:.0f} MB before, {after:.0f} MB after"),
        note("Speed", f"{total / seconds:,.0f} statements/s over {connections} connections, {seconds:.0f} s"),
    ]


async def _all(server: Running, connections: int, statements: int) -> list[tuple[int, int]]:
    return await asyncio.gather(*(client(server, number, statements) for number in range(connections)))


async def client(server: Running, number: int, statements: int) -> tuple[int, int]:
    """Ask questions that only this session can answer. Returns how many were answered, and how many of them wrongly.

    A lost connection or an answer that does not come ends the client: what it had still to ask counts as lost.
    """
    answered = wrong = 0
    connection = await aiomysql.connect(host="127.0.0.1", port=server.mysql_port, user="root", password=server.password)
    try:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT connection_id()")
            own = (await cursor.fetchall())[0][0]
            await cursor.execute(f"SET @me = {number}")
            for step in range(statements):
                token = number * 1_000_000 + step
                texts = (f"SELECT {token} /* soak */, {token} + 1", ((token, token + 1),))
                if step % 100 == 0:
                    texts = ("SELECT connection_id() /* soak */, @me", ((own, number),))
                await _in_time(cursor.execute(texts[0]))
                rows = await cursor.fetchall()
                answered += 1
                wrong += tuple(map(tuple, rows)) != texts[1]
    except (OSError, TimeoutError, asyncio.IncompleteReadError, aiomysql.Error) as error:
        say(f"client {number} ended after {answered} statements: {type(error).__name__}: {error}")
    finally:
        connection.close()
    return answered, wrong


async def _in_time(work: Awaitable[object]) -> object:
    return await asyncio.wait_for(work, PATIENCE_SECONDS)


def _audited(server: Running) -> int:
    """How many of the clients' statements the audit log names."""
    rows = server.client.query(
        "SELECT COUNT(*) AS n FROM __internal_schema.audit_log WHERE stmt LIKE '%/* soak */%' AND state = 'EOF'"
        " AND stmt NOT LIKE '%audit_log%'"
    )
    return int(rows[0]["n"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--statements", type=int, default=10_000)
    return report("Many connections", measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
