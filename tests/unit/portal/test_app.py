"""The page, run as Streamlit runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from nereus.paths import PORTAL, PROJECT


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "platform.yaml"
    path.write_text((PROJECT / "platform.yaml").read_text("utf-8"), "utf-8")
    monkeypatch.setenv("NEREUS_CONFIG", str(path))
    monkeypatch.setenv("NEREUS_HOME", str(tmp_path / "h"))
    return path


def page() -> AppTest:
    return AppTest.from_file(str(PORTAL / "app.py"), default_timeout=60).run()


@pytest.mark.usefixtures("config")
def test_every_section_is_there_without_an_error() -> None:
    shown = page()
    assert not shown.exception
    assert [header.value for header in shown.header] == ["Services", "Cost", "Capacity", "Last benchmark"]
    assert not shown.error


@pytest.mark.usefixtures("config")
def test_services_that_are_down_are_shown_as_down() -> None:
    frame = page().dataframe[0].value
    assert list(frame["service"]) == ["object-store", "warehouse", "portal"]
    assert set(frame["state"]) == {"down: not started"}


@pytest.mark.usefixtures("config")
def test_every_verdict_has_a_unit_a_date_or_a_source() -> None:
    captions = [caption.value for caption in page().caption]
    assert any("oldest price seen 20" in text for text in captions)
    assert any("Source: " in text for text in captions)


@pytest.mark.usefixtures("config")
def test_another_case_shows_other_costs() -> None:
    shown = page()
    typical = [box.value for box in (*shown.info, *shown.success)]
    shown.button_group[0].set_value("high").run()
    assert not shown.exception
    assert [box.value for box in (*shown.info, *shown.success)] != typical


def test_a_broken_platform_file_is_named_on_the_page(config: Path) -> None:
    config.write_text("data: {raw_tb: -1}\n", "utf-8")
    shown = page()
    assert not shown.exception
    assert "data.raw_tb is -1" in shown.error[0].value
