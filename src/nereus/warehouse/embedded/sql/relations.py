"""FROM: tables, views, subqueries and joins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import generators, tree
from nereus.warehouse.embedded.sql.checks import forbid
from nereus.warehouse.embedded.sql.context import MAX_VIEW_DEPTH, Context
from nereus.warehouse.embedded.sql.correlation import columns_of, flatten
from nereus.warehouse.embedded.sql.expressions import ExpressionBinder
from nereus.warehouse.embedded.sql.outputs import Bound
from nereus.warehouse.embedded.sql.parts import Joined, Source, taken_over
from nereus.warehouse.embedded.sql.pruning import PartScan
from nereus.warehouse.embedded.sql.render import Text, quoted
from nereus.warehouse.embedded.sql.row_filters import guarded
from nereus.warehouse.embedded.sql.rules import comparison
from nereus.warehouse.embedded.sql.scope import CATALOG, Column, Scope
from nereus.warehouse.embedded.sql.typed import ColumnRead, Relation
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN

if TYPE_CHECKING:
    from nereus.warehouse.embedded.sql.queries import QueryBinder

_JOINS = {
    "INNER": "JOIN",
    "LEFT": "LEFT JOIN",
    "RIGHT": "RIGHT JOIN",
    "FULL": "FULL JOIN",
    "LEFT SEMI": "SEMI JOIN",
    "LEFT ANTI": "ANTI JOIN",
    "RIGHT SEMI": "SEMI JOIN",
    "RIGHT ANTI": "ANTI JOIN",
}


@dataclass(slots=True)
class BoundRelation:
    """What stands in FROM. `names` are the table names that may not occur twice beside each other.

    `joined_tables` is set where it is a join of stored tables that others may be compared with. `scans` are the places
    in its text where conditions on its columns may leave out stored parts.
    """

    text: str
    columns: list[Column]
    visible: list[Column]
    names: list[str] = field(default_factory=list)
    joined: bool = False
    joined_tables: Joined | None = None
    scans: list[PartScan] = field(default_factory=list)

    def enclosed(self) -> str:
        return f"({self.text})" if self.joined else self.text


def bind_relation(relation: tree.Relation, binder: QueryBinder, outer: Scope | None) -> BoundRelation:
    """Bind one element of FROM. Raises DorisError for unknown tables, doubled names and bad conditions."""
    if isinstance(relation, tree.Join):
        return _join(relation, binder, outer)
    if isinstance(relation, tree.Derived):
        bound = binder.query(relation.query, outer)
        found = _of_query(bound, binder.context, relation.alias, f"default.{relation.alias}")
        return _with_views(found, relation.views, binder, outer)
    if isinstance(relation, tree.TableFunction):
        return _table_function(relation, binder.context)
    return _with_views(_table(relation, binder), relation.views, binder, outer)


def requalified(qualifier: tuple[str, ...], alias: str) -> tuple[str, ...]:
    """What stands before a column once its table has an alias: (catalog, db, t) -> (catalog, db, alias)."""
    return (*qualifier[:-1], alias) if qualifier else (alias,)


def _of_query(bound: Bound, context: Context, alias: str, name: str) -> BoundRelation:
    inner = context.counters.alias()
    columns = [
        Column(
            output.name,
            output.type,
            requalified(output.qualifier, alias),
            inner,
            f"c{i}",
            output.nullable,
            None,
            context.counters.column(),
        )
        for i, output in enumerate(bound.outputs)
    ]
    taken = taken_over(bound.parts, inner)
    scans = [scan.seen_as(inner, items) for scan, items in bound.scans]
    text = f"({bound.text}) AS {quoted(inner)}"
    return BoundRelation(text, columns, columns, [name], joined_tables=taken, scans=scans)


# tables and views


def _table(node: tree.TableName, binder: QueryBinder) -> BoundRelation:
    parts = node.parts
    context = binder.context
    if len(parts) == 1 and parts[0] in binder.ctes:
        return _common_table(node, binder)
    if len(parts) > 3:
        raise DorisError(f"Table name [{'.'.join(parts)}] is invalid.")
    if len(parts) == 3:
        if parts[0] != CATALOG:
            raise DorisError(f"Catalog {parts[0]} does not exist.")
        parts = parts[1:]
    db = parts[0] if len(parts) == 2 else context.database
    if not db:
        raise DorisError("Current database is not set.")
    name = parts[-1]
    if not context.schema.has_database(db):
        raise DorisError(f"Database [{db}] does not exist.{context.position(node.at)}")
    relation = context.schema.relation(db, name)
    if relation is None:
        raise DorisError(f"Table [{name}] does not exist in database [{db}].{context.position(node.at)}")
    context.tables.add((relation.db, relation.name))
    alias = context.counters.alias()
    qualifier = (CATALOG, relation.db, node.alias or relation.name)
    if relation.view_sql is not None:
        if node.partitions:
            raise DorisError(
                f"Only OLAP table is support select by partition for now,Table: {relation.name} is not OLAP table"
            )
        source, columns, joined, scans = _view(relation, binder, alias, qualifier)
    else:
        source = _rows(relation, node)
        scans = []
        if relation.stored is not None:
            scans = [PartScan.of(relation.stored, alias, source, [column.name for column in relation.columns])]
        columns = [
            Column(
                column.name,
                column.type,
                qualifier,
                alias,
                column.name,
                column.nullable,
                read,
                number,
            )
            for column, read, number in zip(
                relation.columns, relation.reads, context.counters.several(len(relation.columns)), strict=True
            )
        ]
        joined = Joined((Source(alias, (relation.db, relation.name), relation.types, relation.required),))
        context.stored.add((relation.db, relation.name))
    seen = guarded(source, relation, columns, binder)
    if seen != source or node.partitions:
        joined, scans = None, []
    source = seen
    name = f"{CATALOG}{db}.{node.alias}" if node.alias else f"{CATALOG}.{db}.{relation.name}"
    return BoundRelation(f"{source} AS {quoted(alias)}", columns, columns, [name], joined_tables=joined, scans=scans)


def _rows(relation: Relation, node: tree.TableName) -> str:
    """``t PARTITION (p)`` -> ``(SELECT * FROM t WHERE k >= 1 AND k < 10)``; a temporary one has rows of its own."""
    source = relation.from_sql or ""
    if not node.partitions:
        return source
    if relation.partition_filter is None:
        raise Refused(f"PARTITION behind {relation.db}.{relation.name}")
    try:
        if node.temporary:
            parts = (f"SELECT * FROM {relation.temporary[name.lower()]}" for name in node.partitions)
            return f"({' UNION ALL '.join(parts)})"
        return f"(SELECT * FROM {source} WHERE {relation.partition_filter(node.partitions)})"
    except KeyError as unknown:
        name = f"{CATALOG}.{relation.db}.{relation.name}"
        raise DorisError(f"Partition: {unknown.args[0]} is not exists on table {name}") from None


def _view(
    relation: Relation, binder: QueryBinder, alias: str, qualifier: tuple[str, ...]
) -> tuple[str, list[Column], Joined | None, list[PartScan]]:
    """A view's own query in parentheses; its reads are the view's, not the statement's."""
    context = binder.context
    if context.view_depth >= MAX_VIEW_DEPTH:
        raise Refused(f"views nested deeper than {MAX_VIEW_DEPTH}")
    inner = replace(
        context,
        text=relation.view_sql or "",
        database=relation.db,
        reads=set(),
        tables=set(),
        volatile=False,
        view_depth=context.view_depth + 1,
        meanings=None,
    )
    bound = binder.of_text(inner, relation.view_sql_mode)
    context.volatile |= inner.volatile
    if inner.rewriter is None:
        context.rewriter = None
    if len(bound.outputs) != len(relation.columns):
        raise DorisError(f"View {relation.db}.{relation.name} has other columns than its query gives")
    columns = [
        Column(
            column.name,
            output.type,
            qualifier,
            alias,
            f"c{i}",
            column.nullable,
            ColumnRead(relation.db, relation.name, column.name),
            context.counters.column(),
        )
        for i, (column, output) in enumerate(zip(relation.columns, bound.outputs, strict=True))
    ]
    scans = [scan.seen_as(alias, items) for scan, items in bound.scans]
    return f"({bound.text})", columns, taken_over(bound.parts, alias), scans


def _common_table(node: tree.TableName, binder: QueryBinder) -> BoundRelation:
    found = binder.ctes[node.parts[0]]
    context = binder.context
    context.counters.read_common(found.name)
    alias = context.counters.alias()
    columns = [
        Column(
            output.name,
            output.type,
            requalified(output.qualifier, node.alias or node.parts[0]),
            alias,
            f"c{i}",
            output.nullable,
            None,
            context.counters.column(),
        )
        for i, output in enumerate(found.outputs)
    ]
    names = [f"default.{node.alias}"] if node.alias else []
    return BoundRelation(f"{quoted(found.name)} AS {quoted(alias)}", columns, columns, names)


def _table_function(node: tree.TableFunction, context: Context) -> BoundRelation:
    """``numbers('number' = '10')``: the integers from 0, or `const_value` so many times."""
    if node.name != "numbers":
        return _told_of_the_system(node, context)
    properties = {key.lower(): value for key, value in node.properties.items()}
    unknown = set(properties) - {"number", "const_value"}
    if unknown:
        given = ", ".join(f"'{key}' = '{value}'" for key, value in node.properties.items())
        raise DorisError(
            f"Can not build NumbersTableValuedFunction by {node.name}({given}): "
            f"'{sorted(unknown)[0]}' is invalid property"
        )
    try:
        count = int(properties["number"])
        constant = int(properties["const_value"]) if "const_value" in properties else None
    except KeyError:
        raise DorisError("number not set") from None
    except ValueError:
        raise DorisError("can not parse `number` or `const_value` as an integer") from None
    alias = context.counters.alias()
    value = "range" if constant is None else f"CAST({constant} AS BIGINT)"
    text = f'(SELECT {value} AS "number" FROM range({max(count, 0)})) AS {quoted(alias)}'
    qualifier = (node.alias or "NumbersTableValuedFunction",)
    column = Column("number", BIGINT, qualifier, alias, "number", False, None, context.counters.column())
    return BoundRelation(text, [column], [column], [f"default.{node.alias}"] if node.alias else [])


def _told_of_the_system(node: tree.TableFunction, context: Context) -> BoundRelation:
    """``jobs('type' = 'mv')`` and others whose rows the schema knows."""
    make = getattr(context.schema, "table_function", None)
    found: Relation | None = make(node.name, node.properties) if make is not None else None
    if found is None:
        raise Refused(f"the table function {node.name}")
    alias = context.counters.alias()
    columns = [
        Column(c.name, c.type, (node.alias or found.name,), alias, c.name, c.nullable, None, context.counters.column())
        for c in found.columns
    ]
    names = [f"default.{node.alias}"] if node.alias else []
    return BoundRelation(f"{found.from_sql} AS {quoted(alias)}", columns, columns, names)


def _with_views(
    relation: BoundRelation, views: tuple[tree.LateralView, ...], binder: QueryBinder, outer: Scope | None
) -> BoundRelation:
    """LATERAL VIEW: every row beside the rows that a generator makes of it."""
    for view in views:
        scope = Scope(relation.columns, relation.visible, outer)
        expressions = ExpressionBinder(binder.context, scope.plain, "GENERATE", scope=scope)
        arguments = [expressions.bind(argument) for argument in view.arguments]
        forbid(expressions.take_found(), "LOGICAL_GENERATE", "aggregate", "grouping", "window")
        made = generators.generate(view, arguments, binder.context)
        alias = binder.context.counters.alias()
        columns = [
            Column(name, type_, (view.table,), alias, f"c{i}", True, None, binder.context.counters.column())
            for i, (name, type_) in enumerate(zip(view.columns, made.types, strict=True))
        ]
        join = "LEFT JOIN LATERAL" if made.outer else "CROSS JOIN LATERAL"
        text = f"{relation.text} {join} ({made.text}) AS {quoted(alias)}{' ON TRUE' if made.outer else ''}"
        relation = BoundRelation(
            text, [*relation.columns, *columns], [*relation.visible, *columns], relation.names, joined=True
        )
    return relation


# joins


def _join(node: tree.Join, binder: QueryBinder, outer: Scope | None) -> BoundRelation:
    left = bind_relation(node.left, binder, outer)
    right = bind_relation(node.right, binder, outer)
    names = left.names + right.names
    doubled = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if doubled is not None:
        raise DorisError(f"Not unique table/alias: '{doubled.rsplit('.', 1)[-1]}'")
    kept = {"LEFT": left, "RIGHT": right}.get(node.kind.split()[0]) if node.kind[-4:] in ("SEMI", "ANTI") else None
    columns = kept.columns if kept else left.columns + right.columns
    visible = kept.visible if kept else left.visible + right.visible
    condition: str | None = None
    terms: list[exp.Expression] = []
    if node.using:
        terms, hidden = _using(node.using, left, right, binder)
        condition = " AND ".join(binder.context.render(term) for term in terms)
        visible = [column for column in visible if column not in hidden]
    elif node.on is not None:
        terms = _condition(node.on, node.kind, left, right, binder, outer)
        condition = " AND ".join(binder.context.renderer.operand(term) for term in terms)
    first, second = (right, left) if node.kind in ("RIGHT SEMI", "RIGHT ANTI") else (left, right)
    if condition is None:
        text = f"{first.text} CROSS JOIN {second.enclosed()}"
    else:
        start = first.enclosed() if first is right else first.text
        text = f"{start} {_JOINS[node.kind]} {second.enclosed()} ON {condition}"
    if node.kind in ("LEFT", "FULL"):
        _nullable(right)
    if node.kind in ("RIGHT", "FULL"):
        _nullable(left)
    joined_tables = _joined_tables(node.kind, left, right, terms)
    return BoundRelation(text, columns, visible, names, True, joined_tables, left.scans + right.scans)


def _joined_tables(
    kind: str, left: BoundRelation, right: BoundRelation, conditions: list[exp.Expression]
) -> Joined | None:
    one, other = left.joined_tables, right.joined_tables
    if one is None or other is None:
        return None
    if conditions:
        places = {source.alias for source in (*one.sources, *other.sources)}
        places.update(place[0] for side in (one, other) for place in side.stands_for)
        parts = [part for term in conditions for part in term.find_all(Text, exp.Column)]
        if any(isinstance(part, Text) or part.text("table") not in places for part in parts):
            return None
    if kind in ("INNER", "CROSS"):
        return one.inner_join(other, conditions)
    if kind in ("LEFT", "RIGHT"):
        kept, added = (one, other) if kind == "LEFT" else (other, one)
        return kept.left_join(added, conditions)
    return None


def _nullable(relation: BoundRelation) -> None:
    for column in relation.columns:
        column.nullable = True


def _condition(
    node: exp.Expression, kind: str, left: BoundRelation, right: BoundRelation, binder: QueryBinder, outer: Scope | None
) -> list[exp.Expression]:
    """The terms of ON. Raises DorisError for what Doris does not take there."""
    scope = Scope(left.columns + right.columns, left.visible + right.visible, outer)
    before = len(outer.used) if outer is not None else 0
    expressions = binder.expressions(scope, "JOIN")
    condition = expressions.condition(node).node
    if outer is not None and len(outer.used) > before:
        raise DorisError("Unsupported correlated subquery with correlated slot in join conjuncts")
    forbid(expressions.take_found(), "LOGICAL_JOIN", "aggregate", "grouping", "window")
    terms = flatten(condition, exp.And)
    if kind != "INNER":
        terms = [_without_subquery(term, left, right, binder.context) for term in terms]
    return terms


def _without_subquery(
    term: exp.Expression, left: BoundRelation, right: BoundRelation, context: Context
) -> exp.Expression:
    """A term of ON with a subquery becomes a column beside the table it is about: DuckDB takes it only there."""
    if not any(isinstance(part, Text) for part in term.walk()):
        return term
    used = {column.table for column in columns_of(term)}
    own = {column.alias for column in right.columns}
    if used & own and used - own:
        raise Refused("a subquery in ON that refers to both sides of the join", "Compute it in a derived table.")
    side = right if used & own else left
    alias = context.counters.alias()
    side.text = f'{side.text} CROSS JOIN LATERAL (SELECT {context.render(term)} AS "term") AS {quoted(alias)}'
    side.joined = True
    return Column("term", BOOLEAN, alias=alias, physical="term").node()


def _using(
    names: tuple[str, ...], left: BoundRelation, right: BoundRelation, binder: QueryBinder
) -> tuple[list[exp.Expression], list[Column]]:
    """``USING (k)`` -> ``l.k = r.k``; unqualified k is the left one, whatever the kind of join."""
    sides = [
        ExpressionBinder(binder.context, Scope(side.columns, side.visible).plain, "USING_JOIN")
        for side in (left, right)
    ]
    conditions: list[exp.Expression] = []
    hidden: list[Column] = []
    for name in names:
        pair = [side.column((name,), 0) for side in sides]
        for column in pair:
            binder.context.read(column)
        hidden.append(pair[1])
        one, other = comparison.pair(pair[0].typed(), pair[1].typed())
        conditions.append(exp.EQ(this=one.node, expression=other.node))
    return conditions, hidden
