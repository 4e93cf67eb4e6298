"""MySQL Connector/J with its metadata calls, statements of every kind, batches and streams."""

import subprocess

import pytest

from tests.integration.clients.environments import PROGRAMS, jar
from tests.integration.wire.conftest import ROOT_PASSWORD

ROWS = (
    '[1|2024-01-01|2024-01-01 10:00:00.500|apple|1.50{}|1, 2|2024-02-29|2024-02-29 00:00:00|it\'s "é"|-0.01{}|0, 3{}]'
)


@pytest.fixture(scope="module")
def found(house):
    """What the Java program printed, by name."""
    library = jar("com.mysql:mysql-connector-j")
    command = ["java", "-cp", library, PROGRAMS / "Jdbc.java", str(house.ports.mysql.port), ROOT_PASSWORD]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(line.partition(": ")[::2] for line in done.stdout.splitlines())


def test_metadata(found):
    assert found["product"] == "MySQL 5.7.99"
    assert "shop" in found["catalogs"]
    assert "shop|sales|TABLE" in found["tables"]
    assert found["columns"] == (
        "[id|-5|BIGINT|19|null|NO, day|91|DATE|10|null|YES, sold|93|DATETIME|23|null|YES, "
        "name|12|VARCHAR|40|null|YES, price|3|DECIMAL|10|2|YES, weight|8|DOUBLE|22|0|YES, ok|16|BOOLEAN|3|null|YES]"
    )
    for nothing in ("views", "primary keys", "indexes", "imported keys", "procedures", "functions", "best row"):
        assert found[nothing] == "[]", nothing
    assert found["keys of all databases"] == "[][][]"
    assert found["types"] == found["keywords"] == found["valid"] == "true"
    assert found["user"] == "'root'@'127.0.0.1'"
    assert found["catalog"] == "information_schema shop"


def test_what_doris_has_not_is_an_error(found):
    assert "Table [tables_priv] does not exist in database [mysql]" in found["table privileges"]
    assert found["error"] == "1105 HY000"


def test_rows(found):
    assert found["rows"] == ROWS.format("", "", "|null" * 5)
    assert found["result columns"].startswith(
        "[id|id|sales|BIGINT|19|0, n|n||CHAR|85|0, price|price|sales|DECIMAL|10|2, "
    )
    assert found["warnings"] == "null"
    assert found["limit"] == "[1, 2]"
    assert found["limit is gone"] == "[1, 2, 3]"
    assert found["timeout"] == "[7]"
    assert found["autocommit off"] == "[3]"


@pytest.mark.parametrize("options", ["useServerPrepStmts=false", "useServerPrepStmts=true"])
def test_prepared(found, options):
    assert found[f"{options} parameters"] == "[1|apple]"
    assert found[f"{options} types"] == "[-7|0.5|1|null|it's \\ é]"
    assert found[f"{options} all types"] == ROWS.format("|0.1", "|1.0E20", "|null" * 6)


def test_metadata_of_a_prepared_statement(found):
    assert found["useServerPrepStmts=true metadata"] == "2 1"


def test_batches(found):
    for options in (
        "rewriteBatchedStatements=false",
        "rewriteBatchedStatements=true",
        "useServerPrepStmts=true&rewriteBatchedStatements=true",
    ):
        assert found[f"batch {options}"] == "[20|10|190]"


def test_streams(found):
    assert found["stream "] == found["stream useCompression=true"] == "199990000"
    # Doris sends all rows where the driver waits for a cursor, and the driver shows none of them.
    assert "refuses cursors" in found["stream useCursorFetch=true&defaultFetchSize=100"]
