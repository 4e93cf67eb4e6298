"""EXPORT TABLE, SHOW EXPORT and CANCEL EXPORT."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.catalog.names import check_label
from nereus.warehouse.embedded.denials import command_denied, database_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.operations import outfile
from nereus.warehouse.embedded.operations.exporting import export
from nereus.warehouse.embedded.operations.jobs import CANCELLED, FINISHED, Job, Progress, plain
from nereus.warehouse.embedded.result import Ok, Result
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import STRING
from nereus.warehouse.embedded.sql.parse import parse_expression
from nereus.warehouse.embedded.statements.answers import find, like, named_database, words
from nereus.warehouse.embedded.statements.filtering import filtered
from nereus.warehouse.embedded.statements.reader import Reader

_COLUMNS = words(
    "JobId Label State Progress TaskInfo Path CreateTime StartTime FinishTime Timeout ErrorMsg OutfileInfo"
)
_KEYS = {
    "label",
    "parallelism",
    "data_consistency",
    "columns",
    "max_file_size",
    "delete_existing_files",
    "column_separator",
    "line_delimiter",
    "timeout",
    "format",
    "with_bom",
    "compress_type",
}
_OF_FILES = (
    "max_file_size",
    "delete_existing_files",
    "column_separator",
    "line_delimiter",
    "with_bom",
    "compress_type",
)
_TIMEOUT_S = 7200
_BY_USER = "user cancel"
_MOST_PARTITIONS = 2000
_WHERE = (
    'Where clause should looks like below:  ID = $your_job_id, or STATE = "PENDING|EXPORTING|FINISHED|CANCELLED", '
    'or LABEL = "xxx" or LABEL like "xxx%"'
)


@statement("EXPORT", kind="EXPORT")
def export_table(session: Session, text: str) -> Ok:
    """EXPORT TABLE t [PARTITION (p, ...)] [WHERE c] TO "s3://..." [PROPERTIES (...)] WITH S3 (...): begins a job"""
    reader = Reader.after(text, "EXPORT", "TABLE")
    db, name = reader.table(session.database)
    partitions = reader.names() if reader.accept("PARTITION") else ()
    where = _condition(reader) if reader.accept("WHERE") else ""
    reader.expect_word("TO")
    path = reader.string().strip()
    properties = {key.lower(): value for key, value in reader.properties().items()}
    store: dict[str, str] | None = None
    if reader.accept("WITH"):
        kind = reader.name_or_string()
        if kind.upper() != "S3":
            raise Refused(f"EXPORT WITH {kind}", "Write WITH S3 (...).")
        store = reader.bracketed()
    reader.finish()
    session.check("SELECT", db, name, error=command_denied(session, "EXPORT", f"{db}: {name}"))
    found = find(session, db, name)
    if path.startswith("file:///"):
        raise DorisError("`enable_outfile_to_local` = false, exporting file to local fs is disabled.")
    for key in properties:
        if key not in _KEYS:
            raise DorisError(f"Invalid property key: [{key}]")
    if partitions:
        _check_partitions(found, name, partitions)
    if store is None:
        raise Refused("EXPORT without a store", 'Write TO "s3://bucket/path" ... WITH S3 (...).')
    label = properties.get("label", f"export_{uuid.uuid4()}")
    check_label(label)
    parallelism = _number(properties.get("parallelism", "1"), "The value of parallelism is invalid!")
    timeout = _number(properties.get("timeout", str(_TIMEOUT_S)), "The value of timeout is invalid!")
    consistency = properties.get("data_consistency", "partition").lower()
    if consistency not in ("none", "partition"):
        raise DorisError("The value of data_consistency is invalid, please use `partition`/`none`")
    format_ = properties.get("format", "csv").lower()
    target = outfile.target_of(
        path.rstrip("/") + "/", format_, {**store, **{key: properties[key] for key in _OF_FILES if key in properties}}
    )
    if where:
        parse_expression(where, sql_mode=session.variables["sql_mode"])
    columns = [one.strip() for one in properties.get("columns", "").lower().split(",") if one.strip()]
    query = _query(db, name, partitions, where, columns)
    outfile.check_columns(target, session.describe(query), session.variables["time_zone"])
    told = {
        "db": db,
        "tbl": name,
        **({"where expr": where} if where else {}),
        "partitions": list(partitions),
        "broker": "S3",
        "column_separator": target.separator,
        "format": format_,
        "with_bom": str(target.bom).lower(),
        "line_delimiter": target.delimiter,
        "columns": properties.get("columns"),
        "tablet_num": 1,
        "max_file_size": properties.get("max_file_size", ""),
        "delete_existing_files": properties.get("delete_existing_files", ""),
        "parallelism": parallelism,
        "data_consistency": consistency,
    }
    db_id = session.warehouse.catalog.database(db).id
    job = Job(0, "EXPORT", db_id, db, label, timeout, {"table": name, "TaskInfo": plain(told), "Path": path})
    session.warehouse.operations.start(job, _work(session, db, query, target))
    return Ok()


def _work(session: Session, db: str, query: str, target: outfile.Target) -> Callable[[Progress], dict[str, str]]:
    warehouse, user, host = session.warehouse, session.identity.name, session.host

    def work(progress: Progress) -> dict[str, str]:
        done = export(warehouse, user, host, db, query, target, progress)
        info = {
            "fileNumber": str(done.files),
            "totalRows": str(done.rows),
            "fileSize": str(done.size),
            "url": done.url,
            "writeTime": f"{done.seconds:.3f}",
            "writeSpeed": done.speed,
        }
        return {"OutfileInfo": f"[[{plain(info)}]]"}

    return work


def _condition(reader: Reader) -> str:
    """The text up to the TO that stands outside of parentheses."""
    start, depth = reader.token.start, 0
    while reader.kind != "end" and (depth or reader.token.word != "TO"):
        depth += (reader.kind == "(") - (reader.kind == ")")
        reader.advance()
    return reader.text[start : reader.token.start].strip()


def _check_partitions(found: object, name: str, partitions: tuple[str, ...]) -> None:
    if not isinstance(found, Table):
        raise DorisError(f"Table[{name}] is VIEW type, do not support export PARTITION.")
    if len(partitions) > _MOST_PARTITIONS:
        raise DorisError(
            "The partitions number of this export job is larger than the maximum number of partitions allowed by an "
            "export job"
        )
    if found.partitioning is None:
        raise DorisError(f"Table[{name}] is not partitioned.")
    known = {partition.name for partition in found.partitions}
    for partition in partitions:
        if partition not in known:
            raise DorisError(f"Partition [{partition}] does not exist in Table[{name}]")


def _query(db: str, name: str, partitions: tuple[str, ...], where: str, columns: list[str]) -> str:
    items = ", ".join(map(_quoted, columns)) or "*"
    text = f"SELECT {items} FROM {_quoted(db)}.{_quoted(name)}"
    if partitions:
        text += f" PARTITION ({', '.join(map(_quoted, partitions))})"
    # A comment at its end must not take what follows.
    return f"{text} WHERE ({where}\n)" if where else text


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _number(text: str, error: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise DorisError(error) from None


@statement("SHOW EXPORT", kind="SHOW")
def show_export(session: Session, text: str) -> Result:
    """SHOW EXPORT [FROM db] [WHERE ID = n | STATE = s | LABEL = l | LABEL LIKE p] [ORDER BY ...] [LIMIT n]"""
    reader = Reader.after(text, "SHOW", "EXPORT")
    db = named_database(session, reader.from_database(session.database))
    if not session.rights.sees_database(db):
        raise database_denied(session, db)
    matches = _filter(reader) if reader.accept("WHERE") else lambda _: True
    tail = reader.tail()
    known = session.warehouse.catalog.snapshot().databases.get(db)
    jobs = session.warehouse.operations.listed("EXPORT", known.id) if known else []
    rows = [_row(job) for job in jobs if matches(job) and session.rights.sees_table(db, job.told["table"])]
    return filtered(session, _COLUMNS, rows, tail, numbers=("JobId", "Timeout"))


def _row(job: Job) -> list[object]:
    percent = "100%" if job.state == FINISHED else "0%"
    cause = "USER_CANCEL" if job.error == _BY_USER else "RUN_FAIL"
    error = f"type:{cause}; msg:{job.error}" if job.state == CANCELLED else None
    return [
        job.id,
        job.label,
        job.state,
        percent,
        job.told["TaskInfo"],
        job.told["Path"],
        job.created,
        job.times.get("started"),
        job.times.get("finished"),
        job.timeout_s,
        error,
        job.told.get("OutfileInfo"),
    ]


def _filter(reader: Reader) -> Callable[[Job], bool]:
    key = reader.name().lower()
    if reader.accept("LIKE"):
        pattern = reader.string()
        if key != "label":
            raise DorisError(_WHERE)
        matcher = like(pattern)
        return lambda job: matcher(job.label)
    reader.expect("=")
    if key in ("id", "jobid") and reader.kind != STRING:
        number = reader.integer()
        return lambda job: job.id == number
    value = reader.string()
    if key == "label":
        return lambda job: not value or job.label == value
    if key != "state" or value.upper() not in ("PENDING", "EXPORTING", FINISHED, CANCELLED):
        raise DorisError(_WHERE)
    return lambda job: job.state == value.upper()


@statement("CANCEL EXPORT", kind="CANCEL")
def cancel_export(session: Session, text: str) -> Ok:
    """CANCEL EXPORT [FROM db] WHERE LABEL = l | LABEL LIKE p | STATE = s [AND | OR ...]"""
    reader = Reader.after(text, "CANCEL", "EXPORT")
    db = named_database(session, reader.from_database(session.database))
    reader.expect_word("WHERE")
    given: dict[str, str] = {}
    word = ""
    while True:
        key = reader.name().lower()
        if key not in ("label", "state") or key in given:
            raise DorisError(f"Current only support label and state, invalid column: {key}")
        if not (key == "label" and reader.accept("LIKE")):
            reader.expect("=")
        given[key] = reader.string()
        if word or reader.token.word not in ("AND", "OR"):
            break
        word = reader.advance().word
    reader.finish()
    state = given.get("state", "").upper()
    if state and state not in ("PENDING", "EXPORTING"):
        raise DorisError(f"Only support PENDING/EXPORTING, invalid state: {given['state']}")
    operations = session.warehouse.operations
    jobs = operations.listed("EXPORT", session.warehouse.catalog.database(db).id)
    found = [job for job in jobs if _meant(job, given, state, either=word == "OR")]
    if not found:
        raise DorisError("Export job(s) do not exist")
    found = [job for job in found if not job.over]
    if not found:
        raise DorisError("All export job(s) are at final state (CANCELLED/FINISHED)")
    for job in found:
        session.check("SELECT", db, job.told["table"])
    for job in found:
        operations.cancel(job.id, _BY_USER)
    return Ok()


def _meant(job: Job, given: Mapping[str, str], state: str, *, either: bool) -> bool:
    label = given.get("label")
    by_label = True
    if label:
        by_label = like(label)(job.label) if "%" in label else job.label.lower() == label.lower()
    by_state = not state or job.state == state
    return by_label or by_state if either else by_label and by_state
