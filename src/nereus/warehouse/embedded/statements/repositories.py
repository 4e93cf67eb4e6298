"""CREATE, DROP and SHOW REPOSITORY, and SHOW SNAPSHOT: where backups are, and which."""

from __future__ import annotations

import json
import re

from nereus.warehouse.embedded.catalog.names import COMMON
from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.operations.jobs import now_text
from nereus.warehouse.embedded.operations.remote import RemoteError, place_of, store_properties
from nereus.warehouse.embedded.operations.repositories import Repository, information, initialised, snapshots
from nereus.warehouse.embedded.result import Ok, Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import STRING
from nereus.warehouse.embedded.statements.reader import Reader

_COLUMNS = ["RepoId", "RepoName", "CreateTime", "IsReadOnly", "Location", "Broker", "Type", "ErrMsg"]
_WHERE = (
    "Where clause should looks like: SNAPSHOT = 'your_snapshot_name' [AND TIMESTAMP = '2018-04-18-19-19-10'] "
    "[AND SNAPSHOTTYPE = 'remote' | 'local']"
)


@statement("CREATE REPOSITORY", "CREATE READ ONLY REPOSITORY", kind="CREATE")
def create_repository(session: Session, text: str) -> Ok:
    """CREATE [READ ONLY] REPOSITORY name WITH S3 ON LOCATION "s3://..." PROPERTIES (...)"""
    reader = Reader.after(text, "CREATE")
    read_only = reader.accept_words("READ", "ONLY")
    reader.expect_word("REPOSITORY")
    name = reader.name()
    reader.expect_word("WITH")
    kind = reader.advance().word
    if kind not in ("S3", "HDFS", "LOCAL", "BROKER"):
        reader.fail("{'BROKER', 'HDFS', 'LOCAL', 'S3'}")
    if kind != "S3":
        raise Refused(f"repositories WITH {kind}", "Write WITH S3 ON LOCATION.")
    reader.expect_word("ON")
    reader.expect_word("LOCATION")
    location = reader.string()
    properties = reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    if not re.fullmatch(COMMON, name):
        raise DorisError(f"Incorrect repository name '{name}'. Repository name regex is '{COMMON}'")
    store, others = store_properties(properties)
    if others:
        raise Refused(f"the property {next(iter(others))} of a repository")
    place = place_of(location.rstrip("/"), store)
    operations = session.warehouse.operations
    if name in operations.repositories.known:
        raise DorisError(f"Failed to create repository: repository with same name already exist: {name}")
    try:
        created = initialised(name, place, now_text())
    except DorisError as error:
        raise DorisError(f"Failed to create repository: {error.detail}") from error
    made = Repository(name, session.warehouse.catalog.new_id(), location, read_only, created, place)
    operations.repositories.add(made)
    return Ok()


@statement("DROP REPOSITORY", kind="DROP")
def drop_repository(session: Session, text: str) -> Ok:
    """DROP REPOSITORY name: forget it; the backups stay where they are"""
    reader = Reader.after(text, "DROP", "REPOSITORY")
    name = reader.name()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    operations = session.warehouse.operations
    if name not in operations.repositories.known:
        raise DorisError("Repository does not exist")
    if operations.uses(name):
        raise DorisError("Backup or restore job is running on this repository. Can not drop it")
    operations.repositories.remove(name)
    return Ok()


@statement("SHOW REPOSITORIES", kind="SHOW")
def show_repositories(session: Session, text: str) -> Result:
    """SHOW REPOSITORIES; of their keys nothing is shown"""
    session.check("ADMIN", error=missing("ADMIN"))
    Reader.after(text, "SHOW", "REPOSITORIES").finish()
    rows = [
        [one.id, one.name, one.created, str(one.read_only).lower(), one.location, "-", "S3", None]
        for one in session.warehouse.operations.repositories.known.values()
    ]
    return text_rows(_COLUMNS, rows)


@statement("SHOW SNAPSHOT", kind="SHOW")
def show_snapshot(session: Session, text: str) -> Result:
    """SHOW SNAPSHOT ON repository [WHERE SNAPSHOT = 's' [AND TIMESTAMP = 't']]"""
    reader = Reader.after(text, "SHOW", "SNAPSHOT", "ON")
    name = reader.name()
    given = _where(reader) if reader.accept("WHERE") else {}
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    label, timestamp = given.get("snapshot"), given.get("timestamp")
    if timestamp and not label:
        raise DorisError(_WHERE)
    if given.get("snapshottype", "remote").lower() == "local":
        raise Refused("snapshots of the type local", "Leave SNAPSHOTTYPE out.")
    repository = session.warehouse.operations.repositories.find(name)
    if label and timestamp:
        names = ["Snapshot", "Timestamp", "Database", "Details", "Status"]
        return text_rows(names, [_details(repository, label, timestamp)])
    try:
        found = snapshots(repository)
    except RemoteError as error:
        raise DorisError(f"Failed to list snapshot in repo: {name}, err: {error.detail}") from error
    rows: list[list[str | None]] = [
        [key, "\n".join(sorted(stamps)), "OK"] for key, stamps in sorted(found.items()) if label in (None, key)
    ]
    if label and not rows:
        rows = [[label, None, "ERROR: No info file found"]]
    return text_rows(["Snapshot", "Timestamp", "Status"], rows)


def _where(reader: Reader) -> dict[str, str]:
    given: dict[str, str] = {}
    while True:
        key = reader.name().lower()
        if key not in ("snapshot", "timestamp", "snapshottype") or not reader.accept("=") or reader.kind != STRING:
            raise DorisError(_WHERE)
        given[key] = reader.string()
        if not given[key] or (key == "snapshottype" and given[key].lower() not in ("remote", "local")):
            raise DorisError(_WHERE)
        if not reader.accept("AND"):
            return given


def _details(repository: Repository, label: str, timestamp: str) -> list[str | None]:
    try:
        body = information(repository, label, timestamp)
    except DorisError as error:
        return [label, timestamp, None, None, f"Failed to get info: {error.detail}"]
    tables = [
        {"name": one["name"], "partition_names": [p["partition"] for p in one["parts"]]} for one in body["tables"]
    ]
    brief = {
        "name": body["name"],
        "database": body["database"],
        "backup_time": timestamp,
        "content": "ALL",
        "olap_table_list": tables,
        "view_list": [{"name": one["name"]} for one in body["views"]],
        "odbc_table_list": [],
        "odbc_resource_list": [],
    }
    return [label, timestamp, body["database"], json.dumps(brief, ensure_ascii=False, indent=2), "OK"]
