"""`nereus usecase` as a user types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from nereus.cli_usecase import app
from nereus.errors import BadInput, Failure

if TYPE_CHECKING:
    from conftest import Deployed


def run(deployed: Deployed, *words: str, fails: int = 0) -> str:
    result = CliRunner().invoke(app, [*words, "--config", str(deployed.config), "--folder", str(deployed.folder)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == fails, result.output
    return result.output


def test_a_life_on_the_command_line(deployed: Deployed) -> None:
    deployed.copy("corner")
    listed = [line.split() for line in run(deployed, "list").splitlines()]
    assert ["corner", "A", "tiny", "shop", "corner", "no"] in listed
    out = run(deployed, "deploy", "corner")
    assert "+ table corner.sale: 6 rows loaded" in out
    assert "+ 11 quality checks run" in out
    assert run(deployed, "deploy", "corner") == "corner: nothing changed.\n"
    assert [line.split()[-5:] for line in run(deployed, "list").splitlines() if line.startswith("corner")] == [
        ["corner", "yes", "9", "11", "passed"]
    ]
    checked = run(deployed, "check", "corner")
    assert checked.count("PASS") == 11
    assert "reference sale.item -> item.item" in checked
    with pytest.raises(BadInput, match=r"removing corner deletes its data\n  To consent: .* --yes"):
        run(deployed, "remove", "corner")
    assert "- database corner dropped" in run(deployed, "remove", "corner", "--yes")
    assert "- nothing was there" in run(deployed, "remove", "corner", "--yes")


def test_a_failing_check_is_an_exit_code(deployed: Deployed) -> None:
    deployed.copy("flawed")
    deployed.edit("flawed/usecase.yaml", "values: [red,", "values: [blue,")
    with pytest.raises(Failure, match="use case flawed: 1 of 11 quality checks failed"):
        run(deployed, "deploy", "flawed")
    assert "FAIL" in run(deployed, "check", "flawed", fails=1)
    assert "1 of 11 failing" in run(deployed, "list")
    run(deployed, "remove", "flawed", "--yes")


@pytest.mark.parametrize("command", ["deploy", "check", "remove"])
def test_an_unknown_name_proposes_one(deployed: Deployed, command: str) -> None:
    with pytest.raises(BadInput, match="Did you mean tiny"):
        run(deployed, command, "tinny")


def test_without_a_warehouse_the_list_says_so(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> None:
    config = tmp_path_factory.mktemp("nothing") / "platform.yaml"
    config.write_text("data: {raw_tb: 1}\nlocal: {ports: {warehouse_mysql: 1025}}\n", "utf-8")
    out = CliRunner().invoke(app, ["list", "--config", str(config), "--folder", str(deployed.folder)]).output
    assert "The warehouse does not answer" in out
    assert "tiny" in out
