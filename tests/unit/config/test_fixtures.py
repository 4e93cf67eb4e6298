"""Valid fixtures load; each invalid one is refused with exactly the message of the .txt beside it."""

from pathlib import Path

import pytest

from nereus.config import Platform, load
from nereus.errors import BadInput

FIXTURES = Path(__file__).parents[2] / "fixtures"
VALID = sorted((FIXTURES / "valid").glob("*.yaml"))
INVALID = sorted((FIXTURES / "invalid").glob("*.yaml"))


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_fault_is_named_with_its_fix(path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        load(path)
    assert f"{refused.value}\n" == path.with_suffix(".txt").read_text("utf-8")
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_message_names_the_file_and_ends_with_a_fix(path: Path) -> None:
    lines = path.with_suffix(".txt").read_text("utf-8").splitlines()
    assert len(lines) % 2 == 0, "each fault is one line and its fix"
    assert all(line.startswith(f"{path.name}: ") for line in lines[::2])
    assert all(line.startswith("  ") and line.endswith((".", "?")) for line in lines[1::2])


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_platform_loads(path: Path) -> None:
    assert isinstance(load(path), Platform)


def test_no_fixture_is_an_orphan() -> None:
    assert {path.stem for path in INVALID} == {path.stem for path in (FIXTURES / "invalid").glob("*.txt")}
    assert len(VALID) >= 8
    assert len(INVALID) >= 25
