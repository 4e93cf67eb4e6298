from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from nereus.cases import Case
from nereus.config import load
from nereus.costs.compare import compare
from nereus.errors import BadInput
from nereus.insight import what_if
from nereus.paths import PROJECT

TEXT = (PROJECT / "platform.yaml").read_text("utf-8")


def test_only_the_lines_that_were_changed_differ() -> None:
    changed = what_if.changed(TEXT, {"data.growth_per_year": 0.25, "users.analysts": 40})
    differing = [
        (old, new)
        for old, new in zip(TEXT.splitlines(), changed.splitlines(), strict=True)
        if old.split() != new.split()
    ]
    assert [new.split(" #")[0].strip() for _, new in differing] == ["growth_per_year: 0.25", "analysts: 40"]


def test_the_changed_file_is_a_platform_file(tmp_path) -> None:
    values = {"data.replicas": 2, "prices.electricity": 0.14, "prices.snowflake_credit.aws_eu_paris.enterprise": 5.0}
    file = tmp_path / "platform.yaml"
    file.write_text(what_if.changed(TEXT, values), "utf-8")
    platform = load(file)
    assert platform.data.replicas == 2
    assert what_if.price(platform, "electricity") == 0.14
    assert what_if.price(platform, "snowflake_credit.aws_eu_paris.enterprise") == 5.0


def test_a_section_that_the_file_leaves_out_is_made() -> None:
    changed = what_if.changed("data: {raw_tb: 1}\n", {"users.analysts": 3})
    assert YAML(typ="safe").load(changed) == {"data": {"raw_tb": 1}, "users": {"analysts": 3}}


def test_a_scenario_has_the_figures_of_the_model() -> None:
    found = what_if.scenario(TEXT)
    model = compare(found.platform, found.plan)[Case.TYPICAL]
    figures = {each.name: each for each in what_if.effects(found, found)}
    assert figures["saved over the horizon, move included"].after == model.saving.to("EUR")
    assert figures["machines"].after == found.plan.nodes.value
    assert not any(each.change for each in figures.values())


def test_more_data_needs_more_disk_and_dearer_credits_save_more() -> None:
    before = what_if.scenario(TEXT)
    more = {
        each.name: each
        for each in what_if.effects(before, what_if.scenario(what_if.changed(TEXT, {"data.raw_tb": 4.0})))
    }
    assert (more["NVMe in the last year"].change or 0) > 0
    dear = what_if.changed(TEXT, {"prices.snowflake_credit.aws_eu_paris.enterprise": 9.0})
    saved = {each.name: each for each in what_if.effects(before, what_if.scenario(dear))}
    assert (saved["saved over the horizon, move included"].change or 0) > 0


def test_what_cannot_be_is_refused_with_the_key() -> None:
    with pytest.raises(BadInput, match=r"data\.replicas"):
        what_if.scenario(what_if.changed(TEXT, {"data.replicas": 9}))
