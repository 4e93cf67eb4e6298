"""Small objects for the tests of the simulated cluster itself."""

from __future__ import annotations

import sys
from typing import Any

Object = dict[str, Any]
RESTRICTED_POD = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "fsGroup": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
RESOURCES = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}}
CLASS = "simulated"


def say(text: str) -> None:
    """Print a line at once, also while pytest holds output back."""
    print(f"  {text}", file=sys.__stderr__, flush=True)


def meta(name: str, namespace: str | None = None, **labels: str) -> Object:
    return {"name": name, "labels": labels} | ({"namespace": namespace} if namespace else {})


def namespace(name: str, level: str = "restricted") -> Object:
    wanted = meta(name, **{f"pod-security.kubernetes.io/{word}": level for word in ("enforce", "warn")})
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": wanted}


def storage_class() -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS},
        "provisioner": "nereus/local",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def container(**more: object) -> Object:
    return {"name": "main", "image": "nothing:1", "securityContext": RESTRICTED, "resources": RESOURCES, **more}


def deployment(name: str, space: str, replicas: int, **more: object) -> Object:
    labels = {"app": name}
    pod = {"securityContext": RESTRICTED_POD, "containers": [container(**more)]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta(name, space, **labels),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def budget(name: str, space: str, **labels: str) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": meta(name, space),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}},
    }


def config_map(name: str, space: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name, space), "data": data}


def doris(name: str, space: str, frontends: int = 3, backends: int = 3, **backend: object) -> Object:
    """A DorisCluster that a restricted namespace admits."""
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": CLASS,
        "resources": {"requests": {"storage": "10Gi"}},
    }

    def part(kind: str, replicas: int, path: str) -> Object:
        term = {
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": {"app.doris.ownerreference/name": f"{name}-{kind}"}},
        }
        return {
            "image": f"doris-{kind}:1",
            "replicas": replicas,
            "requests": {"cpu": "1", "memory": "2Gi"},
            "limits": {"cpu": "2", "memory": "2Gi"},
            "securityContext": RESTRICTED_POD,
            "containerSecurityContext": RESTRICTED,
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
            "persistentVolumes": [{"name": "data", "mountPath": path, "persistentVolumeClaimSpec": claim}],
        }

    be = part("be", backends, "/opt/apache-doris/be/storage") | {"skipDefaultSystemInit": True} | backend
    return {
        "apiVersion": "doris.selectdb.com/v1",
        "kind": "DorisCluster",
        "metadata": meta(name, space),
        "spec": {"feSpec": part("fe", frontends, "/opt/apache-doris/fe/doris-meta"), "beSpec": be},
    }
