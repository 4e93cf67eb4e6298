"""Error logs, counters and the metrics page."""

import threading

import pytest

from nereus.warehouse.embedded.counters import QueryCounters
from nereus.warehouse.embedded.http.answers import LoadReport
from nereus.warehouse.embedded.http.counters import LoadCounters
from nereus.warehouse.embedded.http.error_log import ErrorLogs, log_text
from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.metrics import Metric, Sample, collect, exposition


def test_a_log_shows_the_first_rows_and_says_that_there_are_more():
    text = log_text([(f"why {i}", f"row {i}") for i in range(50)], 51)
    assert text.startswith("Reason: why 0. src line [row 0]; \n")
    assert text.endswith(
        "Reason: why 49. src line [row 49]; \nTOO MUCH ERROR! already reach 50. show no more next error.\n"
    )
    assert log_text([("why", None)], 1) == "Reason: why. src line []; \n"
    assert len(log_text([("why", "x" * 100_000)], 1)) < 5000


def test_logs_have_names_that_cannot_be_guessed_and_an_owner():
    logs = ErrorLogs()
    name = logs.keep("ann", "text")
    assert logs.read(name) == ("ann", "text")
    assert logs.keep("ann", "text") != name
    assert len(name) >= 32
    assert logs.read("error_log_1") is None


def test_the_oldest_logs_make_room():
    logs = ErrorLogs(kept_bytes=100)
    first, second = logs.keep("a", "x" * 60), logs.keep("a", "y" * 60)
    assert logs.read(first) is None
    assert logs.read(second)
    assert logs.read(logs.keep("a", "z" * 1000))


def test_loads_are_counted_by_their_end():
    counters = LoadCounters()
    for _ in range(3):
        counters.begin()
    assert (counters.requests, counters.running) == (3, 3)
    counters.end(LoadReport("l", txn_id=3, loaded_rows=5, load_bytes=50, load_ms=7))
    counters.end(LoadReport("l", failure=LoadFailed("X", "y"), loaded_rows=0, load_bytes=70, load_ms=1))
    counters.end(LoadReport("broken off"))
    assert (counters.running, counters.committed, counters.failed) == (0, 1, 2)
    assert (counters.loaded_rows, counters.received_bytes, counters.duration_ms) == (5, 50, 8)


def test_queries_are_counted_from_many_threads():
    counters = QueryCounters()

    def work():
        for elapsed in range(100):
            counters.observe(elapsed, query=elapsed % 2 == 0, failed=elapsed % 4 == 0)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals = counters.totals()
    assert (totals.statements, totals.queries, totals.errors) == (800, 400, 200)
    assert totals.quantile_ms(0.0) == 2
    assert totals.quantile_ms(0.5) == 50
    assert totals.quantile_ms(0.999) == 98
    assert QueryCounters().totals().quantile_ms(0.5) == 0


def test_the_text_format_of_prometheus():
    metrics = iter(
        [
            Metric("up", "gauge", "it runs", (Sample(1), Sample(0.5, {"path": 'a "b"\\c\n'}))),
            Metric("lat", "summary", "how long", (Sample(3, {"quantile": "0.5"}), Sample(7, suffix="_sum"))),
        ]
    )
    assert exposition(metrics) == (
        "# HELP up it runs\n# TYPE up gauge\nup 1\n"
        'up{path="a \\"b\\"\\\\c\\n"} 0.5\n'
        '# HELP lat how long\n# TYPE lat summary\nlat{quantile="0.5"} 3\nlat_sum 7\n'
    )


@pytest.mark.parametrize(
    "name",
    [
        "doris_fe_query_total",
        "doris_fe_query_err",
        'doris_fe_query_latency_ms{quantile="0.95"}',
        "doris_fe_connection_total",
        "doris_be_disks_avail_capacity{path=",
        "doris_be_streaming_load_requests_total",
        "process_resident_memory_bytes",
    ],
)
def test_the_page_has_the_names_of_doris(warehouse, name):
    text = exposition(collect(warehouse, LoadCounters()))
    (line,) = [line for line in text.splitlines() if line.startswith(name)]
    assert float(line.rpartition(" ")[2]) >= 0


def test_the_page_counts_the_bytes_of_the_warehouse(warehouse):
    file = warehouse.engine.spool.parent / "warehouse.duckdb"
    text = exposition(collect(warehouse, LoadCounters()))
    (line,) = [line for line in text.splitlines() if line.startswith("doris_be_disks_local_used_capacity{")]
    assert float(line.rpartition(" ")[2]) >= file.stat().st_size


def test_every_metric_is_described_once(warehouse):
    text = exposition(collect(warehouse, LoadCounters()))
    described = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(described) == len(set(described)) == text.count("# HELP")
