"""The embedded warehouse against everything that real Doris servers answered."""

from __future__ import annotations

import pytest

from nereus.fidelity import page, report


@pytest.fixture(scope="module")
def measured():
    return {one.kind.key: one for one in report.measure()}


@pytest.mark.parametrize("kind", [kind.key for kind in report.KINDS])
def test_nothing_differs_and_nothing_is_accepted_that_doris_refuses(measured, kind):
    broken = [f"{f.subject}: {f.detail}" for f in measured[kind].findings if f.verdict.breaks]
    assert not broken


@pytest.mark.parametrize("kind", [kind.key for kind in report.KINDS if kind.least])
def test_enough_is_equal(measured, kind):
    one = measured[kind]
    assert one.share >= one.kind.least, [f.subject for f in one.findings if f.verdict == "refused"]


def test_the_page_shows_what_is_measured(measured):
    text = page.write(list(measured.values()))
    assert page.PAGE.read_text(encoding="utf-8") == text, "docs/fidelity.md is stale. Run: nereus fidelity --write"
