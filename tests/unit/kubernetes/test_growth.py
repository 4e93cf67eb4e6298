"""Volumes that are there against volumes that are planned: left alone where they agree, refused where they do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nereus.errors import BadInput
from nereus.kubernetes.growth import differences, refuse_other_sizes
from nereus.kubernetes.quantities import GI
from nereus.kubernetes.render import Rendered

Objects = list[dict[str, Any]]


def pod(found: Rendered, name: str, number: int = 0, change: Callable[[int], int] = lambda size: size) -> Objects:
    """A pod of a component with the claims that it holds, each of its planned size changed."""
    demand, space = found.sized.demands[name], found.catalogue.components[name].namespace
    title = f"{name}-{number}"
    claims = [
        {
            "kind": "PersistentVolumeClaim",
            "metadata": {"namespace": space, "name": f"{volume}-{title}"},
            "spec": {"resources": {"requests": {"storage": f"{change(size) // GI}Gi"}}},
        }
        for volume, size in demand.volumes.items()
    ]
    volumes = [{"persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}} for claim in claims]  # type: ignore[index]
    meta = {"namespace": space, "name": title, "labels": dict(found.catalogue.labels(name))}
    return [{"kind": "Pod", "metadata": meta, "spec": {"volumes": [{"configMap": {}}, *volumes]}}, *claims]


@pytest.fixture
def three(platforms: dict[str, Rendered]) -> Rendered:
    return platforms["three"]


def test_an_empty_cluster_is_filled(three: Rendered) -> None:
    assert list(differences(three, [])) == []


def test_pods_with_the_planned_volumes_are_left_as_they_are(three: Rendered) -> None:
    there = [one for name in three.sized.demands for number in range(2) for one in pod(three, name, number)]
    assert list(differences(three, there)) == []


@pytest.mark.parametrize("more", [1, -1])
def test_larger_and_smaller_volumes_are_named_once_for_each_component(three: Rendered, more: int) -> None:
    def changed(size: int) -> int:
        return size + more * GI

    there = [one for number in range(3) for one in pod(three, "doris-be", number, changed)]
    there += pod(three, "seaweedfs-volume", change=changed)
    told = list(differences(three, there))
    assert [line.split(":")[0] for line in told] == ["doris-be", "seaweedfs-volume"]
    planned = sorted(size // GI for size in three.sized.demands["doris-be"].volumes.values())
    held = " and ".join(f"{size + more} Gi" for size in planned)
    wanted = " and ".join(f"{size} Gi" for size in planned)
    assert told[0] == f"doris-be: doris-be-0 has volumes of {held}; the plan wants {wanted}."


def test_more_pods_of_the_same_size_are_no_difference(three: Rendered) -> None:
    there = [one for number in range(7) for one in pod(three, "doris-be", number)]
    assert list(differences(three, there)) == []


def test_pods_of_others_and_pods_without_their_claims_are_passed_over(three: Rendered) -> None:
    stranger, *claims = pod(three, "doris-be", change=lambda size: 2 * size)
    elsewhere = {**stranger, "metadata": {**stranger["metadata"], "namespace": "somebody"}}
    unlabelled = {**stranger, "metadata": {**stranger["metadata"], "labels": None}}
    bare = {**stranger, "spec": {"volumes": None}}
    for one in (elsewhere, unlabelled, bare):
        assert list(differences(three, [one, *claims])) == []
    # A claim that is not bound yet is no claim of a pod that runs.
    assert list(differences(three, [stranger])) == []


def test_the_refusal_says_what_to_do_instead(three: Rendered) -> None:
    there = pod(three, "doris-be", change=lambda size: size + GI)

    class Asked:
        def __call__(self, *words: str) -> str:
            assert words[:2] == ("get", "pods,persistentvolumeclaims")
            return json.dumps({"items": there})

    with pytest.raises(BadInput) as refused:
        refuse_other_sizes(three, Asked())  # type: ignore[arg-type]
    assert "doris-be: doris-be-0 has volumes of" in str(refused.value)
    assert "Plan more machines (machines.nodes) instead of larger volumes" in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_later_year_of_the_same_plan_is_refused_too(
    three: Rendered, platforms: dict[str, Rendered], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What `nereus render --year` shows is larger than what is there: provisioning alone decides, by the last year."""
    from tests.unit.kubernetes.conftest import DECLARED, rendered

    first = rendered(tmp_path_factory.mktemp("first"), DECLARED["three"], year=0)
    there = pod(first, "doris-be")
    (line,) = differences(three, there)
    assert line.startswith("doris-be: doris-be-0 has volumes of")
