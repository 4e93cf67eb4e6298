from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from nereus.insight.access import Role
from nereus.paths import PORTAL, PROJECT
from tests.unit.insight.deployed import FOLDER, Deployed


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped platform.yaml of a platform that was never provisioned."""
    path = tmp_path / "platform.yaml"
    path.write_text((PROJECT / "platform.yaml").read_text("utf-8"), "utf-8")
    monkeypatch.setenv("NEREUS_CONFIG", str(path))
    monkeypatch.setenv("NEREUS_HOME", str(tmp_path / "h"))
    return path


@pytest.fixture
def deployed(running: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """A platform whose warehouse is up."""
    monkeypatch.setenv("NEREUS_CONFIG", str(running.config))
    monkeypatch.delenv("NEREUS_HOME", raising=False)
    monkeypatch.syspath_prepend(PORTAL)
    import state

    monkeypatch.setattr(state, "USECASES", FOLDER)
    st.cache_data.clear()
    return running


@pytest.fixture
def as_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visits are an administrator's: the login itself is tried with a real server."""
    monkeypatch.syspath_prepend(PORTAL)
    import roles

    monkeypatch.setattr(roles, "role", lambda: Role.ADMIN)


@pytest.fixture
def visit() -> Callable[..., AppTest]:
    """Opens a page by the name of its script, as a browser that comes by the menu."""

    def open_page(name: str, code: str = "en") -> AppTest:
        shown = AppTest.from_file(str(PORTAL / "app.py"), default_timeout=60)
        shown.query_params["lang"] = code
        shown.run()
        return shown if name == "overview" else shown.switch_page(f"pages/{name}.py").run()

    return open_page
