from __future__ import annotations

import pytest

from tests.unit.insight.deployed import Deployed


@pytest.fixture
def deployed(running: Deployed) -> Deployed:
    return running
