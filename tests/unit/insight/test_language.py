"""Every text in every language, and no page with words of its own."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from nereus import sizing, verdicts
from nereus.bench import report, results
from nereus.cases import Case
from nereus.config import load
from nereus.costs.compare import compare
from nereus.costs.prices import packaged
from nereus.insight import filling, language, overview, what_if
from nereus.insight.asking import age
from nereus.insight.filling import Growth
from nereus.insight.language import Language
from nereus.insight.service_level import WINDOWS
from nereus.paths import BENCHMARKS, PORTAL, PROJECT
from nereus.provision.status import ServiceStatus

NOW = datetime(2026, 11, 22, 14, 30, 5, tzinfo=UTC)
ENGLISH = language.of("en")
OTHERS = [language.of(code) for code in language.CODES if code != "en"]
PLATFORMS = sorted((PROJECT / "tests" / "fixtures" / "valid").glob("*.yaml"))
#: Texts of HTML and CSS that a page may hold.
WORDS = re.compile(r"[A-Za-zÀ-ÿ]{2,} [A-Za-zÀ-ÿ]{2,}|^[A-Z][a-zà-ÿ]+")
#: Keys under which tables and states are kept; they stand in CSV files, which are alike in every language.
KEPT = ("keep", "table")


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_every_catalogue_has_the_same_texts_with_the_same_values(other: Language) -> None:
    assert {key for key in ENGLISH.texts if not key.startswith("units.")} == {
        key for key in other.texts if not key.startswith("units.")
    }
    for key, text in ENGLISH.texts.items():
        assert names(text) == names(other.texts[key]), key


def sentences(path: Path) -> Iterator[str]:
    """Everything in words that the model says of a platform."""
    platform = load(path)
    plan = sizing.plan(sizing.Requirements.of(platform))
    for case, comparison in compare(platform, plan).items():
        yield comparison.verdict()
        for option in comparison.options.values():
            yield option.what
            yield from (cause.name for cause in option.causes)
        yield from (limit.name for limit in plan.limits[case])
        yield from (limit.reason for limit in plan.limits[case])
        for year in plan.years[case]:
            yield from (figure.reason for figure in year.figures().values())
    yield plan.nodes.reason
    yield from plan.warnings
    typical = compare(platform, plan)[Case.TYPICAL]
    for verdict in (verdicts.on_cost(typical, NOW.date()), verdicts.on_filling(plan), verdicts.on_speed([], 1.0)):
        yield from (verdict.question, verdict.value, verdict.explanation)
    for row in filling.beside(plan, None, Growth(0, 0, None)):
        yield from (row.name, row.reason)
    for each in filling.crossings(plan):
        yield from (each.name, each.month(NOW.date()))
    scenario = what_if.Scenario(platform, plan, typical)
    yield from (effect.name for effect in what_if.effects(scenario, scenario))


def others() -> Iterator[str]:
    yield from (price.what for price in packaged())
    yield from WINDOWS
    yield from (age(datetime(2026, *day, tzinfo=UTC), NOW) for day in ((11, 1), (11, 22), (11, 21)))
    kept = results.read_all(BENCHMARKS / "results")
    for verdict in (
        verdicts.on_speed(kept, 1.0),
        overview.on_promise(None, None, 1.0),
        overview.on_promise(None, NOW, 1.0),
        overview.on_services([ServiceStatus("portal", True, None, None, 1.0, "")], NOW),
        overview.on_services([ServiceStatus("portal", False, None, None, None, "", "not started")], NOW),
        overview.on_data([], None),
        overview.on_data([], NOW),
    ):
        yield from (verdict.question, verdict.value, verdict.explanation)
    last = kept[-1]
    yield from report.verdict(last, None)
    yield from report.verdict(last, last)


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
@pytest.mark.parametrize("path", PLATFORMS, ids=lambda path: path.stem)
def test_everything_the_model_says_of_a_platform_is_translated(path: Path, other: Language) -> None:
    assert [text for text in dict.fromkeys(sentences(path)) if text and not other.knows(text)] == []


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_everything_else_the_model_says_is_translated(other: Language) -> None:
    known = [text for text in dict.fromkeys(others()) if not other.knows(text)]
    # Bare figures need no words.
    assert [text for text in known if not re.fullmatch(r"[\d.,]+ s", text)] == []


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a script that are no documentation."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    kept = {
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in KEPT
        for argument in node.args[:2]
    }
    inside = {part for node in kept if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documented | kept | inside:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", sorted((PORTAL / "pages").glob("*.py")), ids=lambda path: path.stem)
def test_no_page_has_a_text_of_its_own(path: Path) -> None:
    said = {text for text in others_keys() if text}
    assert [(line, text) for line, text in literals(path) if WORDS.search(text) and text not in said] == []


def others_keys() -> set[str]:
    """Names by which pages pick a figure of the model, and units of the machines' parts."""
    platform = load(PROJECT / "platform.yaml")
    plan = sizing.plan(sizing.Requirements.of(platform))
    scenario = what_if.Scenario(platform, plan, compare(platform, plan)[Case.TYPICAL])
    return {effect.name for effect in what_if.effects(scenario, scenario)} | {"NVMe", "HDD", "ERR", "PASS", "EUR"}


def test_numbers_dates_and_sizes_have_the_form_of_the_language() -> None:
    french = language.of("fr")
    assert ENGLISH.number(1234567.891, ",.2f") == "1,234,567.89"
    assert french.number(1234567.891, ",.2f") == "1\u202f234\u202f567,89"
    assert french.number(0.256, ".1%") == "25,6\u00a0%"
    assert (ENGLISH.number(NOW, "minute"), french.number(NOW, "minute")) == ("2026-11-22 14:30", "22/11/2026 14:30")
    assert (ENGLISH.number(1_500_000, "size"), french.number(1_500_000, "size")) == ("1.5 MB", "1,5 Mo")
    assert french.number(date(2026, 3, 1), "date") == "01/03/2026"


def test_what_the_model_says_keeps_its_figures() -> None:
    french = language.of("fr")
    said = french.said("NVMe alarm of 3 machines: 75% of 3 x 4 TB. Typical case. Source: rule 1.2.3.")
    assert said == "Alerte NVMe de 3 machines : 75 % de 3 x 4 To. Cas typique. Source : rule 1.2.3."
    assert french.said("10,500 EUR against 2,000.5 EUR") == "10\u202f500 EUR contre 2\u202f000,5 EUR"
    assert french.said("object-store") == "object-store"
    assert french.said("seen 2026-11-22, Doris 4.1.0") == "seen 22/11/2026, Doris 4.1.0"
    cited = "SSB at 0.6 TB raw, Doris 4.1.0: 0.84 s on average on 96 cores"
    assert french.said(cited) == cited
    assert ENGLISH.said("10,500 EUR") == "10,500 EUR"


@pytest.mark.parametrize(
    ("asked", "locale", "code"),
    [("fr", "en-GB", "fr"), (None, "fr-FR", "fr"), ("de", None, "en"), (None, None, "en"), ("FR", None, "fr")],
)
def test_the_address_comes_before_the_browser(asked: str | None, locale: str | None, code: str) -> None:
    assert language.chosen(asked, locale) == code
