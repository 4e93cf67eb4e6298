"""What tests of several packages share: a deployment with a warehouse that is up, started when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.insight.deployed import Deployed


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    from tests.unit.insight.deployed import deployment

    with deployment(tmp_path_factory.mktemp("deployed")) as made:
        yield made
