"""namespaces.yaml and the plan -> namespaces, quotas and limits of what may be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nereus.kubernetes.catalogue import Catalogue, Namespace
from nereus.kubernetes.quantities import bytes_text, cpu_text
from nereus.kubernetes.render.demand import Demand, Sized

Object = dict[str, Any]
#: A namespace may ask for this many times its planned requests: a rolling update runs old and new beside each other.
_QUOTA_FACTOR = 2
#: Objects that a namespace may hold beyond its planned pods: jobs, volume helpers, a person's second try.
_SPARE_PODS = 20
#: What a container gets that says nothing: room enough for a helper, never enough to hurt.
_DEFAULT = {"cpu": "100m", "memory": "128Mi"}
_DEFAULT_LIMIT = {"cpu": "500m", "memory": "256Mi"}


def foundation(catalogue: Catalogue, sized: Sized, there: frozenset[str]) -> Iterator[Object]:
    """Namespaces with their Pod Security, a quota and defaults for each."""
    for name, declared in catalogue.namespaces.items():
        if declared.unless in there:
            continue
        yield namespace(name, declared)
        demands = [one for one in sized.demands.values() if one.component.namespace == name]
        if demands:
            yield _quota(name, demands, sized.nodes)
        yield {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "defaults", "namespace": name},
            "spec": {
                "limits": [{"type": "Container", "defaultRequest": dict(_DEFAULT), "default": dict(_DEFAULT_LIMIT)}]
            },
        }


def namespace(name: str, declared: Namespace) -> Object:
    """A namespace whose Pod Security is enforced; what is not restricted is warned about all the same."""
    label = "pod-security.kubernetes.io"
    annotations = {"nereus/for": declared.purpose}
    if declared.reason:
        annotations["nereus/pod-security-reason"] = declared.reason
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                "app.kubernetes.io/part-of": "nereus",
                f"{label}/enforce": declared.pod_security,
                f"{label}/enforce-version": "latest",
                f"{label}/warn": declared.pod_security,
                f"{label}/audit": "restricted",
            },
            "annotations": annotations,
        },
    }


def _quota(name: str, demands: list[Demand], nodes: int) -> Object:
    def total(what: str) -> int:
        return sum(int(getattr(one, what)) * one.replicas for one in demands) * _QUOTA_FACTOR

    pods = sum(one.replicas for one in demands) * _QUOTA_FACTOR + _SPARE_PODS
    disk = sum(sum(one.volumes.values()) * one.replicas for one in demands) * _QUOTA_FACTOR
    hard = {
        "requests.cpu": cpu_text(total("cpu_request")),
        "requests.memory": bytes_text(total("memory_request")),
        "limits.memory": bytes_text(total("memory_limit")),
        "pods": str(pods),
        "services.loadbalancers": "1" if name == "nereus-ingress" else "0",
        "services.nodeports": "2" if name == "nereus-ingress" else "0",
    }
    if disk:
        hard["requests.storage"] = bytes_text(disk)
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "plan", "namespace": name},
        "spec": {"hard": hard},
    }
