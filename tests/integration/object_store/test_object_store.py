"""The object store as the platform runs it: who gets in, where it listens, what it costs while idle."""

from __future__ import annotations

import json
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from nereus.provision import object_store, status
from tests.stores import Store


def test_a_key_reads_and_writes_its_own_bucket(running_store: Store) -> None:
    # The first write of 10 MB makes a volume and waits for the disk.
    client = object_store.store(running_store.access("landing"), timeout="60s")
    content = bytes(range(256)) * 40_000
    client.put("a/b.bin", content)
    assert bytes(client.get("a/b.bin").bytes()) == content
    assert bytes(client.get_range("a/b.bin", start=1_000_000, length=10)) == content[1_000_000:1_000_010]
    client.delete("a/b.bin")
    assert client.list().collect() == []


@pytest.mark.parametrize("bucket", [name for name in object_store.BUCKETS if name != "cold"])
def test_a_key_reaches_no_other_bucket(running_store: Store, bucket: str) -> None:
    own = running_store.access("cold")
    client = object_store.store(object_store.Access(own.endpoint, bucket, own.access_key, own.secret_key))
    with pytest.raises(Exception, match="403"):
        client.put("x", b"x")
    with pytest.raises(Exception, match="403"):
        client.list().collect()


def test_a_key_makes_no_bucket(running_store: Store) -> None:
    own = running_store.access("cold")
    client = object_store.store(object_store.Access(own.endpoint, "another", own.access_key, own.secret_key))
    with pytest.raises(Exception, match="403"):
        client.put("x", b"x")


def test_a_wrong_secret_is_refused(running_store: Store) -> None:
    own = running_store.access("cold")
    client = object_store.store(object_store.Access(own.endpoint, "cold", own.access_key, "guessed"))
    with pytest.raises(Exception, match="403"):
        client.list().collect()


@pytest.mark.parametrize("path", ["/", "/cold/", "/cold/x", "/?Action=ListUsers&Version=2010-05-08"])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_nobody_gets_anything_without_a_signature(running_store: Store, method: str, path: str) -> None:
    answer = requests.request(method, running_store.service.url + path, data=b"x", timeout=5)
    assert answer.status_code in (400, 403, 405)
    assert "<Error>" in answer.text or not answer.text


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
@pytest.mark.parametrize("path", ["/", "/buckets/", "/buckets/cold/x", "/dir/assign", "/dir/status", "/status"])
def test_the_inner_ports_answer_nobody_without_a_certificate(running_store: Store, path: str) -> None:
    for port in range(running_store.port + 1, running_store.port + object_store.PORTS):
        with pytest.raises(requests.RequestException):
            requests.get(f"https://127.0.0.1:{port}{path}", timeout=5, verify=False)  # noqa: S501
        try:
            plain = requests.get(f"http://127.0.0.1:{port}{path}", timeout=5)
        except requests.RequestException:
            continue
        assert plain.status_code == 400


def test_every_inner_port_asks_for_a_certificate_of_this_deployment(running_store: Store) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for port in range(running_store.port + 1, running_store.port + object_store.PORTS):
        with socket.create_connection(("127.0.0.1", port), 5) as plain, pytest.raises(OSError):  # noqa: PT011, PT012
            encrypted = context.wrap_socket(plain)
            # TLS 1.3 tells of a missing certificate with the first read.
            encrypted.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
            encrypted.settimeout(5)
            while encrypted.recv(1024):
                pass
            raise ConnectionResetError("closed")


def test_the_stores_own_shell_gets_in_only_with_the_certificate(running_store: Store) -> None:
    master = f"127.0.0.1:{running_store.port + 1}.{running_store.port + 4}"
    weed = str(Path(sys.executable).parent / "weed")
    ours = [weed, f"-config_dir={object_store.folder(running_store.home)}", "shell", f"-master={master}"]
    done = subprocess.run(ours, input="s3.bucket.list\n", capture_output=True, text=True, timeout=20, check=False)
    assert "cold" in done.stdout + done.stderr
    stranger = subprocess.Popen(
        [weed, "shell", f"-master={master}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=running_store.home.run,
    )
    try:
        # It waits for a master that lets it in.
        with pytest.raises(subprocess.TimeoutExpired):
            stranger.communicate("s3.bucket.list\n", timeout=3)
    finally:
        stranger.kill()
        said, _ = stranger.communicate()
    assert "cold" not in said


def test_it_listens_on_the_loopback_alone_and_on_the_declared_ports(running_store: Store) -> None:
    process = psutil.Process(running_store.pid)
    listening = {found.laddr for found in process.net_connections("tcp") if found.status == psutil.CONN_LISTEN}
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert {address.port for address in listening} == set(running_store.service.ports)


def test_it_talks_to_nobody_outside(running_store: Store) -> None:
    assert "-master.telemetry=false" in running_store.service.command
    process = psutil.Process(running_store.pid)
    assert {found.raddr.ip for found in process.net_connections("inet") if found.raddr} <= {"127.0.0.1"}


def test_secrets_and_certificates_are_their_owners_alone(running_store: Store) -> None:
    home = running_store.home
    for path in (*object_store.folder(home).iterdir(), *home.secrets.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    secrets = {(home.secrets / f"object-store-{bucket}").read_text("ascii") for bucket in object_store.BUCKETS}
    assert len(secrets) == len(object_store.BUCKETS)
    keys = json.loads((object_store.folder(home) / "s3.json").read_text("utf-8"))
    assert "Admin" not in json.dumps(keys)


def test_preparing_again_changes_nothing(running_store: Store) -> None:
    def state() -> dict[Path, float]:
        return {path: path.stat().st_mtime for path in object_store.folder(running_store.home).iterdir()}

    before = state()
    object_store.prepare(running_store.home)
    assert state() == before
    assert list(object_store.ensure_buckets(running_store.home, running_store.port)) == []


def test_the_status_measures_it(running_store: Store) -> None:
    (process,) = running_store.supervisor.processes()
    found = status.measure(running_store.service, process)
    assert found.up
    assert found.rss_mb is not None
    assert found.rss_mb < 350


def test_it_comes_back_after_a_kill_with_its_objects(running_store: Store) -> None:
    client = object_store.store(running_store.access("notebooks"))
    client.put("kept", b"kept")
    with running_store.down(), pytest.raises(Exception, match="error"):
        client.get("kept")
    assert bytes(client.get("kept").bytes()) == b"kept"
