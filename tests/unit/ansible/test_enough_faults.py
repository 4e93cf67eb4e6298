"""The broken inputs that provisioning machines refuses before it changes anything are all there, by their names."""

from __future__ import annotations

from tests.unit.ansible.test_failures import NOT_ROOT, UNREACHABLE
from tests.unit.ansible.test_hosts_file import BROKEN
from tests.unit.ansible.test_k3s_problems import CLUSTERS, FILES, NODES, UPGRADES
from tests.unit.ansible.test_machine_problems import UNFIT

FAULTS = {**BROKEN, **UNFIT, **CLUSTERS, **NODES, **FILES, **UPGRADES, **UNREACHABLE, **NOT_ROOT}


def test_there_are_at_least_forty() -> None:
    assert len(FAULTS) >= 40


def test_those_that_happen_most_are_among_them() -> None:
    assert {
        *("no_such_disk", "disk_has_a_file_system", "two_nodes_one_address", "no_answer", "wrong_checksum"),
        *("half_finished_installation", "full_disk", "wrong_sudo_password", "variable_of_nobody"),
    } <= FAULTS.keys()
