"""SELECT and everything else that gives a relation: WITH, VALUES, parenthesised queries."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import duckdb

from nereus.warehouse.embedded import scans
from nereus.warehouse.embedded.denials import column_denied, table_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.failures import is_out_of_memory
from nereus.warehouse.embedded.plancache import Plan
from nereus.warehouse.embedded.result import Result, ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.binder import bind_query
from nereus.warehouse.embedded.sql.limits import check_limited, parse_limited
from nereus.warehouse.embedded.sql.rules.arithmetic import WIDE_DECIMALS
from nereus.warehouse.embedded.sql.tree import Query
from nereus.warehouse.embedded.sql.typed import BoundQuery
from nereus.warehouse.embedded.statements.outfile import into_outfile
from nereus.warehouse.embedded.variables import BINDING, check, resolve
from nereus.warehouse.embedded.workload.admission import admit, check_group, check_rules

#: A query is bound again this often when the catalogue moved under it.
_ATTEMPTS = 10


@statement("SELECT", "WITH", "VALUES", "(", kind="SELECT", reads=True)
def select(session: Session, text: str) -> Result:
    """Run a query; its rows come as they are computed, or go INTO OUTFILE."""
    told = into_outfile(session, text, run_query)
    return run_query(session, text) if told is None else told


def run_query(session: Session, text: str) -> Result:
    """The rows of a query, which is tried again once memory has been made free for it."""
    try:
        return _as_it_is_now(session, text)
    except Exception as error:
        warehouse = session.warehouse
        if not is_out_of_memory(error) or not warehouse.memory.make_room(session, warehouse.processes):
            raise
    return _as_it_is_now(session, text)


def _as_it_is_now(session: Session, text: str) -> Result:
    """The query against the catalogue as it is when it runs."""
    for _ in range(_ATTEMPTS - 1):
        version = session.warehouse.catalog.snapshot().version
        try:
            return _run(session, text)
        except (duckdb.CatalogException, duckdb.BinderException):
            # A table may be dropped or swapped between binding and running.
            if not session.warehouse.catalog.moved_since(version):
                raise
    return _run(session, text)


def _run(session: Session, text: str) -> Result:
    plan = plan_query(session, text)
    run = session.running
    if run is not None:
        run.reads = plan.tables
    if plan.tables or not scans.countable(plan.bound.sql):
        admit(session, plan.tables)
    answer = session.warehouse.views.answering.answer(session, text, plan.bound, plan.answers)
    results = session.warehouse.results
    key = results.key(session, answer.bound)
    kept = results.get(key) if key is not None else None
    if kept is not None:
        if run is not None:
            run.scanned = scans.NOTHING
        return kept
    try:
        result = _begun(session.stream(answer.bound.columns, answer.bound.sql))
        return result if key is None else results.watched(key, result)
    except Exception as error:
        if not _outgrew(error):
            raise
    return _run_wide(session, text)


def _begun(result: ResultSet) -> ResultSet:
    """The result with its first batch computed, so that what fails early fails before anything was sent."""
    first = next(result.batches, None)
    if first is not None:
        result.batches = chain((first,), result.batches)
    return result


def _outgrew(error: Exception) -> bool:
    """Whether a sum or product of decimals did not fit the 64 bits in which it was tried first."""
    text = str(error)
    return "DECIMAL(18)" in text and "Overflow" in text


def _run_wide(session: Session, text: str) -> Result:
    """The same query with decimals computed in 128 bits; not kept as a plan, since most data never needs it."""
    facts = session.facts
    wide = replace(facts, variables={**facts.variables, WIDE_DECIMALS: "1"})
    query, _ = parse_limited(text, session.variables)
    bound = bind_query(query, session.warehouse.schema(session), wide)
    check_reads(session, bound)
    return session.stream(bound.columns, bound.sql)


def plan_query(session: Session, text: str) -> Plan:
    """The bound query, from the cache where it is there, with the user's privileges checked."""
    warehouse = session.warehouse
    variables = session.variables
    version = warehouse.catalog.snapshot().version
    key = (text, session.database, version, tuple(variables[name] for name in BINDING))
    stamp = (session.identity, warehouse.accounts.version)
    plan = warehouse.plans.get(key)
    if plan is None:
        query, limit = parse_limited(text, variables)
        _apply_hints(session, query)
        schema = warehouse.schema(session)
        bound = bind_query(query, schema, session.facts)
        check_limited(bound, limit)
        plan = Plan(bound, tuple(sorted({f"{read.db}.{read.table}" for read in bound.reads})))
        check_reads(session, bound)
        plan.allowed = stamp
        if not schema.touched and not query.set_var and schema.snapshot.version == version:
            warehouse.plans.put(key, plan)
    elif plan.allowed != stamp:
        check_reads(session, plan.bound)
        plan.allowed = stamp
    check_rules(session)
    if plan.tables:
        check_group(session)
    return plan


def check_reads(session: Session, bound: BoundQuery) -> None:
    """Raise what Doris raises for the first table or column that the user may not read."""
    rights = session.rights
    # Most users may read whole databases or tables: that is asked once for each.
    databases = {db for db in {read.db for read in bound.reads} if session.allows("SELECT", db)}
    tables = {(read.db, read.table) for read in bound.reads if read.db not in databases}
    whole = {table for table in tables if session.allows("SELECT", *table)}
    reads = [read for read in bound.reads if read.db not in databases and (read.db, read.table) not in whole]
    named = {(read.db, read.table) for read in reads if read.column}
    for read in sorted(reads, key=lambda read: (read.db, read.table, read.column)):
        if read.column:
            if not rights.selects(read.db, read.table, read.column):
                raise column_denied(session, read.db, read.table, read.column)
        elif (read.db, read.table) not in named:
            raise table_denied("SELECT", read.table)


def _apply_hints(session: Session, query: Query) -> None:
    """SELECT /*+ SET_VAR(query_timeout = 1) */: for this statement alone."""
    for name, value in query.set_var.items():
        canonical = resolve(name)
        checked = check(canonical, value)
        run = session.running
        if canonical == "query_timeout" and run is not None:
            run.deadline = run.clock + int(checked)
