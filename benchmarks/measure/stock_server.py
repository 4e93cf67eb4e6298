"""A MySQL server over DuckDB exactly as mysql-mimic's own documentation builds one: the yardstick of fetch.py.

python -m benchmarks.measure.stock_server DATABASE.duckdb
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import duckdb
from mysql_mimic import MysqlServer, Session


class StockSession(Session):  # type: ignore[misc]
    """Runs the statement in DuckDB and gives all rows to mysql-mimic's encoder."""

    source: duckdb.DuckDBPyConnection

    async def query(self, expression: Any, sql: str, attrs: dict[str, str]) -> Any:  # noqa: ANN401
        cursor = self.source.cursor()
        cursor.execute(sql)
        return cursor.fetchall(), [column[0] for column in cursor.description]

    async def schema(self) -> dict[str, Any]:
        return {}


async def serve(file: str) -> None:
    StockSession.source = duckdb.connect(file, read_only=True)
    server = MysqlServer(session_factory=StockSession)
    await server.start_server(host="127.0.0.1", port=0)
    print(server._server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
