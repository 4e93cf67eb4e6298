"""`nereus scale`, `upgrade`, `backup`, `restore` and `drill` of a cluster, by their front door.

Doris and its operator are stood in for (fake.py), kubectl by a small executable that forwards a port.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from nereus import backups, cli
from nereus.backups import Kept, Taken, history
from nereus.backups.drill import Drilled
from nereus.errors import BadInput, NereusError
from nereus.kubernetes import catalogue
from nereus.kubernetes.operations import cluster, doris
from nereus.kubernetes.render.values import S3_SERVICE
from nereus.provision.object_store import Access
from nereus.warehouse.client import Warehouse
from tests.unit.kubernetes.operations.fake import FakeCluster
from tests.unit.programs import asked, program

FORWARD = 'import time; print("Forwarding from 127.0.0.1:19030 -> 9030", flush=True); time.sleep(600)'
DATA = "data: {raw_tb: 1.0}\nmachines: {nodes: 5, cores: 24, memory_gb: 192, nvme_tb: 4, hdd_tb: 16}\n"


class Front:
    """The commands, the cluster that they change, and the deployment's folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if not any(command.name == "scale" for command in cli.app.registered_commands):
            cli._mount()
        self.folder = folder
        self.doris = FakeCluster.of(3, 5)
        self.config = folder / "platform.yaml"
        self.declare("hosts")
        self.kubectl = program(folder / "bin", "kubectl", FORWARD)
        (folder / ".nereus" / "secrets").mkdir(parents=True)
        self.kubeconfig = folder / ".nereus" / "secrets" / "kubeconfig"
        self.kubeconfig.touch()
        clock = iter(range(1_000_000))
        quick = partial(doris.Wait, sleep=lambda _: None, clock=lambda: next(clock), patience_s=50)
        monkeypatch.setattr(doris, "Wait", quick)
        monkeypatch.setattr(cluster, "OnKubernetes", lambda _: self.doris)
        monkeypatch.setattr(Warehouse, "query", lambda _, sql, *more, **given: self.doris.query(sql))
        monkeypatch.setattr(Warehouse, "execute", lambda _, sql, *more, **given: self.doris.execute(sql))

    def declare(self, target: str) -> None:
        more = "cluster: {kubeconfig: mine, storage_class: fast, ingress_class: nginx}\n" if target == "cluster" else ""
        more += "hosts: {inventory: none.yaml}\n" if target == "hosts" else ""
        self.config.write_text(f"platform: {{target: {target}}}\n{more}{DATA}", "utf-8")

    def __call__(self, *words: str) -> Result:
        flags = ("--config", str(self.config), "--kubectl", str(self.kubectl))
        return CliRunner().invoke(cli.app, [*words, *flags])

    def refused(self, *words: str) -> NereusError:
        error = self(*words).exception
        assert isinstance(error, NereusError), repr(error)
        assert error.fix
        return error


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Front:
    monkeypatch.delenv("NEREUS_HOME", raising=False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return Front(tmp_path, monkeypatch)


def test_backends_are_emptied_in_sql_before_fewer_are_declared(front: Front) -> None:
    said = front("scale", "--backends", "3")
    assert said.exit_code == 0, said.output
    assert "backends 5 -> 3" in said.output
    assert [each.split('"')[1].split(".")[0] for each in front.doris.statements] == [
        *("warehouse-be-4", "warehouse-be-3")
    ]
    assert front.doris.lost == []
    assert asked(front.kubectl)[0][:2] == ["--kubeconfig", str(front.kubeconfig)]
    again = front("scale", "--backends", "3")
    assert (again.exit_code, again.output.strip()) == (0, "Nothing changed.")


def test_frontends_are_dropped_in_sql_before_fewer_are_declared(front: Front) -> None:
    said = front("scale", "--frontends", "1")
    assert said.exit_code == 0, said.output
    assert "frontends 3 -> 1" in said.output
    assert all("DROP FOLLOWER" in each for each in front.doris.statements)
    assert front.doris.lost == []


def test_scaling_that_was_broken_off_is_finished_by_the_same_command(front: Front) -> None:
    front.doris.answers = 5
    assert front("scale", "--backends", "3").exit_code != 0
    assert front.doris.object["beSpec"]["replicas"] == 5
    front.doris.answers = None
    assert front("scale", "--backends", "3").exit_code == 0
    assert (len(front.doris.be), front.doris.lost) == (3, [])


def test_without_progress_scaling_ends_with_one_and_says_how_to_go_on(front: Front) -> None:
    front.doris.stuck = True
    error = front.refused("scale", "--backends", "3")
    assert error.exit_code == 1
    assert "run the same command again" in str(error.fix)
    assert front.doris.lost == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to scale"),
        (("--backends", "0"), "0 backends cannot hold"),
        (("--frontends", "2"), "2 frontends cannot elect a master well"),
    ],
)
def test_what_cannot_be_scaled_is_refused_with_two(front: Front, words: tuple[str, ...], said: str) -> None:
    error = front.refused("scale", *words)
    assert (error.exit_code, said in error.message) == (2, True)
    assert front.doris.statements == []


def test_doris_is_brought_to_the_pinned_version_and_a_second_run_changes_nothing(front: Front) -> None:
    images = catalogue.read().images
    said = front("upgrade")
    assert said.exit_code == 0, said.output
    assert f"backends: {images['doris-be']}" in said.output
    assert said.output.index("backends: ") < said.output.index("frontends: ")
    assert front.doris.object["feSpec"]["image"] == images["doris-fe"]
    assert front("upgrade").output.strip().endswith("Nothing changed.")


def test_an_upgrade_that_was_broken_off_is_finished_by_the_same_command(front: Front) -> None:
    front.doris.answers = 9
    assert front("upgrade").exit_code != 0
    front.doris.answers = None
    assert front("upgrade").exit_code == 0
    assert set(front.doris.config.values()) == {"false"}


@pytest.mark.parametrize("command", [("scale", "--backends", "3"), ("upgrade",)])
def test_the_local_target_has_nothing_to_scale_or_upgrade(front: Front, command: tuple[str, ...]) -> None:
    front.declare("local")
    error = front.refused(*command)
    assert (error.exit_code, "vms, hosts, cluster" in str(error.fix)) == (2, True)


@pytest.mark.parametrize("command", [("scale", "--backends", "3"), ("upgrade",), ("backup",), ("drill",)])
def test_before_there_is_a_cluster_nothing_is_asked(front: Front, command: tuple[str, ...]) -> None:
    front.kubeconfig.unlink()
    error = front.refused(*command)
    assert error.exit_code == 2
    assert "there is no cluster yet" in error.message
    assert asked(front.kubectl) == []


def test_a_cluster_that_is_there_is_the_one_that_provisioning_goes_to(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.declare("cluster")
    monkeypatch.chdir(front.folder)
    (front.folder / "mine").touch()
    (front.folder / "other").touch()
    assert front("upgrade").exit_code == 0
    monkeypatch.setenv("KUBECONFIG", str(front.folder / "other"))
    assert front("upgrade").exit_code == 0
    assert [words[1] for words in asked(front.kubectl)] == ["mine", str(front.folder / "other")]


@pytest.fixture
def kept(front: Front, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the backups' own functions are asked, which other tests look at."""
    calls: list[Any] = []

    def noted(name: str, answer: Any) -> None:
        def call(warehouse: Warehouse, *given: Any, **more: Any) -> Any:
            calls.append((name, warehouse.mysql_port, *given, *more.values()))
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(backups, name, call)

    found = Kept("retail", "retail_20261101_013000", "2026-11-01-01-30-00")
    note = history.Note("retail", "cold", "p2024", "2-7", 7, "2026-11-01T01:30:00+00:00")
    monkeypatch.setattr(history, "export", lambda _, store, *table: calls.append(("export", store, *table)) or [note])
    monkeypatch.setattr(history.Store, "tables", lambda _: {})
    monkeypatch.setattr(history, "tables", lambda *_: ["sales"])
    noted("ensure_repository_at", True)
    noted("databases", ["flights", "retail"])
    noted("take", Taken("retail", found.label, 1.5, ("cold",)))
    noted("kept", [found])
    noted("restore", (found, 2.5))
    return calls


def test_a_clusters_backups_are_taken_through_kubectl_into_its_own_store(front: Front, kept: list[Any]) -> None:
    said = front("backup")
    assert said.exit_code == 0, said.output
    assert "retail_20261101_013000 in 1.5 s" in said.output
    assert "history of cold: 1 partitions that changed, 7 rows" in said.output
    (exported, *_) = [each for each in kept if each[0] == "export"]
    assert exported[2:] == ("flights", "cold")
    # The warehouse reaches the store by its name in the cluster, this process through kubectl.
    assert exported[1].access.endpoint == S3_SERVICE
    assert exported[1].near.endpoint == "http://127.0.0.1:19030"
    assert asked(front.kubectl)[1][-2:] == ["svc/seaweedfs-s3", ":8333"]
    kept[:] = [each for each in kept if each[0] != "export"]
    bucket = kept[0][2]
    assert isinstance(bucket, Access)
    assert (bucket.endpoint, bucket.bucket, bucket.access_key) == (S3_SERVICE, "backup", "nereus-backup")
    assert [each[2] for each in kept if each[0] == "take"] == ["flights", "retail"]
    assert {each[1] for each in kept} == {19030}


def test_an_object_store_of_ones_own_is_reached_without_kubectl(front: Front, kept: list[Any]) -> None:
    front.declare("cluster")
    text = front.config.read_text("utf-8")
    own = "existing: {object_store: {endpoint: https://s3.example.com, cidr: 192.0.2.0/24}}"
    front.config.write_text(text.replace("{kubeconfig: mine", f"{{{own}, kubeconfig: {front.kubeconfig}"), "utf-8")
    said = front("backup", "retail")
    assert said.exit_code == 0, said.output
    (store,) = [each[1] for each in kept if each[0] == "export"]
    assert (store.access.endpoint, store.near) == ("https://s3.example.com", None)
    assert [words[-2] for words in asked(front.kubectl)] == ["svc/warehouse-fe-service"]


def test_a_clusters_backups_are_listed_and_brought_back(front: Front, kept: list[Any]) -> None:
    assert "retail_20261101_013000" in front("backups").output
    said = front("restore", "retail", "--into", "retail_check")
    assert said.exit_code == 0, said.output
    assert "retail_check: as it was in retail_20261101_013000, in 2.5 s" in said.output
    assert kept[-1][2:] == ("retail", None, "retail_check")


def test_a_restore_without_a_backup_is_refused_with_two(
    front: Front, kept: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise BadInput("there is no backup of retail in the repository", fix="See what there is: nereus backups")

    monkeypatch.setattr(backups, "restore", none)
    assert front.refused("restore", "retail").exit_code == 2


@pytest.mark.parametrize(("age", "code"), [(3600.0, 0), (1e6, 1)])
def test_a_drill_says_what_it_measured_and_fails_where_a_promise_is_missed(
    front: Front, kept: list[Any], monkeypatch: pytest.MonkeyPatch, age: float, code: int
) -> None:
    done = Drilled("retail", "retail_20261101_013000", age, 12.5, {"sales": 1000, "cold": 7}, (), ("cold",))
    monkeypatch.setattr("nereus.backups.drill.run", lambda *_: done)
    said = front("drill")
    assert said.exit_code == code
    assert "came back in 12.5 s (RTO 4 h)" in said.output
    assert "2 tables, of them cold from cooled history, 1,007 rows" in said.output
    assert ("MISSED" in said.output) == bool(code)
