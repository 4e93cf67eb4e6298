"""What is equal, refused, different and not portable, on facts made for the purpose."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from nereus import cli, cli_fidelity
from nereus.errors import BadInput
from nereus.fidelity import asking, expressions, functions, page, recordings, report
from nereus.fidelity.findings import Finding, Verdict

FACTS = {
    "answers": [
        ["upper('a')", "A", "varchar(65533)"],
        ["upper('a')", "B", "varchar(65533)"],
        ["1", "1", "int"],
        ["ai_filter('a')", "1", "boolean"],
        ["nosuch(1)", "1", "int"],
        ["1+1", "REFUSED 1105 no", ""],
        ["nosuch(1)", "REFUSED 1105 no", ""],
    ],
    "cluster": [["select 1 = 1, null", "true", "\\N"], ["select 1", "2"]],
}


@pytest.fixture(scope="module")
def warehouse():
    with asking.opened() as opened:
        yield opened


@pytest.fixture
def ask(warehouse, monkeypatch):
    monkeypatch.setattr(recordings, "rows", FACTS.__getitem__)
    with asking.session(warehouse) as asker:
        yield asker


def test_each_expression_gets_its_verdict(ask):
    assert [finding.verdict for finding in expressions.grid(ask)] == [
        Verdict.EQUAL,
        Verdict.DIFFERENT,  # another value
        Verdict.DIFFERENT,  # another type
        Verdict.REFUSED,
        Verdict.DIFFERENT,  # an error that blames the statement, where Doris answers
        Verdict.ACCEPTED,
        Verdict.EQUAL,
    ]


def test_rows_of_a_cluster_are_compared_as_jdbc_prints_them(ask):
    assert [finding.verdict for finding in expressions.cluster(ask)] == [Verdict.EQUAL, Verdict.DIFFERENT]


def test_a_preparation_that_fails_says_what_failed(ask):
    with pytest.raises(RuntimeError, match="DROP TABLE nodb"):
        ask.must("DROP TABLE nodb.t")


def test_shares_leave_out_what_needs_a_cluster():
    kind = report.Kind("k", "things", 0.5, list)
    verdicts = [Verdict.EQUAL, Verdict.REFUSED, Verdict.ELSEWHERE, Verdict.ELSEWHERE]
    one = report.Measured(kind, tuple(Finding(str(verdict), verdict) for verdict in verdicts))
    assert one.share == 0.5
    assert one.holds
    assert not report.Measured(kind, (*one.findings, Finding("x", Verdict.ACCEPTED))).holds


def test_functions_are_proved_by_calls():
    assert functions.called("select Upper ( lower(x) ), current_date, abs") >= {"upper", "lower", "current_date"}
    found = {finding.subject: finding for finding in functions.builtin_functions()}
    assert len(found) == 714
    assert "recorded answer" in found["upper"].detail


def test_the_page_names_what_is_refused():
    kind = report.Kind("k", "things", 0.5, list)
    text = page.write([report.Measured(kind, (Finding("a `b`", Verdict.REFUSED, "no"),))])
    assert "| things | 1 | 0 | 1 |" in text
    assert "- `` a `b` ``: refused" in text


def test_the_command_counts_and_fails_when_something_differs(monkeypatch):
    kinds = (
        report.Kind("good", "things", 0, lambda: [Finding("x", Verdict.EQUAL)]),
        report.Kind("bad", "things", 0, lambda: [Finding("y", Verdict.DIFFERENT, "1, Doris: 2")]),
    )
    monkeypatch.setattr(report, "KINDS", kinds)
    cli._mount()
    run = CliRunner().invoke
    assert run(cli.app, ["fidelity", "good"]).exit_code == 0
    failed = run(cli.app, ["fidelity"])
    assert failed.exit_code == 1
    assert "different bad: y" in failed.output
    with pytest.raises(BadInput, match="no facts called 'other'"):
        cli_fidelity.fidelity(["other"])
