"""The yardstick of the Flight port: pyarrow's own server that streams one DuckDB table, without sessions or rights.

python -m benchmarks.measure.bare_flight_server FILE    prints its port
"""

from __future__ import annotations

import sys
from typing import Any

import duckdb
import pyarrow.flight as fl

#: Rows of a batch, as many as the warehouse sends.
BATCH_ROWS = 16384


class Bare(fl.FlightServerBase):  # type: ignore[misc]
    """Any ticket is a query; its rows are streamed as DuckDB gives them."""

    def __init__(self, file: str) -> None:
        super().__init__("grpc://127.0.0.1:0")
        self._db = duckdb.connect(file, read_only=True, config={"threads": 2})

    def do_get(self, _context: fl.ServerCallContext, ticket: fl.Ticket) -> fl.FlightDataStream:
        cursor: Any = self._db.cursor()
        return fl.RecordBatchStream(cursor.execute(ticket.ticket.decode()).to_arrow_reader(BATCH_ROWS))


if __name__ == "__main__":
    server = Bare(sys.argv[1])
    print(server.port, flush=True)
    server.serve()
