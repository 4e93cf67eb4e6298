"""Pods that do not start, and why: what a person needs to know when a step of an installation does not end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: Reasons that pass by themselves.
_PATIENCE = {"ContainerCreating", "PodInitializing", "Completed"}
_IMAGE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_MOST = 12


def pods(listed: Iterable[Mapping[str, Any]], namespaces: set[str]) -> Iterator[str]:
    """One line for each pod of these namespaces that waits for something; `listed` are a cluster's pods."""
    count = 0
    for pod in listed:
        if pod["metadata"]["namespace"] not in namespaces or not (why := _why(pod)):
            continue
        count += 1
        if count <= _MOST:
            yield f"{pod['metadata']['namespace']}/{pod['metadata']['name']}: {why}"
    if count > _MOST:
        yield f"and {count - _MOST} more"


def fix(lines: Iterable[str]) -> str:
    """What mends it, for the first reason that has a known way out."""
    text = "\n".join(lines)
    if any(reason in text for reason in _IMAGE):
        return (
            "Put the images into the bundle (make images, make bundle), or let the machines reach their registries; "
            "then run it again."
        )
    if "Unschedulable" in text:
        return "Repair the machines that are down, or plan for what there is; then run it again."
    return "See: kubectl describe pod, kubectl logs. Run it again once that is mended: it goes on from there."


def _why(pod: Mapping[str, Any]) -> str | None:
    status = pod.get("status", {})
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(kind) or ():
            state = container.get("state", {}).get("waiting") or {}
            if state.get("reason") and state["reason"] not in _PATIENCE:
                said = str(state.get("message", "")).strip().splitlines()
                return f"{state['reason']} {container.get('image', '')} {said[0][:300] if said else ''}".rstrip()
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return f"{condition.get('reason', 'Unschedulable')}: {condition.get('message', '')}"
    return None
