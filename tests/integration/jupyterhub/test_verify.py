"""`nereus verify` goes into the Hub as a scientist would: a server, a kernel, the warehouse, and nothing left."""

from __future__ import annotations

import pytest

from nereus import secrets
from nereus.errors import Failure
from nereus.kubernetes.operations.scientist import Scientist
from nereus.kubernetes.operations.verify import notebook
from tests.integration.jupyterhub.hubs import Deployment, Running


def test_a_notebook_asks_the_warehouse(deployment: Deployment, the_hub: Running) -> None:
    password = secrets.ensure(deployment.home, "jupyterhub-scientist")
    assert notebook(the_hub.service.url, password) == "a kernel asked the warehouse as 'scientist'@'%'"
    # Again: the server was stopped, so that it is started anew.
    assert "a kernel asked" in notebook(the_hub.service.url, password)


def test_a_wrong_password_is_said(the_hub: Running) -> None:
    with pytest.raises(Failure, match="refused scientist: 403"):
        Scientist(the_hub.service.url, "scientist", "wrong")
