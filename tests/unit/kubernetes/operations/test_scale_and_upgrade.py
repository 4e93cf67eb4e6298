"""Scaling and upgrading against a stand-in for Doris and its operator (fake.py): what is sent, in order, resumed."""

from __future__ import annotations

import pytest

from nereus.errors import BadInput, Failure
from nereus.kubernetes.operations.doris import PAUSED, Wait
from nereus.kubernetes.operations.scale import scale_backends, scale_frontends
from nereus.kubernetes.operations.upgrade import upgrade, version
from tests.unit.kubernetes.operations.fake import FakeCluster

FE, BE = "nereus/doris-fe:4.0.8", "nereus/doris-be:4.0.8"


@pytest.fixture
def wait() -> Wait:
    """Nobody waits: each look lets the stand-in take a step; time passes one second at a look."""
    clock = iter(range(1_000_000))
    return Wait(tell=lambda text: None, patience_s=50, sleep=lambda seconds: None, clock=lambda: next(clock))


def test_a_backend_is_emptied_before_its_pod_goes(wait: Wait) -> None:
    fake = FakeCluster.of(3, 5)
    changes = scale_backends(fake, fake, 3, 3, wait)
    assert [change.split(".")[0] for change in changes[:2]] == ["warehouse-be-4", "warehouse-be-3"]
    assert changes[2] == "backends 5 -> 3"
    assert [statement.split('"')[1].split(".")[0] for statement in fake.statements] == [
        "warehouse-be-4",
        "warehouse-be-3",
    ]
    assert fake.lost == []


def test_the_operator_alone_would_lose_replicas() -> None:
    """What the statements are for: the same change without them."""
    fake = FakeCluster.of(3, 5)
    fake.change({"beSpec": {"replicas": 3}})
    fake.query("SHOW BACKENDS")
    assert len(fake.lost) == 2


def test_backends_come_and_are_waited_for(wait: Wait) -> None:
    fake = FakeCluster.of(1, 3)
    assert scale_backends(fake, fake, 5, 3, wait) == ["backends 3 -> 5"]
    assert len(fake.be) == 5


def test_scaling_again_changes_nothing(wait: Wait) -> None:
    fake = FakeCluster.of(3, 4)
    assert scale_backends(fake, fake, 4, 3, wait) == []
    assert scale_frontends(fake, fake, 3, wait) == []
    assert fake.statements == []


@pytest.mark.parametrize("answers", range(1, 16))
def test_scaling_that_was_broken_off_anywhere_is_finished_by_running_it_again(answers: int, wait: Wait) -> None:
    fake = FakeCluster.of(3, 5)
    fake.answers = answers
    try:
        scale_backends(fake, fake, 3, 3, wait)
    except KeyboardInterrupt:
        fake.answers = None
        scale_backends(fake, fake, 3, 3, wait)
    assert (len(fake.be), fake.lost) == (3, [])


def test_fewer_backends_than_replicas_are_refused(wait: Wait) -> None:
    fake = FakeCluster.of(3, 5)
    with pytest.raises(BadInput, match="2 backends cannot hold 3 replicas"):
        scale_backends(fake, fake, 2, 3, wait)
    assert fake.statements == []


def test_nothing_is_emptied_onto_backends_that_are_down(wait: Wait) -> None:
    fake = FakeCluster.of(3, 4)
    fake.be[0].alive = False
    with pytest.raises(BadInput, match="only 2 other backends are alive"):
        scale_backends(fake, fake, 3, 3, wait)
    assert fake.statements == []


def test_without_progress_it_ends_and_says_how_to_go_on(wait: Wait) -> None:
    fake = FakeCluster.of(3, 4)
    fake.stuck = True
    with pytest.raises(
        Failure, match=r"emptying warehouse-be-3.*no progress for 50 s; 3 tablets left(.|\n)*run the same"
    ):
        scale_backends(fake, fake, 3, 3, wait)
    assert fake.lost == []
    assert fake.object["beSpec"]["replicas"] == 4


def test_frontends_leave_the_election_before_their_pods_go(wait: Wait) -> None:
    fake = FakeCluster.of(3, 3)
    changes = scale_frontends(fake, fake, 1, wait)
    assert changes[-1] == "frontends 3 -> 1"
    assert (len(fake.fe), fake.lost) == (1, [])
    assert fake.object["feSpec"] == {"replicas": 1, "electionNumber": 1, "image": "nereus/doris-fe:4.0.7"}


def test_a_master_that_must_go_is_restarted_first(wait: Wait) -> None:
    fake = FakeCluster.of(3, 3)
    fake.master = 2
    scale_frontends(fake, fake, 1, wait)
    assert fake.statements[0] == "restart warehouse-fe-2"
    assert (len(fake.fe), fake.lost) == (1, [])


@pytest.mark.parametrize("wanted", [0, 2, 4])
def test_a_number_of_frontends_that_ties_is_refused(wanted: int, wait: Wait) -> None:
    with pytest.raises(BadInput, match=f"{wanted} frontends cannot elect a master well"):
        scale_frontends(FakeCluster.of(3, 3), FakeCluster.of(3, 3), wanted, wait)


def test_backends_are_upgraded_before_frontends_with_repair_paused(wait: Wait) -> None:
    fake = FakeCluster.of(3, 3)
    assert upgrade(fake, fake, FE, BE, wait) == [f"backends: {BE}", f"frontends: {FE}"]
    assert {pod.version for pod in (*fake.fe, *fake.be)} == {"4.0.8"}
    switched = [
        f'ADMIN SET ALL FRONTENDS CONFIG ("{name}" = "{state}")' for state in ("true", "false") for name in PAUSED
    ]
    assert fake.statements == switched
    assert upgrade(fake, fake, FE, BE, wait) == []


@pytest.mark.parametrize("answers", range(1, 22))
def test_an_upgrade_that_was_broken_off_anywhere_is_finished_and_repair_goes_on(answers: int, wait: Wait) -> None:
    fake = FakeCluster.of(3, 3)
    fake.answers = answers
    try:
        upgrade(fake, fake, FE, BE, wait)
    except KeyboardInterrupt:
        fake.answers = None
        upgrade(fake, fake, FE, BE, wait)
    assert {pod.version for pod in (*fake.fe, *fake.be)} == {"4.0.8"}
    assert set(fake.config.values()) <= {"false"}


def test_repair_goes_on_where_a_backend_does_not_come_back(wait: Wait) -> None:
    fake = FakeCluster.of(3, 3)
    fake.stuck = True
    with pytest.raises(Failure, match=r"backends to 4\.0\.8: no progress"):
        upgrade(fake, fake, FE, BE, wait)
    assert set(fake.config.values()) == {"false"}


@pytest.mark.parametrize(
    ("runs", "fe", "be", "said"),
    [
        ("4.0.7", "nereus/doris-fe:4.0.8", "nereus/doris-be:4.0.9", "different versions"),
        ("4.1.0", FE, BE, r"Doris 4\.1\.0 runs; it does not go back to 4\.0\.8"),
        ("4.0.7", "nereus/doris-fe:4.2.0", "nereus/doris-be:4.2.0", "more than one minor line ahead"),
        ("4.0.7", "nereus/doris-fe:latest", "nereus/doris-be:latest", "names no version"),
    ],
)
def test_what_cannot_be_upgraded_is_refused_before_anything_changes(
    runs: str, fe: str, be: str, said: str, wait: Wait
) -> None:
    fake = FakeCluster.of(3, 3, runs)
    with pytest.raises(BadInput, match=said):
        upgrade(fake, fake, fe, be, wait)
    assert fake.statements == []


def test_nothing_is_upgraded_while_a_node_is_down(wait: Wait) -> None:
    fake = FakeCluster.of(3, 3)
    fake.be[1].alive = False
    with pytest.raises(BadInput, match="not everything is up: warehouse-be-1"):
        upgrade(fake, fake, FE, BE, wait)
    assert fake.statements == []


def test_a_version_is_read_from_tags_and_from_what_nodes_say() -> None:
    assert version("registry.example:5000/doris-fe:4.0.8") == version("doris-4.0.8-rc01-5b2a8fc") == (4, 0, 8)
    assert version(f"registry.example:5000/doris-fe:4.0.8@sha256:{'1' * 64}") == (4, 0, 8)
