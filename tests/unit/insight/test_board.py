"""The board's report says what the model says, in both languages."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from nereus import sizing, verdicts
from nereus.bench import results
from nereus.cases import Case
from nereus.config import load
from nereus.costs.compare import compare
from nereus.insight import board, filling, holdings, language, sensitivity, service_level
from nereus.insight.asking import Answer, Counter, age, ask
from nereus.paths import BENCHMARKS, PROJECT
from nereus.usecases.model import load as load_usecase
from tests.unit.insight.deployed import FOLDER, Deployed

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def facts() -> board.Facts:
    platform = load(PROJECT / "platform.yaml")
    plan = sizing.plan(sizing.Requirements.of(platform))
    compared = compare(platform, plan)
    kept = results.read_all(BENCHMARKS / "results")
    shown = [verdicts.on_cost(compared[Case.TYPICAL], NOW.date()), verdicts.on_filling(plan)]
    return board.Facts(platform, plan, compared, sensitivity.sensitivity(platform, plan), shown, kept, NOW)


def read(content: bytes) -> str:
    reader = PdfReader(io.BytesIO(content))
    text = " ".join(page.extract_text() for page in reader.pages)
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("code", language.CODES)
def test_the_report_has_the_figures_of_the_model(facts: board.Facts, code: str) -> None:
    t = language.of(code)
    text = read(board.build(facts, t))

    def shown(value: float) -> str:
        return t.number(round(value), ",").replace("\u202f", " ")

    for comparison in facts.comparisons[Case.TYPICAL].options.values():
        assert shown(comparison.total_with_move.to("EUR")) in text
    assert shown(facts.sensitivity.saving) in text
    for crossing in filling.crossings(facts.plan):
        assert t.said(crossing.month(NOW.date())) in text
    for origin in facts.comparisons[Case.TYPICAL].origins:
        assert origin.source.split(";")[0][:30] in text
    assert t.number(NOW, "minute") in text


def test_the_report_of_a_language_has_no_sentence_of_another(facts: board.Facts) -> None:
    text = read(board.build(facts, language.of("fr")))
    for english in ("Typical case", "assumptions", "the move", "Staying on", "Leaving Snowflake", "in year"):
        assert english not in text


def test_a_platform_without_benchmarks_has_a_report_too(facts: board.Facts) -> None:
    bare = board.Facts(facts.platform, facts.plan, facts.comparisons, facts.sensitivity, [], [], NOW)
    assert language.of("en")("benchmarks.none") in read(board.build(bare, language.of("en")))


@pytest.mark.parametrize("code", language.CODES)
def test_the_report_says_what_people_felt_and_what_is_held(
    facts: board.Facts, deployed: Deployed, tmp_path: Path, code: str
) -> None:
    t = language.of(code)
    hours = service_level.WINDOWS[board.WINDOW]
    warehouse = deployed.as_user("portal")
    served = ask(warehouse, service_level.questions(hours), tmp_path / "served.json", Counter())
    held = ask(warehouse, holdings.QUESTIONS, tmp_path / "held.json", Counter())
    tiny = load_usecase(FOLDER / "tiny")
    full = replace(facts, served=served, held=held, usecases=[tiny], titles={"3": "What sells"})
    text = read(board.build(full, t))
    (everything,) = service_level.groups(served["everything"])
    assert f"{t.number(everything.statements, ',')}".replace("\u202f", " ") in text
    assert "What sells" in text
    assert t("service_level.dashboard", number="7") in text
    (holding,) = holdings.holdings(held, [tiny])
    assert t("data.passed", passed=holding.checks - holding.failing, checks=holding.checks) in text
    assert served.at is not None
    assert t.number(served.at, "second") in text


def test_figures_of_a_warehouse_that_is_down_have_their_age(facts: board.Facts) -> None:
    t = language.of("en")
    silent = Answer({}, None, "The warehouse does not answer.")
    old = Answer({}, NOW - timedelta(hours=3), "The warehouse does not answer.")
    text = read(board.build(replace(facts, served=silent, held=old), t))
    assert t("frame.never_answered", reason="The warehouse does not answer.") in text
    assert old.at is not None
    assert f"What stands here is {age(old.at, NOW)} old" in text
