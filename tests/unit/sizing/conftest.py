"""Requirements like those of the project's platform.yaml, with single values changed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nereus.config import load
from nereus.sizing import Requirements

PROJECT = Requirements.of(load(Path(__file__).parents[3] / "platform.yaml"))


@pytest.fixture(scope="session")
def need() -> Callable[..., Requirements]:
    def make(**changed: object) -> Requirements:
        return replace(PROJECT, **changed)

    return make
