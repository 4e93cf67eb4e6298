from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from tests.unit.warehouse.embedded.session.asking import do


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CREATE WORKLOAD GROUP g PROPERTIES ('cpu_share' = '10')", "Property cpu_share is not supported"),
        ("CREATE WORKLOAD GROUP g PROPERTIES ('min_cpu_percent' = '60%', 'max_cpu_percent' = '50%')", "60"),
        ("ALTER WORKLOAD GROUP science", "Alter workload group should contain at least one property"),
        (
            "ALTER WORKLOAD GROUP none PROPERTIES ('max_concurrency' = '1')",
            "Can not find workload group none in compute",
        ),
        (
            "DROP WORKLOAD GROUP science",
            "Workload group science is set for user ann, you can reset the user's property",
        ),
    ],
)
def test_what_doris_refuses_is_refused(root: Session, text: str, message: str) -> None:
    with pytest.raises(DorisError) as error:
        do(root, text)
    assert message in error.value.detail


@pytest.mark.parametrize("name", ["min_cpu_percent", "min_memory_percent"])
def test_groups_are_not_promised_more_than_there_is(root: Session, name: str) -> None:
    do(root, f"CREATE WORKLOAD GROUP one PROPERTIES ('{name}' = '60%')")
    for statement in (
        f"CREATE WORKLOAD GROUP two PROPERTIES ('{name}' = '41%')",
        f"ALTER WORKLOAD GROUP normal PROPERTIES ('{name}' = '41%')",
    ):
        with pytest.raises(DorisError, match=f"Sum of {name} in default should be less than 100%"):
            do(root, statement)
    do(root, f"ALTER WORKLOAD GROUP one PROPERTIES ('{name}' = '100%')")


def test_there_are_fifteen_groups_at_most(root: Session) -> None:
    for number in range(12):
        do(root, f"CREATE WORKLOAD GROUP g{number}")
    with pytest.raises(DorisError, match="can not exceed 15"):
        do(root, "CREATE WORKLOAD GROUP last")
