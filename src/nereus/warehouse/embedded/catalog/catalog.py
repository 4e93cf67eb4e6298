"""The catalogue: one writer at a time, any number of readers, every change one DuckDB transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb

from nereus.warehouse.embedded.catalog import recycling, store
from nereus.warehouse.embedded.catalog.locks import TableLocks
from nereus.warehouse.embedded.catalog.model import DatabaseDef, Table, View
from nereus.warehouse.embedded.catalog.names import check_database_name, check_table_name
from nereus.warehouse.embedded.catalog.snapshot import Snapshot, physical, quoted, temporary_table
from nereus.warehouse.embedded.catalog.versions import Versions
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError

if TYPE_CHECKING:
    from nereus.warehouse.embedded.tiers.model import ColdTable

#: Ids below are Doris' own in a real cluster; nothing depends on the number.
_FIRST_ID = 10001


class Catalog:
    """Databases, tables and views, persisted in DuckDB schema `nereus`.

    Every method that changes something runs in one transaction, raises DorisError with Doris' own text, and publishes
    a new snapshot only after the commit. A query bound against an older snapshot may name a column or table that is
    gone by the time it runs: bind it again when the engine says so and it `moved_since`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._guard = threading.RLock()
        self._snapshot = store.open_store(engine)
        recycling.open_bin(engine)
        self.versions = Versions(engine)
        self.locks = TableLocks(self.versions.holding)
        self._ids = store.Ids(engine, "object", _FIRST_ID)
        # Tiers are told of in terms of tables: what they are made of imports this package.
        from nereus.warehouse.embedded.tiers import registry

        self.tiers = registry.Tiers(engine)
        self._snapshot = self._snapshot.with_cold(self.tiers.load(self._snapshot))

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def moved_since(self, version: int) -> bool:
        """Whether the catalogue is another one than that of `version`.

        Waits for a change that is being made: the engine shows it a moment before a snapshot does.
        """
        with self._guard:
            return self._snapshot.version != version

    def touch(self) -> None:
        """Let nobody use a plan that was made before: something changed that is not in the catalogue."""
        with self._guard:
            self._snapshot = replace(self._snapshot, version=self._snapshot.version + 1)

    def new_id(self) -> int:
        """An id for a table, view or partition: never given before, never given again."""
        return self._ids.take()

    def database(self, name: str) -> DatabaseDef:
        found = self._snapshot.databases.get(name)
        if found is None:
            raise DorisError(f"Unknown database '{name}'")
        return found

    def find_table(self, db: str, name: str) -> Table:
        """The table of that name. Raises for a missing one and for a view."""
        found = self.database(db).relations.get(name)
        if found is None:
            raise DorisError(f"Unknown table '{name}'")
        if isinstance(found, View):
            raise DorisError(f"'{db}.{name}' is not TABLE. {_drop_hint(found)}.")
        return found

    # Databases

    def create_database(
        self, name: str, *, if_not_exists: bool = False, properties: tuple[tuple[str, str], ...] = ()
    ) -> None:
        check_database_name(name)
        with self._guard:
            if name in self._snapshot.databases:
                if if_not_exists:
                    return
                raise DorisError(f"Can't create database '{name}'; database exists")
            db = DatabaseDef(name, self.new_id(), {}, properties, _now())
            with self._transaction() as cursor:
                store.put_database(cursor, db)
            self._snapshot = self._snapshot.with_database(db)

    def drop_database(
        self,
        name: str,
        *,
        if_exists: bool = False,
        force: bool = True,
        while_waiting: Callable[[], None] | None = None,
    ) -> None:
        """Drop it with everything in it, labels included. Waits for loads that run in it.

        Without `force` it can be recovered.
        """
        db = self._snapshot.databases.get(name)
        if db is None:
            if if_exists:
                return
            raise DorisError(f"Can't drop database '{name}'; database doesn't exist")
        with self.locks.hold([relation.id for relation in db.relations.values()], while_waiting), self._guard:
            current = self._snapshot.databases.get(name)
            if current is None or current.id != db.id:
                raise DorisError(f"Can't drop database '{name}'; database doesn't exist")
            with self._transaction() as cursor:
                for relation in current.relations.values():
                    self._drop(cursor, current, relation, force=force, with_db=True)
                cursor.execute("DELETE FROM nereus.labels WHERE db_id = ?", [db.id])
                if force:
                    store.remove_database(cursor, db)
                else:
                    recycling.put_database(cursor, current)
            self._snapshot = self._snapshot.without_database(name)
            for relation in current.relations.values():
                self.locks.forget(relation.id)

    def change_database(self, name: str, change: Callable[[DatabaseDef], DatabaseDef]) -> None:
        """Rename it or set its properties: `change` gives the new definition, whose relations are taken over."""
        with self._guard:
            old = self.database(name)
            new = change(old)
            if new.name != name:
                check_database_name(new.name)
                if new.name in self._snapshot.databases:
                    raise DorisError(f"Database name[{new.name}] is already used")
            moved = {key: replace(relation, db=new.name) for key, relation in old.relations.items()}
            new = replace(new, relations=moved)
            with self._transaction() as cursor:
                store.put_database(cursor, new)
                if new.name != name:
                    for relation in moved.values():
                        store.put_relation(cursor, new, relation)
            self._snapshot = self._snapshot.with_database(new)

    # Tables and views

    def create_table(self, table: Table, *, if_not_exists: bool = False) -> Table | None:
        """Create it empty, with ids for itself and its partitions (those of `table` are ignored).

        Gives the table, or None where it exists and may.
        """
        check_table_name(table.name)
        with self._guard:
            if not self._is_free(table.db, table.name, if_not_exists):
                return None
            partitions = tuple(replace(partition, id=self.new_id()) for partition in table.partitions)
            rollups = tuple(replace(rollup, id=self.new_id()) for rollup in table.rollups)
            table = replace(table, id=self.new_id(), partitions=partitions, created_at=_now())
            table = replace(table, rollups=rollups, temporary=())
            self.tiers.check(table)
            with self._transaction() as cursor:
                self._add(cursor, table)
                cold = self.tiers.renew(cursor, self._snapshot.cold, [table], None)
            self._snapshot = self._snapshot.with_relation(table).with_cold(cold)
            return table

    def create_view(self, view: View, *, if_not_exists: bool = False, or_replace: bool = False) -> None:
        check_table_name(view.name)
        with self._guard:
            old = self.database(view.db).relations.get(view.name)
            if or_replace and isinstance(old, View):
                self.replace_relation(replace(view, id=old.id, created_at=old.created_at))
                return
            if not self._is_free(view.db, view.name, if_not_exists):
                return
            view = replace(view, id=self.new_id(), created_at=_now())
            with self._transaction() as cursor:
                store.put_relation(cursor, self.database(view.db), view)
            self._snapshot = self._snapshot.with_relation(view)

    def drop(
        self,
        db: str,
        name: str,
        *,
        view: bool,
        if_exists: bool = False,
        force: bool = True,
        while_waiting: Callable[[], None] | None = None,
    ) -> None:
        """Drop a table or a view. Waits for the load that runs into the table.

        A table that was dropped without `force` can be recovered.
        """
        found = self.database(db).relations.get(name)
        if found is None:
            if if_exists:
                return
            raise DorisError(f"Unknown table '{name}' in {db}")
        if isinstance(found, View) != view:
            raise DorisError(f"'{db}.{name}' is not {'VIEW' if view else 'TABLE'}. {_drop_hint(found)}.")
        with self.locks.hold([found.id], while_waiting), self._guard:
            current = self._snapshot.by_id(found.id)
            if current is None:
                raise DorisError(f"Unknown table '{name}' in {db}")
            with self._transaction() as cursor:
                self._drop(cursor, self.database(db), current, force=force or view, with_db=False)
            self._snapshot = self._snapshot.without_relation(current)
            self.locks.forget(found.id)

    def recover_table(self, db_name: str, name: str, wanted: int = -1, new_name: str | None = None) -> None:
        """RECOVER TABLE: the one of that name (and id) that was dropped last, under its name or a new one."""
        with self._guard:
            db = self.database(db_name)
            if (new_name or name) in db.relations:
                raise DorisError(f"Table '{new_name or name}' already exists")
            check_table_name(new_name or name)
            with self._transaction() as cursor:
                found = recycling.take_table(cursor, db, name, wanted)
                if found is None:
                    raise DorisError(f"Unknown table '{name}' or table id '{wanted}' in {db_name}")
                table = replace(found, db=db.name, name=new_name or name)
                store.put_relation(cursor, db, table)
            self._snapshot = self._snapshot.with_relation(table)

    def recover_database(self, name: str, wanted: int = -1, new_name: str | None = None) -> None:
        """RECOVER DATABASE with what was in it when it was dropped."""
        with self._guard:
            final = new_name or name
            check_database_name(final)
            with self._transaction() as cursor:
                found = recycling.take_database(cursor, name, wanted)
                if found is None:
                    raise DorisError(f"Unknown database '{name}' or database id '{wanted}'")
                if final in self._snapshot.databases:
                    raise DorisError(f"Database[{final}] already exist.")
                relations = {relation.name: replace(relation, db=final) for relation in found[1]}
                db = replace(found[0], name=final, relations=relations)
                store.put_database(cursor, db)
                for relation in relations.values():
                    store.put_relation(cursor, db, relation)
            self._snapshot = self._snapshot.with_database(db)

    @contextmanager
    def changing(self, table: Table, while_waiting: Callable[[], None] | None = None) -> Iterator[Table]:
        """Hold the table for a change of its definition or rows; gives it as it is once the lock is held."""
        with self.locks.hold([table.id], while_waiting):
            current = self._snapshot.by_id(table.id)
            if not isinstance(current, Table):
                raise DorisError(f"Unknown table '{table.name}'")
            yield current

    def commit(
        self,
        cursor: duckdb.DuckDBPyConnection,
        *changed: Table,
        added_to: Table | None = None,
        cold: ColdTable | None = None,
        same_rows: bool = False,
        made: Sequence[Table | View] = (),
    ) -> None:
        """Commit the caller's transaction, together with new definitions of tables that it holds.

        `made` are tables and views that were not there before, with ids and, of tables, with room for their rows.
        `added_to` is the table to whose rows nothing happened but in the partitions of the uncommitted ones; `cold` the
        new tiers of a table; with `same_rows` no table has other rows than before.
        """
        self.versions.stamp_held(cursor, changed, added_to, same_rows=same_rows)
        if not changed and cold is None and not made:
            cursor.commit()
            return
        with self._guard:
            for relation in made:
                self._is_free(relation.db, relation.name, if_not_exists=False)
                store.put_relation(cursor, self.database(relation.db), relation)
            for table in changed:
                self._check_new_name(table)
                store.put_relation(cursor, self.database(table.db), table)
            tiers = self.tiers.renew(cursor, self._snapshot.cold, changed, cold)
            cursor.commit()
            snapshot = self._snapshot
            for changed_one in (*changed, *made):
                snapshot = snapshot.with_relation(changed_one)
            self._snapshot = snapshot.with_cold(tiers)

    def replace_relation(self, relation: Table | View) -> None:
        """Store a new definition (under its name or a new one) that needs no change of rows."""
        with self._guard:
            self._check_new_name(relation)
            with self._transaction() as cursor:
                store.put_relation(cursor, self.database(relation.db), relation)
            self._snapshot = self._snapshot.with_relation(relation)

    def exchange(
        self, table: Table, other_name: str, *, keep: bool, while_waiting: Callable[[], None] | None = None
    ) -> None:
        """ALTER TABLE table REPLACE WITH TABLE other: the other takes the name; the table gets the other's, or goes."""
        other = self.find_table(table.db, other_name)
        with self.locks.hold([table.id, other.id], while_waiting), self._guard:
            mine, theirs = self._snapshot.by_id(table.id), self._snapshot.by_id(other.id)
            if not isinstance(mine, Table) or not isinstance(theirs, Table):
                raise DorisError(f"Unknown table '{table.name if mine is None else other_name}'")
            renamed = replace(theirs, name=mine.name)
            db = self.database(table.db)
            with self._transaction() as cursor:
                store.put_relation(cursor, db, renamed)
                if keep:
                    store.put_relation(cursor, db, replace(mine, name=theirs.name))
                else:
                    self._remove(cursor, mine)
            cold = {key: tiers for key, tiers in self._snapshot.cold.items() if key == mine.id}
            snapshot = self._snapshot.without_relation(mine).with_relation(renamed)
            if keep:
                snapshot = snapshot.with_relation(replace(mine, name=theirs.name)).with_cold(cold)
            self._snapshot = snapshot

    def _check_new_name(self, relation: Table | View) -> None:
        old = self._snapshot.by_id(relation.id)
        if old is not None and old.name != relation.name:
            check_table_name(relation.name)
            if relation.name in self.database(relation.db).relations:
                raise DorisError(f"Table name[{relation.name}] is already used")

    def _is_free(self, db: str, name: str, if_not_exists: bool) -> bool:
        if name not in self.database(db).relations:
            return True
        if if_not_exists:
            return False
        raise DorisError(f"Table '{name}' already exists")

    def _add(self, cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
        create_data(cursor, table)
        for column in table.columns:
            if column.auto_increment is not None:
                cursor.execute("INSERT INTO nereus.auto_increment VALUES (?, ?)", [table.id, column.auto_increment])
        store.put_relation(cursor, self.database(table.db), table)

    def _drop(
        self, cursor: duckdb.DuckDBPyConnection, db: DatabaseDef, relation: Table | View, *, force: bool, with_db: bool
    ) -> None:
        # What a table with a storage policy has in the object store is not kept for RECOVER.
        if force or not recycling.recyclable(relation) or relation.id in self._snapshot.cold:
            self._remove(cursor, relation)
            return
        recycling.purge(cursor)
        recycling.put(cursor, db, relation, with_db=with_db)

    def _remove(self, cursor: duckdb.DuckDBPyConnection, relation: Table | View) -> None:
        store.remove_relation(cursor, relation)
        if isinstance(relation, Table):
            self.tiers.remove(cursor, self._snapshot.cold.get(relation.id))
            cursor.execute(f"DROP TABLE {physical(relation)}")
            for partition in relation.temporary:
                cursor.execute(f"DROP TABLE {physical(temporary_table(relation, partition))}")

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with transaction(self.engine) as cursor:
            yield cursor
            cursor.commit()


def create_data(cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Make room for the rows of a table."""
    columns = ", ".join(
        f"{quoted(column.name)} {column.type.duckdb}{'' if column.nullable else ' NOT NULL'}"
        for column in table.columns
    )
    cursor.execute(f"CREATE TABLE {physical(table)} ({columns})")


@contextmanager
def transaction(engine: Engine) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor in a transaction, which is rolled back unless the caller committed it."""
    cursor = engine.cursor()
    try:
        cursor.begin()
        yield cursor
    finally:
        cursor.close()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _drop_hint(relation: Table | View) -> str:
    kind = "VIEW" if isinstance(relation, View) else "TABLE"
    return f"Use 'DROP {kind} {relation.db}.{relation.name}'"
