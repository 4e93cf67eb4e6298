"""Puts a use case into the warehouse and takes it out again. Safe to repeat: what is there stays as it is."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nereus.errors import BadInput, Failure
from nereus.usecases import checking, cooling, ops
from nereus.usecases.batches import Batch, batches_of
from nereus.usecases.model import Role, UseCase
from nereus.usecases.schema import MATERIALIZED, Object, objects_of
from nereus.warehouse.client import Queries, Session, Warehouse

#: How often it is asked whether a materialised view is refreshed, in seconds; and what it says until then.
_LOOK_S = 0.2
_UNDER_WAY = ("PENDING", "RUNNING")


@dataclass(frozen=True)
class Step:
    """What is being done; `done` of `total` where the total is known."""

    text: str
    done: int = 0
    total: int = 0

    def __str__(self) -> str:
        return f"{self.text} ({self.done} of {self.total})" if self.total else self.text


Tell = Callable[[Step], None]


@dataclass(frozen=True)
class Report:
    """What a deployment did. No changes: everything was in place, and nothing was loaded or checked anew."""

    usecase: UseCase
    changes: tuple[str, ...]
    loaded_rows: int
    checks: tuple[ops.CheckResult, ...]

    @property
    def bad_checks(self) -> tuple[ops.CheckResult, ...]:
        return tuple(result for result in self.checks if result.is_bad)


@dataclass(frozen=True)
class Deployment:
    """One use case and one warehouse.

    Attributes:
        admin: the user that creates databases, tables, roles and grants (root).
        loader: the user that loads and checks.
        cache: where slow-to-make data is kept between deployments.
        replication_num: copies of every tablet, as ``${replication_num}`` in the schema.
    """

    usecase: UseCase
    admin: Warehouse
    loader: Warehouse
    cache: Path
    replication_num: int = 1
    tell: Tell = field(default=lambda step: None)

    def run(self) -> Report:
        """Deploy. Raises BadInput for what does not fit together, Failure for what the warehouse refuses."""
        # What can be refused without the warehouse is refused before anything is changed.
        wanted = objects_of(self.usecase, {"replication_num": str(self.replication_num)})
        batches = batches_of(self.usecase, self.cache, lambda text: self.tell(Step(text)))
        with self.admin.session() as admin, self.loader.session() as loader:
            return _Run(self, admin, loader).run(wanted, batches)


class _Run:
    """One run of a deployment, over two connections."""

    def __init__(self, deployment: Deployment, admin: Session, loader: Session) -> None:
        self.usecase = deployment.usecase
        self.tell = deployment.tell
        self.replication_num = deployment.replication_num
        self.warehouse = deployment.loader
        self.admin = admin
        self.loader = loader

    def run(self, wanted: Sequence[Object], batches: Sequence[Batch]) -> Report:
        changes = [*ops.ensure(self.admin, self.replication_num), *self._database()]
        changes += self._objects(wanted)
        changes += self._roles()
        loaded = self._load(batches)
        changes += [f"table {self._name(table)}: {rows:,} rows loaded" for table, rows in loaded.items()]
        changes += cooling.cool(self.usecase, self.admin)
        changes += self._refresh()
        results: Sequence[ops.CheckResult] = ()
        if changes or not self._passed_before():
            results = checking.run(self.usecase, self.loader, lambda text: self.tell(Step(text)))
            changes.append(f"{len(results)} quality checks run")
        return Report(self.usecase, tuple(changes), sum(loaded.values()), tuple(results))

    def _name(self, name: str) -> str:
        return f"{self.usecase.database}.{name}"

    @cached_property
    def _deployed(self) -> dict[tuple[str, str], str]:
        return ops.objects(self.admin, self.usecase.name)

    def _database(self) -> Iterator[str]:
        if self.usecase.database not in ops.databases(self.admin):
            self.admin.execute(f"CREATE DATABASE IF NOT EXISTS `{self.usecase.database}`")
            yield f"database {self.usecase.database} created"

    def _objects(self, wanted: Sequence[Object]) -> Iterator[str]:
        """Create what is missing; renew views whose text changed; refuse tables whose text changed."""
        existing = ops.tables(self.admin, self.usecase.database)
        self._refuse_changed_tables(wanted, existing)
        for one in wanted:
            before = self._deployed.get((one.kind, one.name))
            if one.name in existing and before == one.digest:
                continue
            self.tell(Step(f"{one.kind.lower()} {one.name}"))
            if one.kind != "TABLE" and one.name in existing:
                self.admin.execute(f"DROP {one.kind} IF EXISTS `{self.usecase.database}`.`{one.name}`")
            if one.kind == "TABLE" and one.name not in existing:
                ops.forget_loads(self.admin, self.usecase.name, one.name)
            self.admin.execute(one.sql, database=self.usecase.database)
            ops.record_object(self.admin, self.usecase.name, self.usecase.database, one.kind, one.name, one.digest)
            yield f"{one.kind.lower()} {self._name(one.name)} {'renewed' if one.name in existing else 'created'}"

    def _refuse_changed_tables(self, wanted: Sequence[Object], existing: set[str]) -> None:
        for one in wanted:
            before = self._deployed.get((one.kind, one.name))
            if one.kind == "TABLE" and one.name in existing and before not in (None, one.digest):
                raise BadInput(
                    f"{self.usecase.name}/schema/{one.name}.sql differs from the table that is deployed.",
                    fix=f"Deploy it anew (nereus usecase remove {self.usecase.name}, then deploy), or undo the change.",
                )

    def _roles(self) -> Iterator[str]:
        existing = {str(row["Name"]) for row in self.admin.query("SHOW ROLES")} if self.usecase.roles else set()
        for role in self.usecase.roles:
            digest = hashlib.sha256(f"{self.usecase.database} {role!r}".encode()).hexdigest()
            before = self._deployed.get(("ROLE", role.name))
            if role.name in existing and before == digest:
                continue
            if role.name in existing:
                self.admin.execute(f"DROP ROLE '{role.name}'")
            self.tell(Step(f"role {role.name}"))
            for sql in _grants(role, self.usecase.database):
                self.admin.execute(sql)
            ops.record_object(self.admin, self.usecase.name, self.usecase.database, "ROLE", role.name, digest)
            yield f"role {role.name} {'renewed' if role.name in existing else 'created'}"

    def _load(self, batches: Sequence[Batch]) -> dict[str, int]:
        """Load what the warehouse does not have. Returns rows by table, of the tables that were loaded."""
        history = ops.loads(self.loader, self.usecase.name)
        present = {(load.table, load.part): load.digest for load in history if not load.removed}
        missing = [batch for batch in batches if (batch.table, batch.part) not in present]
        for batch in batches:
            if present.get((batch.table, batch.part), batch.digest) != batch.digest:
                raise BadInput(
                    f"use case {self.usecase.name}: {batch.table} holds another version of its part {batch.part}.",
                    fix=f"Its source has changed. To load it anew: nereus usecase remove {self.usecase.name}, "
                    "then deploy.",
                )
        rows: dict[str, int] = {}
        for number, batch in enumerate(missing):
            self.tell(Step(f"{batch.table} {batch.part}", number, len(missing)))
            generation = 1 + max(
                (load.generation for load in history if load.table == batch.table and load.removed), default=-1
            )
            rows[batch.table] = rows.get(batch.table, 0) + self._load_one(batch, generation)
        return rows

    def _refresh(self) -> Iterator[str]:
        """Bring the materialised views up to date, one after the other, and wait for each."""
        for name in self.usecase.materialized_views:
            if self._is_fresh(name):
                continue
            self.tell(Step(f"materialized view {name}: refreshing"))
            before = self._refreshes(name)
            self.admin.execute(f"REFRESH MATERIALIZED VIEW `{self.usecase.database}`.`{name}` AUTO")
            while (done := self._refreshes(name)) == before or done[-1]["Status"] in _UNDER_WAY:
                time.sleep(_LOOK_S)
            if done[-1]["Status"] != "SUCCESS":
                raise Failure(
                    f"the materialized view {self._name(name)} was not refreshed: {done[-1]['ErrorMsg']}",
                    fix=f"Correct {self.usecase.name}/schema/{name}.sql, then deploy again.",
                )
            yield f"materialized view {self._name(name)} refreshed"

    def _is_fresh(self, name: str) -> bool:
        sql = "SELECT SyncWithBaseTables AS fresh FROM mv_infos('database' = %s) WHERE Name = %s"
        return any(int(row["fresh"]) for row in self.admin.query(sql, (self.usecase.database, name)))

    def _refreshes(self, name: str) -> list[dict[str, Any]]:
        sql = """
            SELECT TaskId, Status, ErrorMsg FROM tasks('type' = 'mv') WHERE MvDatabaseName = %s AND MvName = %s
            ORDER BY CAST(TaskId AS BIGINT)
        """
        return list(self.admin.query(sql, (self.usecase.database, name)))

    def _load_one(self, batch: Batch, generation: int) -> int:
        label = batch.label(self.usecase.name, generation)
        source = batch.produce()
        self.tell(Step(f"{batch.table} {batch.part}: sending"))
        result = self.warehouse.stream_load(
            self.usecase.database,
            batch.table,
            source,
            format=batch.format,
            label=label,
            columns=batch.columns,
            **batch.headers,
        )
        # A label without a record is a load whose recorder died: the rows are there, uncounted.
        rows = None if result.already_loaded else result.loaded_rows
        load = ops.Load(batch.table, batch.part, batch.digest, generation, rows)
        ops.record_load(self.loader, self.usecase.name, load, result)
        return rows or 0

    def _passed_before(self) -> bool:
        """The newest run of the checks promised what it should: asking again would say nothing new."""
        last = ops.last_checks(self.loader, self.usecase.name)
        asked = {check.label for check in self.usecase.all_checks}
        answered = {row["check_name"] for row in last if row["status"] == "PASS" or row["severity"] == "warning"}
        return asked <= answered


def _grants(role: Role, database: str) -> Iterator[str]:
    yield f"CREATE ROLE IF NOT EXISTS '{role.name}'"
    for name in role.select:
        target = "*" if name == "*" else f"`{name}`"
        yield f"GRANT SELECT_PRIV ON `internal`.`{database}`.{target} TO ROLE '{role.name}'"
    for member in role.members:
        yield f"GRANT '{role.name}' TO '{member}'@'%'"


def remove(usecase: UseCase, admin: Queries, tell: Tell = lambda step: None) -> list[str]:
    """Drop everything the use case deployed or declares; its database too, unless something else lives in it.

    Returns what was dropped, in words; empty when nothing was there. Check results and load history stay.
    """
    changes: list[str] = []
    database = usecase.database
    known, recorded = ops.databases(admin), ops.exists(admin)
    deployed = ops.objects(admin, usecase.name) if recorded else {}
    existing = ops.tables(admin, database) if database in known else set()
    ours = {(kind, name) for kind, name in deployed} | {("TABLE", name) for name in usecase.table_names}
    ours |= {("VIEW", name) for name in usecase.views}
    ours |= {(MATERIALIZED, name) for name in usecase.materialized_views}
    # Views first: they read the tables.
    for kind, name in sorted(ours, key=lambda each: (each[0] == "TABLE", each)):
        if kind in ("TABLE", "VIEW", MATERIALIZED) and name in existing:
            tell(Step(f"{kind.lower()} {name}"))
            admin.execute(f"DROP {kind} `{database}`.`{name}`{' FORCE' if kind == 'TABLE' else ''}")
            changes.append(f"{kind.lower()} {database}.{name} dropped")
    roles = {str(row["Name"]) for row in admin.query("SHOW ROLES")}
    for name in sorted({role.name for role in usecase.roles} | {name for kind, name in deployed if kind == "ROLE"}):
        if name in roles:
            admin.execute(f"DROP ROLE '{name}'")
            changes.append(f"role {name} dropped")
    if recorded:
        for table in sorted(name for kind, name in ours if kind == "TABLE"):
            ops.forget_loads(admin, usecase.name, table)
        ops.forget_objects(admin, usecase.name)
    if database in known:
        if strangers := ops.tables(admin, database):
            changes.append(f"database {database} stays: it holds {', '.join(sorted(strangers))}")
        else:
            admin.execute(f"DROP DATABASE `{database}` FORCE")
            changes.append(f"database {database} dropped")
    return changes


def failed(report: Report) -> Failure | None:
    """The error that says which checks failed, None when the data keeps its promises."""
    if not report.bad_checks:
        return None
    lines = [
        f"  {result.check.label}: {result.status}, found {result.verdict.observed}, expected {result.verdict.expected}"
        for result in report.bad_checks
    ]
    return Failure(
        f"use case {report.usecase.name}: {len(report.bad_checks)} of {len(report.checks)} quality checks failed\n"
        + "\n".join(lines),
        fix=f"Correct the data, then: nereus usecase check {report.usecase.name}",
    )
