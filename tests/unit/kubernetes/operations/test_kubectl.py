"""kubectl as operations use it, against a small executable that notes what it is asked and answers as it is told."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import psutil
import pytest

from nereus import processes
from nereus.errors import BadInput, Failure
from nereus.kubernetes.operations import kubectl as under_test
from nereus.kubernetes.operations.cluster import OnKubernetes
from nereus.kubernetes.operations.kubectl import Kubectl
from tests.unit.programs import asked, program

FORWARD = """
import os, time
(here.with_suffix(".pid")).write_text(str(os.getpid()))
print("Forwarding from 127.0.0.1:{port} -> 9030", flush=True)
time.sleep(600)
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "kube config"
    path.touch()
    return path


def fake(tmp_path: Path, config: Path, body: str = "") -> tuple[Kubectl, Path]:
    path = program(tmp_path / "bin", "kubectl", body)
    return Kubectl(config, str(path)), path


def test_every_word_arrives_as_it_is_and_no_shell_reads_it(tmp_path: Path, config: Path) -> None:
    ask, path = fake(tmp_path, config, "print('done')")
    words = ("get", "pods", "$(touch /tmp/owned); `id` 'quoted' \"too\" *", "--selector=a in (b, c)")
    assert ask(*words) == "done\n"
    assert asked(path) == [["--kubeconfig", str(config), *words]]


def test_the_cluster_is_the_one_that_was_named_whatever_the_environment_says(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/somebody/elses")
    ask, path = fake(tmp_path, config)
    ask("get", "pods")
    assert asked(path)[0][:2] == ["--kubeconfig", str(config)]


def test_what_is_given_is_what_kubectl_reads(tmp_path: Path, config: Path) -> None:
    ask, _ = fake(tmp_path, config, "print(sys.stdin.read().upper())")
    assert ask("apply", "-f", "-", given="an object").strip() == "AN OBJECT"


def test_a_failure_says_what_was_asked_and_what_kubectl_said(tmp_path: Path, config: Path) -> None:
    ask, _ = fake(tmp_path, config, "print('noise'); sys.exit('Error from server (NotFound): pods \"x\" not found')")
    with pytest.raises(Failure) as failed:
        ask("get", "pods", "x", "--namespace", "nereus-portal")
    assert failed.value.message == (
        'kubectl get pods x --namespace failed: Error from server (NotFound): pods "x" not found'
    )
    assert failed.value.exit_code == 1


def test_a_cluster_that_never_answers_is_given_up(tmp_path: Path, config: Path) -> None:
    ask, path = fake(
        tmp_path, config, 'import os, time; here.with_suffix(".pid").write_text(str(os.getpid())); time.sleep(600)'
    )
    began = time.monotonic()
    with pytest.raises(Failure, match=r"kubectl rollout was not done within 1 s"):
        ask("rollout", "status", "deployment/portal", seconds=1)
    assert time.monotonic() - began < 60
    # Python itself may not have been up after a second; if it was, it has to be gone.
    if (note := path.with_suffix(".pid")).exists():
        assert not _runs(int(note.read_text()))


@pytest.mark.parametrize(
    ("program_name", "config_name", "said", "fix"),
    [
        ("no-such-kubectl", "there", "no-such-kubectl is not installed here", "--kubectl"),
        ("kubectl", "nowhere", "there is no kubeconfig", "--kubeconfig"),
    ],
)
def test_what_is_missing_is_refused_before_anything_is_asked(
    tmp_path: Path, program_name: str, config_name: str, said: str, fix: str
) -> None:
    (tmp_path / "there").touch()
    program(tmp_path / "bin", "kubectl")
    with pytest.raises(BadInput, match=said) as refused:
        Kubectl(tmp_path / config_name, str(tmp_path / "bin" / program_name))
    assert refused.value.fix is not None
    assert fix in refused.value.fix


def test_objects_are_read_and_changed_by_name(tmp_path: Path, config: Path) -> None:
    body = 'print(json.dumps({"spec": {"beSpec": {"replicas": 3}}, "data": {"ca.crt": "aGVsbG8="}}))'
    ask, path = fake(tmp_path, config, body)
    cluster = OnKubernetes(ask)
    assert cluster.spec() == {"beSpec": {"replicas": 3}}
    cluster.change({"beSpec": {"replicas": 5}})
    cluster.restart("warehouse-fe-2")
    assert ask.secret("portal-tls", "nereus-portal", "ca.crt") == b"hello"
    read, changed, restarted, secret = [each[2:] for each in asked(path)]
    place = ["--namespace", "nereus-warehouse"]
    assert read == ["get", "doriscluster", "warehouse", *place, "--output", "json"]
    assert changed[:-1] == ["patch", "doriscluster", "warehouse", *place, "--type", "merge", "--patch"]
    assert json.loads(changed[-1]) == {"spec": {"beSpec": {"replicas": 5}}}
    assert restarted == ["delete", "pod", "warehouse-fe-2", *place, "--wait=true"]
    assert secret[:3] == ["get", "secret", "portal-tls"]


def test_a_key_that_a_secret_lacks_is_said_by_its_name(tmp_path: Path, config: Path) -> None:
    ask, _ = fake(tmp_path, config, 'print(json.dumps({"data": {}}))')
    with pytest.raises(KeyError, match=r"ca\.crt"):
        ask.secret("portal-tls", "nereus-portal", "ca.crt")


def test_a_port_is_forwarded_while_the_block_runs_and_no_longer(tmp_path: Path, config: Path) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    ask, path = fake(tmp_path, config, FORWARD.replace("{port}", str(port)))
    with ask.forwarded("svc/warehouse-fe-service", "nereus-warehouse", 9030) as found:
        assert found == port
        pid = int(path.with_suffix(".pid").read_text())
        assert _runs(pid)
    assert not _runs(pid)
    (words,) = asked(path)
    assert words[2:] == [
        *("port-forward", "--address", "127.0.0.1", "--namespace", "nereus-warehouse"),
        *("svc/warehouse-fe-service", ":9030"),
    ]


def test_a_port_that_leads_nowhere_is_said_with_kubectls_words(tmp_path: Path, config: Path) -> None:
    ask, _ = fake(tmp_path, config, "sys.exit('error: services \"warehouse-fe-service\" not found')")
    with (
        pytest.raises(Failure, match=r"no way to svc/warehouse-fe-service: error: services .* not found"),
        ask.forwarded("svc/warehouse-fe-service", "nereus-warehouse", 9030),
    ):
        pytest.fail("the block ran")


def test_a_port_that_is_never_forwarded_is_given_up(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "_SECONDS", 2.0)
    ask, _ = fake(tmp_path, config, "import time; time.sleep(600)")
    with pytest.raises(Failure, match="kubectl said nothing"), ask.forwarded("svc/x", "y", 1):
        pytest.fail("the block ran")
    assert not [each for each in os.listdir("/proc") if each.isdigit() and _is(each, tmp_path)]


def _runs(pid: int) -> bool:
    try:
        return processes.runs(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def _is(pid: str, folder: Path) -> bool:
    """Whether a process runs a program of this folder."""
    try:
        return str(folder).encode() in Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return False
