"""Repositories of backups: where they are, and what lies in them.

A repository is a folder of a bucket, called as Doris calls it. A snapshot is there once its information file is, which
is written last; the file's name carries the digest of its content, and the content the digest of every other file.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.operations.remote import Bucket, Place

_LAYOUT = "CREATE TABLE IF NOT EXISTS nereus.repositories (name VARCHAR NOT NULL, repository VARCHAR NOT NULL)"
_ROOT, _INFO, _SNAPSHOT, _CONTENT = "__palo_repository_", "__repo_info", "__ss_", "__ss_content_"
_JOB = "__info_"


@dataclass(frozen=True)
class Repository:
    """A repository as it was created; `place` is its location."""

    name: str
    id: int
    location: str
    read_only: bool
    created: str
    place: Place

    @property
    def root(self) -> str:
        """The prefix of everything in it."""
        above = self.place.key.strip("/")
        return f"{above}/{_ROOT}{self.name}/" if above else f"{_ROOT}{self.name}/"

    def content(self, label: str, timestamp: str) -> str:
        """The prefix of the files of one backup."""
        return f"{self.root}{_SNAPSHOT}{label}/{_CONTENT}{timestamp}/"

    def bucket(self) -> Bucket:
        return Bucket(self.place)


class Repositories:
    """Those that the warehouse knows, durable when a method returns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = threading.Lock()
        with closing(engine.cursor()) as cursor:
            cursor.execute(_LAYOUT)
            rows = cursor.execute("SELECT repository FROM nereus.repositories").fetchall()
        found = (_decoded(text) for (text,) in rows)
        self.known: Mapping[str, Repository] = {one.name: one for one in found}

    def find(self, name: str) -> Repository:
        """Raises DorisError for an unknown name."""
        found = self.known.get(name)
        if found is None:
            raise DorisError(f"Repository {name} does not exist")
        return found

    def add(self, repository: Repository) -> None:
        """Keep a repository. Raises DorisError for a name in use."""
        with self._guard:
            if repository.name in self.known:
                raise DorisError(
                    f"Failed to create repository: repository with same name already exist: {repository.name}"
                )
            self._write(
                lambda cursor: cursor.execute(
                    "INSERT INTO nereus.repositories VALUES (?, ?)", [repository.name, json.dumps(asdict(repository))]
                )
            )
            self.known = {**self.known, repository.name: repository}

    def remove(self, name: str) -> None:
        """Forget a repository; what lies in it stays."""
        with self._guard:
            self._write(lambda cursor: cursor.execute("DELETE FROM nereus.repositories WHERE name = ?", [name]))
            self.known = {key: one for key, one in self.known.items() if key != name}

    def _write(self, change: Callable[[duckdb.DuckDBPyConnection], object]) -> None:
        with closing(self._engine.cursor()) as cursor:
            cursor.begin()
            change(cursor)
            cursor.commit()


def _decoded(text: str) -> Repository:
    body = json.loads(text)
    return Repository(**{**body, "place": Place(**body["place"])})


def initialised(name: str, place: Place, created: str) -> str:
    """Make the repository's folder, or find it made; gives when it was made. Raises DorisError."""
    probe = Repository(name, 0, "", read_only=False, created=created, place=place)
    bucket = probe.bucket()
    key = f"{probe.root}{_INFO}"
    if bucket.find(key) is None:
        bucket.put(key, json.dumps({"name": name, "create_time": created}).encode())
        return created
    try:
        found = json.loads(bucket.get(key))
        named, made = str(found["name"]), str(found["create_time"])
    except (ValueError, KeyError, TypeError):
        raise DorisError(f"failed to read repo info file: {place.to(key).uri}") from None
    if named != name:
        raise DorisError(
            f"Invalid repository __repo_info, expected repo '{name}', but get name '{named}' from {place.to(key).uri}"
        )
    return made


def snapshots(repository: Repository) -> dict[str, dict[str, str]]:
    """The snapshots that are complete: label -> timestamp -> key of the information file."""
    found: dict[str, dict[str, str]] = {}
    for one in repository.bucket().list(repository.root):
        folder, _, file = one.key.removeprefix(repository.root).partition("/")
        if folder.startswith(_SNAPSHOT) and file.startswith(_JOB):
            timestamp = file.removeprefix(_JOB).partition(".")[0]
            found.setdefault(folder.removeprefix(_SNAPSHOT), {})[timestamp] = one.key
    return found


def put_information(repository: Repository, label: str, timestamp: str, body: Mapping[str, Any]) -> str:
    """Write the information file, which makes a snapshot complete; gives its key."""
    content = json.dumps(body, ensure_ascii=False, indent=1).encode()
    digest = hashlib.sha256(content).hexdigest()
    key = f"{repository.root}{_SNAPSHOT}{label}/{_JOB}{timestamp}.{digest}"
    repository.bucket().put(key, content)
    return key


def information(repository: Repository, label: str, timestamp: str) -> dict[str, Any]:
    """What is known of a snapshot. Raises DorisError for one that is not there or not as it was written."""
    key = snapshots(repository).get(label, {}).get(timestamp)
    if key is None:
        raise DorisError(
            f"Failed to get info of snapshot '{label}' because: file does not exist. Maybe specified wrong backup "
            "timestamp"
        )
    content = repository.bucket().get(key)
    if hashlib.sha256(content).hexdigest() != key.rpartition(".")[2]:
        raise DorisError(f"the information of snapshot '{label}' is damaged: its digest is not the one in its name")
    found: dict[str, Any] = json.loads(content)
    return found


def remove_incomplete(repository: Repository, label: str) -> None:
    """Delete what a backup of that label left that did not come to its end."""
    bucket = repository.bucket()
    folder = f"{repository.root}{_SNAPSHOT}{label}/"
    listed = list(bucket.list(folder))
    if not any(one.key.removeprefix(folder).startswith(_JOB) for one in listed):
        for one in listed:
            bucket.delete(one.key)
