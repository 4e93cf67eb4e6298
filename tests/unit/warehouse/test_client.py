"""The client against real sockets: Stream Load's redirects, labels and refusals, and a warehouse that is not there.

The server here plays Doris' HTTP side (front end and back end); the embedded warehouse never redirects.
"""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from nereus.home import Home
from nereus.secrets import ensure
from nereus.warehouse import streamload
from nereus.warehouse.client import Warehouse, WarehouseError
from nereus.warehouse.streamload import StreamLoad, StreamLoadFailed

OK = {"TxnId": 7, "Label": "a", "Status": "Success", "NumberTotalRows": 2, "NumberLoadedRows": 2, "LoadBytes": 8}


@dataclass
class Seen:
    """One request as the server met it."""

    path: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def login(self) -> str:
        return base64.b64decode(self.headers["authorization"].removeprefix("Basic ")).decode()


@dataclass
class Server:
    """A Doris HTTP end: redirects when `location` is set, otherwise takes the body and answers `answer`."""

    answer: object = field(default_factory=lambda: OK)
    status: int = 200
    location: str = ""
    error_rows: str = ""
    continues: bool = True
    seen: list[Seen] = field(default_factory=list)
    port: int = 0

    def handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def handle_expect_100(self) -> bool:
                if server.continues and not server.location:
                    self.send_response_only(100)
                    self.end_headers()
                return True

            def do_PUT(self) -> None:
                seen = Seen(self.path, {name.lower(): value for name, value in self.headers.items()})
                server.seen.append(seen)
                if server.location and server.continues:
                    self._answer(307, b"", Location=server.location)
                    self.close_connection = True
                    return
                seen.body = self._body()
                if server.location:
                    self._answer(307, b"", Location=server.location)
                    return
                text = server.answer if isinstance(server.answer, bytes) else json.dumps(server.answer).encode()
                self._answer(server.status, text)

            def do_GET(self) -> None:
                server.seen.append(Seen(self.path, {name.lower(): value for name, value in self.headers.items()}))
                self._answer(200, server.error_rows.encode())

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers["Content-Length"]))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def _answer(self, status: int, body: bytes, **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(**settings: object) -> Server:
        server = Server(**settings)  # type: ignore[arg-type]
        http = ThreadingHTTPServer(("127.0.0.1", 0), server.handler())
        server.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((http, thread))
        return server

    yield start
    for http, thread in running:
        http.shutdown()
        http.server_close()
        thread.join()


def load(server: Server, source: streamload.Source = b"1,2\n", **headers: str) -> streamload.StreamLoadResult:
    return StreamLoad("127.0.0.1", server.port, "loader", "p:w").put("d", "t", source, headers)


def test_a_load_sends_body_headers_and_credentials(start: Callable[..., Server]) -> None:
    server = start()
    result = load(server, b"1,2\n", format="csv", label="a", columns="x, y = x + 1")
    (seen,) = server.seen
    assert seen.path == "/api/d/t/_stream_load"
    assert seen.login == "loader:p:w"
    assert seen.body == b"1,2\n"
    assert (seen.headers["format"], seen.headers["label"], seen.headers["columns"]) == ("csv", "a", "x, y = x + 1")
    assert (result.label, result.loaded_rows, result.already_loaded, result.txn_id) == ("a", 2, False, 7)


def test_a_file_and_an_iterator_arrive_whole(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start()
    data = bytes(range(256)) * 20_000
    path = tmp_path / "rows.csv"
    path.write_bytes(data)
    load(server, path)
    load(server, (data[i : i + 70_000] for i in range(0, len(data), 70_000)))
    load(server, iter([b"a", b"", b"b"]))
    assert [seen.body for seen in server.seen] == [data, data, b"ab"]
    assert server.seen[0].headers["content-length"] == str(len(data))
    assert server.seen[1].headers["transfer-encoding"] == "chunked"


@pytest.mark.parametrize("source", [b"1\n", "iterator"])
def test_a_redirect_is_followed_before_the_body_is_sent(start: Callable[..., Server], source: object) -> None:
    backend = start()
    location = f"http://loader:p%3Aw@127.0.0.1:{backend.port}/api/d/t/_stream_load?"
    frontend = start(location=location)
    result = load(frontend, iter([b"1\n"]) if source == "iterator" else b"1\n", label="a")
    assert result.loaded_rows == 2
    assert [(seen.body, seen.login) for seen in frontend.seen + backend.seen] == [
        (b"", "loader:p:w"),
        (b"1\n", "loader:p:w"),
    ]


def test_credentials_go_to_no_host_that_the_warehouse_does_not_name(start: Callable[..., Server]) -> None:
    backend = start()
    frontend = start(location=f"http://localhost:{backend.port}/api/d/t/_stream_load")
    with pytest.raises(StreamLoadFailed, match=r"redirected to localhost:\d+, which the warehouse does not list"):
        load(frontend)
    assert backend.seen == []
    known = StreamLoad("127.0.0.1", frontend.port, "loader", "", backends=lambda: {"localhost"})
    assert known.put("d", "t", b"1\n", {}).loaded_rows == 2


@pytest.mark.parametrize("location", ["https://127.0.0.1:1/api/d/t/_stream_load", "http://127.0.0.1:1/api/d/other/_x"])
def test_a_redirect_elsewhere_is_not_followed(start: Callable[..., Server], location: str) -> None:
    with pytest.raises(StreamLoadFailed, match="not followed"):
        load(start(location=location))


def test_redirects_in_a_circle_end(start: Callable[..., Server]) -> None:
    server = start(location="pending")
    server.location = f"http://127.0.0.1:{server.port}/api/d/t/_stream_load"
    with pytest.raises(StreamLoadFailed, match="more than 3 redirects"):
        load(server)


def test_a_server_without_100_continue_still_gets_the_body(
    start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamload, "CONTINUE_WAIT_S", 0.05)
    server = start(continues=False)
    assert load(server, b"1\n").loaded_rows == 2
    server.location = f"http://127.0.0.1:{start().port}/api/d/t/_stream_load"
    assert load(server, b"1\n").loaded_rows == 2
    with pytest.raises(StreamLoadFailed, match="can be read only once"):
        load(server, iter([b"1\n"]))


def test_a_label_loaded_before_is_a_success(start: Callable[..., Server]) -> None:
    answer = {"Label": "a", "Status": "Label Already Exists", "ExistingJobStatus": "FINISHED", "Message": "..."}
    result = load(start(answer=answer), label="a")
    assert (result.already_loaded, result.loaded_rows) == (True, 0)


def test_a_label_still_loading_is_a_failure(start: Callable[..., Server]) -> None:
    answer = {"Label": "a", "Status": "Label Already Exists", "ExistingJobStatus": "RUNNING", "Message": "in use"}
    with pytest.raises(StreamLoadFailed, match="in use\n  the load with this label is RUNNING"):
        load(start(answer=answer), label="a")


def test_a_late_publish_counts_as_loaded(start: Callable[..., Server]) -> None:
    assert load(start(answer={**OK, "Status": "Publish Timeout"})).loaded_rows == 2


def test_a_refused_load_shows_the_message_and_the_rows(start: Callable[..., Server]) -> None:
    server = start(error_rows="Reason: column(k) is null. src line [\\N]")
    url = f"http://127.0.0.1:{server.port}/api/_load_error_log?file=x"
    server.answer = {"Status": "Fail", "Message": "too many filtered rows", "ErrorURL": url}
    with pytest.raises(StreamLoadFailed) as caught:
        load(server)
    assert "Stream Load into d.t: Fail: too many filtered rows" in caught.value.message
    assert "Reason: column(k) is null" in caught.value.message
    assert caught.value.answer["Status"] == "Fail"
    assert [seen.login for seen in server.seen] == ["loader:p:w", "loader:p:w"]


def test_error_rows_on_a_strange_host_are_named_but_not_fetched(start: Callable[..., Server]) -> None:
    server = start()
    url = f"http://localhost:{server.port}/api/_load_error_log?file=x"
    server.answer = {"Status": "Fail", "Message": "no", "ErrorURL": url}
    with pytest.raises(StreamLoadFailed, match="localhost"):
        load(server)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (200, {"msg": "Unauthorized", "code": 401}, r"Unauthorized \(code 401\)"),
        (500, b"<html>broken</html>", "HTTP 500: <html>broken</html>"),
        (200, [1, 2], r"HTTP 200: \[1, 2\]"),
        (404, b"", "HTTP 404"),
    ],
)
def test_an_answer_that_is_no_load_result_is_a_failure(
    start: Callable[..., Server], status: int, answer: object, expected: str
) -> None:
    with pytest.raises(StreamLoadFailed, match=expected):
        load(start(status=status, answer=answer))


def test_a_header_cannot_smuggle_a_second_one(start: Callable[..., Server]) -> None:
    server = start()
    with pytest.raises(StreamLoadFailed, match="header label contains a control character"):
        load(server, label="a\r\nformat: json")
    assert server.seen == []


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        warehouse = Warehouse(mysql_port=port, http_port=port, connect_timeout_s=2)
        with pytest.raises(WarehouseError, match=f"the warehouse at 127.0.0.1:{port} does not answer") as caught:
            warehouse.query("SELECT 1")
        assert caught.value.fix == "Is it running? See: make status"
        with pytest.raises(StreamLoadFailed, match="does not answer"):
            warehouse.stream_load("d", "t", b"1\n", format="csv")


def test_the_password_stays_out_of_the_text_of_a_warehouse() -> None:
    assert "hunter2" not in repr(Warehouse(password="hunter2"))


@pytest.mark.parametrize(("bind", "host"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "::1")])
def test_a_user_of_the_deployment(tmp_path: Path, bind: str, host: str) -> None:
    home = Home(tmp_path)
    ports = SimpleNamespace(warehouse_mysql=1, warehouse_http=2)
    config = SimpleNamespace(local=SimpleNamespace(bind=bind, ports=ports))
    warehouse = Warehouse.for_user(config, home, "loader")  # type: ignore[arg-type]
    assert (warehouse.host, warehouse.mysql_port, warehouse.http_port) == (host, 1, 2)
    assert warehouse.password == ensure(home, "warehouse-loader")
