"""What provisioning writes for the Hub: settings and accounts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nereus.config import Platform
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.provision import jupyterhub
from nereus.warehouse.client import Warehouse


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(jupyterhub, "_PUBLIC", tmp_path / "public")
    monkeypatch.setattr(jupyterhub, "runtime", lambda _: tmp_path / "runtime")
    return Home(tmp_path / "home").create()


@pytest.fixture
def platform() -> Platform:
    return Platform.model_validate({"data": {"raw_tb": 1}, "usecases": ["flights"]})


def test_the_settings_are_for_their_owner_alone_and_written_once(home: Home, platform: Platform) -> None:
    jupyterhub.prepare(home, platform)
    files = (home.run / "jupyterhub.json", jupyterhub.users_file(home))
    before = [(file.read_text("utf-8"), file.stat().st_mtime_ns) for file in files]
    jupyterhub.prepare(home, platform)
    assert [(file.read_text("utf-8"), file.stat().st_mtime_ns) for file in files] == before
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_the_settings_name_the_warehouse_and_the_starter_notebooks(home: Home, platform: Platform) -> None:
    jupyterhub.prepare(home, platform)
    settings = json.loads((home.run / "jupyterhub.json").read_text("utf-8"))
    assert settings["warehouse"] == {
        "WAREHOUSE_HOST": "127.0.0.1",
        "WAREHOUSE_PORT": "9030",
        "WAREHOUSE_FLIGHT_PORT": "8070",
    }
    assert list(settings["starters"]) == ["flights"]
    assert Path(settings["helper"], "nereus_notebook", "warehouse.py").is_file()
    assert Path(settings["helper"], "lab", "labconfig", "page_config.json").is_file()


def test_no_password_stands_in_the_accounts(home: Home, platform: Platform) -> None:
    jupyterhub.prepare(home, platform)
    text = jupyterhub.users_file(home).read_text("utf-8")
    for secret in ("jupyterhub-admin", "jupyterhub-scientist"):
        assert (home.secrets / secret).read_text("ascii").strip() not in text


def test_a_folder_of_somebody_else_is_not_used(home: Home, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    jupyterhub.prepare(home, platform)
    monkeypatch.setattr(jupyterhub.os, "geteuid", lambda: 12345)
    with pytest.raises(Failure, match="belongs to somebody else"):
        jupyterhub._prepare_folders(home)


@pytest.mark.parametrize("name", ["", "Ada", "1st", "a'b", "ada lovelace", "x" * 32, "ä", "-a", "../etc"])
def test_names_that_cannot_be_a_scientists(home: Home, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be a scientist's"):
        jupyterhub.add(home, Warehouse(mysql_port=1), name)


def test_the_first_accounts_and_unknown_ones_are_not_removed(home: Home, platform: Platform) -> None:
    jupyterhub.prepare(home, platform)
    for name in ("admin", "scientist", "ada"):
        with pytest.raises(BadInput, match=f"{name} is no account that can be removed"):
            jupyterhub.remove(home, Warehouse(mysql_port=1), name)


def test_a_provider_is_described_whole_or_not_at_all(home: Home) -> None:
    assert jupyterhub.provider(home) is None
    file = home.secrets / "jupyterhub-oidc.json"
    file.write_text("{", "utf-8")
    with pytest.raises(BadInput, match="is not JSON"):
        jupyterhub.provider(home)
    file.write_text('{"client_id": "hub", "client_secret": "s", "authorize_url": "a", "token_url": "t"}', "utf-8")
    with pytest.raises(BadInput, match="lacks userdata_url, oauth_callback_url, allowed_groups"):
        jupyterhub.provider(home)
