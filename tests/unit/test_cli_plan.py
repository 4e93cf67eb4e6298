"""`nereus plan` as a person sees it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from nereus import cli_plan
from nereus.errors import BadInput

ROOT = Path(__file__).parents[2]
VALID = sorted((ROOT / "tests" / "fixtures" / "valid").glob("*.yaml"))

app = typer.Typer()
app.command()(cli_plan.plan)


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.fixture(scope="module")
def project() -> str:
    return printed("--config", str(ROOT / "platform.yaml"))


def test_the_plan_says_what_is_needed_what_it_costs_and_why(project: str) -> None:
    for heading in (
        "What each year needs, typical case",
        "Why: year 5, typical case",
        "When 3 machines no longer suffice",
        "What it costs over 5 years: EUR without VAT, nominal, typical case",
        "Where the money goes: EUR a year on average, typical case",
        "Break-even: the credits a month below which Snowflake is cheaper",
        "What follows",
    ):
        assert heading in project
    assert re.search(r"^ machines\s+3 +3 +3 +3 +3 +3 +3 to 5 *$", project, re.MULTILINE)
    assert re.search(r"^ owned +\d+ \(.*\) +677 \(.*\) +185 \(", project, re.MULTILINE)
    assert "The oldest was seen on 2025-10-29" in project


def test_every_footnote_is_listed_once(project: str) -> None:
    before, _, after = project.partition("\n\n [1] ")
    cited = set(re.findall(r"\[(\d+)\]", before))
    listed = re.findall(r"^ ?\[(\d+)\]", " [1] " + after, re.MULTILINE)
    assert cited == set(listed)
    assert len(listed) == len(set(listed)) > 10


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_every_valid_platform_fits_a_hundred_columns(path: Path) -> None:
    for line in printed("--config", str(path)).splitlines():
        assert len(line) <= 100, line


def test_a_long_horizon_shows_its_first_and_last_year(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text("data: {raw_tb: 1, horizon_years: 15}\n", "utf-8")
    output = printed("--config", str(path))
    this_year = datetime.now(UTC).year
    (heading,) = (line for line in output.splitlines() if "low to high" in line and "unit" in line)
    assert len(re.findall(r"\b\d{4}\b", heading)) == 7
    assert heading.split()[1] == str(this_year)
    assert f"{this_year + 15}, low to high" in heading


def test_the_price_list_names_every_price_with_its_date() -> None:
    output = printed("--config", str(ROOT / "platform.yaml"), "--prices")
    assert re.search(r"^electricity +0\.111 +0\.16 +0\.2  2025-10-29 !$", output, re.MULTILINE)
    assert re.search(r"^snowflake_credit\.aws_eu_stockholm\.business_critical +4\.8", output, re.MULTILINE)
    assert "[assumption: no source found; ask for a quote]" in output
    assert max(map(len, output.splitlines())) <= 100


def test_the_price_list_shows_a_users_price() -> None:
    output = printed("--config", str(ROOT / "tests" / "fixtures" / "valid" / "own-prices.yaml"), "--prices")
    assert "[declared: platform.yaml: quote 2026-118]" in " ".join(output.split())
    assert re.search(r"^electricity +0\.14 +0\.14 +0\.14  undated$", output, re.MULTILINE)


def test_bad_input_is_refused_for_the_caller_to_print(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no file"):
        cli_plan.plan(tmp_path / "platform.yaml")
