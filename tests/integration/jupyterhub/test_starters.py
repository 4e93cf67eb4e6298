"""The starter notebooks, run from the first cell to the last as the first scientist, on the use cases' own data."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from nereus.paths import USECASES
from nereus.provision import jupyterhub
from tests.integration.jupyterhub.hubs import Deployment

pytestmark = pytest.mark.timeout(900)
STARTERS = sorted(USECASES.glob("*/notebooks/*.ipynb"))


@pytest.mark.parametrize("notebook", STARTERS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_it_runs(loaded: Deployment, notebook: Path, tmp_path: Path) -> None:
    found = json.loads(notebook.read_text("utf-8"))
    assert not any(cell.get("outputs") for cell in found["cells"]), "starters are kept without outputs"
    tools = jupyterhub.environment_folder("notebooks") / "bin"
    jupyterhub.prepare(loaded.home, loaded.platform)
    settings = json.loads((loaded.home.run / "jupyterhub.json").read_text("utf-8"))
    account = jupyterhub.accounts(loaded.home)["scientist"]["warehouse"]
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": settings["helper"],
        **settings["warehouse"],
        "WAREHOUSE_USER": account["user"],
        "WAREHOUSE_PASSWORD": account["password"],
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [tools / "papermill", "--no-progress-bar", notebook, tmp_path / "done.ipynb"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    outputs = [output for cell in _cells(tmp_path / "done.ipynb") for output in cell["outputs"]]
    warnings = [output["text"] for output in outputs if output.get("name") == "stderr"]
    assert warnings == []
    assert len(outputs) >= 3


def _cells(notebook: Path) -> list[dict[str, list[dict[str, str]]]]:
    return [cell for cell in json.loads(notebook.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
