"""A scientist who takes all the memory there is: the analysts' queries never fail for it."""

import threading
import time

import pymysql
import pytest

from benchmarks.measure.server import warehouse

ROWS = 400_000
SECONDS = 12
MEMORY_GB = 0.5
GROUPS = {
    "analysts": {"min_memory_percent": "50%"},
    "scientists": {"max_cpu_percent": "50%", "max_memory_percent": "40%", "max_concurrency": "2"},
}
#: Each row meets many: a hash table without end. Texts put together are memory that the engine does not count.
GREEDY = (
    "select count(*) from (select a.k x, b.k y, count(*) n from d.t a, d.t b group by a.k, b.k) s where n > 1",
    "select length(group_concat(pad, ',')) from (select a.pad from d.t a, d.t b where a.g = b.g) s",
)
#: A dashboard's: a table of groups that needs some memory of its own.
DASHBOARD = "select g, count(distinct k), sum(k), max(pad) from d.t group by g order by g limit 20"


@pytest.fixture(scope="module")
def server():
    with warehouse(memory_gb=MEMORY_GB) as running:
        root = running.client
        root.execute("create database d")
        root.execute("create table d.t (k int, g int, pad varchar(80)) distributed by hash(k) buckets 1")
        root.execute(
            f"insert into d.t select number, number % 1000, md5(cast(number as varchar)) "
            f"from numbers('number'='{ROWS}')"
        )
        for group, properties in GROUPS.items():
            listed = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
            root.execute(f"create workload group {group} properties ({listed})")
            root.execute(f"create user {group}_user identified by 'Pw-1-{group}'")
            root.execute(f"grant select_priv on d.* to {group}_user")
            root.execute(f"grant usage_priv on workload group '{group}' to {group}_user")
            root.execute(f"set property for '{group}_user' 'default_workload_group' = '{group}'")
        yield running


def test_an_analyst_never_fails_because_a_scientist_took_the_memory(server):
    def connect(group):
        login = {"user": f"{group}_user", "password": f"Pw-1-{group}", "init_command": "set enable_sql_cache = false"}
        return pymysql.connect(host="127.0.0.1", port=server.mysql_port, **login)

    done, refusals, greedy = threading.Event(), [], [connect("scientists") for _ in GREEDY]

    def take(connection, sql):
        while not done.is_set():
            try:
                with connection.cursor() as cursor:
                    cursor.execute(sql)
                    cursor.fetchall()
            except pymysql.Error as error:
                refusals.append(str(error))
                if not connection.open:
                    return

    takers = [threading.Thread(target=take, args=pair) for pair in zip(greedy, GREEDY, strict=True)]
    answers = []
    with connect("analysts") as analyst, analyst.cursor() as cursor:
        cursor.execute(DASHBOARD)
        expected = cursor.fetchall()
        for taker in takers:
            taker.start()
        try:
            deadline = time.monotonic() + SECONDS
            while time.monotonic() < deadline or not refusals:
                assert time.monotonic() < deadline + 60, "nobody's memory was taken"
                cursor.execute(DASHBOARD)
                answers.append(cursor.fetchall() == expected)
        finally:
            done.set()
            for connection in greedy:
                with server.client.connect() as root, root.cursor() as killer:
                    killer.execute(f"kill {connection.thread_id()}")
            for taker in takers:
                taker.join(60)
    assert len(answers) > 3
    assert all(answers)
    assert any("MEM_LIMIT_EXCEEDED" in refusal for refusal in refusals), refusals
    assert not any(taker.is_alive() for taker in takers)
