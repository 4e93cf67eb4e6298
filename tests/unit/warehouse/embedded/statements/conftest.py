"""A warehouse and a session of root in the database `d`."""

from decimal import Decimal

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.warehouse import Warehouse


class Runner:
    """Runs statements of one session."""

    def __init__(self, session):
        self.session = session
        self.warehouse = session.warehouse

    def __call__(self, sql):
        """The Ok of a statement without rows, else its rows as tuples."""
        found = None
        for result in self.session.execute(sql):
            if isinstance(result, Ok):
                found = result
            else:
                found = [tuple(map(plain, row)) for batch in result.batches for row in rows_of(batch)]
        return found

    def error(self, sql):
        """The text of the error that a statement must raise."""
        with pytest.raises(DorisError) as raised:
            self(sql)
        return raised.value.detail

    def shown(self, table):
        return self(f"SHOW CREATE TABLE {table}")[0][1]


def rows_of(batch):
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def plain(value):
    return str(value) if isinstance(value, Decimal) or hasattr(value, "isoformat") else value


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    opened = Warehouse.open(tmp_path_factory.mktemp("data"), memory_gb=1, threads=2, root_password="secret of root")
    yield opened
    opened.close()


@pytest.fixture
def run(warehouse):
    """A session in a database `d` that is made for the test."""
    session = warehouse.connect("root")
    runner = Runner(session)
    runner("CREATE DATABASE d")
    runner("USE d")
    yield runner
    session.database = None
    runner("DROP DATABASE IF EXISTS d FORCE")
    session.close()


@pytest.fixture
def as_user(run):
    """Runners of users who hold what is granted to them."""
    sessions = []

    def connect(name, *grants):
        run(f"CREATE USER {name} IDENTIFIED BY 'secret of {name}'")
        for grant in grants:
            run(f"GRANT {grant} TO {name}")
        session = run.warehouse.connect(name)
        sessions.append((name, session))
        return Runner(session)

    yield connect
    for name, session in sessions:
        session.close()
        run(f"DROP USER {name}")
