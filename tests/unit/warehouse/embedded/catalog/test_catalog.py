"""Databases, tables and views: created, changed, dropped, and still there after a restart."""

import threading
from dataclasses import replace

import pytest

from nereus.warehouse.embedded.catalog import Catalog, physical
from nereus.warehouse.embedded.catalog.codec import decode, encode
from nereus.warehouse.embedded.catalog.model import (
    Column,
    Distribution,
    Index,
    KeyModel,
    Partition,
    Partitioning,
    Table,
    View,
)
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.types import BIGINT, DATE, INT, STRING, parse_type, varchar

TABLE = Table(
    db="d",
    name="Sales",
    id=0,
    columns=(
        Column("day", DATE, nullable=False, is_key=True),
        Column("Id", BIGINT, nullable=False, auto_increment=5),
        Column("note", varchar(10), default="x", comment='a "quoted" comment é'),
        Column("tags", parse_type("array<map<string,decimal(10,2)>>")),
        Column("at", parse_type("struct<a:int,b:datetime(3)>")),
    ),
    model=KeyModel.DUPLICATE,
    keys=("day",),
    partitioning=Partitioning("RANGE", ("day",), auto=True, unit="month"),
    partitions=(Partition("p1", 0, (None,), ("2024-01-01",)), Partition("p2", 0, ("2024-01-01",), (None,))),
    distribution=Distribution(("Id",), 4),
    indexes=(Index("ix", ("note",), properties=(("parser", "english"),)),),
    properties=(("replication_num", "1"),),
    comment="all sales",
)
VIEW = View("d", "v", 0, "select 1 AS `a`", (("a", INT, "one"),), comment="c")


@pytest.fixture
def engine(tmp_path):
    opened = Engine.open(tmp_path, memory_gb=1, threads=1)
    yield opened
    opened.close()


@pytest.fixture
def catalog(engine):
    made = Catalog(engine)
    made.create_database("d")
    return made


@pytest.mark.parametrize("value", [TABLE, VIEW, replace(TABLE, partitioning=None, partitions=(), indexes=())])
def test_a_definition_survives_its_text(value):
    assert decode(encode(value)) == value


def test_restart_shows_the_same(tmp_path):
    engine = Engine.open(tmp_path, memory_gb=1, threads=1)
    catalog = Catalog(engine)
    catalog.create_database("d", properties=(("replication_num", "1"),))
    catalog.create_table(TABLE)
    catalog.create_view(VIEW)
    before = catalog.snapshot().databases
    engine.close()
    engine = Engine.open(tmp_path, memory_gb=1, threads=1)
    again = Catalog(engine)
    assert again.snapshot().databases == before
    assert again.new_id() > max(relation.id for relation in before["d"].relations.values())
    engine.close()


def test_the_table_is_made_with_its_constraints(catalog):
    table = catalog.create_table(TABLE)
    rows = catalog.engine.cursor().execute(f"DESCRIBE {physical(table)}").fetchall()
    assert [row[:3] for row in rows] == [
        ("day", "DATE", "NO"),
        ("Id", "BIGINT", "NO"),
        ("note", "VARCHAR", "YES"),
        ("tags", "MAP(VARCHAR, DECIMAL(10,2))[]", "YES"),
        ("at", "STRUCT(a INTEGER, b TIMESTAMP)", "YES"),
    ]


def test_partitions_and_tables_get_ids_of_their_own(catalog):
    table = catalog.create_table(TABLE)
    other = catalog.create_table(replace(TABLE, name="other"))
    ids = [table.id, other.id, *(p.id for t in (table, other) for p in t.partitions)]
    assert len(set(ids)) == 6
    assert min(ids) > 10000


def test_names_of_databases_and_tables_are_case_sensitive_and_of_columns_not(catalog):
    catalog.create_database("D")
    catalog.create_table(TABLE)
    catalog.create_table(replace(TABLE, name="sales"))
    snapshot = catalog.snapshot()
    assert snapshot.table("d", "Sales").id != snapshot.table("d", "sales").id
    assert snapshot.table("d", "SALES") is None
    assert snapshot.table("D", "Sales") is None
    assert snapshot.table("d", "Sales").column("ID").name == "Id"


def test_relation_tells_the_binder_where_rows_are(catalog):
    table = catalog.create_table(TABLE)
    catalog.create_view(VIEW)
    relation = catalog.snapshot().relation("d", "Sales")
    assert relation.from_sql == f'"data"."t{table.id}"'
    assert [(c.name, str(c.type), c.nullable) for c in relation.columns][:2] == [
        ("day", "date", False),
        ("Id", "bigint", False),
    ]
    assert catalog.snapshot().relation("d", "v").view_sql == VIEW.sql
    assert catalog.snapshot().relation("d", "nosuch") is None
    assert catalog.snapshot().relation("nodb", "v") is None


def test_a_snapshot_does_not_change(catalog):
    before = catalog.snapshot()
    catalog.create_table(TABLE)
    after = catalog.snapshot()
    assert before.table("d", "Sales") is None
    assert after.table("d", "Sales") is not None
    assert after.version > before.version


REFUSALS = [
    (lambda c: c.create_database("d"), "Can't create database 'd'; database exists"),
    (lambda c: c.create_database("1d"), "Incorrect database name '1d'"),
    (lambda c: c.drop_database("nodb"), "Can't drop database 'nodb'; database doesn't exist"),
    (lambda c: c.create_table(TABLE), "Table 'Sales' already exists"),
    (lambda c: c.create_table(replace(TABLE, db="nodb")), "Unknown database 'nodb'"),
    (
        lambda c: c.create_table(replace(TABLE, name="a b")),
        r"Incorrect table name 'a b'. Table name regex is '^[a-zA-Z0-9\-_$]*$'",
    ),
    (
        lambda c: c.create_table(replace(TABLE, name="a" * 65)),
        f"Table name length exceeds limit, the length of table name '{'a' * 65}' is 65 which is greater than the "
        "configuration 'table_name_length_limit' (64).",
    ),
    (lambda c: c.create_view(replace(VIEW, name="Sales"), or_replace=True), "Table 'Sales' already exists"),
    (lambda c: c.drop("d", "nosuch", view=True), "Unknown table 'nosuch' in d"),
    (lambda c: c.drop("d", "v", view=False), "'d.v' is not TABLE. Use 'DROP VIEW d.v'."),
    (lambda c: c.drop("d", "Sales", view=True), "'d.Sales' is not VIEW. Use 'DROP TABLE d.Sales'."),
    (lambda c: c.find_table("d", "nosuch"), "Unknown table 'nosuch'"),
    (lambda c: c.change_database("nodb", lambda db: db), "Unknown database 'nodb'"),
]


@pytest.mark.parametrize(("act", "text"), REFUSALS, ids=[text[:40] for _, text in REFUSALS])
def test_refusals_read_as_doris_writes_them(catalog, act, text):
    catalog.create_table(TABLE)
    catalog.create_view(VIEW)
    before = catalog.snapshot()
    with pytest.raises(DorisError) as refused:
        act(catalog)
    assert refused.value.detail == text
    assert refused.value.code == 1105
    assert catalog.snapshot() is before


def test_if_exists_and_if_not_exists_change_nothing(catalog):
    catalog.create_table(TABLE)
    before = catalog.snapshot()
    catalog.create_database("d", if_not_exists=True)
    catalog.drop_database("nodb", if_exists=True)
    assert catalog.create_table(TABLE, if_not_exists=True) is None
    catalog.drop("d", "nosuch", view=False, if_exists=True)
    assert catalog.snapshot() is before


def test_dropping_a_database_takes_its_rows(catalog):
    table = catalog.create_table(TABLE)
    catalog.create_view(VIEW)
    catalog.drop_database("d")
    assert not catalog.snapshot().has_database("d")
    left = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'data'"
    assert catalog.engine.cursor().execute(left).fetchone() == (0,)
    catalog.create_database("d")
    assert catalog.create_table(TABLE).id > table.id


def test_a_renamed_database_keeps_its_tables(catalog):
    table = catalog.create_table(TABLE)
    catalog.change_database("d", lambda db: replace(db, name="e"))
    assert catalog.snapshot().table("e", "Sales").id == table.id
    assert catalog.snapshot().table("e", "Sales").db == "e"
    assert not catalog.snapshot().has_database("d")
    assert Catalog(catalog.engine).snapshot().databases == catalog.snapshot().databases


def test_create_or_replace_view_keeps_its_id(catalog):
    catalog.create_view(VIEW)
    old = catalog.snapshot().table("d", "v")
    catalog.create_view(replace(VIEW, sql="select 2 AS `b`"), or_replace=True)
    new = catalog.snapshot().table("d", "v")
    assert (new.id, new.sql) == (old.id, "select 2 AS `b`")


def test_a_table_that_is_being_changed_makes_the_next_wait(catalog):
    table = catalog.create_table(TABLE)
    order = []
    held, release = threading.Event(), threading.Event()

    def first():
        with catalog.changing(table):
            held.set()
            release.wait(10)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(10)
    waits = []

    def looked():
        waits.append(1)
        release.set()

    with catalog.changing(table, looked):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert waits


def test_waiting_ends_when_cancelled(catalog):
    table = catalog.create_table(TABLE)

    def cancelled():
        raise DorisError("cancelled")

    with catalog.changing(table), pytest.raises(DorisError, match="cancelled"), catalog.changing(table, cancelled):
        raise AssertionError("entered a table that another holds")


def test_who_waited_for_a_dropped_table_is_told(catalog):
    table = catalog.create_table(TABLE)
    catalog.drop("d", "Sales", view=False)
    with pytest.raises(DorisError, match="Unknown table 'Sales'"), catalog.changing(table):
        pass


def test_text_columns_are_text_again(catalog):
    catalog.create_table(Table("d", "t", 0, (Column("s", STRING),), KeyModel.DUPLICATE, ()))
    assert str(Catalog(catalog.engine).snapshot().table("d", "t").columns[0].type) == "text"
