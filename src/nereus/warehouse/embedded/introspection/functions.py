"""Rows of the table functions that tell of materialised views, jobs and their tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nereus.warehouse.embedded.catalog.model import Materialized, Table
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.introspection.schema import SystemSchema
from nereus.warehouse.embedded.materialized.tasks import Task
from nereus.warehouse.embedded.sql.typed import RelationColumn
from nereus.warehouse.embedded.statements.describe_function import function_columns
from nereus.warehouse.embedded.types import parse_type

Row = tuple[Any, ...]
_NULL = "\\N"


@dataclass(frozen=True, slots=True)
class Told:
    name: str
    columns: tuple[RelationColumn, ...]
    rows: list[Row]


def rows(schema: SystemSchema, name: str, properties: Mapping[str, str]) -> Told | None:
    """What a table function gives; None for one that is not told of here. Raises DorisError for bad properties."""
    given = {key.lower(): value for key, value in properties.items()}
    if name == "mv_infos":
        _only(name, given, "database")
        if "database" not in given:
            raise DorisError("Invalid async materialized view metadata query")
        return _told("mv_infos", "MvInfosTableValuedFunction", mv_infos(schema, given["database"]))
    if name in ("jobs", "tasks"):
        _only(name, given, "type")
        kind = given.get("type", "").lower()
        if kind not in ("mv", "insert"):
            raise DorisError(f"Invalid {name[:-1]} metadata query")
        makers = {
            "jobs mv": mv_jobs,
            "tasks mv": mv_tasks,
            "jobs insert": insert_jobs,
            "tasks insert": insert_tasks,
        }
        title = f"{name.capitalize()}TableValuedFunction"
        return _told(f"{name} {kind}", title, makers[f"{name} {kind}"](schema))
    return None


def _only(name: str, given: Mapping[str, str], *allowed: str) -> None:
    for key in given:
        if key not in allowed:
            raise DorisError(f"'{key}' is invalid property")


def _told(key: str, title: str, found: Iterator[Row]) -> Told:
    columns = tuple(
        RelationColumn(name, parse_type("string" if kind == "text" else kind), nullable=False)
        for name, kind in function_columns()[key]
    )
    return Told(title, columns, list(found))


def visible(schema: SystemSchema) -> Iterator[tuple[Table, Materialized]]:
    """The materialised views that the user may be shown."""
    for found in schema.all_tables():
        if isinstance(found, Table) and found.materialized is not None:
            yield found, found.materialized


def mv_infos(schema: SystemSchema, db: str) -> Iterator[Row]:
    if db not in schema.snapshot.databases:
        raise DorisError(f"Unknown database '{db}'")
    states = schema.session.warehouse.views.states
    for view, made in visible(schema):
        if view.db == db:
            state, detail = states.status(view, schema.snapshot)
            yield (
                view.id,
                view.name,
                job_name(made),
                state,
                detail,
                states.of(view).refresh,
                refresh_text(made),
                made.sql,
                "{" + ", ".join(f"{key}={value}" for key, value in made.properties) + "}",
                partition_text(view, made),
                states.in_sync(view, schema.snapshot),
            )


def mv_jobs(schema: SystemSchema) -> Iterator[Row]:
    for view, made in visible(schema):
        yield (
            str(made.job_id),
            job_name(made),
            str(view.id),
            view.name,
            str(schema.snapshot.databases[view.db].id),
            view.db,
            {"MANUAL": "MANUAL", "COMMIT": "MANUAL", "SCHEDULE": "RECURRING"}[made.trigger],
            "MANUAL TRIGGER" if made.trigger != "SCHEDULE" else _recurring(view, made),
            "PAUSED" if made.paused else "RUNNING",
            str(view.created_at or ""),
        )


def mv_tasks(schema: SystemSchema) -> Iterator[Row]:
    views = {made.job_id: (view, made) for view, made in visible(schema)}
    for task in schema.session.warehouse.views.tasks.of_kind("mv"):
        if task.job_id in views:
            view, made = views[task.job_id]
            needed, completed = task.details.get("needed"), task.details.get("completed")
            yield (
                str(task.id),
                str(task.job_id),
                job_name(made),
                str(view.id),
                view.name,
                str(schema.snapshot.databases[view.db].id),
                view.db,
                task.status,
                task.error,
                task.created,
                task.started,
                task.finished,
                _NULL if task.duration_ms is None else str(task.duration_ms),
                json.dumps(task.details.get("context"), separators=(",", ":")),
                str(task.details.get("mode", _NULL)),
                _listed(needed),
                _listed(completed),
                progress(task),
                "",
            )


def insert_jobs(schema: SystemSchema) -> Iterator[Row]:
    return schema.session.warehouse.jobs.job_rows(schema.session)


def insert_tasks(schema: SystemSchema) -> Iterator[Row]:
    return schema.session.warehouse.jobs.task_rows(schema.session)


def job_name(made: Materialized) -> str:
    return f"inner_mtmv_{made.job_id}"


def refresh_text(made: Materialized) -> str:
    """``BUILD IMMEDIATE REFRESH AUTO ON SCHEDULE EVERY 1 HOUR``."""
    text = f"BUILD {made.build} REFRESH {made.method} ON {made.trigger}"
    if made.trigger == "SCHEDULE":
        text += f" EVERY {made.every} {made.unit}" + (f' STARTS "{made.starts}"' if made.starts else "")
    return text


def partition_text(view: Table, made: Materialized) -> str:
    if made.related is None or view.partitioning is None:
        return "MTMVPartitionInfo{partitionType=SELF_MANAGE}"
    kind = "EXPR" if made.truncated else "FOLLOW_BASE_TABLE"
    column = view.partitioning.columns[0]
    return (
        f"MTMVPartitionInfo{{partitionType={kind}, relatedTable={made.related[1]}, "
        f"relatedCol='{made.related_column}', partitionCol='{column}'}}"
    )


def progress(task: Task) -> str:
    """``100.00% (2/2)``."""
    needed, completed = task.details.get("needed"), task.details.get("completed")
    if not isinstance(needed, list) or not needed:
        return _NULL
    done = len(completed) if isinstance(completed, list) else 0
    return f"{done * 100 / len(needed):.2f}% ({done}/{len(needed)})"


def _listed(names: object) -> str:
    return _NULL if names is None else json.dumps(names, separators=(",", ":"))


def _recurring(view: Table, made: Materialized) -> str:
    return f"EVERY {made.every} {made.unit} STARTS {made.starts or view.created_at}"
