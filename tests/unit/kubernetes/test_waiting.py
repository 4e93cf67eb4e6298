"""What is said of pods that do not start."""

from __future__ import annotations

from typing import Any

from nereus.kubernetes import waiting

SPACES = {"nereus-portal", "nereus-warehouse"}


def pod(status: dict[str, Any], name: str = "portal-0", namespace: str = "nereus-portal") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "status": status}


def held(reason: str, message: str = "", kind: str = "containerStatuses") -> dict[str, Any]:
    return {kind: [{"image": "portal:1", "state": {"waiting": {"reason": reason, "message": message}}}]}


def test_pods_that_run_or_are_on_their_way_are_not_named() -> None:
    running = {"containerStatuses": [{"image": "portal:1", "state": {"running": {}}}]}
    scheduled = {"conditions": [{"type": "PodScheduled", "status": "True"}]}
    found = [pod(each) for each in (running, scheduled, held("ContainerCreating"), held("PodInitializing"), {})]
    assert list(waiting.pods(found, SPACES)) == []


def test_an_image_that_does_not_come_is_named_with_the_way_out() -> None:
    status = held("ImagePullBackOff", "Back-off pulling image\nand more", "initContainerStatuses")
    told = list(waiting.pods([pod(status), pod(status, namespace="somebody")], SPACES))
    assert told == ["nereus-portal/portal-0: ImagePullBackOff portal:1 Back-off pulling image"]
    assert "make bundle" in waiting.fix(told)


def test_a_pod_that_finds_no_machine_is_named_with_the_schedulers_words() -> None:
    why = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}
    told = list(waiting.pods([pod({"conditions": [why]}, "warehouse-be-2", "nereus-warehouse")], SPACES))
    assert told == ["nereus-warehouse/warehouse-be-2: Unschedulable: 0/3 nodes are available"]
    assert "machines that are down" in waiting.fix(told)


def test_of_many_pods_a_dozen_are_named_and_the_rest_counted() -> None:
    many = [pod(held("CrashLoopBackOff"), f"portal-{number}") for number in range(20)]
    told = list(waiting.pods(many, SPACES))
    assert len(told) == 13
    assert told[-1] == "and 8 more"
    assert "kubectl logs" in waiting.fix(told)
