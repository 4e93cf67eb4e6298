"""Who may load, and how everything but a load answers."""

import pytest


@pytest.fixture(scope="module")
def people(server):
    """ann may load one table, bob may only read it."""
    table = server.table()
    for name in ("ann", "bob"):
        server.sql(f"create user {name} identified by '{name}-pw'")
    server.sql(f"grant load_priv on d.{table} to ann")
    server.sql(f"grant select_priv on d.{table} to bob")
    return table


def login(name, password=None):
    return {"login": {"user": name, "password": password or f"{name}-pw"}}


def test_loading_takes_the_privilege_on_the_table(server, people):
    assert server.load(people, b"1\tx\n", **login("ann"))["NumberLoadedRows"] == 1
    other = server.table()
    for table, name in ((people, "bob"), (other, "ann"), ("no_such_table", "ann")):
        answer = server.put(table, b"2\ty\n", **login(name))
        assert answer.status == 200
        assert answer.json == {
            "msg": "Unauthorized",
            "code": 401,
            "data": "Access denied; you need (at least one of) the Admin_priv,Load_priv privilege(s) "
            "for this operation",
            "count": 0,
        }
    assert server.rows(people) == [(1, "x")]


def test_an_unknown_user_and_a_wrong_password_look_alike(server, people):
    wrong = server.put(people, b"1\tx\n", **login("ann", "guess")).json
    unknown = server.put(people, b"1\tx\n", **login("nobody")).json
    assert wrong["data"] == "Access denied for user 'ann@127.0.0.1' (using password: YES)"
    assert unknown == {**wrong, "data": wrong["data"].replace("ann", "nobody")}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Bearer cm9vdDpyb290LXB3",
        "Basic /////w==",
        "Basic cm9vdA",
        "x" * 50,
    ],
)
def test_a_request_without_a_proper_login_is_told_so(server, header):
    answer = server.request(
        "PUT", "/api/d/t/_stream_load", b"1\n", {"Authorization": header, "Expect": "100-continue"}, user=None
    )
    assert answer.status == 200
    assert answer.json["code"] == 401
    assert answer.json["data"] == "Need auth information."


def test_error_logs_are_for_their_owner_and_for_administrators(server, people):
    url = server.put(people, b"x\n", **login("ann")).json["ErrorURL"]
    path = url.partition(str(server.http_port))[2]
    assert "Column count mismatch" in server.request("GET", path, user="ann", password="ann-pw").text
    assert "Column count mismatch" in server.request("GET", path).text
    assert server.request("GET", path, user="bob", password="bob-pw").json["code"] == 404


def test_health_and_bootstrap_need_no_login(server):
    health = server.request("GET", "/api/health", user=None)
    assert health.text == ('{"msg":"success","code":0,"data":{"online_backend_num":1,"total_backend_num":1},"count":0}')
    boot = server.request("GET", "/api/bootstrap", user=None).json
    assert (boot["msg"], boot["code"], boot["data"]["queryPort"]) == ("success", 0, 0)


def test_metrics_count_loads(server):
    table = server.table()
    before = server.metric('doris_be_stream_load{type="load_rows"}')
    failed = server.metric('doris_fe_txn_counter{type="failed"}')
    server.load(table, b"1\tx\n2\ty\n")
    server.put(table, b"x\n")
    assert server.metric('doris_be_stream_load{type="load_rows"}') == before + 2
    assert server.metric('doris_fe_txn_counter{type="failed"}') == failed + 1
    assert server.metric("process_resident_memory_bytes") > 10 << 20


def test_metrics_count_queries(server):
    before, errors = server.metric("doris_fe_query_total"), server.metric("doris_fe_query_err")
    server.sql("select 1")
    with pytest.raises(Exception, match="no_such_table"):
        server.sql("select nothing_like_it from no_such_table")
    assert server.metric("doris_fe_query_total") >= before + 2
    assert server.metric("doris_fe_query_err") >= errors + 1


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/d/t/_stream_load", 500),
        ("POST", "/api/d/t/_stream_load", 500),
        ("DELETE", "/api/d/t/_stream_load", 500),
        ("PUT", "/api/health", 500),
        ("GET", "/", 404),
        ("GET", "/api/d/t/_nothing", 404),
        ("PUT", "/api/d/_stream_load", 404),
        ("GET", "/api/../../etc/passwd", 404),
        ("GET", "/api/_load_error_log/x", 404),
    ],
)
def test_everything_else_answers_in_the_envelope_of_doris(server, method, path, code):
    answer = server.request(method, path)
    assert answer.status == 200
    assert (answer.json["code"], answer.json["count"]) == (code, 0)
    assert set(answer.json) == {"msg", "code", "data", "count"}


def test_head_has_no_body(server):
    answer = server.request("HEAD", "/api/d/t/_stream_load")
    assert (answer.status, answer.text) == (200, "")
    assert server.request("HEAD", "/api/health").status == 200


def test_an_unknown_group_commit_is_refused_in_the_older_shape(server, people):
    answer = server.put(people, b"1\tx\n", group_commit="sometimes").json
    assert answer["status"] == "FAILED"
    assert "can only be `sync_mode`, `async_mode` or `off_mode`" in answer["msg"]
