"""SQLAlchemy against the warehouse: URL-PREFIX (dialect://user:password@host:port/). Prints JSON."""

import json
import sys

import sqlalchemy as sa
from sqlalchemy import text

prefix, name = sys.argv[1:]
found = {"version": sa.__version__}
properties = "PROPERTIES ('replication_num' = '1')"

engine = sa.create_engine(prefix)
with engine.connect() as connection:
    connection.execute(text(f"DROP DATABASE IF EXISTS {name} FORCE"))
    connection.execute(text(f"CREATE DATABASE {name}"))
engine.dispose()

engine = sa.create_engine(prefix + name)
with engine.begin() as connection:
    connection.execute(
        text(
            "CREATE TABLE t (id BIGINT NOT NULL, name VARCHAR(20) COMMENT 'a name', price DECIMAL(10, 2), d DATE, "
            "ts DATETIME(3), b BOOLEAN, f DOUBLE, s STRING) DUPLICATE KEY (id) DISTRIBUTED BY HASH (id) BUCKETS 1 "
            + properties
        )
    )
    inserted = connection.execute(
        text(
            "INSERT INTO t VALUES (1, 'a', 1.5, '2024-01-01', '2024-01-01 10:00:00.5', true, 1.5, 'x'), "
            "(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
        )
    )
    found["inserted"] = inserted.rowcount
    connection.execute(text("CREATE VIEW v AS SELECT id, name FROM t"))
    connection.execute(text("INSERT INTO t (id, name) VALUES (:i, :n)"), [{"i": 5, "n": "q'"}, {"i": 6, "n": None}])
    found["rows"] = [str(tuple(row)) for row in connection.execute(text("SELECT * FROM t WHERE id = :i"), {"i": 1})]

inspector = sa.inspect(engine)
found["schemas"] = inspector.get_schema_names()
found["tables"] = inspector.get_table_names()
found["views"] = inspector.get_view_names()
found["columns"] = [[column["name"], str(column["type"]), column["nullable"]] for column in inspector.get_columns("t")]
found["view columns"] = [column["name"] for column in inspector.get_columns("v")]
found["primary key"] = inspector.get_pk_constraint("t")["constrained_columns"]
found["keys"] = [inspector.get_indexes("t"), inspector.get_foreign_keys("t"), inspector.get_unique_constraints("t")]
found["view text"] = inspector.get_view_definition("v")
found["has t"] = inspector.has_table("t")
try:
    found["has nosuch"] = inspector.has_table("nosuch")
except sa.exc.OperationalError as error:
    found["has nosuch"] = error.orig.args[0]

table = sa.Table("t", sa.MetaData(), autoload_with=engine)
with engine.connect() as connection:
    counted = sa.select(table.c.name, sa.func.count()).group_by(table.c.name).order_by(table.c.name)
    found["counted"] = [list(row) for row in connection.execute(counted)]
    liked = sa.select(table.c.id).where(table.c.name.like("a%")).limit(10).offset(0)
    found["liked"] = [row[0] for row in connection.execute(liked)]
with engine.connect().execution_options(stream_results=True) as connection:
    found["streamed"] = [row[0] for row in connection.execute(text("SELECT id FROM t ORDER BY id")).fetchmany(3)]
with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
    found["autocommit"] = connection.execute(text("SELECT 1")).scalar()

metadata = sa.MetaData()
made = sa.Table(
    "made", metadata, sa.Column("id", sa.Integer), sa.Column("at", sa.DateTime), sa.Column("v", sa.String(9))
)
metadata.create_all(engine, checkfirst=False)
with engine.begin() as connection:
    connection.execute(made.insert(), [{"id": 1, "v": "x"}, {"id": 2, "v": "y"}])
    found["made"] = [list(row) for row in connection.execute(sa.select(made.c.id, made.c.v).order_by(made.c.id))]
metadata.drop_all(engine, checkfirst=False)
with engine.connect() as connection:
    connection.execute(text(f"DROP DATABASE {name} FORCE"))
print(json.dumps(found))
