"""One result on its way to a Flight client: run when its description is asked for, read when its ticket comes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.flight as fl

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.flight.arrow import as_texts, converted, schema_of, texts_schema_of
from nereus.warehouse.embedded.result import Ok, Result, ResultSet
from nereus.warehouse.embedded.session import Session

#: Largest message, about: clients refuse one of more than 16 MiB, as the driver that Doris' manual names does.
_MESSAGE_BYTES = 4 << 20

#: What Doris' frontend answers where there are no rows (SET, USE, DDL, INSERT).
_DONE = pa.table({"StatusResult": ["0"]})


def messages(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch as what is sent at once: wide rows travel in smaller groups, one at the least."""
    rows = max(1, batch.num_rows * _MESSAGE_BYTES // max(batch.nbytes, _MESSAGE_BYTES))
    for start in range(0, max(batch.num_rows, 1), rows):
        yield batch.slice(start, rows)


class Opened:
    """The result of a text, of whose statements one at the most may give rows.

    Attributes:
        handle: what the ticket names.
        schema: of the batches.
        context: of the call that fetches, once there is one.
    """

    def __init__(self, session: Session, text: str) -> None:
        """Run the text up to the first rows of its last statement. Raises DorisError."""
        self.handle = secrets.token_bytes(16)
        self.context: fl.ServerCallContext | None = None
        self._results = session.execute(text)
        self._rows: ResultSet | None = None
        self._stopped: DorisError | None = None
        try:
            self.schema, self._batches = self._read(session, self._last())
        except BaseException:
            self._close()
            raise

    def _last(self) -> Result | None:
        """The first result with rows, or the last without."""
        last: Result | None = None
        for result in self._results:
            last = result
            if isinstance(result, ResultSet):
                self._rows = result
                break
        return last

    def _read(self, session: Session, result: Result | None) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        if result is None or isinstance(result, Ok):
            return _DONE.schema, iter(_DONE.to_batches())
        columns = result.columns
        run = session.running
        if run is not None and run.route is not None and run.route.reads:
            schema = schema_of(columns, session.variables["time_zone"])
            return schema, (converted(batch, columns, schema) for batch in result.batches)
        schema = texts_schema_of(columns)
        return schema, (as_texts(batch, columns, schema) for batch in result.batches)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, once. Raises what stopped it: it never ends early in silence."""
        try:
            for batch in self._batches:
                for message in messages(batch):
                    yield message
                    if self._stopped is not None:
                        raise self._stopped
            if self._stopped is not None:
                raise self._stopped
            if next(self._results, None) is not None:
                raise DorisError("a Flight SQL request can hold one statement with a result only")
        finally:
            self._close()

    def stop(self, reason: DorisError) -> None:
        """End it from another thread than the one that reads, which then raises `reason`."""
        self._stopped = reason
        if self._rows is not None:
            self._rows.close()

    def _close(self) -> None:
        close: Callable[[], None] | None = getattr(self._results, "close", None)
        if close is not None:
            close()
