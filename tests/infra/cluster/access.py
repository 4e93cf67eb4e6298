"""Who may do what: the declared rights, and the temptations that must stay refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_GROUP = "rbac.authorization.k8s.io"
#: Namespaces whose pods have no business with Kubernetes.
_SILENT = ("nereus-warehouse", "nereus-superset", "nereus-portal", "nereus-storage")
_DORIS, _APPS, _BATCH = "doris.selectdb.com", "apps", "batch"


@dataclass(frozen=True)
class Right:
    """One question to the API server and the answer that is declared."""

    who: str
    verb: str
    resource: str
    namespace: str
    allowed: bool
    group: str = ""


def _silent(namespace: str, account: str = "default") -> Iterator[Right]:
    who = f"system:serviceaccount:{namespace}:{account}"
    for verb, resource in (("get", "secrets"), ("list", "pods"), ("create", "pods"), ("create", "pods/exec")):
        yield Right(who, verb, resource, namespace, False)


def _provisioner() -> Iterator[Right]:
    space = "nereus-volumes"
    who = f"system:serviceaccount:{space}:local-path-provisioner"
    yield Right(who, "create", "persistentvolumes", "", True)
    yield Right(who, "create", "pods", space, True)
    yield Right(who, "create", "pods", "nereus-warehouse", False)
    yield Right(who, "get", "secrets", space, False)
    yield Right(who, "create", "clusterrolebindings", "", False, _GROUP)


def _people() -> Iterator[Right]:
    space = "nereus-warehouse"
    for who in ("a-viewer", "an-operator"):
        yield Right(who, "list", "pods", space, True)
        yield Right(who, "get", "secrets", space, False)
        yield Right(who, "delete", "namespaces", "", False)
        yield Right(who, "create", "rolebindings", space, False, _GROUP)
        yield Right(who, "create", "pods/exec", space, False)
    yield Right("a-viewer", "patch", "dorisclusters", space, False, _DORIS)
    yield Right("a-viewer", "delete", "pods", space, False)
    yield Right("an-operator", "patch", "dorisclusters", space, True, _DORIS)
    yield Right("an-operator", "patch", "statefulsets", space, True, _APPS)
    yield Right("an-operator", "create", "jobs", space, True, _BATCH)
    yield Right("an-operator", "create", "pods/eviction", space, True)
    yield Right("nobody", "list", "pods", space, False)


MATRIX = (
    *(right for namespace in _SILENT for right in _silent(namespace)),
    *_silent("nereus-warehouse", "doris"),
    *_provisioner(),
    *_people(),
)


def bindings() -> Iterator[dict[str, Any]]:
    """The two roles for people, given to a user each, as a company would to its groups."""
    for role, user in (("nereus-viewer", "a-viewer"), ("nereus-operator", "an-operator")):
        yield {
            "apiVersion": f"{_GROUP}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": user},
            "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "User", "name": user, "apiGroup": _GROUP}],
        }
