"""No value that was handed to a chart may be missing from it."""

from __future__ import annotations

import importlib.util

from nereus.paths import PORTAL

_spec = importlib.util.spec_from_file_location("portal_charts", PORTAL / "charts.py")
assert _spec is not None
assert _spec.loader is not None
charts = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(charts)


def test_every_cause_gets_a_bar_however_many_there_are() -> None:
    causes = {f"cause {number}": [1.0, 2.0] for number in range(20)}
    figure = charts.stacked(["a", "b"], causes, "EUR")
    assert [bar.name for bar in figure.data] == list(causes)


def test_a_band_shows_low_typical_and_high() -> None:
    figure = charts.band([0, 1], {"hot": {"low": [1, 2], "typical": [2, 3], "high": [3, 4]}}, "TB", {"full": 5})
    assert [list(line.y) for line in figure.data] == [[3, 4], [1, 2], [2, 3]]
    assert figure.layout.yaxis.title.text == "TB"
    assert figure.layout.annotations[0].text == "full"


def test_long_names_are_broken_into_lines_and_stay_apart() -> None:
    names = ["Snowflake enterprise, aws_eu_paris, 796 credits a month", "3 machines bought"]
    (bar,) = charts.stacked(names, {"people": [1.0, 2.0]}, "EUR").data
    assert [name.replace("<br>", " ") for name in bar.y] == names
    assert max(len(line) for name in bar.y for line in name.split("<br>")) <= 24
