"""SELECT ... INTO OUTFILE: the rows of a query as files of an object store."""

from __future__ import annotations

import re
from collections.abc import Callable

from nereus.warehouse.embedded.operations import outfile
from nereus.warehouse.embedded.result import Result, ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.parse import before_into
from nereus.warehouse.embedded.statements.answers import typed_rows
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.types import BIGINT, INT, VARCHAR

_MARK = re.compile(r"\bOUTFILE\b", re.IGNORECASE)
_COLUMNS = (
    ("FileNumber", INT),
    ("TotalRows", BIGINT),
    ("FileSize", BIGINT),
    ("URL", VARCHAR),
    ("WriteTimeSec", VARCHAR),
    ("WriteSpeedKB", VARCHAR),
)


def into_outfile(session: Session, text: str, run: Callable[[Session, str], Result]) -> ResultSet | None:
    """Run ``query INTO OUTFILE "s3://..." [FORMAT AS f] [PROPERTIES (...)]``; None where it is another query."""
    if _MARK.search(text) is None:
        return None
    at = before_into(text, sql_mode=session.variables["sql_mode"])
    if at is None:
        return None
    reader = Reader.after(text[at:], "INTO", "OUTFILE")
    path = reader.string()
    format_ = ""
    if reader.accept_word("FORMAT"):
        reader.expect_word("AS")
        format_ = reader.name()
    properties = reader.properties()
    reader.finish()
    target = outfile.target_of(path, format_, properties)
    result = run(session, text[:at])
    assert isinstance(result, ResultSet)  # noqa: S101 - a query gives rows
    name = session.running.query_id if session.running is not None else ""
    try:
        outfile.check_columns(target, result.columns, session.variables["time_zone"])
        done = outfile.write(
            target, name, result.columns, result.batches, session.warehouse.engine.spool, session.check_cancelled
        )
    finally:
        result.close()
    row = (done.files, done.rows, done.size, done.url, f"{done.seconds:.3f}", done.speed)
    return typed_rows(_COLUMNS, [row])
