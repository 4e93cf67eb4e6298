"""What the tests of roles share: Ansible's own environment, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from nereus.provision import environments
from tests.infra.steps import step

#: Longest that its packages may take to come, in seconds; a test that comes first waits for it.
ENVIRONMENT_S = 420


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder with Ansible's programs."""
    with step("environment of Ansible (cached by its lock)"):
        environments.ensure("infrastructure")
    return environments.folder("infrastructure") / "bin"
