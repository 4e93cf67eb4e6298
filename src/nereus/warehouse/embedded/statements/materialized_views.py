"""CREATE, ALTER, DROP, REFRESH, PAUSE, RESUME and SHOW CREATE of asynchronous materialised views."""

from __future__ import annotations

from dataclasses import replace

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.denials import command_denied, missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.materialized.build import build_view, check_schedule, split_properties
from nereus.warehouse.embedded.materialized.parsing import ViewParser
from nereus.warehouse.embedded.materialized.service import made_of, with_made
from nereus.warehouse.embedded.materialized.show_create import show_create_view
from nereus.warehouse.embedded.result import Ok, Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.ddl import locate


def find_view(session: Session, parts: tuple[str, ...], privilege: str) -> Table:
    """The view that a statement names. Raises DorisError for another thing, and without the privilege."""
    db, name = locate(session, parts)
    session.check(privilege, db, name, error=command_denied(session, privilege, f"{db}: {name}"))
    found = session.warehouse.catalog.database(db).relations.get(name)
    if found is None:
        raise DorisError(f"Unknown table '{name}'")
    if not isinstance(found, Table) or found.materialized is None:
        raise DorisError(f"table type is not match, name={name}, expected: MATERIALIZED_VIEW")
    return found


@statement("CREATE MATERIALIZED VIEW", kind="CREATE")
def create(session: Session, text: str) -> Ok:
    """CREATE MATERIALIZED VIEW [IF NOT EXISTS] name [(columns)] [BUILD ...] [REFRESH ...] ... AS query"""
    parser = ViewParser.of(session, text)
    written = parser.create()
    parser.finish()
    db, name = locate(session, written.name)
    session.check("CREATE", db, name, error=missing("CREATE"))
    catalog, views = session.warehouse.catalog, session.warehouse.views
    catalog.database(db)
    if written.if_not_exists and catalog.snapshot().table(db, name) is not None:
        return Ok()
    table = build_view(session, written, db)
    made = catalog.create_table(with_made(table, job_id=catalog.new_id()), if_not_exists=written.if_not_exists)
    if made is not None and written.build == "IMMEDIATE":
        views.submit(made, "SYSTEM", complete=True)
    return Ok()


@statement("ALTER MATERIALIZED VIEW", kind="ALTER")
def alter(session: Session, text: str) -> Ok:
    """ALTER MATERIALIZED VIEW name RENAME new | REFRESH [method] [trigger] | SET (properties)"""
    parser = ViewParser.of(session, text)
    written = parser.alter()
    parser.finish()
    view = find_view(session, written.name, "ALTER")
    with session.warehouse.catalog.changing(view, session.check_cancelled) as current:
        if written.new_name is not None:
            if written.new_name == current.name:
                raise DorisError("Same table name")
            changed = replace(current, name=written.new_name)
        elif written.properties:
            own, rest = split_properties(written.properties)
            if rest:
                raise Refused(f"changing the property {next(iter(rest))} of a materialized view")
            changed = with_made(current, properties=tuple((dict(made_of(current).properties) | dict(own)).items()))
        else:
            changed = current
            if written.method is not None:
                changed = with_made(changed, method=written.method)
            if written.trigger is not None:
                check_schedule(written.trigger)
                trigger = written.trigger
                changed = with_made(
                    changed, trigger=trigger.kind, every=trigger.every, unit=trigger.unit, starts=trigger.starts
                )
        session.warehouse.catalog.replace_relation(changed)
    return Ok()


@statement("DROP MATERIALIZED VIEW", kind="DROP")
def drop(session: Session, text: str) -> Ok:
    """DROP MATERIALIZED VIEW [IF EXISTS] name"""
    parser = ViewParser.of(session, text)
    parser.words("DROP", "MATERIALIZED", "VIEW")
    if_exists = parser.if_exists()
    parts = parser.table_name()
    if parser.token.word == "ON":
        raise Refused("DROP MATERIALIZED VIEW ... ON table", "There are no synchronous materialized views.")
    parser.finish()
    db, name = locate(session, parts)
    if if_exists and session.warehouse.catalog.snapshot().table(db, name) is None:
        return Ok()
    view = find_view(session, parts, "DROP")
    session.warehouse.catalog.drop(db, name, view=False, while_waiting=session.check_cancelled)
    session.warehouse.views.states.forget(view)
    session.warehouse.views.tasks.forget_job(made_of(view).job_id)
    return Ok()


@statement("REFRESH MATERIALIZED VIEW", kind="REFRESH")
def refresh(session: Session, text: str) -> Ok:
    """REFRESH MATERIALIZED VIEW name AUTO | COMPLETE | PARTITIONS (names): the refresh goes on by itself"""
    parser = ViewParser.of(session, text)
    parser.words("REFRESH", "MATERIALIZED", "VIEW")
    parts = parser.table_name()
    complete = None
    only: tuple[str, ...] = ()
    if parser.accept_word("COMPLETE"):
        complete = True
    elif parser.accept_word("AUTO"):
        complete = False
    else:
        if not parser.accept_word("PARTITIONS"):
            parser.expect_word("PARTITION")
        only = parser.name_list() if parser.kind == "(" else (parser.name(),)
    parser.finish()
    view = find_view(session, parts, "CREATE")
    if only and made_of(view).related is None:
        raise DorisError(
            "The partition method of this asynchronous materialized view does not support refreshing by partition"
        )
    known = {partition.name for partition in view.partitions}
    for name in only:
        if name not in known:
            raise DorisError(f"partition not exist: {name}")
    session.warehouse.views.submit(view, "MANUAL", complete=complete, only=only)
    return Ok()


@statement("PAUSE MATERIALIZED VIEW JOB", "RESUME MATERIALIZED VIEW JOB", kind="ALTER")
def pause(session: Session, text: str) -> Ok:
    """PAUSE | RESUME MATERIALIZED VIEW JOB ON name: its schedule, and following loads"""
    parser = ViewParser.of(session, text)
    paused = parser.advance().word == "PAUSE"
    parser.words("MATERIALIZED", "VIEW", "JOB", "ON")
    parts = parser.table_name()
    parser.finish()
    view = find_view(session, parts, "CREATE")
    with session.warehouse.catalog.changing(view, session.check_cancelled) as current:
        session.warehouse.catalog.replace_relation(with_made(current, paused=paused))
    return Ok()


@statement("CANCEL MATERIALIZED VIEW TASK", kind="CANCEL")
def cancel(session: Session, text: str) -> Ok:
    """CANCEL MATERIALIZED VIEW TASK id ON name"""
    parser = ViewParser.of(session, text)
    parser.words("CANCEL", "MATERIALIZED", "VIEW", "TASK")
    task_id = parser.number()
    parser.expect_word("ON")
    parts = parser.table_name()
    parser.finish()
    view = find_view(session, parts, "CREATE")
    session.warehouse.views.cancel(view, task_id)
    return Ok()


@statement("SHOW CREATE MATERIALIZED VIEW", kind="SHOW")
def show_create(session: Session, text: str) -> Result:
    """SHOW CREATE MATERIALIZED VIEW name"""
    parser = ViewParser.of(session, text)
    parser.words("SHOW", "CREATE", "MATERIALIZED", "VIEW")
    parts = parser.table_name()
    parser.finish()
    view = find_view(session, parts, "SHOW")
    return text_rows(["Materialized View", "Create Materialized View"], [[view.name, show_create_view(view)]])
