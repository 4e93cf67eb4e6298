"""A MySQL server over DuckDB exactly as mysql-mimic's own documentation builds one: the yardstick of fetch.py.

python -m benchmarks.measure.stock_server DATABASE.duckdb PORT
"""

from __future__ import annotations

import asyncio
import sys

import duckdb
from mysql_mimic import MysqlServer, Session


class StockSession(Session):
    """Runs the statement in DuckDB and gives all rows to mysql-mimic's encoder."""

    async def query(self, expression, sql, attrs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        cursor = CONNECTION.cursor()
        cursor.execute(sql)
        return cursor.fetchall(), [column[0] for column in cursor.description]

    async def schema(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return {}


CONNECTION = duckdb.connect(sys.argv[1], read_only=True) if len(sys.argv) == 3 else duckdb.connect()


async def serve(port: int) -> None:
    server = MysqlServer(session_factory=StockSession)
    await server.start_server(host="127.0.0.1", port=port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[2])))
