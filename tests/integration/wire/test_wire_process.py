"""The server process: its ready line, its end, and what it says when it cannot begin."""

import contextlib
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass

import pymysql
import pytest

from nereus.warehouse.embedded import server
from tests.unit.warehouse.embedded.wire.certificates import certificate_in
from tests.unit.warehouse.embedded.wire.waiting import until

PASSWORD = "root-secret"
READY = re.compile(r"ready mysql=127\.0\.0\.1:(\d+) http=127\.0\.0\.1:(\d+)\n")


@dataclass
class Process:
    child: subprocess.Popen
    mysql_port: int
    http_port: int

    def connect(self):
        return pymysql.connect(host="127.0.0.1", port=self.mysql_port, user="root", password=PASSWORD)

    def stop(self):
        """End it by SIGTERM; gives the exit code and the lines of its log."""
        self.child.send_signal(signal.SIGTERM)
        _, log = self.child.communicate(timeout=60)
        return self.child.returncode, [json.loads(line) for line in log.splitlines()]


def arguments(folder, *options):
    (folder / "password").write_text(f"{PASSWORD}\n")
    ports = ("--mysql-port", "0", "--http-port", "0")
    return [
        *("--data", str(folder / "data"), "--root-password-file", str(folder / "password"), "--memory-gb", "1"),
        *ports,
        *options,
    ]


@contextlib.contextmanager
def process(folder, *options):
    child = subprocess.Popen(
        [sys.executable, "-m", "nereus.warehouse.embedded", *arguments(folder, *options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = child.stdout.readline()
        found = READY.fullmatch(line)
        assert found, line + child.stderr.read()
        yield Process(child, int(found[1]), int(found[2]))
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def refused(tmp_path, capsys, monkeypatch):
    """Runs the server where it cannot begin; gives its exit code and what it says on standard error."""
    monkeypatch.setattr(server, "start_logging", lambda level: None)

    def run(*options):
        try:
            code = server.main(arguments(tmp_path, *options))
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        assert said.out == ""
        assert "Traceback" not in said.err
        return code, said.err

    return run


def test_it_serves_both_ports_and_keeps_what_was_written(tmp_path, refused):
    with process(tmp_path) as running:
        connection = running.connect()
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE kept")
        connection.close()
        with socket.create_connection(("127.0.0.1", running.http_port)) as health:
            health.sendall(b"GET /api/health HTTP/1.0\r\n\r\n")
            assert b"200 OK" in health.makefile("rb").readline()
        code, text = refused()
        assert code == 1
        assert "warehouse.duckdb" in text
        code, log = running.stop()
        assert code == 0
        assert log[-1]["message"] == "stopped"
        assert {line["level"] for line in log} <= {"info", "debug"}
    assert not (tmp_path / "data" / "warehouse.duckdb.wal").exists()
    with process(tmp_path) as running:
        connection = running.connect()
        with connection.cursor() as cursor:
            cursor.execute("SHOW DATABASES LIKE 'kept'")
            assert cursor.fetchall() == (("kept",),)
        connection.close()


def test_it_stops_although_a_statement_runs(tmp_path):
    numbers = "(SELECT number FROM numbers('number' = '10000000'))"
    errors = []
    with process(tmp_path) as running:
        busy, watch = running.connect(), running.connect()

        def ask():
            with busy.cursor() as cursor:
                try:
                    cursor.execute(f"SELECT count(*) FROM {numbers} a JOIN {numbers} b ON a.number + b.number = 7")
                except pymysql.err.MySQLError as error:
                    errors.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        with watch.cursor() as cursor:
            until(lambda: cursor.execute("SHOW PROCESSLIST") and any("a JOIN" in str(r) for r in cursor.fetchall()))
        code, _ = running.stop()
        thread.join(10)
        assert code == 0
    assert "Server shutdown in progress" in str(errors[0])


@pytest.mark.parametrize(
    ("option", "key"), [("--mysql-port", "local.ports.warehouse_mysql"), ("--http-port", "local.ports.warehouse_http")]
)
def test_a_taken_port_is_named_with_its_key(refused, tmp_path, option, key):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = refused(option, str(port))
    assert code == 2
    assert text.startswith(f"port {port} on 127.0.0.1 is taken by another process\n")
    assert key in text
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--root-password-file", "{missing}"), "No such file or directory"),
        (("--root-password-file", "{empty}"), "is empty"),
        (("--tls-cert", "{empty}"), "--tls-cert and --tls-key belong together"),
        (("--tls-cert", "{missing}", "--tls-key", "{empty}"), "cannot be used: No such file or directory"),
        (("--tls-cert", "{empty}", "--tls-key", "{empty}"), "cannot be used"),
        (("--bind", "192.0.2.1"), "cannot listen on 192.0.2.1:0"),
        (("--memory-gb", "0"), "0 is not greater than 0"),
        (("--threads", "two"), "invalid positive number value: 'two'"),
        (("--http-port", "70000"), "70000 is no port"),
    ],
)
def test_files_and_numbers_that_cannot_be_used(refused, tmp_path, options, words):
    files = {"empty": tmp_path / "empty", "missing": tmp_path / "missing"}
    files["empty"].write_text("\n")
    code, text = refused(*(option.format_map(files) for option in options))
    assert code == 2
    assert words in text


def test_with_a_certificate_both_ports_are_encrypted_only(tmp_path):
    cert, key = certificate_in(tmp_path)
    with process(tmp_path, "--tls-cert", str(cert), "--tls-key", str(key)) as running:
        login = {"host": "localhost", "port": running.mysql_port, "user": "root", "password": PASSWORD}
        with pytest.raises(pymysql.err.OperationalError, match="encrypted connections only"):
            pymysql.connect(**login, ssl_disabled=True)
        pymysql.connect(**login, ssl={"ca": str(cert)}).close()
        context = ssl.create_default_context(cafile=str(cert))
        url = f"localhost:{running.http_port}/api/health"
        with urllib.request.urlopen(f"https://{url}", context=context) as answer:
            assert answer.status == 200
        with pytest.raises((urllib.error.URLError, ConnectionError, http.client.HTTPException)):
            urllib.request.urlopen(f"http://{url}")
