"""What Prometheus is told comes from the warehouse's own tables, asked as the portal's reading user."""

from __future__ import annotations

import re
import threading
import urllib.request
from dataclasses import replace

import pytest

from nereus.kubernetes.exporter import Exporter
from tests.integration.usecases.conftest import Deployed


def scraped(text: str) -> dict[str, float]:
    """Name with labels -> value."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.fixture
def page(deployed: Deployed) -> str:
    deployed.deploy("tiny")
    deployed.as_user("analyst").query("SELECT 1")
    server = Exporter(deployed.as_user("portal")).server(0, "127.0.0.1")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=60) as answer:
            return str(answer.read().decode())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_loads_and_checks_of_a_use_case_are_told(page: str) -> None:
    found = scraped(page)
    assert found["nereus_warehouse_up"] == 1
    assert 0 <= found['nereus_load_age_seconds{use_case="tiny"}'] < 3600
    assert found['nereus_loaded_rows{use_case="tiny"}'] > 0
    assert any(name.startswith('nereus_checks_failing{use_case="tiny"') for name in found)
    assert "nereus_answers" in found


def test_every_line_is_of_prometheus_text_format(page: str) -> None:
    sample = r'[a-z0-9_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? -?\d+(\.\d+)?(e[+-]\d+)?'
    for line in page.splitlines():
        assert re.fullmatch(rf"# (HELP|TYPE) .+|{sample}", line), line


def test_a_warehouse_that_is_down_gives_one_figure_and_no_old_ones(deployed: Deployed) -> None:
    nobody = replace(deployed.as_user("portal"), mysql_port=1)
    assert scraped(Exporter(nobody).page()) == {"nereus_warehouse_up": 0}
