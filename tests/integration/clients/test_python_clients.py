"""Python's drivers and the libraries above them, each as its users use it."""

import pytest

from tests.conftest import not_run
from tests.integration.clients.environments import environment, has, needs_mysqlclient, run
from tests.integration.wire.conftest import ROOT_PASSWORD

ROWS = [
    ["1", "2024-01-01", "2024-01-01 10:00:00.500000", "apple", "1.50", "0.1", "1"],
    ["2", "2024-02-29", "2024-02-29 00:00:00", 'it\'s "é"', "-0.01", "1e+20", "0"],
    ["3", *["None"] * 6],
]
COLUMNS = [
    ["id", "BIGINT", False],
    ["name", "VARCHAR(20)", True],
    ["price", "DECIMAL(10, 2)", True],
    ["d", "DATE", True],
    ["ts", "DATETIME", True],
    ["b", "TINYINT(1)", True],
    ["f", "DOUBLE", True],
    ["s", "TEXT", True],
]


def access(house):
    return str(house.ports.mysql.port), ROOT_PASSWORD


@pytest.mark.parametrize("driver", ["pure", "C"])
def test_mysql_connector_python(house, driver):
    found = run(environment("drivers"), "drivers.py", *access(house), driver)
    if driver == "C" and not found["C"]:
        not_run("mysql-connector-python in C", "its extension does not load on this system")
    for label in ("", " compressed"):
        assert found[f"text{label}"] == found[f"prepared{label}"] == ROWS
        assert found[f"parameters{label}"] == [["1"]]
        assert found[f"types{label}"] == [
            ["-1", "it's \\ é", "0.5", "1.25", "2024-01-01", "2024-01-01 01:02:03.000004", "None"]
        ]
        assert found[f"long{label}"] == [["17000000", "1"]]
        assert found[f"wide{label}"] == 17_000_001
        assert found[f"small again{label}"] == [["7"]]
    assert found["written"] == [["1", "a"], ["2", "None"]]
    assert found["shown"] == [["rows_of_it"]]


def test_mysqlclient(house):
    needs_mysqlclient("drivers")
    found = run(environment("drivers"), "drivers.py", *access(house), "mysqlclient")
    assert found["text"] == found["text compressed"] == ROWS
    assert found["multi"] == found["multi compressed"] == [[[1]], 1, [[2]], None]
    assert found["streamed"] == 30_000
    assert found["wide"] == 17_000_001
    assert found["parameters"] == [["information_schema", "it's"]]


@pytest.mark.parametrize("dialect", ["mysql+pymysql", "pydoris"])
@pytest.mark.parametrize(("name", "version"), [("drivers", "2."), ("sqlalchemy-1", "1.4.")])
def test_sqlalchemy(house, name, version, dialect):
    if dialect == "pydoris":
        needs_mysqlclient(name)
    port, password = access(house)
    found = run(environment(name), "sqlalchemy_client.py", f"{dialect}://root:{password}@127.0.0.1:{port}/", "alchemy")
    assert found["version"].startswith(version)
    assert found["inserted"] == 2
    assert found["rows"][0].startswith(
        "(1, 'a', Decimal('1.50'), datetime.date(2024, 1, 1), datetime.datetime(2024, 1,"
    )
    assert {"alchemy", "information_schema"} <= set(found["schemas"])
    assert (found["tables"], found["views"]) == (["t"], ["v"])
    kinds = [[name, kind.partition(" ")[0] if name == "s" else kind, null] for name, kind, null in found["columns"]]
    assert [column[0] for column in kinds] == [column[0] for column in COLUMNS]
    assert kinds[:4] == COLUMNS[:4]
    assert found["view columns"] == ["id", "name"]
    assert found["primary key"] == []
    assert found["keys"] == [[], [], []]
    assert found["view text"].startswith("CREATE VIEW `v`\n(id,name)\n AS SELECT ")
    assert found["has t"] is True
    # Doris' error for an unknown table is not MySQL's: where SQLAlchemy asks by DESCRIBE it finds an error.
    assert found["has nosuch"] in (False, 1105)
    assert found["counted"] == [[None, 2], ["a", 1], ["q'", 1]]
    assert found["liked"] == [1]
    assert found["streamed"] == [1, 2, 5]
    assert found["autocommit"] == 1
    assert found["made"] == [[1, "x"], [2, "y"]]


def test_pandas_polars_and_connectorx(house):
    found = run(environment("drivers"), "frames.py", *access(house))
    assert found["pandas types"][:3] == ["int64", "object", "datetime64[us]"]
    assert found["pandas rows"] == ["2", "2024-02-29", "2024-02-29 00:00:00", 'it\'s "é"', "-0.01", "1e+20", "0.0"]
    assert found["pandas table"] == 3
    assert found["pandas chunks"] == [2, 1]
    if has("drivers", "MySQLdb"):
        assert len(found["pandas written"]) == 6
        assert found["polars written"] == [[1, "x"], [2, None]]
    for protocol in ("binary", "text"):
        kinds, row = found[f"connectorx {protocol}"]
        assert kinds == ["int64", "date32[day]", "timestamp[us]", "string", "decimal128(38, 10)", "double", "int8"]
        assert row == ["2", "2024-02-29", "2024-02-29 00:00:00", 'it\'s "é"', "-0.0100000000", "1e+20", "0"]
        assert found[f"connectorx {protocol} parts"] == [["id", "n"], [1, 2, 3]]
    assert found["polars"][0] == "(1, 'apple', datetime.datetime(2024, 1, 1, 10, 0, 0, 500000))"
    assert found["polars connection"] == [[3]]


def test_dbt(house, tmp_path):
    found = run(environment("dbt"), "dbt_project.py", *access(house), str(tmp_path))
    assert found["debug"] is True
    assert found["seed"] == {"fruit": "success"}
    assert found["run"] == found["run again"] == {"cheap": "success", "grown": "success", "totals": "success"}
    assert len(found["test"]) == 6
    assert set(found["test"].values()) == {"pass"}
    assert found["docs"] is True
    assert house.ask("SELECT id, total FROM dbt_shop.totals ORDER BY id") == ((1, 1.5), (2, 2.25), (3, None))
    house.ask("DROP DATABASE dbt_shop FORCE")
