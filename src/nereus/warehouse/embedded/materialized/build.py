"""CREATE MATERIALIZED VIEW as written -> a table of the catalogue, by Doris' rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlglot import exp

from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Materialized, Partitioning, Table
from nereus.warehouse.embedded.catalog.names import check_column_name
from nereus.warehouse.embedded.ddl import build_table, syntax
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.materialized.mapping import UNITS, made_partitions, wanted_spans
from nereus.warehouse.embedded.materialized.parsing import CreateView, Trigger
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import registry
from nereus.warehouse.embedded.sql.binder import bind_parts
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.sql.parts import Parts
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.typed import BoundQuery, Typed
from nereus.warehouse.embedded.statements.query import check_reads
from nereus.warehouse.embedded.statements.view_text import qualified
from nereus.warehouse.embedded.types import TINYINT, VARCHAR, DorisType

#: Properties of materialised views, and whether each is a number.
PROPERTIES = {
    "grace_period": True,
    "excluded_trigger_tables": False,
    "refresh_partition_num": True,
    "workload_group": False,
    "partition_sync_limit": True,
    "partition_sync_time_unit": False,
    "partition_date_format": False,
    "enable_nondeterministic_function": False,
    "use_for_rewrite": False,
}
_SWITCHES = ("enable_nondeterministic_function", "use_for_rewrite")
_REFUSED = ("partition_sync_limit", "partition_sync_time_unit", "partition_date_format")


def build_view(session: Session, written: CreateView, db: str) -> Table:
    """The table of a view, empty and without ids. Raises DorisError with Doris' own text."""
    own, rest = split_properties(written.properties)
    if any(key.startswith("dynamic_partition.") for key in rest):
        raise DorisError("Not support dynamic partition properties on async materialized view")
    check_schedule(written.trigger)
    sql_mode = session.variables["sql_mode"]
    text = qualified(written.query_text, session, None)
    query = parse_query(text, sql_mode=sql_mode)
    bound, parts = bind_parts(query, session.warehouse.schema(session), replace(session.facts, database=None))
    check_reads(session, bound)
    bases = _bases(session, bound)
    if bound.volatile and dict(own).get("enable_nondeterministic_function", "false").lower() != "true":
        raise DorisError(
            "can not contain nonDeterministic expression. Should add 'enable_nondeterministic_function'  = 'true' "
            "property when create materialized view if you know the property real meaning entirely"
        )
    columns = _columns(written, bound)
    made = Materialized(
        text,
        sql_mode,
        session.variables["time_zone"],
        written.build,
        written.method,
        written.trigger.kind,
        written.trigger.every,
        written.trigger.unit,
        written.trigger.starts,
        own,
        bases,
    )
    clauses = tuple(syntax.ColumnClause(column, nullable=column.nullable) for column in columns)
    table = build_table(
        syntax.CreateTable(
            written.name,
            written.if_not_exists,
            clauses,
            model=KeyModel.DUPLICATE if written.keys else None,
            keys=written.keys,
            comment=written.comment,
            distributed_by=written.distributed_by,
            properties=rest,
        ),
        db,
    )
    if written.partition is None:
        return replace(table, materialized=made)
    return _partitioned(session, table, made, written.partition, parts)


def split_properties(given: dict[str, str]) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """Those of views, checked, and those of tables."""
    own: list[tuple[str, str]] = []
    rest: dict[str, str] = {}
    for key, value in given.items():
        if key not in PROPERTIES:
            rest[key] = value
            continue
        if key in _REFUSED and value:
            raise Refused(f"the property {key} of materialized views", "Leave it out: every partition is kept.")
        if PROPERTIES[key] and value and not value.lstrip("-").isdigit():
            raise DorisError(f"valid {key}: {value}")
        if key in _SWITCHES and value and value.lower() not in ("true", "false"):
            raise DorisError(f"valid property {key} fail")
        own.append((key, value))
    return tuple(own), rest


def check_schedule(trigger: Trigger) -> None:
    """A schedule begins in the future."""
    if not trigger.starts:
        return
    try:
        starts = datetime.fromisoformat(trigger.starts)
    except ValueError:
        raise DorisError(f"can not parse the time {trigger.starts}") from None
    if starts < datetime.now():
        raise DorisError("starts time must be greater than current time")


def _bases(session: Session, bound: BoundQuery) -> tuple[tuple[str, str], ...]:
    snapshot = session.warehouse.catalog.snapshot()
    for read in bound.reads:
        found = snapshot.table(read.db, read.table)
        if found is None:
            raise Refused(f"a materialized view on {read.db}.{read.table}", "Read tables of your own.")
        if not isinstance(found, Table):
            raise DorisError("can not contain VIEW")
    if not bound.stored:
        raise Refused("a materialized view that reads no table")
    return tuple(sorted(bound.stored))


def _columns(written: CreateView, bound: BoundQuery) -> list[Column]:
    if written.columns is not None and len(written.columns) != len(bound.columns):
        raise DorisError("simpleColumnDefinitions size is not equal to the query's")
    found: list[Column] = []
    for position, column in enumerate(bound.columns):
        name, comment = (column.name, "") if written.columns is None else written.columns[position]
        check_column_name(name)
        if any(other.name == name for other in found):
            raise DorisError(f"repeat cols:{name}")
        kind = _type(column.type, position, is_column=bool(column.table))
        found.append(Column(name, kind, comment=comment))
    return found


def _type(kind: DorisType, position: int, *, is_column: bool) -> DorisType:
    if kind.name == "null":
        return TINYINT
    if position == 0 and kind.name == "string":
        return VARCHAR
    if not is_column and kind.name in ("char", "varchar"):
        return VARCHAR
    return kind


def _partitioned(
    session: Session, table: Table, made: Materialized, partition: tuple[str, str], parts: Parts | None
) -> Table:
    """The table with the partitions of the base table whose partition column the view shows."""
    name, unit = partition
    column = table.column(name)
    if column is None:
        raise DorisError(
            "Unable to find a suitable base table for partitioning, the fail reason is "
            "materialized view partition column is not in the materialized view"
        )
    position = table.columns.index(column)
    related, related_column, truncated = _lineage(session, parts, position)
    if unit and truncated and unit != truncated:
        raise Refused(f"partitions by {unit} of a column cut to {truncated}")
    unit = unit or truncated
    if unit and unit not in UNITS:
        raise DorisError(f"async materialized view partition roll up not support timeUnit: {unit}")
    if unit and not column.type.is_date:
        raise DorisError(f"MTMV not support partition with column type : {column.type}")
    made = replace(made, related=(related.db, related.name), related_column=related_column, truncated=unit)
    partitions = made_partitions(wanted_spans(related, unit))
    return replace(table, materialized=made, partitioning=Partitioning("RANGE", (column.name,)), partitions=partitions)


def _lineage(session: Session, parts: Parts | None, position: int) -> tuple[Table, str, str]:
    """The base table, its partition column and the date_trunc unit that a column of the view is."""
    failed = "Unable to find a suitable base table for partitioning, the fail reason is {}"
    if parts is None or parts.joined is None or not parts.plain or parts.limited or parts.sets is not None:
        raise DorisError(failed.format("the query is more than a join with a grouping"))
    joined, renderer = parts.joined, Renderer()
    node = joined.expand(parts.items[position].node)
    text = renderer.text(node)
    if parts.grouped and text not in {renderer.text(joined.expand(key)) for key in parts.keys}:
        raise DorisError(failed.format("group by sets is empty, doesn't contain the target partition"))
    for source in joined.inner:
        table = session.warehouse.catalog.snapshot().table(*source.table)
        if not isinstance(table, Table) or table.partitioning is None or table.partitioning.kind != "RANGE":
            continue
        if len(table.partitioning.columns) > 1:
            continue
        if sum(other.table == source.table for other in joined.sources) > 1:
            continue
        own = table.partitioning.columns[0]
        reference = exp.Column(
            this=exp.Identifier(this=own, quoted=True), table=exp.Identifier(this=source.alias, quoted=True)
        )
        if renderer.text(reference) == text:
            return table, own, ""
        for unit in _units(source.types[own]):
            unit_value = Typed(exp.Literal.string(unit), VARCHAR, literal=unit)
            cut = registry.FUNCTIONS["date_trunc"](
                [Typed(reference.copy(), source.types[own]), unit_value], session.facts
            )
            if renderer.text(cut.node) == text:
                return table, own, unit
    raise DorisError(failed.format("partition column is not in group by or is not of a partitioned base table"))


def _units(kind: DorisType) -> Sequence[str]:
    return UNITS if kind.is_date else ()
