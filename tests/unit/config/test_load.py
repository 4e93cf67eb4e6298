"""What a declared platform becomes, and files that cannot be fixtures."""

import os
from datetime import date
from pathlib import Path

import pytest

from nereus.config import Platform, load
from nereus.errors import BadInput

VALID = Path(__file__).parents[2] / "fixtures" / "valid"


def valid(name: str) -> Platform:
    return load(VALID / f"{name}.yaml")


def write(folder: Path, text: str) -> Path:
    path = folder / "platform.yaml"
    path.write_text(text, "utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as refused:
        load(path)
    return str(refused.value)


def test_what_is_not_said_takes_the_defaults() -> None:
    platform = valid("smallest")
    assert platform.data.raw_tb == 0.2
    assert platform.platform.target == "local"
    assert (platform.local.bind, platform.local.ports.warehouse_mysql) == ("127.0.0.1", 9030)
    assert platform.usecases == ("retail", "flights")


def test_an_empty_section_takes_the_defaults() -> None:
    platform = valid("sections-commented-out")
    assert platform.users.analysts == 20
    assert platform.local.ports.portal == 18501
    assert platform.local.ports.superset == 8088


def test_an_empty_list_of_use_cases_means_none() -> None:
    assert valid("no-usecases-and-open-network").usecases == ()


def test_anchors_and_merge_keys_are_read() -> None:
    platform = valid("anchors")
    assert platform.data.hot_months == platform.data.history_months == 36
    assert [(each.name, each.size, each.hours_per_day) for each in platform.snowflake.warehouses] == [
        ("bi", "S", 10),
        ("loads", "XS", 10),
    ]


def test_own_prices_are_numbers_or_numbers_with_a_source() -> None:
    prices = valid("own-prices").prices
    assert (prices["electricity"].value, prices["electricity"].source, prices["electricity"].seen_on) == (
        0.14,
        "",
        None,
    )
    assert (prices["node"].value, prices["node"].source) == (6100, "quote 2026-118")
    assert prices["node"].seen_on == date(2026, 11, 20)


def test_a_targets_section_is_read() -> None:
    cluster = valid("cluster").cluster
    assert cluster is not None
    assert cluster.node_labels == {"node.kubernetes.io/pool": "data"}


def test_a_missing_file_says_where_to_look(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    assert refusal(path) == (
        f"there is no file {path}\n"
        "  Run this in the folder that holds platform.yaml, or name the file with --config PATH."
    )


def test_a_folder_is_not_a_platform(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path} is a folder; expected a YAML file.\n  Name the file with --config PATH."


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "is not a regular file" in refusal(path)


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = write(tmp_path, "data: {raw_tb: 1}\n" + "# filler\n" * 200_000)
    assert refusal(path) == (
        "platform.yaml: the file has more than 1,000,000 bytes; expected a page or two.\n"
        "  This is not a configuration: name the right file with --config."
    )


def test_endless_nesting_is_refused(tmp_path: Path) -> None:
    assert "nested too deeply" in refusal(write(tmp_path, "data: " + "[" * 20_000))


def test_a_message_never_repeats_a_long_value(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, f"data: {{raw_tb: {'x' * 50_000}}}\n"))
    assert len(message) < 250


def test_faults_of_different_sections_are_reported_together() -> None:
    with pytest.raises(BadInput) as refused:
        load(VALID.parent / "invalid" / "several-faults.yaml")
    assert str(refused.value).count("several-faults.yaml: ") == 5
