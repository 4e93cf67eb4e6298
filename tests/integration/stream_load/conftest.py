"""A warehouse process for the tests of its HTTP port, and a client that leaves every step to the test."""

import base64
import itertools
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import pymysql
import pytest

PASSWORD = "root-pw"
DB = "d"


@dataclass
class Answer:
    status: int
    headers: dict
    text: str

    @property
    def json(self):
        return json.loads(self.text)


@dataclass
class Server:
    mysql_port: int
    http_port: int
    data: Path
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    @property
    def spool(self):
        return self.data / "spool"

    def connect(self, user="root", password=PASSWORD, database=DB):
        return pymysql.connect(
            host="127.0.0.1", port=self.mysql_port, user=user, password=password, database=database, autocommit=None
        )

    def sql(self, text, **login):
        with self.connect(**login) as connection, connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall()

    def table(self, columns="a int not null, b varchar(20)", rest="duplicate key(a)"):
        """Create a table; gives its name."""
        name = f"t{next(self.numbers)}"
        self.sql(f"create table {name} ({columns}) {rest} distributed by hash(a) buckets 1")
        return name

    def rows(self, table, what="*"):
        return sorted(self.sql(f"select {what} from {table}"))

    def request(self, method, path, body=None, headers=None, user="root", password=PASSWORD):
        connection = HTTPConnection("127.0.0.1", self.http_port, timeout=60)
        given = dict(headers or {})
        if user is not None:
            given["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        try:
            connection.request(method, path, body=body, headers=given, encode_chunked=not isinstance(body, bytes))
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())
        finally:
            connection.close()

    def put(self, table, body, db=DB, login=None, **headers):
        """Load a body (bytes, or an iterator that is sent in chunks); names of headers with __ for a dot."""
        given = {"Expect": "100-continue", **{name.replace("__", "."): text for name, text in headers.items()}}
        return self.request("PUT", f"/api/{db}/{table}/_stream_load", body, given, **(login or {}))

    def load(self, table, body, **headers):
        """A load that is expected to succeed; gives the report."""
        report = self.put(table, body, **headers).json
        assert report["Status"] == "Success", report
        return report

    def metric(self, name):
        text = self.request("GET", "/metrics", user=None).text
        return float(re.search(rf"^{re.escape(name)} (.*)$", text, re.MULTILINE)[1])

    def wait(self, condition, seconds=20):
        """Wait until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come true in time"
            time.sleep(0.02)

    def idle(self):
        """Nothing loads and nothing is left in the spool."""
        return self.metric("doris_be_streaming_load_current_processing") == 0 and not list(self.spool.iterdir())


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stream_load")
    password = folder / "password"
    password.write_text(PASSWORD)
    arguments = ["--data", folder / "data", "--root-password-file", password, "--memory-gb", "1", "--threads", "2"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "nereus.warehouse.embedded",
                *map(str, arguments),
                "--mysql-port=0",
                "--http-port=0",
            ],
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        ready = process.stdout.readline().decode()
        ports = re.fullmatch(r"ready mysql=\S+:(\d+) http=\S+:(\d+)\n", ready)
        assert ports, ready + (folder / "log").read_text()
        running = Server(int(ports[1]), int(ports[2]), folder / "data")
        running.sql(f"create database {DB}", database=None)
        yield running
        assert running.idle()
    finally:
        process.terminate()
        assert process.wait(20) == 0
