"""Nobody sees a page of the portal before signing in, where a cluster runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from nereus.paths import PORTAL

WAIT_S = 120


@pytest.fixture
def door(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    secrets = tmp_path / "h" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "portal-admin").write_text("the right one\n")
    monkeypatch.syspath_prepend(PORTAL)
    return AppTest.from_file(str(PORTAL / "signed_in.py"), default_timeout=WAIT_S).run()


def titles(app: AppTest) -> list[str]:
    return [title.value for title in app.title]


def test_without_a_password_there_is_a_form_and_nothing_else(door: AppTest) -> None:
    assert not door.exception
    assert titles(door) == ["Nereus"]
    assert [field.label for field in door.text_input] == ["Password"]


def test_a_wrong_password_lets_nobody_in(door: AppTest) -> None:
    door.text_input[0].set_value("the wrong one")
    door.button[0].click().run()
    assert titles(door) == ["Nereus"]
    assert [error.value for error in door.error] == ["That is not the portal's password."]


def test_the_right_password_opens_the_portal(door: AppTest) -> None:
    door.text_input[0].set_value("the right one")
    door.button[0].click().run()
    assert not door.exception
    assert titles(door)
    assert titles(door) != ["Nereus"]
