"""A warehouse for the tests of loads, and short ways to fill and read its tables."""

import itertools
import uuid
from dataclasses import dataclass

import pytest

from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Table
from nereus.warehouse.embedded.http.answers import LoadReport
from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.load import run_load
from nereus.warehouse.embedded.http.options import parse
from nereus.warehouse.embedded.http.plan import plan_load
from nereus.warehouse.embedded.http.spool import Spool
from nereus.warehouse.embedded.http.stop import Stop
from nereus.warehouse.embedded.types import parse_type
from nereus.warehouse.embedded.warehouse import Warehouse

DB = "d"


def column(text, keys):
    """``"a int not null default 5"`` as a column."""
    text, _, default = text.partition(" default ")
    nullable = not text.endswith(" not null")
    name, _, kind = text.removesuffix(" not null").partition(" ")
    expression = default.upper().startswith("CURRENT_")
    return Column(name, parse_type(kind), nullable, default or None, expression, is_key=name in keys)


@dataclass
class Loader:
    warehouse: Warehouse
    names: itertools.count

    def table(self, *columns, model=KeyModel.DUPLICATE, keys=("a",), **more):
        """Create a table; gives its name."""
        name = f"t{next(self.names)}"
        listed = tuple(column(text, keys) for text in columns)
        self.warehouse.catalog.create_table(Table(DB, name, 0, listed, model, keys, **more))
        return name

    def plan(self, table, **headers):
        label = headers.get("label") or uuid.uuid4().hex
        return plan_load(self.warehouse, "root", "127.0.0.1", DB, table, parse(headers, label))

    def run(self, table, body, stop=None, **headers):
        """Load `body`; gives (report, error log). A load that is refused before its body has a report as well."""
        report = LoadReport(headers.get("label", ""))
        try:
            plan = self.plan(table, **headers)
        except LoadFailed as failure:
            report.failure = failure
            return report, ""
        spool = Spool(self.warehouse.engine.spool, gzip=plan.options.gzip)
        try:
            spool.write(body)
            spool.finish()
            return report, run_load(self.warehouse, plan, spool, report, stop or Stop())
        finally:
            spool.remove()

    def load(self, table, body, **headers):
        """A load that is expected to succeed."""
        report, _ = self.run(table, body, **headers)
        assert report.failure is None, report.failure.message
        return report

    def failure(self, table, body, **headers):
        """The message of a load that is expected to fail."""
        report, _ = self.run(table, body, **headers)
        assert report.failure is not None
        assert report.loaded_rows == 0
        return report.failure.message

    def rows(self, table):
        """The rows in the order in which they were written."""
        found = self.warehouse.catalog.find_table(DB, table)
        cursor = self.warehouse.engine.cursor()
        try:
            return cursor.execute(f"SELECT * FROM data.t{found.id} ORDER BY rowid").fetchall()
        finally:
            cursor.close()


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory):
    opened = Warehouse.open(tmp_path_factory.mktemp("warehouse"), memory_gb=1, threads=2, root_password="root-pw")
    opened.catalog.create_database(DB)
    yield opened
    assert list(opened.engine.spool.iterdir()) == []
    opened.close()


@pytest.fixture(scope="session")
def numbers():
    return itertools.count(1)


@pytest.fixture
def loader(warehouse, numbers):
    return Loader(warehouse, numbers)
