"""Many viewers at once, by Streamlit's own websocket."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.measure.portal import PAGES, visit
from tests.integration.portal.stand import Served

pytestmark = pytest.mark.timeout(900)
VIEWERS = 20


def asked(portal: Served) -> int:
    rows = portal.deployed.as_user("root").query(
        "SELECT count(*) AS n FROM __internal_schema.audit_log WHERE `user` = 'portal' AND is_query = 1"
    )
    return int(rows[0]["n"])


async def _all(url: str, cookies: dict[str, str]) -> list[tuple[list[float], int]]:
    return await asyncio.gather(*(visit(url, cookies) for _ in range(VIEWERS)))


def test_twenty_viewers_open_every_page_and_share_the_warehouses_answers(portal: Served) -> None:
    cookies = portal.session("viewer").cookies.get_dict()
    before = asked(portal)
    told = asyncio.run(_all(portal.url, cookies))
    assert sum(faults for _, faults in told) == 0
    assert [len(times) for times, _ in told] == [len(PAGES)] * VIEWERS
    # Two sets of questions, each asked again after a minute at the earliest; not once for every viewer.
    assert asked(portal) - before < VIEWERS * len(PAGES)
