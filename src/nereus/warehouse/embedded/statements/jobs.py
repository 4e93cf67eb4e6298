"""CREATE, PAUSE, RESUME and DROP JOB, and CANCEL TASK: INSERT statements that run by themselves."""

from __future__ import annotations

from datetime import datetime

from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import find, statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.jobs.service import Job
from nereus.warehouse.embedded.materialized.tasks import now_text
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.reader import Reader

_UNITS = ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK")
#: Doris keeps names that begin so to itself.
_RESERVED = "inner_"


@statement("CREATE JOB", kind="CREATE")
def create(session: Session, text: str) -> Ok:
    """CREATE JOB name ON SCHEDULE EVERY n unit [STARTS t] [ENDS t] | AT t [COMMENT c] DO INSERT ..."""
    _check_admin(session)
    reader = Reader.after(text, "CREATE", "JOB")
    name = reader.dotted()[-1]
    reader.expect_word("ON")
    if reader.token.word == "STREAMING":
        raise Refused("CREATE JOB ... ON STREAMING", "Write ON SCHEDULE EVERY n MINUTE.")
    reader.expect_word("SCHEDULE")
    every, unit, ends, immediate = 0, "", "", False
    starts = now_text()
    if reader.accept_word("EVERY"):
        every, unit = reader.integer(), reader.name().upper()
        if unit not in _UNITS:
            raise DorisError(f"Invalid interval time unit: {unit}")
        if unit == "SECOND":
            raise DorisError("Interval time unit can not be second in production mode")
        if every <= 0:
            raise DorisError("interval must be greater than 0")
        if reader.accept_word("STARTS"):
            immediate = reader.accept_word("CURRENT_TIMESTAMP")
            starts = starts if immediate else _future(reader.string(), "startTimeMs")
        if reader.accept_word("ENDS"):
            ends = _future(reader.string(), "end time")
    else:
        reader.expect_word("AT")
        immediate = reader.accept_word("CURRENT_TIMESTAMP")
        starts = starts if immediate else _future(reader.string(), "startTimeMs")
    comment = reader.comment() or ""
    reader.expect_word("DO")
    sql = reader.tail()
    if name.startswith(_RESERVED):
        raise DorisError(f"job name can not start with {_RESERVED}")
    if find(sql).kind != "INSERT":
        raise DorisError(f"Not support this sql : {sql}")
    job = Job(
        0,
        name,
        session.current_database(),
        session.identity.name,
        session.host,
        sql,
        starts,
        every,
        unit,
        ends,
        comment,
    )
    session.warehouse.jobs.create(job, immediate=immediate)
    return Ok()


@statement("PAUSE JOB", "RESUME JOB", "DROP JOB", kind="ALTER")
def change(session: Session, text: str) -> Ok:
    """PAUSE | RESUME | DROP JOB [IF EXISTS] WHERE jobname = 'name'"""
    _check_admin(session)
    reader = Reader(text)
    verb = reader.advance().word
    reader.expect_word("JOB")
    if_exists = verb == "DROP" and reader.if_exists()
    reader.expect_word("WHERE")
    name = _named(reader, "jobname")
    reader.finish()
    jobs = session.warehouse.jobs
    try:
        if verb == "DROP":
            jobs.drop(name)
        else:
            jobs.set_status(name, "PAUSED" if verb == "PAUSE" else "RUNNING")
    except DorisError:
        if not if_exists:
            raise
    return Ok()


@statement("CANCEL TASK", kind="CANCEL")
def cancel(session: Session, text: str) -> Ok:
    """CANCEL TASK WHERE jobname = 'name' AND taskid = 1"""
    _check_admin(session)
    reader = Reader.after(text, "CANCEL", "TASK", "WHERE")
    name = _named(reader, "jobname")
    reader.expect_word("AND")
    key = reader.name()
    if key.lower() != "taskid":
        raise DorisError(f"should use WHERE taskId = 1, not {key}")
    reader.expect("=")
    task_id = reader.integer()
    reader.finish()
    session.warehouse.jobs.cancel(name, task_id)
    return Ok()


def _named(reader: Reader, key: str) -> str:
    given = reader.name()
    if given.lower() != key:
        raise DorisError(f"jobName should be used in the WHERE clause, not {given}")
    reader.expect("=")
    return reader.string()


def _future(text: str, what: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise DorisError(f"can not parse the time {text}") from None
    if moment < datetime.fromisoformat(now_text()):
        raise DorisError(f"{what} must be greater than current time")
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _check_admin(session: Session) -> None:
    session.check("ADMIN", error=missing("ADMIN"))
