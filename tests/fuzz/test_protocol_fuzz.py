"""Some thousand packets from one seed; ``python -m tests.fuzz.protocol`` throws a million."""

from __future__ import annotations

from tests.fuzz.protocol import attack
from tests.fuzz.scripts import INTRUDER
from tests.integration.wire.conftest import ROOT_PASSWORD, house

__all__ = ["house"]


def test_packets_of_all_kinds(house):
    seen = attack(house.ports.mysql.port, "root", ROOT_PASSWORD, "quick", 4000)
    assert seen.faults == []
    assert seen.logins > 10
    assert seen.errors > 100
    assert (INTRUDER,) not in house.ask("SHOW DATABASES")
    assert house.ask("SELECT 1 + 1") == ((2,),)
