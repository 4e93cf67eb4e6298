"""`nereus verify` asks the warehouse for rows of every use case, as an analyst may."""

from __future__ import annotations

import pytest

from nereus.errors import Failure, NereusError
from nereus.kubernetes.operations.verify import query
from tests.integration.usecases.conftest import Deployed


def test_rows_of_every_use_case_are_counted(deployed: Deployed) -> None:
    deployed.deploy("retail")
    platform = deployed.platform.model_copy(update={"usecases": ("retail",)})
    told = query(deployed.as_user("analyst"), platform)
    table, rows = told.rsplit(" ", 2)[:2]
    assert table.startswith("retail.")
    assert int(rows.replace(",", "")) > 0


def test_a_use_case_that_is_not_there_is_said(deployed: Deployed) -> None:
    platform = deployed.platform.model_copy(update={"usecases": ("flights",)})
    with pytest.raises(NereusError, match="flights"):
        query(deployed.as_user("analyst"), platform)


def test_nothing_deployed_is_not_fine(deployed: Deployed) -> None:
    platform = deployed.platform.model_copy(update={"usecases": ()})
    with pytest.raises(Failure, match="no use case is deployed"):
        query(deployed.as_user("analyst"), platform)
