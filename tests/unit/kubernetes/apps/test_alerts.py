"""Every alert parses, has something to do, and asks for what somebody really exports."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nereus.errors import Failure
from nereus.kubernetes import exporter
from nereus.paths import PROJECT
from nereus.provision import environments
from tests.conftest import not_run

MONITORING = PROJECT / "k8s" / "apps" / "monitoring" / "base"
DASHBOARDS = PROJECT / "k8s" / "apps" / "logs" / "base" / "dashboards"
RUNBOOKS = PROJECT / "docs" / "runbooks"

#: Where metrics come from whose programs are not here: names as their sources have them.
ELSEWHERE = re.compile(
    r"up|doris_(fe|be)_\w+|kube_\w+|node_\w+|container_\w+|certmanager_\w+|jupyterhub_\w+|superset_\w+"
)


def filled(text: str) -> str:
    """A manifest as render leaves it, with a number in each gap."""
    return re.sub(r"\$\{[a-z][^}]*\}", "1", text)


def rules() -> list[dict[str, object]]:
    document = YAML(typ="safe").load(filled((MONITORING / "alerts.yaml").read_text("utf-8")))
    return [rule for group in document["spec"]["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, object]]:
    return [
        panel for path in sorted(DASHBOARDS.glob("*.json")) for panel in json.loads(path.read_text("utf-8"))["panels"]
    ]


def expressions() -> dict[str, str]:
    found = {str(rule["alert"]): str(rule["expr"]) for rule in rules()}
    for panel in panels():
        for target in panel["targets"]:  # type: ignore[attr-defined]
            found[f"panel {panel['title']}"] = target["expr"]
    return found


@pytest.fixture(scope="module")
def metrics() -> dict[str, list[str]]:
    """The names of metrics in every expression, as Prometheus' own grammar reads it; a fault is a list with one `!`."""
    try:
        environments.ensure("manifest-checks")
    except Failure as error:
        not_run("parsing of alerts", error.message.splitlines()[0])
    program = (
        "import json, sys, promql_parser as p\n"
        "def names(e):\n"
        "    found = set()\n"
        "    for attribute in ('lhs', 'rhs', 'expr', 'param', 'vector_selector', 'vs'):\n"
        "        inner = getattr(e, attribute, None)\n"
        "        if inner is not None and not isinstance(inner, (str, float)): found |= names(inner)\n"
        "    for inner in getattr(e, 'args', None) or (): found |= names(inner)\n"
        "    if isinstance(e, p.VectorSelector): found.add(e.name)\n"
        "    return found\n"
        "told = {}\n"
        "for name, text in json.load(sys.stdin).items():\n"
        "    try: told[name] = sorted(names(p.parse(text)))\n"
        "    except ValueError as error: told[name] = ['!' + str(error)]\n"
        "json.dump(told, sys.stdout)"
    )
    python = environments.folder("manifest-checks") / "bin" / "python"
    done = subprocess.run(
        (str(python), "-c", program), input=json.dumps(expressions()), capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_every_expression_parses(metrics: dict[str, list[str]]) -> None:
    assert {name: found for name, found in metrics.items() if not found or found[0].startswith("!")} == {}


def test_every_metric_is_exported_by_somebody(metrics: dict[str, list[str]]) -> None:
    source = Path(exporter.__file__).read_text("utf-8")
    ours = set(re.findall(r'"(nereus_\w+)"', source))
    strangers = {
        (name, each)
        for name, found in metrics.items()
        for each in found
        if each not in ours and not ELSEWHERE.fullmatch(each)
    }
    assert strangers == set()


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    alerts = [str(rule["alert"]) for rule in rules()]
    assert len(alerts) == len(set(alerts))
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == set(alerts)


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("[A-Z]*.md")), ids=lambda path: path.stem)
def test_a_runbook_says_what_to_do_and_when_it_is_over(path: Path) -> None:
    if path.stem == "README":
        return
    text = path.read_text("utf-8")
    assert text.startswith(f"# {path.stem}\n")
    assert re.search(r"## What to do\n\n1\. ", text)
    assert "## It is over when" in text


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_waits_has_a_severity_and_a_summary(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"]
    assert re.fullmatch(r"\d+[mh]", str(rule["for"]))


def test_the_alerts_that_were_asked_for_are_there() -> None:
    wanted = {
        *("DiskFilling", "DiskNearlyFull", "ReplicaMissing", "ColdTierDown", "AnswersSlow", "LoadLate", "BackupOld"),
        "CertificateNearItsEnd",
    }
    assert wanted <= {str(rule["alert"]) for rule in rules()}


def test_every_job_of_an_alert_is_scraped() -> None:
    monitors = [
        document
        for document in YAML(typ="safe").load_all((MONITORING / "scrapes.yaml").read_text("utf-8"))
        if document["kind"] == "PodMonitor"
    ]
    scraped = {one["metadata"]["name"] for one in monitors}
    asked = set(re.findall(r'\bjob="([a-z-]+)"', " ".join(expressions().values())))
    assert asked <= scraped
