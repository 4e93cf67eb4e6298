"""Every page in a real browser, in both languages, wide and narrow, light and dark; its figures are the model's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nereus import sizing
from nereus.cases import Case
from nereus.costs.compare import compare
from nereus.insight import filling, language
from nereus.paths import PORTAL
from tests.browsers import chromium, outside
from tests.integration.portal.browsing import NARROW, WIDE, Visitor
from tests.integration.portal.stand import Served

pytestmark = pytest.mark.timeout(900)
PAGES = sorted(path.stem for path in (PORTAL / "pages").glob("[a-z]*.py"))


@pytest.fixture(scope="module")
def visitor(portal: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = tmp_path_factory.mktemp("browser")
    # A place to look at the pictures afterwards.
    pictures = Path(os.environ.get("NEREUS_PICTURES") or folder / "pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    with chromium(folder, "the portal's pages") as browser:
        found = Visitor(browser, portal, pictures)
        found.log_in("admin")
        yield found


@pytest.mark.parametrize("code", language.CODES)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_stands_on_wide_and_narrow_screens_in_light_and_dark(visitor: Visitor, page: str, code: str) -> None:
    t = language.of(code)
    visitor.scheme("light")
    visitor.size(*WIDE)
    visitor.open(page, code)
    assert visitor.text().splitlines()
    assert t(f"pages.{page}") in visitor.text()
    assert visitor.overflow() <= 0
    assert "Traceback" not in visitor.text()
    assert f"lang={code}" in visitor.browser.current_url
    visitor.picture(f"{page}-{code}-wide-light", WIDE[0])
    visitor.scheme("dark")
    visitor.picture(f"{page}-{code}-wide-dark", WIDE[0])
    visitor.scheme("light")
    visitor.size(*NARROW)
    visitor.wait()
    assert visitor.overflow() <= 0
    visitor.picture(f"{page}-{code}-narrow-light", NARROW[0])
    assert outside(visitor.browser) == set()


@pytest.mark.parametrize("code", language.CODES)
def test_the_figures_of_costs_are_those_of_the_model(visitor: Visitor, code: str) -> None:
    t, platform = language.of(code), visitor.portal.deployed.platform
    plan = sizing.plan(sizing.Requirements.of(platform))
    typical = compare(platform, plan)[Case.TYPICAL]
    visitor.size(*WIDE)
    visitor.open("cost", code)
    shown = {row["option"]: row for row in visitor.tables()["totals"]}
    for option in typical.options.values():
        row = shown[t.said(option.what)]
        assert row["total_eur"] == t.number(round(option.total_with_move.to("EUR")), ",")
        assert row["year_eur"] == t.number(round(option.per_year.to("EUR/year")), ",")
    even = {row["option"]: row["all_in_credits"] for row in visitor.tables()["break-even"]}
    assert even == {
        t.said(typical.options[name].what): t.number(round(meet.all_in.value), ",")
        for name, meet in typical.break_even.items()
    }


@pytest.mark.parametrize("code", language.CODES)
def test_the_figures_of_capacity_are_those_of_the_model(visitor: Visitor, code: str) -> None:
    t, platform = language.of(code), visitor.portal.deployed.platform
    plan = sizing.plan(sizing.Requirements.of(platform))
    visitor.size(*WIDE)
    visitor.open("capacity", code)
    shown = [row["crossed_typical"] for row in visitor.tables()["months"]]
    today = datetime.now(UTC).date()
    typical = [each for each in filling.crossings(plan) if each.case is Case.TYPICAL]
    assert shown == [t.said(each.month(today)) for each in typical]


def test_a_page_prints_whole(visitor: Visitor) -> None:
    import io

    from pypdf import PdfReader

    visitor.size(*WIDE)
    visitor.open("cost", "en")
    printed = visitor.paper()
    (visitor.pictures / "cost-en.pdf").write_bytes(printed)
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(printed)).pages)
    prices = visitor.tables()["prices"]
    # The first and the last row of the longest table, which has a height of its own on the screen.
    assert prices[0]["price"] in text
    assert prices[-1]["price"] in text
