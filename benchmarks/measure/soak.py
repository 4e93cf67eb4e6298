"""64 connections, 10,000 statements each: none lost, none answered to the wrong session, memory back to its level.

.venv/bin/python -m benchmarks.measure.soak [--connections 64] [--statements 10000]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

import aiomysql

from benchmarks.measure.server import Running, warehouse

#: Memory may stay this much above its level before the run: allocators keep some of what they once had.
KEPT_MB = 150


async def client(server: Running, number: int, statements: int) -> int:
    """Ask `statements` questions that only this client's session can answer. Returns how many were answered wrongly."""
    connection = await aiomysql.connect(host="127.0.0.1", port=server.mysql_port, user="root", password=server.password)
    wrong = 0
    try:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT connection_id()")
            (own,) = await cursor.fetchone()
            await cursor.execute(f"SET @me = {number}")
            for step in range(statements):
                token = number * 1_000_000 + step
                if step % 100:
                    await cursor.execute(f"SELECT {token}, {token} + 1")
                    wrong += await cursor.fetchall() != ((token, token + 1),)
                else:
                    await cursor.execute("SELECT connection_id(), @me")
                    wrong += await cursor.fetchall() != ((own, number),)
    finally:
        connection.close()
    return wrong


async def run(server: Running, connections: int, statements: int) -> int:
    # One small round first, so that pools and caches have their size.
    await asyncio.gather(*(client(server, number, 20) for number in range(connections)))
    before = server.rss_mb
    started = time.perf_counter()
    wrong = sum(await asyncio.gather(*(client(server, number, statements) for number in range(connections))))
    seconds = time.perf_counter() - started
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM __internal_schema.audit_log WHERE stmt LIKE 'SELECT%,%'")
        (audited,) = cursor.fetchone() or (0,)
    after = server.rss_mb
    total = connections * statements
    print(f"connections {connections}, statements {total}, {total / seconds:.0f} statements/s, {seconds:.0f} s")
    print(f"answered wrongly or lost: {wrong}; in the audit log: {audited}")
    print(f"server memory before {before:.0f} MB, after {after:.0f} MB")
    return int(wrong > 0 or after > before + KEPT_MB)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--statements", type=int, default=10_000)
    options = parser.parse_args()
    with warehouse() as server:
        return asyncio.run(run(server, options.connections, options.statements))


if __name__ == "__main__":
    sys.exit(main())
