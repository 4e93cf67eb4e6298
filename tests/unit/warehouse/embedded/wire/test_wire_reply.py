"""Answers made of results: which results are sent, how they end, and what an error does to them."""

import pyarrow as pa
import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Ok, ResultColumn, ResultSet
from nereus.warehouse.embedded.types import BIGINT
from nereus.warehouse.embedded.wire import packets
from nereus.warehouse.embedded.wire.reply import STEP_BYTES, Reply
from tests.unit.warehouse.embedded.wire import packets_read

COLUMNS = (ResultColumn("n", BIGINT),)
HEAD = [b"\x01", packets.column_definition(COLUMNS[0]), packets.eof()]


class Recorder:
    """Results whose batches and end are written down."""

    def __init__(self):
        self.log = []

    def rows(self, name, *batches, error=None):
        def produce():
            for numbers in batches:
                self.log.append(f"{name} reads")
                yield pa.RecordBatch.from_arrays([pa.array(numbers, pa.int64())], names=["n"])
            if error is not None:
                raise error
            self.log.append(f"{name} ends")

        return ResultSet(COLUMNS, produce())

    def results(self, *makers):
        try:
            for make in makers:
                result = make()
                if isinstance(result, Exception):
                    raise result
                yield result
        finally:
            self.log.append("closed")


def answer(reply):
    stream, done = b"", False
    while not done:
        pieces, done = reply.step()
        stream += b"".join(map(bytes, pieces))
    return packets_read.split(stream, 1)


def row(number):
    text = str(number).encode()
    return bytes([len(text)]) + text


def reply_of(*makers, count=1, recorder=None):
    recorder = recorder or Recorder()
    return Reply(recorder.results(*makers), statements=None if count is None else lambda: count)


def test_rows():
    record = Recorder()
    found = answer(reply_of(lambda: record.rows("a", [1, 2], [3]), recorder=record))
    assert found == [*HEAD, row(1), row(2), row(3), packets.eof()]
    assert record.log == ["a reads", "a reads", "a ends", "closed"]


def test_no_rows():
    assert answer(reply_of(lambda: Recorder().rows("a"))) == [*HEAD, packets.eof()]
    assert answer(reply_of(lambda: Recorder().rows("a", []))) == [*HEAD, packets.eof()]


def test_ok_and_no_statement_at_all():
    assert answer(reply_of(lambda: Ok(3, "info"))) == [packets.ok(3, "info")]
    assert answer(reply_of(count=0)) == [packets.ok()]
    assert answer(reply_of(count=None)) == [packets.ok()]


def test_an_error_before_the_first_rows_comes_without_columns():
    failure = DorisError("no")
    assert answer(reply_of(lambda: failure)) == [packets.error(failure)]
    assert answer(reply_of(lambda: Recorder().rows("a", error=failure))) == [packets.error(failure)]


def test_an_error_behind_rows_ends_them():
    failure = DorisError("no")
    found = answer(reply_of(lambda: Recorder().rows("a", [1], error=failure)))
    assert found == [*HEAD, row(1), packets.error(failure)]


def test_an_unexpected_error_is_told_without_a_traceback():
    (found,) = answer(reply_of(lambda: Recorder().rows("a", error=KeyError("x"))))
    assert b"KeyError" in found
    assert b"Traceback" not in found


def test_without_multi_statements_only_the_last_result_is_sent_and_all_run():
    record = Recorder()
    makers = (lambda: record.rows("a", [1]), Ok, lambda: record.rows("b", [2]))
    assert answer(reply_of(*makers, count=3, recorder=record)) == [*HEAD, row(2), packets.eof()]
    assert record.log == ["a reads", "a ends", "b reads", "b ends", "closed"]


def test_without_multi_statements_an_error_is_all_there_is():
    record, failure = Recorder(), DorisError("no")
    makers = (lambda: record.rows("a", [1]), lambda: failure, lambda: record.rows("b", [2]))
    assert answer(reply_of(*makers, count=3, recorder=record)) == [packets.error(failure)]
    assert "b reads" not in record.log


def test_with_multi_statements_every_result_is_sent_and_says_what_follows():
    record = Recorder()
    makers = (lambda: record.rows("a", [1]), lambda: Ok(2), lambda: record.rows("b", [2]))
    more = packets.MORE_RESULTS
    assert answer(reply_of(*makers, count=None, recorder=record)) == [
        *HEAD,
        row(1),
        packets.eof(more),
        packets.ok(2, status=more),
        *HEAD,
        row(2),
        packets.eof(),
    ]


def test_with_multi_statements_an_error_follows_the_results_before_it():
    failure = DorisError("no")
    found = answer(reply_of(lambda: Ok(1), lambda: failure, count=None))
    assert found == [packets.ok(1, status=packets.MORE_RESULTS), packets.error(failure)]


def test_a_long_answer_takes_steps_and_reads_no_further_than_asked():
    record = Recorder()
    full = list(range(10**9, 10**9 + 16_384))
    reply = reply_of(lambda: record.rows("a", full, full, full), recorder=record)
    pieces, done = reply.step()
    assert not done
    assert sum(map(len, pieces)) >= STEP_BYTES
    assert record.log == ["a reads"]
    reply.close()
    assert record.log == ["a reads", "closed"]


def test_a_client_that_is_gone_gets_no_further_statement():
    record = Recorder()
    reply = reply_of(lambda: record.rows("a", [1]), lambda: record.rows("b", [2]), count=None, recorder=record)
    reply.stopped = True
    answer(reply)
    assert "b reads" not in record.log


@pytest.mark.parametrize("count", [1, None])
def test_interpreter_exits_are_not_swallowed(count):
    reply = reply_of(lambda: Recorder().rows("a", error=SystemExit(1)), count=count)
    with pytest.raises(SystemExit):
        reply.step()
