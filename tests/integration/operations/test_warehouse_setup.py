"""The setup of Doris on Kubernetes (k8s/warehouse) runs on the embedded warehouse, statement by statement, twice."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path

from nereus.home import Home
from nereus.kubernetes import catalogue
from nereus.kubernetes.render import warehouse
from nereus.kubernetes.secrets import manifests
from nereus.paths import PROJECT
from nereus.provision import users
from nereus.warehouse.embedded.errors import DorisError
from tests.integration.operations.conftest import PASSWORD, Bench

FILES = sorted((PROJECT / "k8s" / "warehouse").glob("*.sql"))
PAGE = PROJECT / "docs" / "warehouse-setup.md"
PROOF = f"`{Path(__file__).relative_to(PROJECT)}`"
HEAD = """# The warehouse's setup, statement by statement

The setup job of Kubernetes runs `k8s/warehouse/*.sql` on Apache Doris. The same files run on the embedded warehouse in
`tests/integration/operations/test_warehouse_setup.py`, each statement twice, which also compares this page:
`NEREUS_WRITE_DOCS=1 .venv/bin/pytest tests/integration/operations/test_warehouse_setup.py` writes it anew.
Schemas, views, materialised views and roles of use cases run on it in `tests/integration/usecases`. Neither says how a
real cluster answers: no Doris was at hand. Where the embedded warehouse refuses a statement, only Doris can prove it.

| file | statement | embedded warehouse | proved by |
|---|---|---|---|
"""


def passwords(bench: Bench, folder: Path) -> dict[str, str]:
    """What the job's Secret holds, with the keys of the real object store and the root password of this warehouse."""
    made = catalogue.read()
    declared = {"warehouse-setup": made.secrets["warehouse-setup"]}
    found = next(manifests(catalogue.Catalogue({}, {}, (), declared, {}, {}), Home(folder).create(), frozenset()))
    access = bench.store.access("cold")
    own = {"root": PASSWORD, "cold_access_key": access.access_key, "cold_secret_key": access.secret_key}
    return {**found["stringData"], **own}


def prepared(bench: Bench, folder: Path) -> list[tuple[Path, str]]:
    values = {"s3": {"endpoint": bench.store.access("cold").endpoint, "region": "us-east-1"}}
    secret = passwords(bench, folder)
    return [
        (path, warehouse.with_passwords(statement, secret))
        for path in FILES
        for statement in warehouse.statements(warehouse.sql(path, values))
    ]


def outcome(bench: Bench, statement: str) -> str:
    try:
        bench.run(statement)
    except DorisError as error:
        return f"refused: {error.detail}"
    return "runs"


def shown(statement: str) -> str:
    """A statement without passwords and addresses, on one line."""
    line = re.sub(r"\s+", " ", statement)
    line = re.sub(r"(PASSWORD\(|IDENTIFIED BY |key\" = )[\"'][^\"']*[\"']", r"\1...", line)
    line = re.sub(r"http://127[^\"]*", "...", line)
    return line if len(line) <= 110 else line[:107] + "..."


def test_every_statement_runs_or_is_refused_by_name_and_may_be_repeated(bench: Bench, tmp_path: Path) -> None:
    found = prepared(bench, tmp_path)
    first = [(path.name, shown(text), outcome(bench, text)) for path, text in found]
    again = [(path.name, shown(text), outcome(bench, text)) for path, text in found]
    assert again == first
    page = HEAD + "".join(
        f"| {name} | ``{text}`` | {how} | {PROOF if how == 'runs' else 'nothing: Doris alone could'} |\n"
        for name, text, how in first
    )
    if os.environ.get("NEREUS_WRITE_DOCS"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page


def test_users_have_the_rights_that_the_local_target_gives_them() -> None:
    granted = defaultdict(set)
    text = "\n".join(path.read_text("utf-8") for path in FILES)
    for what, user in re.findall(r"GRANT ((?:\w+_PRIV(?:, )?)+ ON `[^;]*?) TO '(\w+)'@'%'", text):
        granted[user].add(what)
    assert granted == {user: set(grants) for user, grants in users.GRANTS.items() if grants}
    assert set(re.findall(r"CREATE USER IF NOT EXISTS '(\w+)'", text)) == set(users.GRANTS)
    properties = dict(re.findall(r"SET PROPERTY FOR '(\w+)' 'default_workload_group' = '(\w+)'", text))
    assert properties == users.GROUPS


def test_no_password_stands_in_the_files() -> None:
    for path in FILES:
        text = path.read_text("utf-8")
        assert not re.search(r"(IDENTIFIED BY|PASSWORD\()\s*'(?!@)", text), path.name
