"""The tables of SQL name every statement that is sent, and a test that is there for each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nereus.kubernetes.render import warehouse
from nereus.paths import PROJECT

SENDERS = (*(PROJECT / "src/nereus/kubernetes/operations").glob("*.py"), *(PROJECT / "src/nereus/backups").glob("*.py"))
#: How a statement begins: words in capitals.
HEAD = re.compile(r"(?:SHOW|ALTER|ADMIN|CREATE|DROP|SET|BACKUP|RESTORE|SELECT|INSERT|DESC|CANCEL)\b(?: [A-Z_]+\b)*")


def rows(page: str) -> list[list[str]]:
    """The cells of every row of the tables in a page."""
    lines = (PROJECT / "docs" / page).read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]


def sent(path: Path) -> Iterator[str]:
    """The beginnings of the statements that a module sends."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                inside.update(id(each) for each in node.values)
            case ast.Expr(value=ast.Constant() as documentation):
                inside.add(id(documentation))
                continue
            case ast.Constant(value=str(text)) if id(node) not in inside:
                pass
            case _:
                continue
        if (match := HEAD.match(text)) and " " in text:
            yield match[0]


@pytest.mark.parametrize("path", SENDERS, ids=lambda path: path.stem)
def test_every_statement_of_operations_is_in_the_table(path: Path) -> None:
    module = path.relative_to(PROJECT / "src").with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")
    listed = {cells[1].strip("`") for cells in rows("operations.md") if cells[0] == f"`{module}`"}
    assert listed == set(sent(path))


def test_every_proof_of_an_operation_is_a_test_that_is_there() -> None:
    proofs = {cells[2] for cells in rows("operations.md") if cells[0].startswith("`nereus.")}
    assert proofs
    for proof in proofs:
        path, _, against = proof.partition(", ")
        assert (PROJECT / path.strip("`")).exists(), path
        assert against in ("the embedded warehouse", "a stand-in for Doris"), proof


def test_every_statement_of_the_setup_is_in_its_table() -> None:
    """Which of them run is compared by tests/integration/operations/test_warehouse_setup.py."""
    found = [cells for cells in rows("warehouse-setup.md") if cells[0].endswith(".sql")]
    for path in sorted((PROJECT / "k8s/warehouse").glob("*.sql")):
        values = {"s3": {"endpoint": "http://127.0.0.1", "region": "us-east-1"}}
        statements = list(warehouse.statements(warehouse.sql(path, values)))
        own = [cells for cells in found if cells[0] == path.name]
        assert len(own) == len(statements), path.name
        for statement, cells in zip(statements, own, strict=True):
            assert cells[1].strip("`").split()[:3] == statement.split()[:3]
            runs = cells[2] == "runs" and (PROJECT / cells[3].strip("`")).exists()
            assert runs or (cells[2].startswith("refused: ") and cells[3] == "nothing: Doris alone could"), cells
