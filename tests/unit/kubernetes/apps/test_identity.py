"""One provider in platform.yaml becomes the settings of all three applications."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nereus.config import Platform, load
from nereus.errors import BadInput
from nereus.home import Home
from nereus.insight import access
from nereus.kubernetes import identity
from nereus.kubernetes.render.apps import text
from nereus.paths import PROJECT

PROVIDER = "  identity: {issuer: https://login.example.com/realms/company, client_id: nereus}"


def declared(folder: Path, more: str = "") -> tuple[Platform, Home]:
    shipped = (PROJECT / "platform.yaml").read_text("utf-8")
    line = "  domain: nereus.internal"
    assert line in shipped
    file = folder / "platform.yaml"
    file.write_text(shipped.replace(line, f"{more}\n{line}"), "utf-8")
    return load(file), Home.beside(file).create()


def test_without_a_provider_every_file_is_empty(tmp_path: Path) -> None:
    platform, home = declared(tmp_path)
    identity.ensure(platform, home)
    assert {name: (home.secrets / name).read_text() for name in (identity.SUPERSET, identity.HUB, identity.PORTAL)} == {
        identity.SUPERSET: "",
        identity.HUB: "",
        identity.PORTAL: "",
    }


def test_one_client_opens_all_three(tmp_path: Path) -> None:
    platform, home = declared(tmp_path, PROVIDER)
    (home.secrets / identity.CLIENT).write_text("what the provider gave\n")
    identity.ensure(platform, home)
    told = {
        name: json.loads((home.secrets / name).read_text())
        for name in (identity.SUPERSET, identity.HUB, identity.PORTAL)
    }
    assert {one["client_secret"] for one in told.values()} == {"what the provider gave"}
    assert told[identity.SUPERSET]["metadata_url"].endswith("/realms/company/.well-known/openid-configuration")
    assert told[identity.HUB]["oauth_callback_url"] == "https://jupyter.nereus.internal/hub/oauth_callback"
    assert told[identity.PORTAL]["redirect_uri"] == "https://portal.nereus.internal/oauth2callback"
    for name in told:
        assert (home.secrets / name).stat().st_mode & 0o077 == 0


def test_the_portal_reads_what_is_written_for_it(tmp_path: Path) -> None:
    platform, home = declared(tmp_path, PROVIDER)
    (home.secrets / identity.CLIENT).write_text("what the provider gave")
    (home.secrets / access.PROVIDER_FILE).write_text(identity.settings(platform, home)[identity.PORTAL])
    found = access.provider(home)
    assert found is not None
    assert found.admin_groups == ("nereus-admins",)
    (home.secrets / access.PROVIDER_FILE).write_text("")
    assert access.provider(home) is None


def test_a_missing_client_secret_is_refused_with_the_file(tmp_path: Path) -> None:
    platform, home = declared(tmp_path, PROVIDER)
    with pytest.raises(BadInput, match=r"client's secret is missing from .*oidc-client"):
        identity.ensure(platform, home)


def test_the_platform_reads_back_as_the_same_inside_the_cluster(tmp_path: Path) -> None:
    platform, _ = declared(tmp_path, PROVIDER)
    copy = tmp_path / "copy.yaml"
    copy.write_text(text(platform), "utf-8")
    assert load(copy) == platform
