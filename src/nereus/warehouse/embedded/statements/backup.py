"""BACKUP and RESTORE: jobs between a database and a repository, and what SHOW and CANCEL say of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nereus.warehouse.embedded.catalog.names import check_label
from nereus.warehouse.embedded.ddl.properties import BACKENDS
from nereus.warehouse.embedded.denials import database_denied, missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.operations import backup, restore
from nereus.warehouse.embedded.operations.jobs import Job, plain
from nereus.warehouse.embedded.operations.repositories import information, snapshots
from nereus.warehouse.embedded.result import Ok, Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import STRING
from nereus.warehouse.embedded.statements.answers import known_database, like, named_database, words
from nereus.warehouse.embedded.statements.reader import Reader

_BACKUP = words(
    "JobId SnapshotName DbName State BackupObjs CreateTime SnapshotFinishedTime UploadFinishedTime "
    "FinishedTime UnfinishedTasks Progress TaskErrMsg Status Timeout"
)
_RESTORE = words(
    "JobId Label Timestamp DbName State AllowLoad ReplicationNum ReplicaAllocation ReserveReplica "
    "ReserveDynamicPartitionEnable RestoreObjs CreateTime MetaPreparedTime SnapshotFinishedTime "
    "DownloadFinishedTime FinishedTime UnfinishedTasks Progress TaskErrMsg Status Timeout"
)
_NOT_BRIEF = ("RestoreObjs", "Progress", "TaskErrMsg")
_TIMEOUT_S, _LEAST_S = 86_400, 600
#: Doris' default number of replicas.
_REPLICAS = "3"
_FLAGS = ("allow_load", "reserve_replica", "reserve_colocate", "reserve_dynamic_partition_enable")
_UNKNOWN_HERE = ("is_being_synced", "clean_tables", "clean_partitions", "atomic_restore", "force_replace")


@dataclass(frozen=True, slots=True)
class _Named:
    """One element of ON or EXCLUDE."""

    name: str
    partitions: tuple[str, ...] = ()
    alias: str | None = None

    def __str__(self) -> str:
        shown = f" PARTITIONS ({', '.join(self.partitions)})" if self.partitions else ""
        return f"[{self.name}{shown}{f' AS {self.alias}' if self.alias else ''}]"


@statement("BACKUP", kind="BACKUP")
def backup_snapshot(session: Session, text: str) -> Ok:
    """BACKUP SNAPSHOT [db.]label TO repository [ON | EXCLUDE (t [PARTITION (p)], ...)] [PROPERTIES (...)]: a job"""
    reader = Reader.after(text, "BACKUP", "SNAPSHOT")
    db, label = reader.table(session.database)
    reader.expect_word("TO")
    repo = reader.name()
    named, excluded = _objects(reader)
    properties = reader.properties()
    reader.finish()
    check_label(label)
    session.check("LOAD", db, error=missing("LOAD"))
    _check_objects(named)
    for one in named:
        if one.alias:
            raise DorisError(f"Can not set alias for table in Backup Command: {one}")
    timeout = _timeout(properties)
    kind, content = properties.pop("type", "full").upper(), properties.pop("content", "all").upper()
    if kind not in ("FULL", "INCREMENTAL"):
        raise DorisError(f"Invalid backup job type: {kind}")
    if content not in ("ALL", "METADATA_ONLY"):
        raise DorisError(f"Invalid backup job content:{content}")
    if properties:
        raise DorisError(f"Unknown backup job properties: [{', '.join(properties)}]")
    if content != "ALL":
        raise Refused("backups of definitions alone", "Keep what SHOW CREATE TABLE says.")
    operations = session.warehouse.operations
    repository = operations.repositories.find(repo)
    db = known_database(session, db)
    database = session.warehouse.catalog.database(db)
    if repository.read_only:
        raise DorisError(f"Repository {repo} is read only")
    chosen = backup.Chosen({one.name: one.partitions for one in named}, excluded=excluded)
    backup.check(database.relations, chosen)
    if label in snapshots(repository):
        if kind == "INCREMENTAL":
            raise DorisError("Currently does not support incremental backup")
        raise DorisError(f"Snapshot with name '{label}' already exist in repository")
    objects = named if named and not excluded else [_Named(name) for name in chosen.of(database.relations)]
    told = {"BackupObjs": ", ".join(map(str, objects))}
    engine = session.warehouse.engine
    job = Job(0, "BACKUP", database.id, db, label, timeout, told, repo)
    operations.start(job, lambda progress: backup.take(engine, repository, database.id, label, chosen, progress))
    return Ok()


@statement("RESTORE", kind="RESTORE")
def restore_snapshot(session: Session, text: str) -> Ok:
    """RESTORE SNAPSHOT [db.]label FROM repository [ON | EXCLUDE (t [PARTITION (p)] [AS u], ...)] PROPERTIES (...)"""
    reader = Reader.after(text, "RESTORE", "SNAPSHOT")
    db, label = reader.table(session.database)
    reader.expect("FROM")
    repo = reader.name()
    named, excluded = _objects(reader)
    properties = reader.properties()
    reader.finish()
    check_label(label)
    session.check("LOAD", db, error=missing("LOAD"))
    _check_objects(named)
    names = [one.name for one in named]
    for one in named:
        if one.alias and (one.alias in names or [other.alias for other in named].count(one.alias) > 1):
            raise DorisError(f"Duplicated alias name: {one.alias}")
    timeout = _timeout(properties)
    flags = {name: _flag(properties, name) for name in (*_FLAGS, *_UNKNOWN_HERE)}
    replicas = (
        properties.pop("replication_num", None) or properties.pop("replication_allocation", "").rpartition(":")[2]
    )
    timestamp = properties.pop("backup_timestamp", None)
    if timestamp is None:
        raise DorisError("Missing backup_timestamp property")
    version = properties.pop("meta_version", "0")
    if not version.lstrip("-").isdigit():
        raise DorisError(f"Invalid meta version format: {version}")
    if properties:
        raise DorisError(f"Unknown restore job properties: [{', '.join(properties)}]")
    for name in _UNKNOWN_HERE:
        if flags[name]:
            raise Refused(f"the property {name} of RESTORE", "DROP what is to go first.")
    replicas = replicas.strip() or _REPLICAS
    if not replicas.isdigit() or not 1 <= int(replicas) <= BACKENDS:
        raise DorisError(
            "replication num should be less than the number of available backends. "
            f"replication num is {replicas}, available backend num is {BACKENDS}"
        )
    operations = session.warehouse.operations
    repository = operations.repositories.find(repo)
    db = known_database(session, db)
    database = session.warehouse.catalog.database(db)
    body = information(repository, label, timestamp)
    if excluded and any(one.alias for one in named):
        raise DorisError("The table alias in exclude clause does not make sense")
    asked = {one.name: restore.Wanted(one.alias or one.name, one.partitions) for one in named}
    wanted = restore.chosen(body, asked, excluded=excluded)
    options = restore.Options(
        replicas,
        reserve_replica=flags["reserve_replica"],
        reserve_dynamic_partition=flags["reserve_dynamic_partition_enable"],
        reserve_colocate=flags["reserve_colocate"],
    )
    told = {
        "Timestamp": timestamp,
        "RestoreObjs": plain({"name": label, "database": body["database"], "olap_table_list": sorted(wanted)}),
        "ReplicationNum": replicas,
        **{name: str(flags[name]).lower() for name in _FLAGS},
    }
    engine, catalog = session.warehouse.engine, session.warehouse.catalog
    job = Job(0, "RESTORE", database.id, db, label, timeout, told, repo)
    operations.start(
        job,
        lambda progress: restore.give_back(engine, catalog, repository, db, body, wanted, options, progress),
    )
    return Ok()


def _objects(reader: Reader) -> tuple[list[_Named], bool]:
    """``[ON | EXCLUDE (t [PARTITION (p, ...)] [[AS] alias], ...)]``, and whether it is EXCLUDE."""
    excluded = reader.accept_word("EXCLUDE")
    if not excluded and not reader.accept("ON"):
        return [], False
    reader.expect("(")
    found: list[_Named] = []
    while True:
        parts = reader.dotted()
        if len(parts) > 1:
            raise DorisError(
                f"Cannot specify database name on backup objects: {parts[-1]}. Specify database name before label"
            )
        partitions: tuple[str, ...] = ()
        if reader.accept("PARTITION") or reader.accept_word("PARTITIONS"):
            partitions = reader.names()
        alias = reader.name() if reader.accept("AS") or reader.at_name() else None
        found.append(_Named(parts[0], partitions, alias))
        if not reader.accept(","):
            break
    reader.expect(")")
    return found, excluded


def _check_objects(named: list[_Named]) -> None:
    names = [one.name for one in named]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise DorisError(f"Duplicated table: {name}")


def _timeout(properties: dict[str, str]) -> int:
    given = properties.pop("timeout", None)
    if given is None:
        return _TIMEOUT_S
    if not given.lstrip("-").isdigit():
        raise DorisError(f"Invalid timeout format: {given}")
    if int(given) < _LEAST_S:
        raise DorisError("timeout must be at least 10 min")
    return int(given)


def _flag(properties: dict[str, str], name: str) -> bool:
    given = properties.pop(name, "false")
    if given.lower() not in ("true", "false"):
        raise DorisError(f"Invalid boolean property {name} value: {given}")
    return given.lower() == "true"


@statement("SHOW BACKUP", kind="SHOW")
def show_backup(session: Session, text: str) -> Result:
    """SHOW BACKUP [FROM db] [WHERE SnapshotName = 'l' | LIKE 'p']"""
    reader = Reader.after(text, "SHOW", "BACKUP")
    jobs = _jobs(session, reader, "BACKUP", "snapshotname", _BACKUP_WHERE)
    return text_rows(_BACKUP, [_backup_row(job) for job in jobs])


_BACKUP_WHERE = 'Where clause should looks like: SnapshotName = "your_snapshot_name",  or SnapshotName LIKE "matcher"'
_RESTORE_WHERE = 'Where clause should like: LABEL = "your_label_name",  or LABEL LIKE "matcher"'


def _backup_row(job: Job) -> list[object]:
    times = job.times
    head = [job.id, job.label, job.db, job.state, job.told["BackupObjs"], job.created]
    moments = [times.get("snapshot_finished"), times.get("upload_finished"), times.get("finished")]
    return [*head, *moments, *_work(job), "", job.status, job.timeout_s]


def _work(job: Job) -> tuple[str, str]:
    """What is left to do, and how far it is."""
    if job.over or not job.total:
        return "", ""
    return f"[{job.id}={job.total - job.done}]", f"[{job.id}: {job.done}/{job.total}]"


@statement("SHOW RESTORE", "SHOW BRIEF RESTORE", kind="SHOW")
def show_restore(session: Session, text: str) -> Result:
    """SHOW [BRIEF] RESTORE [FROM db] [WHERE LABEL = 'l' | LIKE 'p']"""
    reader = Reader.after(text, "SHOW")
    brief = reader.accept_word("BRIEF")
    reader.expect_word("RESTORE")
    rows = [_restore_row(job) for job in _jobs(session, reader, "RESTORE", "label", _RESTORE_WHERE)]
    shown = [at for at, name in enumerate(_RESTORE) if not (brief and name in _NOT_BRIEF)]
    return text_rows([_RESTORE[at] for at in shown], [[row[at] for at in shown] for row in rows])


def _restore_row(job: Job) -> list[object]:
    told, times = job.told, job.times
    allocation = f"tag.location.default: {told['ReplicationNum']}"
    head = [job.id, job.label, told["Timestamp"], job.db, job.state, told["allow_load"], told["ReplicationNum"]]
    middle = [allocation, told["reserve_replica"], told["reserve_dynamic_partition_enable"], told["RestoreObjs"]]
    prepared = times.get("meta_prepared")
    moments = [job.created, prepared, prepared, times.get("download_finished"), times.get("finished")]
    return [*head, *middle, *moments, *_work(job), "", job.status, job.timeout_s]


def _jobs(session: Session, reader: Reader, kind: str, key: str, where: str) -> list[Job]:
    db = named_database(session, reader.from_database(session.database))
    matches: Callable[[str], bool] = lambda _: True  # noqa: E731
    if reader.accept("WHERE"):
        if reader.name().lower() != key:
            raise DorisError(where)
        exact = not reader.accept("LIKE")
        if exact and not reader.accept("="):
            raise DorisError(where)
        value = reader.string() if reader.kind == STRING else ""
        if not value:
            raise DorisError(where)
        matches = value.__eq__ if exact else like(value)
    reader.finish()
    session.check("LOAD", db, error=database_denied(session, db))
    known = session.warehouse.catalog.snapshot().databases.get(db)
    jobs = session.warehouse.operations.listed(kind, known.id) if known else []
    return [job for job in jobs if matches(job.label)]


@statement("CANCEL BACKUP", "CANCEL RESTORE", kind="CANCEL")
def cancel(session: Session, text: str) -> Ok:
    """CANCEL BACKUP | RESTORE [FROM db]: the job that runs there"""
    reader = Reader.after(text, "CANCEL")
    kind = reader.advance().word
    db = reader.from_database(session.database)
    reader.finish()
    db = named_database(session, db)
    session.check("LOAD", db, error=missing("LOAD"))
    operations = session.warehouse.operations
    jobs = operations.listed(kind, session.warehouse.catalog.database(db).id)
    running = next((job for job in jobs if not job.over), None)
    if running is None:
        raise DorisError(f"No {kind.lower()} job is currently running")
    operations.cancel(running.id, "user cancelled")
    return Ok()
