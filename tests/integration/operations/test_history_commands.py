"""`nereus backup`, `backups`, `restore` and `drill` with cooled history, on the embedded warehouse and a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nereus import cli
from nereus.backups import history
from nereus.errors import BadInput, Failure
from nereus.warehouse.client import Warehouse
from tests.integration.operations.conftest import ONE
from tests.integration.operations.test_commands import PASSWORD, client  # noqa: F401 - a fixture
from tests.integration.operations.test_history import CREATE
from tests.stores import Store

Say = Callable[..., str]


@pytest.fixture
def say(client: Warehouse, running_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Say]:  # noqa: F811
    """The commands of a deployment whose warehouse has one table with a storage policy and one without."""
    cold = running_store.access("cold")
    resource = {
        **{"type": "s3", "s3.endpoint": cold.endpoint, "s3.region": "us-east-1", "s3.bucket": "cold"},
        **{"s3.root.path": "commands", "s3.access_key": cold.access_key, "s3.secret_key": cold.secret_key},
    }
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in resource.items())
    for statement in (
        "CREATE DATABASE saved",
        f"CREATE TABLE saved.warm (k INT) DUPLICATE KEY(k) {ONE}",
        "INSERT INTO saved.warm VALUES (1), (2)",
        f"CREATE RESOURCE saved PROPERTIES ({properties})",
        "CREATE STORAGE POLICY saved PROPERTIES ('storage_resource' = 'saved', 'cooldown_ttl' = '86400')",
        CREATE.replace("d.{name}", "saved.{name}").format(name="facts", more=", 'storage_policy' = 'saved'"),
        "INSERT INTO saved.facts VALUES ('2024-03-01', 1, 10.50, 'old'), ('2025-04-01', 2, NULL, NULL)",
    ):
        client.execute(statement)
    config = tmp_path / "platform.yaml"
    ports = f"{{warehouse_mysql: {client.mysql_port}, object_store: {running_store.port}}}"
    config.write_text(f"data: {{raw_tb: 1}}\nlocal: {{ports: {ports}}}\n")
    (running_store.home.secrets / "warehouse-root").write_text(PASSWORD)
    monkeypatch.setenv("NEREUS_HOME", str(running_store.home.root))
    if not any(command.name == "drill" for command in cli.app.registered_commands):
        cli._mount()

    def said(*words: str) -> str:
        result = CliRunner().invoke(cli.app, [*words, "--config", str(config)])
        if result.exception is not None:
            raise result.exception
        return result.output

    yield said
    history.Store(running_store.access("backup")).remove("history/")


def test_one_command_saves_both_and_one_brings_both_back(say: Say, client: Warehouse) -> None:  # noqa: F811
    question = "SELECT * FROM saved.facts ORDER BY k"
    before = client.query(question)
    assert "history of facts: 3 partitions that changed, 2 rows" in say("backup", "saved")
    assert "history of facts: nothing changed" in say("backup", "saved")
    assert "history of facts" in say("backups")
    assert "3 rows" not in say("drill", "saved")
    assert "facts is there and stays as it is" in say("restore", "saved")
    elsewhere = say("restore", "saved", "--into", "beside")
    assert "history of facts: 2 rows, as it was at 20" in elsewhere
    assert client.query(question.replace("saved", "beside")) == before
    assert [database for database, _ in history.cooled(client)] == ["beside", "saved"]
    client.execute("DROP DATABASE saved FORCE")
    say("restore", "saved")
    assert client.query(question) == before
    assert ("saved", "facts") in history.cooled(client)
    drilled = say("drill", "saved")
    assert "2 tables, of them facts from cooled history, 4 rows" in drilled
    assert "MISSED" not in drilled


def test_a_store_that_does_not_answer_is_said_without_a_traceback(say: Say, running_store: Store) -> None:
    say("backup", "saved")
    store = history.Store(running_store.access("backup"))
    with running_store.down(), pytest.raises(Failure, match=r"the object store at .*, bucket backup: ") as caught:
        store.tables()
    assert caught.value.fix == "Does it run? make status"


def test_policies_of_partitions_come_back_and_one_that_is_gone_is_refused_first(
    say: Say,
    client: Warehouse,  # noqa: F811
) -> None:
    client.execute(CREATE.replace("d.{name}", "saved.{name}").format(name="some", more=""))
    client.execute("INSERT INTO saved.some VALUES ('2024-03-01', 1, 10.50, 'old'), ('2025-04-01', 2, NULL, NULL)")
    client.execute("ALTER TABLE saved.some MODIFY PARTITION (p2024, p2025) SET ('storage_policy' = 'saved')")
    before = client.query("SHOW STORAGE POLICY USING")
    say("backup", "saved")
    for table in ("some", "facts"):
        client.execute(f"DROP TABLE saved.{table} FORCE")
    say("restore", "saved")
    assert client.query("SHOW STORAGE POLICY USING") == before
    for table in ("some", "facts"):
        client.execute(f"DROP TABLE saved.{table} FORCE")
    client.execute("DROP STORAGE POLICY saved")
    with pytest.raises(BadInput, match=r"had the storage policy saved, which the warehouse does not have"):
        say("restore", "saved")
    assert history.tables(client, "saved") == ["warm"]
