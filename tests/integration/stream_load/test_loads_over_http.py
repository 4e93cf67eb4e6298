"""Loads over real sockets into a real process, read back over the MySQL port."""

import base64
import datetime as dt
import gzip
import io
import socket
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CSV = {"column_separator": ","}


def test_a_file_is_loaded_and_read_back(server):
    table = server.table("a int not null, b varchar(20), c decimal(10,2), e datetime")
    report = server.load(
        table, b"1,x,1.50,2024-02-29 10:11:12\n2,\\N,\\N,\\N\n", label="first", comment="a word", **CSV
    )
    assert server.rows(table, "a, b, cast(c as string), e") == [
        (1, "x", "1.50", dt.datetime(2024, 2, 29, 10, 11, 12)),
        (2, None, None, None),
    ]
    assert (report["Label"], report["Comment"], report["Message"]) == ("first", "a word", "OK")
    assert (report["NumberTotalRows"], report["NumberLoadedRows"], report["LoadBytes"]) == (2, 2, 40)
    assert report["TxnId"] > 0
    assert "ErrorURL" not in report


def test_json_and_parquet_are_loaded(server):
    table = server.table()
    server.load(table, b'{"a": 1, "b": "json"}\n', format="json", read_json_by_line="true")
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": [2], "b": ["parquet"]}), buffer)
    server.load(table, buffer.getvalue(), format="parquet")
    assert server.rows(table) == [(1, "json"), (2, "parquet")]


@pytest.mark.parametrize("headers", [{"compress_type": "gz"}, {"Content-Encoding": "gzip"}])
def test_compressed_bodies_are_loaded(server, headers):
    table = server.table()
    body = gzip.compress(b"1\tx\n" * 1000)
    report = server.load(table, body, **headers)
    assert (report["NumberLoadedRows"], report["LoadBytes"]) == (1000, len(body))


def test_bodies_may_come_in_chunks_of_any_size(server):
    table = server.table()
    server.load(table, (b"%d,%d\n" % (i, i) for i in range(5000)), **CSV)
    assert server.rows(table, "count(*), sum(a)") == [(5000, 5000 * 4999 // 2)]


def test_names_in_the_path_may_be_quoted(server):
    server.sql("create table `semi-colon` (a int) duplicate key(a) distributed by hash(a) buckets 1")
    assert server.load("semi%2Dcolon", b"1\n")["NumberLoadedRows"] == 1


def test_a_header_may_be_longer_than_a_line(server):
    table = server.table("a int, b text")
    text = "x" * 100_000
    server.load(table, b"1\n", columns=f"a, b = concat('{text}', '')")
    assert server.rows(table, "length(b)") == [(100_000,)]


def test_bad_rows_can_be_fetched_by_whoever_loaded(server):
    table = server.table()
    answer = server.put(table, b"1,x\nfalse,y\n2\n", **CSV).json
    assert (answer["Status"], answer["Message"]) == ("Fail", "[DATA_QUALITY_ERROR]too many filtered rows")
    assert (answer["NumberTotalRows"], answer["NumberFilteredRows"], answer["NumberLoadedRows"]) == (3, 2, 0)
    url = answer["ErrorURL"]
    assert url.startswith(f"http://127.0.0.1:{server.http_port}/api/_load_error_log?file=error_log_")
    path = url.partition(str(server.http_port))[2]
    log = server.request("GET", path)
    assert "Reason: column(a) values is null while columns is not nullable. src line [false,y]; \n" in log.text
    assert "Column count mismatch: expected 2, but found 1 (sep:, delim:\\n). src line [2]" in log.text
    assert log.headers["Content-Type"].startswith("text/plain")
    assert server.request("GET", path, user=None).status == 401
    assert server.request("GET", path, password="wrong").status == 401
    assert server.request("GET", path + "0").json["code"] == 404
    assert "not specified" in server.request("GET", "/api/_load_error_log").text
    assert server.rows(table) == []


def test_a_label_loads_once(server):
    table = server.table()
    first = server.load(table, b"1\tx\n", label="just_once")
    again = server.put(table, b"2\ty\n", label="just_once").json
    assert (again["Status"], again["ExistingJobStatus"]) == ("Label Already Exists", "FINISHED")
    assert f"relate to txn [{first['TxnId']}], status [VISIBLE]" in again["Message"]
    assert server.rows(table) == [(1, "x")]


def test_a_label_is_known_to_insert_too(server):
    table = server.table()
    server.load(table, b"1\tx\n", label="shared_label")
    with pytest.raises(Exception, match="shared_label"):
        server.sql(f"insert into {table} with label shared_label values (2, 'y')")


def together(calls):
    """Run calls at the same time; gives their results in order."""
    results = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(at, call):
        start.wait()
        results[at] = call()

    threads = [threading.Thread(target=run, args=(at, call)) for at, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_loads_with_one_label_at_the_same_time_are_one_load(server):
    table = server.table()
    answers = together([lambda i=i: server.put(table, b"%d\tx\n" % i, label="raced").json for i in range(8)])
    statuses = sorted(answer["Status"] for answer in answers)
    assert statuses == ["Label Already Exists"] * 7 + ["Success"]
    assert {answer.get("ExistingJobStatus") for answer in answers} <= {None, "RUNNING", "FINISHED"}
    assert len(server.rows(table)) == 1


def test_loads_into_one_table_queue(server):
    table = server.table()
    body = b"".join(b"%d\tx\n" % i for i in range(2000))
    answers = together([lambda: server.load(table, body) for _ in range(8)])
    assert [answer["NumberLoadedRows"] for answer in answers] == [2000] * 8
    assert server.rows(table, "count(*), count(distinct a)") == [(16000, 2000)]


def test_loads_into_one_unique_table_leave_one_row_a_key(server):
    table = server.table(rest="unique key(a)")
    bodies = [b"".join(b"%d\tv%d\n" % (i, load) for i in range(500)) for load in range(6)]
    together([lambda body=body: server.load(table, body) for body in bodies])
    assert server.rows(table, "count(*), count(distinct b)") == [(500, 1)]


def test_loads_into_many_tables_run_side_by_side(server):
    tables = [server.table() for _ in range(8)]
    together([lambda table=table: server.load(table, b"1\tx\n" * 1000) for table in tables])
    assert [server.rows(table, "count(*)") for table in tables] == [[(1000,)]] * 8


def test_queries_are_answered_while_a_load_runs(server):
    table = server.table()
    body = b"".join(b"%d\tsome text\n" % i for i in range(100_000))
    loaded, counted = together([lambda: server.load(table, body), lambda: server.rows(table, "count(*)")])
    assert loaded["NumberLoadedRows"] == 100_000
    assert counted in ([(0,)], [(100_000,)])


def conversation(server, head):
    """A socket on which the head of a request has been sent."""
    sock = socket.create_connection(("127.0.0.1", server.http_port), timeout=20)
    sock.sendall(head.encode())
    return sock


def head(table, *lines, expect="100-continue"):
    login = base64.b64encode(b"root:root-pw").decode()
    given = [f"Authorization: Basic {login}", *([f"Expect: {expect}"] if expect else []), *lines]
    return (
        f"PUT /api/d/{table}/_stream_load HTTP/1.1\r\nHost: h\r\n" + "".join(f"{line}\r\n" for line in given) + "\r\n"
    )


def read_all(sock):
    found = b""
    while chunk := sock.recv(65536):
        found += chunk
    return found.decode()


def test_the_body_is_asked_for_only_when_the_load_can_work(server):
    table = server.table()
    with conversation(server, head(table, "Content-Length: 4")) as sock:
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"1\tx\n")
        assert '"Status": "Success"' in sock.recv(65536).decode()
    for lines in (("columns: nope",), ("label: not a label",), ("format: xml",)):
        with conversation(server, head(table, "Content-Length: 4", *lines)) as sock:
            answer = read_all(sock)
            assert answer.startswith("HTTP/1.1 200 OK")
            assert '"Status": "Fail"' in answer
    with conversation(server, head("no_such_table", "Content-Length: 4")) as sock:
        assert "table not found, tableName=no_such_table" in read_all(sock)


def test_without_the_expectation_nothing_is_loaded_as_in_doris(server):
    table = server.table()
    answer = server.request("PUT", f"/api/d/{table}/_stream_load", b"1\tx\n")
    assert answer.json == {"status": "FAILED", "msg": "There is no 100-continue header"}
    assert server.rows(table) == []


def test_one_connection_carries_several_loads(server):
    table = server.table()
    with conversation(server, "") as sock:
        for number in range(3):
            sock.sendall(head(table, "Content-Length: 4").encode())
            assert b"100 Continue" in sock.recv(100)
            sock.sendall(b"%d\tx\n" % number)
            assert '"Status": "Success"' in sock.recv(65536).decode()
    assert len(server.rows(table)) == 3
