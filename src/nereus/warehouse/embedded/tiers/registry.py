"""Resources and storage policies as the catalogue keeps them, and Doris' rules for who may use which."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import duckdb

from nereus.warehouse.embedded.catalog.model import KeyModel, Table
from nereus.warehouse.embedded.catalog.snapshot import Snapshot
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.tiers import layout
from nereus.warehouse.embedded.tiers.client import Client
from nereus.warehouse.embedded.tiers.model import (
    POLICY_PROPERTY,
    ColdTable,
    ColdTables,
    RemoteFile,
    Resource,
    StoragePolicy,
    pieces,
    policy_of,
)


class Sender(Protocol):
    """Writes rows to a new file of the store (`mover.Mover`)."""

    def put(
        self, cursor: duckdb.DuckDBPyConnection, part: int, table: Table, select: str, resource: str
    ) -> RemoteFile: ...

    def recorded(self, keys: Iterable[str]) -> None: ...


class Tiers:
    """What is known of tiers beside the tables themselves. Changes are durable when a method returns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = threading.RLock()
        self._clients: dict[tuple[str, int], Client] = {}
        with closing(engine.cursor()) as cursor:
            cursor.execute(layout.LAYOUT)
            self.owner = layout.owner(cursor)
            self.resources: Mapping[str, Resource] = layout.read_resources(cursor)
            self.policies: Mapping[str, StoragePolicy] = layout.read_policies(cursor)
        engine.cold_files.clients = self.client
        self._sender: Sender | None = None

    def client(self, name: str) -> Client:
        """The client of a resource. Raises DorisError where it is gone."""
        resource = self.resources.get(name)
        if resource is None:
            raise DorisError(f"storage resource doesn't exist: {name}")
        key = (name, resource.version)
        with self._guard:
            if key not in self._clients:
                self._clients = {old: client for old, client in self._clients.items() if old[0] != name}
                self._clients[key] = Client(resource)
            return self._clients[key]

    def sender(self) -> Sender:
        """Who writes files to the store; known once the warehouse is open."""
        if self._sender is None:
            raise DorisError("the object store is not set up")
        return self._sender

    def send_by(self, sender: Sender) -> None:
        self._sender = sender

    # Resources

    def put_resource(self, resource: Resource) -> None:
        with self._guard:
            self._change(lambda cursor: layout.put_resource(cursor, resource))
            self.resources = {**self.resources, resource.name: resource}

    def drop_resource(self, name: str) -> None:
        """Raises DorisError while a policy uses it."""
        with self._guard:
            users = [f"{policy.name}@POLICY" for policy in self.policies.values() if policy.resource == name]
            if users:
                raise DorisError(f"Resource {name} is used by: {', '.join(users)}")
            self._change(lambda cursor: layout.remove_resource(cursor, name))
            self.resources = {key: value for key, value in self.resources.items() if key != name}

    # Policies

    def put_policy(self, policy: StoragePolicy) -> None:
        with self._guard:
            self._change(lambda cursor: layout.put_policy(cursor, policy))
            self.policies = {**self.policies, policy.name: policy}

    def drop_policy(self, name: str, tables: Iterable[Table]) -> None:
        """Raises DorisError while one of `tables`, which are all there are, uses it."""
        with self._guard:
            for table in tables:
                if any(piece.policy == name for piece in pieces(table)):
                    raise DorisError(f"the policy {name} is used by table: {table.name}")
            self._change(lambda cursor: layout.remove_policy(cursor, name))
            self.policies = {key: value for key, value in self.policies.items() if key != name}

    def _change(self, change: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
        with closing(self._engine.cursor()) as cursor:
            cursor.begin()
            change(cursor)
            cursor.commit()

    # Tables

    def check(self, table: Table, former: Table | None = None, cold: ColdTable | None = None) -> None:
        """Raise unless the policies that `table` and its partitions name may be used by it."""
        own = dict(table.properties).get(POLICY_PROPERTY, "")
        if former is not None:
            self._check_change(table, former, cold)
        self._check_moments(table, former)
        names = [own, *(policy_of(table, partition) for partition in table.partitions)]
        before = set() if former is None else {policy_of(former, partition) for partition in (None, *former.partitions)}
        for name in dict.fromkeys(names):
            if not name or name in before:
                continue
            if name not in self.policies:
                raise DorisError(f"Storage policy does not exist. name: {name}")
            if table.model is KeyModel.UNIQUE and _merge_on_write(table):
                verb = "create" if former is None else "set"
                raise DorisError(
                    f"Can not {verb} UNIQUE KEY table that enables Merge-On-write with storage policy({name})"
                )
            if table.model is not KeyModel.DUPLICATE:
                kind = "UNIQUE KEY" if table.model is KeyModel.UNIQUE else "AGGREGATE KEY"
                raise Refused(f"a storage policy on {kind} tables", "Use DUPLICATE KEY for facts that cool down.")

    def _check_moments(self, table: Table, former: Table | None) -> None:
        """A partition gets no policy of its own whose moment has passed."""
        before = {partition.id: partition.properties for partition in former.partitions} if former else {}
        now = datetime.now(UTC).replace(tzinfo=None)
        for partition in table.partitions:
            own = dict(partition.properties).get(POLICY_PROPERTY, "")
            policy = self.policies.get(own)
            if policy is None or policy.moment is None or policy.moment > now:
                continue
            if dict(before.get(partition.id, ())).get(POLICY_PROPERTY) != own:
                raise DorisError(
                    f"remote storage cool down time: {_milliseconds(policy.moment)} should later than now: "
                    f"{_milliseconds(now)}"
                )

    def _check_change(self, table: Table, former: Table, cold: ColdTable | None) -> None:
        """A policy that rows were moved by is left only for one of the same resource."""
        before = {piece.id: piece.policy for piece in pieces(former)}
        after = {piece.id: piece.policy for piece in pieces(table)}
        with_files = {file.partition_id for file in cold.files} if cold else set()
        alive = {partition.id for partition in table.partitions} or {table.id}
        for part in with_files & alive:
            old, new = self.policies.get(before.get(part, "")), self.policies.get(after.get(part, ""))
            if old is None or before.get(part) == after.get(part):
                continue
            if new is None and not after.get(part):
                raise DorisError("Cannot cancel storage policy for partition which is already on cold storage.")
            if new is not None and new.resource != old.resource:
                raise DorisError(
                    f"Do not support alter table's storage policy , this table [{table.name}] has storage policy "
                    f"{old.name}, the table need to be empty."
                )

    def renew(
        self,
        cursor: duckdb.DuckDBPyConnection,
        known: ColdTables,
        changed: Sequence[Table],
        cold: ColdTable | None,
    ) -> dict[int, ColdTable]:
        """Store, in the caller's transaction, the tiers of tables that get new definitions, and the new state `cold`.

        Gives the new states by table.
        """
        states = {} if cold is None else {cold.table.id: cold}
        for table in changed:
            self.check(table, known[table.id].table if table.id in known else None, known.get(table.id))
            state = states.get(table.id, known.get(table.id))
            if state is None:
                if not pieces(table):
                    continue
                state = ColdTable(table, 0, kept_from=time.monotonic())
            alive = {partition.id for partition in table.partitions} if table.partitioning else {table.id}
            files = tuple(file for file in state.files if file.partition_id in alive)
            states[table.id] = replace(state, table=table, files=files)
        new = {key: layout.put_table(cursor, known.get(key), state) for key, state in states.items()}
        for state in new.values():
            self.let_read(state.files)
            if self._sender is not None:
                self._sender.recorded(file.key for file in state.files)
        return new

    def load(self, snapshot: Snapshot) -> dict[int, ColdTable]:
        """The tiers of the tables of a catalogue that was just read."""
        relations = (relation for db in snapshot.databases.values() for relation in db.relations.values())
        with closing(self._engine.cursor()) as cursor:
            found = layout.read_tables(cursor, (relation for relation in relations if isinstance(relation, Table)))
        for cold in found.values():
            self.let_read(cold.files)
        return found

    def remove(self, cursor: duckdb.DuckDBPyConnection, cold: ColdTable | None) -> None:
        """Forget the tiers of a table that is dropped in the caller's transaction."""
        if cold is not None:
            layout.remove_table(cursor, cold)

    def let_read(self, files: Iterable[RemoteFile]) -> None:
        """Let the engine read these files from now on."""
        for file in files:
            self._engine.cold_files.add(file)


def _milliseconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _merge_on_write(table: Table) -> bool:
    return dict(table.properties).get("enable_unique_key_merge_on_write", "true") == "true"
