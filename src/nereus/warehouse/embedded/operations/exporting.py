"""EXPORT: the rows of a table as files of an object store, written by a job."""

from __future__ import annotations

import secrets
from contextlib import closing
from typing import TYPE_CHECKING

from nereus.warehouse.embedded.operations import outfile
from nereus.warehouse.embedded.operations.jobs import Progress
from nereus.warehouse.embedded.result import ResultSet

if TYPE_CHECKING:
    from nereus.warehouse.embedded.warehouse import Warehouse


def export(
    warehouse: Warehouse, user: str, host: str, db: str, query: str, target: outfile.Target, progress: Progress
) -> outfile.Written:
    """Run the query in the user's name and write its rows. Raises DorisError."""
    with closing(warehouse.connect(user, host, database=db)) as session:
        progress.session = session
        progress.state("EXPORTING", over="started", total=1)
        name = f"{progress.job_id:x}-{secrets.token_hex(8)}"
        done: outfile.Written | None = None
        for result in session.execute(query):
            assert isinstance(result, ResultSet)  # noqa: S101 - a query gives rows
            outfile.check_columns(target, result.columns, session.variables["time_zone"])
            done = outfile.write(target, name, result.columns, result.batches, warehouse.engine.spool, progress.check)
        assert done is not None  # noqa: S101 - there is one query
        progress.session = None
        return done
