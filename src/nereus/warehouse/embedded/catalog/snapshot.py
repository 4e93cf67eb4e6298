"""One consistent state of the catalogue, free to read from any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from nereus.warehouse.embedded.catalog.model import DatabaseDef, Partition, Table, View
from nereus.warehouse.embedded.sql.typed import Relation, RelationColumn

if TYPE_CHECKING:
    from nereus.warehouse.embedded.tiers.model import ColdTables


def physical(table: Table) -> str:
    """The DuckDB name of a table's rows, as SQL text. It never changes while the table exists."""
    return f'"data"."t{table.id}"'


def temporary_table(table: Table, partition: Partition) -> Table:
    """A temporary partition as a table of its own: its rows are where a table of its id would have them."""
    return replace(table, id=partition.id, partitions=(partition,), temporary=(), rollups=())


def quoted(name: str) -> str:
    """A DuckDB identifier as SQL text."""
    return '"' + name.replace('"', '""') + '"'


def _rows_of_partitions(table: Table, names: Sequence[str]) -> str:
    # What a partition holds is the business of those who write rows, who know the catalogue.
    from nereus.warehouse.embedded.write.partitions import inside

    if table.partitioning is None:
        # A table without partitions is one partition of its own name.
        for name in names:
            if name.lower() != table.name.lower():
                raise KeyError(name)
        return "TRUE"
    known = {partition.name.lower(): partition for partition in table.partitions}
    chosen = []
    for name in names:
        if name.lower() not in known:
            raise KeyError(name)
        chosen.append(known[name.lower()])
    return inside(table, chosen, [quoted(column) for column in table.partitioning.columns])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Database and table names are case-sensitive, column names are not. It satisfies `sql.typed.Schema`."""

    version: int = 0
    databases: Mapping[str, DatabaseDef] = field(default_factory=dict)
    cold: ColdTables = field(default_factory=dict)
    #: Relations that were asked for before. Not carried into the next version: each begins with none.
    _told: dict[tuple[str, str], Relation] = field(default_factory=dict, init=False, compare=False, repr=False)

    def has_database(self, db: str) -> bool:
        return db in self.databases

    def table(self, db: str, name: str) -> Table | View | None:
        found = self.databases.get(db)
        return None if found is None else found.relations.get(name)

    def by_id(self, table_id: int) -> Table | View | None:
        """The table or view that has this id under whatever name it goes now."""
        return next((r for db in self.databases.values() for r in db.relations.values() if r.id == table_id), None)

    def relation(self, db: str, name: str) -> Relation | None:
        known = self._told.get((db, name))
        if known is not None:
            return known
        found = self.table(db, name)
        if found is None:
            return None
        relation = self._relation(db, name, found)
        # What a query learns of cold partitions is its own.
        if relation.stored is None:
            self._told[db, name] = relation
        return relation

    def _relation(self, db: str, name: str, found: Table | View) -> Relation:
        if isinstance(found, View):
            columns = tuple(RelationColumn(column, kind) for column, kind, _ in found.columns)
            return Relation(db, name, columns, view_sql=found.sql)
        columns = tuple(RelationColumn(column.name, column.type, column.nullable) for column in found.columns)
        rows = partial(_rows_of_partitions, found)
        cold = self.cold.get(found.id)
        if cold is None:
            apart = {p.name.lower(): physical(temporary_table(found, p)) for p in found.temporary}
            return Relation(db, name, columns, from_sql=physical(found), partition_filter=rows, temporary=apart)
        from nereus.warehouse.embedded.tiers.reading import ColdParts

        parts = ColdParts(cold)
        return Relation(db, name, columns, from_sql=parts.reading(()), partition_filter=rows, stored=parts)

    def with_database(self, db: DatabaseDef) -> Snapshot:
        """The next version, in which `db` replaces the database of its id."""
        others = {name: known for name, known in self.databases.items() if known.id != db.id}
        return replace(self, version=self.version + 1, databases={**others, db.name: db})

    def without_database(self, name: str) -> Snapshot:
        kept = {key: db for key, db in self.databases.items() if key != name}
        gone = {relation.id for relation in self.databases[name].relations.values()}
        cold = {key: table for key, table in self.cold.items() if key not in gone}
        return replace(self, version=self.version + 1, databases=kept, cold=cold)

    def with_relation(self, relation: Table | View) -> Snapshot:
        """The next version, in which `relation` replaces the one of its id in its database."""
        db = self.databases[relation.db]
        others = {name: known for name, known in db.relations.items() if known.id != relation.id}
        return self._replace(db, {**others, relation.name: relation})

    def with_cold(self, tables: ColdTables) -> Snapshot:
        """The next version, in which these tables have these tiers."""
        return replace(self, version=self.version + 1, cold={**self.cold, **tables})

    def without_relation(self, relation: Table | View) -> Snapshot:
        db = self.databases[relation.db]
        cold = {key: table for key, table in self.cold.items() if key != relation.id}
        kept = {name: known for name, known in db.relations.items() if known.id != relation.id}
        return replace(self._replace(db, kept), cold=cold)

    def _replace(self, db: DatabaseDef, relations: Mapping[str, Table | View]) -> Snapshot:
        changed = DatabaseDef(db.name, db.id, relations, db.properties, db.created_at)
        return replace(self, version=self.version + 1, databases={**self.databases, db.name: changed})
