import pytest

from tests.integration.durability.processes import Process


@pytest.fixture
def process(tmp_path):
    made = Process(tmp_path)
    yield made
    made.end()
