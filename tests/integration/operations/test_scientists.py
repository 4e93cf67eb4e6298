"""`nereus scientist` for a cluster: its warehouse is the embedded one behind a forwarded port, kubectl a stand-in."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pymysql
import pytest
from typer.testing import CliRunner

from nereus.cli_scientist import app
from nereus.config import load
from nereus.errors import BadInput, Failure, NereusError
from nereus.home import Home
from nereus.provision import jupyterhub, users, way_in
from nereus.warehouse.client import Warehouse
from tests.integration.operations.test_commands import PASSWORD, client  # noqa: F401 - a fixture
from tests.unit.programs import asked, program

DATA = "data: {raw_tb: 1.0}\nmachines: {nodes: 3, cores: 24, memory_gb: 192, nvme_tb: 4, hdd_tb: 16}\n"
PROVIDER = "kubernetes: {identity: {issuer: https://login.example.com, client_id: nereus}}\n"
KUBECTL = """
import time
if "port-forward" in sys.argv:
    print("Forwarding from 127.0.0.1:PORT -> 9030", flush=True)
    time.sleep(600)
if here.with_name("refuses").exists():
    sys.exit("the API is restarting")
here.with_name("applied").write_text(sys.stdin.read())
"""


class Front:
    """The commands, the cluster's warehouse, and what the cluster was given."""

    def __init__(self, folder: Path, warehouse: Warehouse) -> None:
        self.folder, self.warehouse = folder, warehouse
        self.config = folder / "platform.yaml"
        self.home = Home(folder / ".nereus").create()
        (self.home.secrets / "warehouse-root").write_text(PASSWORD)
        way_in.kubeconfig(self.home).touch()
        self.kubectl = program(folder / "bin", "kubectl", KUBECTL.replace("PORT", str(warehouse.mysql_port)))
        self.declare("hosts")

    def declare(self, target: str, more: str = "") -> None:
        if target == "cluster":
            more += "cluster: {kubeconfig: KUBECONFIG, storage_class: fast, ingress_class: nginx}\n"
            more = more.replace("KUBECONFIG", str(way_in.kubeconfig(self.home)))
        self.config.write_text(f"platform: {{target: {target}}}\nhosts: {{inventory: none.yaml}}\n{more}{DATA}")

    def __call__(self, *words: str) -> str:
        result = CliRunner().invoke(app, [*words, "--config", str(self.config), "--kubectl", str(self.kubectl)])
        if result.exception is not None:
            raise result.exception
        return result.output

    def refused(self, *words: str) -> NereusError:
        with pytest.raises(NereusError) as caught:
            self(*words)
        return caught.value

    def accounts(self) -> dict[str, Any]:
        """What the Hub reads."""
        secret = json.loads((self.folder / "bin/applied").read_text())
        assert secret["metadata"]["namespace"] == "nereus-jupyterhub"
        accounts: dict[str, Any] = json.loads(b64decode(secret["data"]["accounts.json"]))
        return accounts

    def people(self) -> set[str]:
        """The warehouse's users."""
        return {row["User"] for row in self.warehouse.query("SELECT User FROM mysql.user")}


@pytest.fixture
def front(client: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Front:  # noqa: F811
    for name in ("NEREUS_HOME", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    made = Front(tmp_path, client)
    list(users.ensure(client, made.home))
    for statement in (
        "CREATE DATABASE shop",
        "CREATE ROLE shop_scientist",
        "GRANT SELECT_PRIV ON `internal`.`shop`.`*` TO ROLE 'shop_scientist'",
        "GRANT 'shop_scientist' TO 'scientist'@'%'",
    ):
        client.execute(statement)
    return made


@pytest.mark.parametrize("target", ["hosts", "cluster"])
def test_a_person_gets_a_warehouse_user_with_the_scientists_roles_and_the_hub_is_told(
    front: Front, target: str
) -> None:
    front.declare(target)
    said = front("add", "ada")
    assert "ada can log in to JupyterHub at https://jupyter.nereus.internal in about a minute" in said
    login = front.accounts()["ada"]["warehouse"]
    assert login["user"] == "ada"
    assert said.strip().rsplit(" ", 1)[-1] not in json.dumps(front.accounts())
    ada = Warehouse(mysql_port=front.warehouse.mysql_port, user="ada", password=login["password"])
    databases = {next(iter(row.values())) for row in ada.query("SHOW DATABASES")}
    assert {"shop", users.OPS_DATABASE} <= databases
    groups = {row["Key"]: row["Value"] for row in front.warehouse.query("SHOW PROPERTY FOR 'ada'")}
    assert groups["default_workload_group"] == "scientists"
    assert CliRunner().invoke(app, ["list", "--config", str(front.config)]).output.split() == [
        *("ada", "admin", "administers", "JupyterHub", "scientist")
    ]
    forwarded, applied = asked(front.kubectl)
    assert "svc/warehouse-fe-service" in forwarded
    assert "--field-manager=nereus" in applied
    assert "the volume with the home stays on the cluster" in front("remove", "ada")
    assert "ada" not in front.accounts()
    assert "ada" not in front.people()


def test_the_local_target_asks_no_cluster(front: Front) -> None:
    front.declare("local", f"local: {{ports: {{warehouse_mysql: {front.warehouse.mysql_port}}}}}\n")
    said = front("add", "ada")
    assert said.startswith("ada can log in to JupyterHub with this password")
    assert "ada" in front.people()
    assert f"the home folder stays in {jupyterhub.homes(front.home) / 'ada'}" in front("remove", "ada")
    assert "ada" not in front.people()
    assert asked(front.kubectl) == []


def test_with_a_provider_the_name_is_its_own_and_no_password_is_shown(front: Front) -> None:
    front.declare("hosts", PROVIDER)
    assert "the client's secret is missing" in front.refused("add", "ada").message
    assert "ada" not in front.people()
    (front.home.secrets / "oidc-client").write_text("from the provider")
    error = front.refused("add", "ada", "--admin")
    assert isinstance(error, BadInput)
    assert "nereus-admins" in str(error.fix)
    assert "ada" not in front.people()
    said = front("add", "ada")
    assert "sign in to JupyterHub with https://login.example.com, which has to call them ada" in said
    assert "no password is needed" in said
    assert front.accounts()["ada"]["warehouse"]["user"] == "ada"
    assert "https://login.example.com still lets them in" in front("remove", "ada")


def test_a_hub_that_cannot_be_told_undoes_it(front: Front) -> None:
    (front.folder / "bin/refuses").touch()
    error = front.refused("add", "ada")
    assert isinstance(error, Failure)
    assert "ada was not added: kubectl apply" in error.message
    assert "the API is restarting" in error.message
    assert "ada" not in front.people()
    assert "ada" not in jupyterhub.accounts(front.home)
    (front.folder / "bin/refuses").unlink()
    front("add", "ada")
    (front.folder / "bin/refuses").touch()
    assert front.refused("remove", "ada").fix == "Mend that, then run: make provision"
    assert "ada" not in front.people()


def test_what_cannot_be_is_refused_and_the_hub_is_not_told(front: Front) -> None:
    front("add", "ada")
    calls = len(asked(front.kubectl))
    for words, says in (
        (("add", "ada"), "ada has an account already"),
        (("add", "Ada"), "cannot be a scientist's"),
        (("remove", "bob"), "bob is no account that can be removed"),
        (("remove", "scientist"), "scientist is no account that can be removed"),
    ):
        error = front.refused(*words)
        assert isinstance(error, BadInput)
        assert says in error.message
    assert not any("apply" in words for words in asked(front.kubectl)[calls:])


def test_before_there_is_a_cluster_nobody_is_added(front: Front) -> None:
    way_in.kubeconfig(front.home).unlink()
    assert "there is no cluster yet" in front.refused("add", "ada").message
    assert jupyterhub.accounts(front.home) == {}


def test_a_warehouse_that_refuses_root_is_named(front: Front) -> None:
    (front.home.secrets / "warehouse-root").write_text("another one")
    assert "refused user root" in front.refused("add", "ada").message
    assert load(front.config).platform.target == "hosts"
    with pytest.raises(pymysql.MySQLError):
        pymysql.connect(host="127.0.0.1", port=front.warehouse.mysql_port, user="ada", password="")
