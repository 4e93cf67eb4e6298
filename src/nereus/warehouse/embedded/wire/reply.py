"""From the results of a statement to the bytes of its answer. Runs in worker threads, one step at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence

import pyarrow as pa

from nereus.warehouse.embedded import failures
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok, Result, ResultColumn, ResultSet
from nereus.warehouse.embedded.wire import packets
from nereus.warehouse.embedded.wire.binary import encode_binary
from nereus.warehouse.embedded.wire.encode import encode_text, slices

_log = logging.getLogger(__name__)

#: A step ends when it has gathered so many bytes; a short answer is one step.
STEP_BYTES = 64 << 10

Piece = bytes | memoryview
Encode = Callable[[pa.RecordBatch, Sequence[ResultColumn], int], tuple[Piece, int]]


class Reply:
    """The answer to one command: packets numbered from `sequence` on.

    Args:
        results: what Session.execute gives.
        statements: counts the statements, of which the last one's result alone is sent; None sends every result,
            each but the last marked as followed by another, as a client with CLIENT_MULTI_STATEMENTS wants it.
        binary: rows in the binary protocol.
        cursor: the client wants to fetch rows later. Doris knows no cursors and sends all rows at once, which a driver
            that waits for a cursor takes for none; such a client gets an error in their place.
    """

    def __init__(
        self,
        results: Iterator[Result],
        *,
        statements: Callable[[], int] | None,
        binary: bool = False,
        cursor: bool = False,
        sequence: int = 1,
    ) -> None:
        self._results = results
        self._cursor = cursor
        self._statements = statements
        self._encode: Encode = encode_binary if binary else encode_text
        self._sequence = sequence
        self._pieces = self._safely()
        self.stopped = False

    def step(self) -> tuple[list[Piece], bool]:
        """The next bytes, and whether they were the last. Blocks while the engine works."""
        gathered: list[Piece] = []
        size = 0
        for piece in self._pieces:
            gathered.append(piece)
            size += len(piece)
            if size >= STEP_BYTES:
                return gathered, False
        return gathered, True

    def close(self) -> None:
        """Stop the engine's work. Only between steps."""
        self._pieces.close()

    def _safely(self) -> Generator[Piece, None, None]:
        """The pieces, or an error packet in place of the rest."""
        try:
            yield from self._all() if self._statements is None else self._last(self._statements())
        except GeneratorExit:
            raise
        except BaseException as error:
            yield self._packet(packets.error(failures.to_doris(error)))
            if not isinstance(error, Exception):
                raise
        finally:
            close = getattr(self._results, "close", None)
            if close is not None:
                close()

    def _last(self, statements: int) -> Generator[Piece, None, None]:
        """Run every statement, send the result of the last."""
        done = 0
        for result in self._results:
            done += 1
            if done == statements:
                yield from self._rows(result)
                yield self._end(result)
            elif isinstance(result, ResultSet):
                for _ in result.batches:
                    self._check()
            self._check()
        if done < max(statements, 1):
            yield self._packet(packets.ok())

    def _all(self) -> Generator[Piece, None, None]:
        """Send the result of every statement. That another one follows is known once it has run, or failed."""
        before: Result | None = None
        while True:
            try:
                result = next(self._results, None)
            except Exception:
                if before is not None:
                    yield self._end(before, packets.MORE_RESULTS)
                raise
            if before is not None:
                yield self._end(before, packets.MORE_RESULTS if result is not None else 0)
            elif result is None:
                yield self._packet(packets.ok())
            if result is None:
                return
            yield from self._rows(result)
            before = result
            self._check()

    def _rows(self, result: Result) -> Generator[Piece, None, None]:
        """Everything of a result but the packet that ends it."""
        if isinstance(result, Ok):
            return
        if self._cursor:
            raise Refused("cursors, as Doris has none", "Read the rows as they come: leave useCursorFetch out.")
        # The columns go out with the first rows: many drivers take an error behind the columns for an empty result.
        head: bytes | None = None
        for batch in result.batches:
            if head is None:
                head = self._head(result)
                yield head
            for part in slices(batch):
                data, self._sequence = self._encode(part, result.columns, self._sequence)
                yield data
            self._check()
        if head is None:
            yield self._head(result)

    def _head(self, result: ResultSet) -> bytes:
        head, self._sequence = packets.result_head(result.columns, self._sequence)
        return head

    def _end(self, result: Result, status: int = 0) -> bytes:
        if isinstance(result, Ok):
            return self._packet(packets.ok(result.affected_rows, result.info, status))
        return self._packet(packets.eof(status))

    def _packet(self, payload: bytes) -> bytes:
        framed, self._sequence = packets.framed([payload], self._sequence)
        return framed

    def _check(self) -> None:
        """A client that is gone gets no further statement."""
        if self.stopped:
            raise DorisError("the client is gone", 1317, "70100")
