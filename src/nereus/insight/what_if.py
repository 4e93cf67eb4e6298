"""Another platform.yaml, tried out: some values changed, beside the declared ones. Pure functions."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from nereus import sizing
from nereus.cases import Case
from nereus.config import Platform
from nereus.config.explain import block
from nereus.costs.compare import Comparison, compare
from nereus.costs.prices import packaged
from nereus.errors import BadInput
from nereus.insight.filling import crossings

#: A line of the user's file is never broken in two.
_WIDTH = 4096


@dataclass(frozen=True)
class Scenario:
    """A platform with its plan and its typical comparison."""

    platform: Platform
    plan: sizing.Plan
    comparison: Comparison


@dataclass(frozen=True)
class Effect:
    """One figure of both scenarios. `before` and `after` are None where the figure does not exist."""

    name: str
    unit: str
    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before


def changed(text: str, values: Mapping[str, object]) -> str:
    """platform.yaml with these values in place; comments and the order of its keys stay.

    `values` names keys by their path (``data.growth_per_year``); below ``prices`` the rest of the path is one name.
    """
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(text)
    for path, value in values.items():
        section, _, key = path.partition(".")
        if content.get(section) is None:
            content[section] = CommentedMap()
        content[section][key] = value
    written = io.StringIO()
    yaml.dump(content, written)
    return written.getvalue()


def scenario(text: str) -> Scenario:
    """The scenario that a platform.yaml declares. Raises BadInput with every fault in it."""
    try:
        platform = Platform.model_validate(YAML(typ="safe", pure=True).load(text))
    except ValidationError as error:
        raise BadInput(block("what if", error, Platform)) from None
    except YAMLError as error:
        raise BadInput(f"what if: the text is not valid YAML: {error}") from None
    plan = sizing.plan(sizing.Requirements.of(platform))
    return Scenario(platform, plan, compare(platform, plan)[Case.TYPICAL])


def price(platform: Platform, name: str) -> float:
    """The typical value of a price: the user's own, or the packaged one."""
    own = platform.prices.get(name)
    return own.value if own is not None else packaged().by_name[name].typical


def effects(before: Scenario, after: Scenario) -> list[Effect]:
    """The figures that management asks about, declared and changed."""
    pairs = zip(_figures(before), _figures(after), strict=True)
    return [Effect(name, unit, old, new) for (name, unit, old), (_, _, new) in pairs]


def _figures(each: Scenario) -> list[tuple[str, str, float | None]]:
    last, comparison = each.plan.last, each.comparison
    best = comparison.best_alternative
    alarm = next(one for one in crossings(each.plan) if one.case is Case.TYPICAL and one.name == "alarm")
    return [
        ("machines", "machines", each.plan.nodes.value),
        ("raw data in the last year", "TB", last.raw_tb.value),
        ("NVMe in the last year", "TB", last.nvme_tb.value),
        ("cold disk in the last year", "TB", last.cold_disk_tb.value),
        ("cores in the last year", "cores", last.cores.value),
        ("memory in the last year", "GB", last.memory_gb.value),
        ("NVMe alarm crossed in", "months", alarm.months),
        ("cheapest alternative", "EUR/month", best.per_year.to("EUR/year") / 12),
        ("Snowflake", "EUR/month", comparison.snowflake.per_year.to("EUR/year") / 12),
        ("saved over the horizon, move included", "EUR", comparison.saving.to("EUR")),
        ("break-even", "credits/month", comparison.break_even[best.name].all_in.value),
    ]


def file_name(today: date) -> str:
    return f"platform-what-if-{today}.yaml"
