from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.portal.stand import Served, served
from tests.unit.insight.deployed import deployment


@pytest.fixture(scope="package")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One deployment whose portal stands behind a proxy, for all of these tests."""
    with deployment(tmp_path_factory.mktemp("portal")) as deployed, served(deployed) as found:
        yield found
