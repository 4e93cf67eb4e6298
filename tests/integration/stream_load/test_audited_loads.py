"""Loads in the audit log."""

COLUMNS = "user, client_ip, db, state, error_message, scan_rows, scan_bytes, return_rows, stmt_type"


def audited(server, table):
    return list(
        server.sql(
            f"SELECT {COLUMNS} FROM __internal_schema.audit_log "
            f"WHERE stmt LIKE 'PUT /api/d/{table}/_stream_load label:%' ORDER BY stmt_id"
        )
    )


def test_a_load_is_in_the_audit_log_when_it_is_answered(server):
    table = server.table()
    body = b"1,x\n2,y\n"
    server.load(table, body, column_separator=",")
    assert audited(server, table) == [("root", "127.0.0.1", "d", "OK", "", 2, len(body), 2, "LOAD")]


def test_loads_that_fail_are_there_with_what_their_client_was_told(server):
    table = server.table()
    refused = server.put(table, b"1,x\n", column_separator=",", columns="a,nosuch+").json
    failed = server.put(table, b"bad,x\n", column_separator=",").json
    assert [answer["Status"] for answer in (refused, failed)] == ["Fail", "Fail"]
    # As for statements, line feeds are spaces there.
    expected = [("ERR", answer["Message"].replace("\n", " ")) for answer in (refused, failed)]
    assert [row[3:5] for row in audited(server, table)] == expected


def test_a_request_without_the_right_login_is_no_load(server):
    table = server.table()
    server.put(table, b"1,x\n", login={"password": "wrong"})
    assert audited(server, table) == []


def test_a_refused_login_over_http_is_recorded(server):
    table = server.table()
    server.put(table, b"1,x\n", login={"password": "wrong"})
    rows = server.sql(
        "SELECT user, client_ip, state, error_code, stmt FROM __internal_schema.audit_log "
        "WHERE stmt_type = 'LOGIN' ORDER BY stmt_id DESC LIMIT 1"
    )
    assert list(rows) == [("root", "127.0.0.1", "ERR", 1045, "")]
