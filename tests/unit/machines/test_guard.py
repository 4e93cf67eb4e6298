"""What Terraform would do, in people's words, and what no plan may do."""

from __future__ import annotations

import pytest

from nereus.errors import BadInput
from nereus.machines import guard
from tests.unit.machines.plans import DATA, DOMAIN, GIB, ROOT, SEED, change, node, plan

NEW_MACHINE = plan(
    change(node("a", ROOT), "create", after={"name": "a.root-0123456789ab.qcow2"}),
    change(node("a", SEED), "create"),
    change(node("a", DATA), "create", after={"size": 500 * GIB}),
    change(node("a", DOMAIN), "create", after={"vcpu": 16, "memory": 121856}),
)


def test_a_new_machine_is_told_with_its_size_and_disks() -> None:
    verdict = guard.judge(NEW_MACHINE)
    assert verdict.changes == ("+ disk hot-0 of a: 500 GiB", "+ machine a: 16 cores, 119 GiB memory")
    verdict.raise_refused()


def test_nothing_to_do_is_empty() -> None:
    verdict = guard.judge(plan(change(node("a", DOMAIN), "no-op")))
    assert verdict.empty


TOLD = {
    "a_disk_more": (change(node("a", DATA), "create", after={"size": GIB}), "attached while the machine runs"),
    "a_machine_that_is_gone": (change(node("a", DOMAIN), "create", after={}), "is started again from its disks"),
    "a_machine_that_is_off": (
        change(node("a", DOMAIN), "update", before={"running": False}, after={"running": True}),
        "is switched on",
    ),
    "a_new_image": (change('libvirt_volume.base["0123456789ab"]', "create"), "+ base image 0123456789ab"),
    "an_image_unused": (change('libvirt_volume.base["0123456789ab"]', "delete"), "no machine is made any more"),
    "the_network": (change("libvirt_network.machines", "create"), "+ network"),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_change_is_told(name: str) -> None:
    step, says = TOLD[name]
    verdict = guard.judge(plan(step))
    assert len(verdict.changes) == 1
    assert says in verdict.changes[0]
    assert verdict.refusals == ()


REFUSED = {
    "a_disk_with_data_deleted": (change(node("a", DATA), "delete"), "the disk hot-0 of a would be deleted", "Grow by"),
    "a_disk_with_data_replaced": (
        change(node("a", DATA), "delete", "create", forced_by=("size",)),
        "(its size would change), and its data with it",
        "Grow by adding a disk",
    ),
    "a_disk_replaced_the_other_way_round": (
        change(node("a", DATA), "create", "delete", forced_by=("name",)),
        "would be deleted",
        "for life",
    ),
    "a_machine_removed": (change(node("a", DOMAIN), "delete"), "the machine a would be removed", "Declare it again"),
    "a_machine_with_other_memory": (
        change(
            node("a", DOMAIN),
            *("delete", "create"),
            before={"memory": 1024},
            after={"memory": 2048},
            forced_by=("memory",),
        ),
        "switched off and made anew (MiB of memory 1024 -> 2048); its disks stay",
        "--rebuild a",
    ),
    "a_machine_of_another_image": (
        change(node("a", ROOT), "delete", "create", forced_by=("name",)),
        "the root disk of a would be made anew: the system on it is lost",
        "--rebuild a",
    ),
    "the_pool_moved": (
        change("libvirt_pool.disks", "delete", "create", forced_by=("target",)),
        "the pool of all disks would be made anew (target)",
        "another platform",
    ),
    "the_network_renumbered": (
        change("libvirt_network.machines", "delete", "create", forced_by=("addresses",)),
        "the network of the machines would be made anew (addresses)",
        "Restore",
    ),
    "a_base_image_replaced": (
        change('libvirt_volume.base["0123456789ab"]', "delete", "create", forced_by=("format",)),
        "beneath the machines that read it",
        "Leave it",
    ),
    "something_unknown_deleted": (change("libvirt_ignition.other", "delete"), "would be deleted", "look at the plan"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_loss_is_refused_with_the_fix(name: str) -> None:
    step, says, fix = REFUSED[name]
    with pytest.raises(BadInput) as refused:
        guard.judge(plan(step)).raise_refused()
    assert says in str(refused.value)
    assert fix in str(refused.value)
    assert refused.value.exit_code == 2


def test_only_the_machine_that_was_named_may_be_made_anew() -> None:
    steps = [
        change(node(name, DOMAIN), "delete", "create", before={}, after={}, forced_by=("vcpu",)) for name in ("a", "b")
    ]
    verdict = guard.judge(plan(*steps), rebuild=["a"])
    assert [refusal.what.split()[2] for refusal in verdict.refusals] == ["b"]


def test_naming_a_machine_never_frees_its_data() -> None:
    verdict = guard.judge(plan(change(node("a", DATA), "delete", "create", forced_by=("size",))), rebuild=["a"])
    assert len(verdict.refusals) == 1


def test_every_refusal_is_told_at_once() -> None:
    steps = (change(node("a", DATA), "delete"), change(node("b", DOMAIN), "delete"))
    with pytest.raises(BadInput) as refused:
        guard.judge(plan(*steps)).raise_refused()
    assert "hot-0 of a" in str(refused.value)
    assert "machine b" in str(refused.value)


def test_with_consent_to_destroy_all_goes() -> None:
    verdict = guard.judge(plan(change(node("a", DATA), "delete"), change(node("a", SEED), "delete")), destroy=True)
    assert verdict.changes == ("- disk hot-0 of a and its data",)
    verdict.raise_refused()


def test_terraforms_own_refusal_reads_like_ours() -> None:
    said = (
        "╷\n│ Error: Instance cannot be destroyed\n│ \n│   on ../modules/node/disks.tf line 15:\n│   15: resource\n│ \n"
        '│ Resource module.node["nereus-node-0"].libvirt_volume.data["hot-0"]\n│ has lifecycle.prevent_destroy set\n'
    )
    told = guard.prevented(said)
    assert told is not None
    assert "the disk hot-0 of nereus-node-0" in str(told)


def test_other_errors_of_terraform_are_left_alone() -> None:
    assert guard.prevented("Error: connection refused") is None
