"""A warehouse with one database `d`, and helpers to fill tables from DuckDB SQL."""

import pytest

from nereus.warehouse.embedded.catalog import Catalog, physical
from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Table
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.types import parse_type
from nereus.warehouse.embedded.write.writer import Writer


class Bench:
    def __init__(self, data):
        self.engine = Engine.open(data, memory_gb=1, threads=2)
        self.catalog = Catalog(self.engine)
        self.writer = Writer(self.engine, self.catalog)
        self.catalog.create_database("d", if_not_exists=True)
        self.cursor = self.engine.cursor()

    def table(self, name, columns, *, model=KeyModel.DUPLICATE, keys=1, **more):
        """Create a table from 'name type [not null] [default]' words."""
        made = tuple(self._column(text, is_key=i < keys) for i, text in enumerate(columns))
        names = tuple(column.name for column in made[:keys])
        return self.catalog.create_table(Table("d", name, 0, made, model, names, **more))

    @staticmethod
    def _column(text, is_key):
        name, kind, *rest = text.split()
        increment = 1 if "auto" in rest else None
        default = rest[rest.index("default") + 1] if "default" in rest else None
        expression = default is not None and default.startswith("CURRENT")
        return Column(
            name,
            parse_type(kind),
            nullable="not" not in rest,
            default=default,
            default_is_expression=expression,
            is_key=is_key,
            auto_increment=increment,
        )

    def append(self, table, values, columns=None, **more):
        """Append a DuckDB VALUES list or SELECT."""
        sql = values if values.lstrip().upper().startswith(("SELECT", "FROM")) else f"SELECT * FROM (VALUES {values})"
        names = columns or [column.name for column in table.columns]
        return self.writer.append(self.cursor, table, names, sql, **more)

    def rows(self, table, what="*", order="ALL"):
        return self.engine.cursor().execute(f"SELECT {what} FROM {physical(table)} ORDER BY {order}").fetchall()

    def partitions(self, table):
        return [(p.name, p.lower, p.upper, p.values) for p in self.catalog.snapshot().by_id(table.id).partitions]

    def close(self):
        self.cursor.close()
        self.engine.close()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()
