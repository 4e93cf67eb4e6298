"""Clients that break off, lie, flood or send nonsense: an answer, nothing loaded, and a live service."""

import asyncio
import base64
import gzip
import io
import random
import re
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aiohttp import web

from nereus.errors import BadInput
from nereus.warehouse.embedded.http import body as body_of_a_load
from nereus.warehouse.embedded.http import make_app, serve_http
from nereus.warehouse.embedded.warehouse import Warehouse

LOGIN = base64.b64encode(b"root:root-pw").decode()
SEED = 20260722


def head(table, *lines):
    given = (f"Authorization: Basic {LOGIN}", "Expect: 100-continue", *lines)
    return (
        f"PUT /api/d/{table}/_stream_load HTTP/1.1\r\nHost: h\r\n" + "".join(f"{line}\r\n" for line in given) + "\r\n"
    ).encode()


def opened(server, *parts):
    """A connection on which `parts` were sent, each after the server had a chance to answer the one before."""
    sock = socket.create_connection(("127.0.0.1", server.http_port), timeout=30)
    for number, part in enumerate(parts):
        if number == 1:
            assert sock.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(part)
    return sock


def read_all(sock):
    found = b""
    while chunk := sock.recv(65536):
        found += chunk
    return found.decode()


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (("Content-Length: 1000",), b"1\tx\n" * 100),
        (("Transfer-Encoding: chunked",), b"4\r\n1\tx\n\r\n"),
        (("Transfer-Encoding: chunked",), b"ff\r\n1\tx\n"),
        (("Content-Length: 1000", "compress_type: gz"), gzip.compress(b"1\tx\n" * 100, mtime=0)),
    ],
)
def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(server, lines, body):
    table = server.table()
    for linger in (None, struct.pack("ii", 1, 0)):
        with opened(server, head(table, "label: broken_off", *lines), body) as sock:
            server.wait(lambda: list(server.spool.iterdir()))
            if linger:
                # A reset instead of an orderly end.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        server.wait(server.idle)
    assert server.rows(table) == []
    server.load(table, b"1\tx\n", label="broken_off" if lines == () else f"after_{table}")


def test_a_body_shorter_than_its_length_is_not_loaded(server):
    table = server.table()
    with opened(server, head(table, "Content-Length: 1000"), b"1\tx\n") as sock:
        sock.shutdown(socket.SHUT_WR)
        answer = read_all(sock)
    assert '"Status": "Success"' not in answer
    server.wait(server.idle)
    assert server.rows(table) == []


def test_what_follows_a_body_longer_than_its_length_is_no_part_of_it(server):
    table = server.table()
    with opened(server, head(table, "Content-Length: 4"), b"1\tx\n2\ty\n") as sock:
        answer = read_all(sock)
    assert '"NumberLoadedRows": 1,' in answer
    assert '"code":403' in answer
    assert server.rows(table) == [(1, "x")]


@pytest.mark.parametrize("chunks", [b"zz\r\n1\tx\n\r\n0\r\n\r\n", b"4\r\n1\tx\nXX0\r\n\r\n", b"-4\r\n1\tx\n\r\n"])
def test_malformed_chunks_are_not_loaded(server, chunks):
    table = server.table()
    with opened(server, head(table, "Transfer-Encoding: chunked"), chunks) as sock:
        sock.shutdown(socket.SHUT_WR)
        answer = read_all(sock)
    assert '"Status": "Success"' not in answer
    server.wait(server.idle)
    assert server.rows(table) == []


#: Takes the engine half a minute, and is handed to it in one piece.
SLOW = {"columns": "tmp, a = " + " + ".join(f"length(repeat(concat(tmp, '{i}'), 2000))" for i in range(9))}
SLOW_BODY = b"0123456789\n" * 200_000


def test_the_engine_stops_when_the_client_is_gone(server):
    table = server.table("a bigint")
    before = server.metric("process_cpu_seconds_total")
    sock = opened(server, head(table, f"columns: {SLOW['columns']}", f"Content-Length: {len(SLOW_BODY)}"), SLOW_BODY)
    server.wait(lambda: server.metric("process_cpu_seconds_total") > before + 0.5)
    sock.close()
    server.wait(server.idle, 10)
    assert server.rows(table) == []


def test_a_load_ends_at_its_timeout(server):
    table = server.table("a bigint")
    started = time.monotonic()
    answer = server.put(table, SLOW_BODY, timeout="1", **SLOW).json
    assert answer["Message"] == "[TIMEOUT]the load took longer than its timeout of 1 seconds"
    assert time.monotonic() - started < 15
    assert server.rows(table) == []


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A port in this process that takes bodies of at most 4 MB."""
    warehouse = Warehouse.open(tmp_path_factory.mktemp("small"), memory_gb=1, threads=2, root_password="root-pw")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    with ThreadPoolExecutor(4) as executor:
        port = run(serve_http(warehouse, port=0, executor=executor, limit_bytes=4 << 20))
        session = warehouse.connect("root")
        for text in ("create database d", "create table d.t (a varchar(9)) distributed by hash(a) buckets 1"):
            list(session.execute(text))
        yield port, warehouse
        session.close()
        run(port.close())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    warehouse.close()


@pytest.mark.parametrize(
    ("body", "headers", "text"),
    [
        (b"x\n" * (3 << 20), {}, "body size 6291456 exceed"),
        ((b"x\n" * (1 << 19) for _ in range(8)), {}, "exceeds the warehouse's limit of 4 MB"),
        (gzip.compress(b"x\n" * (64 << 20), 1), {"compress_type": "gz"}, "exceeds the warehouse's limit of 4 MB"),
    ],
)
def test_bodies_beyond_the_limit_are_refused_compressed_or_not(server, small, body, headers, text):
    port, warehouse = small
    other = type(server)(0, port.port, warehouse.engine.spool.parent)
    answer = other.put("t", body, **headers).json
    assert answer["Status"] == "Fail"
    assert text in answer["Message"]
    assert other.load("t", b"fits\n")["NumberLoadedRows"] == 1
    other.wait(other.idle)


def test_a_client_that_stops_sending_is_given_up(server, small, monkeypatch):
    port, warehouse = small
    other = type(server)(0, port.port, warehouse.engine.spool.parent)
    monkeypatch.setattr(body_of_a_load, "IDLE_S", 0.3)
    with opened(other, head("t", "Content-Length: 1000"), b"half") as sock:
        assert "[TIMEOUT]no data came for 0.3 seconds" in read_all(sock)
    other.wait(other.idle)


def test_a_large_body_takes_no_memory(server):
    table = server.table()
    before = server.metric("process_resident_memory_bytes")
    answer = server.put(table, (bytes(1 << 20) for _ in range(128)), format="parquet").json
    assert answer["LoadBytes"] == 128 << 20
    assert "is not a readable Parquet file" in answer["Message"]
    assert server.metric("process_resident_memory_bytes") - before < 48 << 20


def test_a_port_that_is_closed_ends_its_loads(server, tmp_path):
    warehouse = Warehouse.open(tmp_path, memory_gb=1, threads=2, root_password="root-pw")
    session = warehouse.connect("root")
    for text in ("create database d", "create table d.t (a bigint) distributed by hash(a) buckets 1"):
        list(session.execute(text))

    async def run():
        port = await serve_http(warehouse, port=0)
        other = type(server)(0, port.port, tmp_path)
        client = asyncio.create_task(asyncio.to_thread(self_ending, other))
        while not list(warehouse.engine.spool.iterdir()):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        await port.close()
        await port.close()
        return await client

    def self_ending(other):
        try:
            return other.put("t", SLOW_BODY, **SLOW).text
        except (OSError, ValueError) as error:
            return str(error)
        except Exception as error:
            return type(error).__name__

    started = time.monotonic()
    assert '"Status": "Success"' not in asyncio.run(run())
    assert time.monotonic() - started < 30
    assert list(warehouse.engine.spool.iterdir()) == []
    session.close()
    warehouse.close()


def test_the_application_runs_under_any_runner(server, small):
    _, warehouse = small

    async def run():
        with ThreadPoolExecutor(2) as executor:
            runner = web.AppRunner(make_app(warehouse, executor))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            other = type(server)(0, runner.addresses[0][1], warehouse.engine.spool.parent)
            try:
                return await asyncio.to_thread(other.load, "t", gzip.compress(b"x\n"), compress_type="gz")
            finally:
                await runner.cleanup()

    assert asyncio.run(run())["NumberLoadedRows"] == 1


def test_a_port_that_is_taken_is_named(server):
    with pytest.raises(BadInput, match=rf"port {server.http_port} on 127.0.0.1 is taken"):
        asyncio.run(serve_http(None, port=server.http_port))


def parquet(random_):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), buffer)
    data = bytearray(buffer.getvalue())
    for _ in range(8):
        data[random_.randrange(len(data) - 8, len(data))] ^= 0xFF
    return bytes(data)


GOOD_AFTER_ALL = {("label", "select"), ("label", "-999999999999999999999"), ("enclose", "\\")}


def malformed(random_):
    """200 loads that cannot work: (headers, body)."""
    names = (
        "columns",
        "where",
        "max_filter_ratio",
        "timeout",
        "skip_lines",
        "strict_mode",
        "merge_type",
        "label",
        "format",
        "compress_type",
        "partitions",
        "unique_key_update_mode",
        "enclose",
        "exec_mem_limit",
        "send_batch_parallelism",
        "timezone",
    )
    nonsense = (
        "(((",
        "';--",
        "%00%ff",
        "\\",
        "[[]]",
        "-999999999999999999999",
        "select",
        "ünïcode „“",
        "a,,b",
        "{]",
        "=,=",
    )
    for name in names:
        for text in random_.sample(nonsense, 8):
            if (name, text) not in GOOD_AFTER_ALL:
                yield {name: text}, b"1\tx\n"
    for text in ("\\x", "\\xg0", "\\xff", "\\x123"):
        yield {"column_separator": text}, b"1\tx\n"
    for text in ("$", "[", "[1]", '["a"]', '["$.a[*]"]', "{}"):
        yield {"format": "json", "jsonpaths": text}, b'{"a": 1}'
    junk = [random_.randbytes(random_.randrange(1, 300)) for _ in range(20)]
    for body in (*junk, b"\xff" * 10, b"\0" * 10, b"\t" * 50, b"1", b"x\ty\tz\n", b"99999999999999999999\tx\n"):
        yield {}, body
        yield {"format": "json"}, b"{" + body
    for body in (b"[", b"[]", b"[1]", b'{"a": ', b'"', b"null", b"[" * 5000, b'{"a": "\\ud800"}'):
        yield {"format": "json", "strip_outer_array": "true"}, body
        yield {"format": "json", "read_json_by_line": "true"}, body
    for body in (*junk[:5], *(parquet(random_) for _ in range(5))):
        yield {"format": "parquet"}, body
        yield {"compress_type": "gz"}, body


def test_two_hundred_malformed_loads_get_two_hundred_answers_and_the_service_lives(server):
    table = server.table()
    loads = list(malformed(random.Random(SEED)))
    chosen = loads if len(loads) <= 200 else random.Random(SEED).sample(loads, 200)
    assert len(chosen) == 200
    wrong = []
    for headers, body in chosen:
        encoded = {name: text.encode("utf-8") for name, text in headers.items()}
        answer = server.put(table, body, **encoded)
        report = answer.json
        refused = report.get("Status") == "Fail" and report["NumberLoadedRows"] == 0 and report["Message"][0] == "["
        if answer.status != 200 or not refused:
            wrong.append((headers, body[:40], answer.text))
    assert [(headers, body) for headers, body, _ in wrong] == []
    assert server.rows(table) == []
    assert server.load(table, b"1\tx\n")["NumberLoadedRows"] == 1
    server.wait(server.idle)


def test_what_is_no_http_gets_an_answer_too(server):
    random_ = random.Random(SEED)
    lines = [
        b"GARBAGE\r\n\r\n",
        b"PUT /api/d/t/_stream_load\r\n\r\n",
        b"PUT /api/d/t/_stream_load HTTP/9.9\r\n\r\n",
        b"PUT  HTTP/1.1\r\n\r\n",
        head("t", "Content-Length: abc"),
        head("t", "Content-Length: -5"),
        head("t", "Content-Length: 5", "Content-Length: 6"),
        head("t", "Content-Length: 5", "Transfer-Encoding: chunked"),
        head("t", "column_separator: \x01"),
        head("t", "no colon here"),
        head("t", *(f"h{i}: x" for i in range(500))),
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        *(random_.randbytes(100) + b"\r\n\r\n" for _ in range(20)),
    ]
    for line in lines:
        with opened(server, line) as sock:
            sock.shutdown(socket.SHUT_WR)
            answer = read_all(sock)
        assert answer == "" or re.match(r"HTTP/(0\.9|1\.[01]) (400|200) ", answer), (line, answer)
    assert server.request("GET", "/api/health").json["msg"] == "success"


def test_loads_without_a_length_are_refused(server):
    table = server.table()
    with opened(server, head(table)) as sock:
        assert "content_length is empty and transfer-encoding!=chunked" in read_all(sock)


def test_connections_that_say_nothing_do_not_keep_others_out(server):
    table = server.table()
    idle = [opened(server, head(table, f"label: idle_{i}", "Content-Length: 100")) for i in range(50)]
    try:
        assert server.load(table, b"1\tx\n")["NumberLoadedRows"] == 1
    finally:
        for sock in idle:
            sock.close()
    server.wait(server.idle)
