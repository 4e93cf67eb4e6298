"""Stream Load over HTTP, as Doris' front end and back ends speak it."""

from __future__ import annotations

import base64
import json
import select
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from nereus.errors import Failure

#: What can be loaded: a file, its bytes, or chunks of it.
Source = Path | bytes | Iterable[bytes]

CHUNK_BYTES = 1 << 20
#: A server that does not answer "Expect: 100-continue" gets the body after this long, as RFC 9110 allows.
CONTINUE_WAIT_S = 2.0
#: One load may take as long as the warehouse lets it (Doris' own limit is ten minutes by default).
ANSWER_WAIT_S = 1800.0
MAX_REDIRECTS = 3
ERROR_ROWS_CHARS = 2000

_REDIRECTS = (301, 302, 307, 308)
_LOADED = ("Success", "Publish Timeout")


class StreamLoadFailed(Failure):
    """The warehouse refused a load. `answer` is its JSON, empty when it gave none."""

    def __init__(self, message: str, answer: Mapping[str, Any] | None = None, *, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.answer = dict(answer or {})


@dataclass(frozen=True)
class StreamLoadResult:
    """What the warehouse said of one load. `already_loaded` is True when its label had been loaded before."""

    label: str
    status: str
    txn_id: int
    already_loaded: bool
    total_rows: int
    loaded_rows: int
    filtered_rows: int
    load_bytes: int
    load_time_ms: int


@dataclass(frozen=True)
class _Answer:
    status: int
    location: str
    body: bytes
    body_was_sent: bool


@dataclass(frozen=True)
class StreamLoad:
    """Sends bodies to one front end and follows it to the back end that it names.

    Attributes:
        backends: asked only when a redirect leaves the front end's host; gives the hosts that may receive the
            credentials, so that no answer can send them to a stranger.
    """

    host: str
    port: int
    user: str
    password: str
    backends: Callable[[], set[str]] = set

    @property
    def _authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")

    def put(self, db: str, table: str, source: Source, headers: Mapping[str, str]) -> StreamLoadResult:
        """Send `source` and wait for the transaction. Raises StreamLoadFailed."""
        what = f"Stream Load into {db}.{table}"
        path = f"/api/{quote(db, safe='')}/{quote(table, safe='')}/_stream_load"
        for name, value in headers.items():
            if not value.isprintable():
                raise StreamLoadFailed(f"{what}: header {name} contains a control character: {value!r}")
        host, port = self.host, self.port
        try:
            for _ in range(MAX_REDIRECTS + 1):
                answer = self._send(host, port, path, source, headers)
                if answer.status not in _REDIRECTS or not answer.location:
                    return self._read(what, answer.status, answer.body)
                host, port = self._follow(what, answer.location, path)
                if answer.body_was_sent and not isinstance(source, Path | bytes):
                    raise StreamLoadFailed(
                        f"{what}: redirected to {host}:{port} after the data was sent, which can be read only once",
                        fix="Nothing was loaded. Give a file or bytes instead of an iterator.",
                    )
        except (OSError, HTTPException) as error:
            raise StreamLoadFailed(
                f"{what}: {host}:{port} does not answer ({error})",
                fix="Nothing is lost: the same label can be sent again. Is the warehouse running? See: make status",
            ) from error
        raise StreamLoadFailed(f"{what}: more than {MAX_REDIRECTS} redirects, the last to {host}:{port}")

    def _send(self, host: str, port: int, path: str, source: Source, headers: Mapping[str, str]) -> _Answer:
        connection = HTTPConnection(host, port, timeout=ANSWER_WAIT_S)
        try:
            connection.putrequest("PUT", path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value.encode("utf-8"))
            connection.putheader("Authorization", self._authorization)
            # Doris' front end demands it: it redirects before the body is sent.
            connection.putheader("Expect", "100-continue")
            length = _length(source)
            if length is None:
                connection.putheader("Transfer-Encoding", "chunked")
            else:
                connection.putheader("Content-Length", str(length))
            connection.endheaders()
            wanted = _body_is_wanted(connection.sock)
            if wanted:
                _send_body(connection, source, chunked=length is None)
            response = connection.getresponse()
            return _Answer(response.status, response.getheader("Location", ""), response.read(), wanted)
        finally:
            connection.close()

    def _follow(self, what: str, location: str, path: str) -> tuple[str, int]:
        """Host and port of a redirect that the credentials may follow. Raises StreamLoadFailed for any other."""
        target = urlsplit(location)
        host, port = target.hostname or self.host, target.port or 80
        if target.scheme not in ("", "http") or target.path != path:
            raise StreamLoadFailed(f"{what}: redirected to {target.scheme}://{host}:{port}{target.path}; not followed")
        if host != self.host and host not in (known := self.backends()):
            raise StreamLoadFailed(
                f"{what}: redirected to {host}:{port}, which the warehouse does not list as a backend; not followed",
                fix=f"Its backends are: {', '.join(sorted(known)) or 'none'}.",
            )
        return host, port

    def _read(self, what: str, status: int, body: bytes) -> StreamLoadResult:
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise StreamLoadFailed(f"{what}: HTTP {status}: {body[:ERROR_ROWS_CHARS].decode('utf-8', 'replace')}")
        if "Status" not in answer:  # Doris refuses requests with {"msg": ..., "code": ...} and HTTP 200
            refusal = f"{answer.get('msg', answer)} (code {answer.get('code', status)})"
            raise StreamLoadFailed(f"{what}: {refusal}", answer)
        repeated = answer["Status"] == "Label Already Exists" and answer.get("ExistingJobStatus") == "FINISHED"
        if answer["Status"] not in _LOADED and not repeated:
            raise StreamLoadFailed(f"{what}: {self._explain(answer)}", answer)
        return StreamLoadResult(
            label=str(answer.get("Label", "")),
            status=answer["Status"],
            txn_id=int(answer.get("TxnId", -1)),
            already_loaded=repeated,
            total_rows=int(answer.get("NumberTotalRows", 0)),
            loaded_rows=int(answer.get("NumberLoadedRows", 0)),
            filtered_rows=int(answer.get("NumberFilteredRows", 0)),
            load_bytes=int(answer.get("LoadBytes", 0)),
            load_time_ms=int(answer.get("LoadTimeMs", 0)),
        )

    def _explain(self, answer: Mapping[str, Any]) -> str:
        """Status, message and, where the warehouse kept them, the rows it refused."""
        lines = [f"{answer['Status']}: {answer.get('Message', 'no message')}"]
        if answer.get("ExistingJobStatus"):
            lines.append(f"the load with this label is {answer['ExistingJobStatus']}")
        if answer.get("ErrorURL"):
            lines.append(f"rows: {answer['ErrorURL']}")
            lines += [f"  {line}" for line in self._refused_rows(str(answer["ErrorURL"])).splitlines()]
        return "\n  ".join(lines)

    def _refused_rows(self, url: str) -> str:
        """The first refused rows, from a host that has our credentials anyway; what cannot be fetched is left out."""
        target = urlsplit(url)
        if target.scheme != "http" or target.hostname is None:
            return ""
        if target.hostname != self.host and target.hostname not in self.backends():
            return ""
        connection = HTTPConnection(target.hostname, target.port or 80, timeout=CONTINUE_WAIT_S)
        try:
            path = f"{target.path}?{target.query}" if target.query else target.path
            connection.request("GET", path, headers={"Authorization": self._authorization})
            response = connection.getresponse()
            return response.read(ERROR_ROWS_CHARS).decode("utf-8", "replace") if response.status == 200 else ""
        except (OSError, HTTPException):
            return ""
        finally:
            connection.close()


def _body_is_wanted(sock: socket.socket) -> bool:
    """After the headers: False when a final answer (a redirect, a refusal) came instead of "100 Continue"."""
    if not select.select([sock], [], [], CONTINUE_WAIT_S)[0]:
        return True
    # Only looked at: the response object reads the same bytes again and skips the interim answer itself.
    head = sock.recv(len(b"HTTP/1.1 100"), socket.MSG_PEEK | socket.MSG_WAITALL)
    return head[-3:] == b"100"


def _length(source: Source) -> int | None:
    if isinstance(source, Path):
        return source.stat().st_size
    return len(source) if isinstance(source, bytes) else None


def _send_body(connection: HTTPConnection, source: Source, *, chunked: bool) -> None:
    """A server may answer and hang up while the body is still being sent; its answer is then read, not this error."""
    try:
        for chunk in _chunks(source):
            if not chunked:
                connection.send(chunk)
            elif chunk:
                connection.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if chunked:
            connection.send(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass


def _chunks(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
    elif isinstance(source, Path):
        with source.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    else:
        yield from source
