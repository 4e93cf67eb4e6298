"""No value that was handed to a chart may be missing from it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from nereus.insight import language
from nereus.paths import PORTAL


@pytest.fixture
def charts() -> Iterator[object]:
    sys.path.insert(0, str(PORTAL))
    try:
        import charts as module

        yield module
    finally:
        sys.path.remove(str(PORTAL))


def test_every_cause_gets_a_bar_however_many_there_are(charts) -> None:
    causes = {f"cause {number}": [1.0, 2.0] for number in range(20)}
    figure = charts.stacked(["a", "b"], causes, "EUR")
    assert [bar.name for bar in figure.data] == list(causes)


def test_a_band_shows_low_typical_and_high(charts) -> None:
    figure = charts.band(
        [0, 1], {"hot": {"low": [1, 2], "typical": [2, 3], "high": [3, 4]}}, "TB", {"full": 5}, "years"
    )
    assert [list(line.y) for line in figure.data] == [[3, 4], [1, 2], [2, 3]]
    assert figure.layout.yaxis.title.text == "TB"
    assert figure.layout.annotations[0].text == "full"


def test_long_names_are_broken_into_lines_and_stay_apart(charts) -> None:
    names = ["Snowflake enterprise, aws_eu_paris, 796 credits a month", "3 machines bought"]
    (bar,) = charts.stacked(names, {"people": [1.0, 2.0]}, "EUR").data
    assert [name.replace("<br>", " ") for name in bar.y] == names
    assert max(len(line) for name in bar.y for line in name.split("<br>")) <= 24


def test_a_tornado_starts_at_the_middle_and_ends_at_the_outcomes(charts) -> None:
    figure = charts.tornado([("people", 90.0, -10.0)], 40.0, "EUR", "low", "high")
    assert [(bar.base[0], bar.base[0] + bar.x[0]) for bar in figure.data] == [(40.0, 90.0), (40.0, -10.0)]


def test_a_chart_writes_numbers_as_its_language_does(charts) -> None:
    figure = charts.stacked(["a"], {"people": [1000.0]}, "EUR")
    assert charts.localised(figure, language.of("fr")).layout.separators == ",\u202f"
    assert charts.localised(figure, language.of("en")).layout.separators == ".,"


def test_a_figure_has_room_for_its_texts_before_a_browser_measures_them(charts) -> None:
    option = "Snowflake enterprise, aws_eu_paris, 796 credits a month"
    figure = charts.stacked([option, "short"], {"people": [1.0, 2.0], "energy": [1.0, 2.0]}, "EUR")
    costs, longest = figure.layout.margin, max(len(line) for name in figure.data[0].y for line in name.split("<br>"))
    # In Chromium a letter of an axis was 5.7 pixels wide, a legend 49 high, an axis with its title 65.
    assert costs.l >= 13 + 5.7 * longest
    assert (costs.t, costs.b) == (50, 65)
    lines = charts.against({"p95": [(1.0, 2.0)]}, "ms", {}, "users").layout.margin
    assert (lines.l, lines.t) == (80, 30)


def test_low_and_high_of_all_options_are_one_trace_with_gaps(charts) -> None:
    ends = [(1.0, 3.0), (2.0, 4.0)]
    figure = charts.stacked(["a", "b"], {"people": [2.0, 3.0]}, "EUR", ("range", ends))
    line = figure.data[-1]
    assert list(line.x) == [1.0, 3.0, None, 2.0, 4.0, None]
    assert list(line.y) == ["a", "a", "a", "b", "b", "b"]
