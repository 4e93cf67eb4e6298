"""The platform.yaml of the project: complete, commented, and equal to the defaults of the models."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from nereus.config import Platform, load

PROJECT = Path(__file__).parents[3] / "platform.yaml"


def leaves(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Every key path of a model, sections that the local target does not need left out."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= leaves(inner, f"{prefix}{name}.")
        elif name not in {"vms", "hosts", "cluster"}:
            found.add(prefix + name)
    return found


def test_the_projects_platform_shows_the_defaults() -> None:
    assert load(PROJECT) == Platform.model_validate({"data": {"raw_tb": 1.0}})


def test_the_projects_platform_mentions_every_key() -> None:
    text = PROJECT.read_text("utf-8")
    assert [path for path in leaves(Platform) if f"{path.rpartition('.')[2]}:" not in text] == []


def test_at_least_a_quarter_of_the_projects_platform_explains() -> None:
    lines = [line for line in PROJECT.read_text("utf-8").splitlines() if line.strip()]
    assert sum("#" in line for line in lines) / len(lines) > 0.25


def test_a_loaded_platform_cannot_be_changed() -> None:
    platform = load(PROJECT)
    with pytest.raises(ValidationError, match="frozen"):
        platform.data.raw_tb = 2.0  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        platform.local.ports.portal = 1  # type: ignore[misc]
