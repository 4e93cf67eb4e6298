"""Every module can be the first that is imported."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from nereus.paths import PROJECT

Graph = dict[str, set[str]]


def imports(body: list[ast.stmt]) -> Iterator[str]:
    """The names that a module imports when it is imported, of modules and of what is in them."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If):
            yield from imports(node.orelse if "TYPE_CHECKING" in ast.unparse(node.test) else node.body + node.orelse)
        elif isinstance(node, ast.Try):
            yield from imports(node.body)


def packages(name: str) -> Iterator[str]:
    while name := name.rpartition(".")[0]:
        yield name


def graph(modules: Mapping[str, Path]) -> Graph:
    """What each module imports of the others, with the packages they lie in; its own packages came before it."""
    found: Graph = {}
    for module, path in modules.items():
        names = {name for imported in imports(ast.parse(path.read_text("utf-8")).body)
                 for name in (imported, *packages(imported))}  # fmt: skip
        found[module] = (names & modules.keys()) - {module, *packages(module)}
    return found


def named(root: Path) -> dict[str, Path]:
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path in root.rglob("*.py")
    }


def test_no_module_imports_itself_in_a_circle() -> None:
    modules = named(PROJECT / "src")
    assert len(modules) > 100
    try:
        TopologicalSorter(graph(modules)).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


def test_a_circle_through_a_package_is_found(tmp_path: Path) -> None:
    for name, text in {
        "write/__init__": "from write.writer import Writer",
        "write/writer": "from cold import delete",
        "write/values": "",
        "cold": "from write.values import text",
    }.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    with pytest.raises(CycleError):
        TopologicalSorter(graph(named(tmp_path))).prepare()


@pytest.mark.parametrize("module", ["session", "tiers.changing", "sql.rules.dates", "introspection.storage"])
def test_a_module_is_the_first_of_a_fresh_interpreter(module: str) -> None:
    code = f"import nereus.warehouse.embedded.{module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
