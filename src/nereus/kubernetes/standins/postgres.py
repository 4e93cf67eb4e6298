"""What CloudNativePG makes of a Cluster, as far as admission and scheduling see it. Pure functions.

Source: the documentation of CloudNativePG 1.29: pods without a StatefulSet, one claim each, three services, the
secret of the application's user, two disruption budgets. It takes its operator to make a database of them.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator

from nereus.kubernetes.sim.api import Object
from nereus.kubernetes.standins import owned

CONTROLLER = "cloudnative-pg"
API = "postgresql.cnpg.io/v1"
_CLUSTER, _INSTANCE, _ROLE, _POD_ROLE = (
    "cnpg.io/cluster",
    "cnpg.io/instanceName",
    "cnpg.io/instanceRole",
    "cnpg.io/podRole",
)
_PORT = 5432
_USER = 26


def secret(cluster: Object) -> Object | None:
    """The secret of the application's user, which the operator makes once unless the cluster names one."""
    initdb = cluster["spec"].get("bootstrap", {}).get("initdb", {})
    if initdb.get("secret"):
        return None
    meta, database = cluster["metadata"], initdb.get("database", "app")
    name, owner, password = meta["name"], initdb.get("owner", database), secrets.token_urlsafe(32)
    host = f"{name}-rw.{meta['namespace']}"
    texts = {"username": owner, "user": owner, "password": password, "dbname": database}
    texts |= {"host": f"{name}-rw", "port": str(_PORT), "pgpass": f"{name}-rw:{_PORT}:{database}:{owner}:{password}\n"}
    texts |= {
        "uri": f"postgresql://{owner}:{password}@{host}:{_PORT}/{database}",
        "jdbc-uri": f"jdbc:postgresql://{host}:{_PORT}/{database}?password={password}&user={owner}",
    }
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    made = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": f"{name}-app", "labels": {_CLUSTER: name}},
        "type": "kubernetes.io/basic-auth",
        "data": data,
    }
    return owned(made, cluster, CONTROLLER)


def objects(cluster: Object, primary: int = 1) -> Iterator[Object]:
    """Service account, services, disruption budgets, claims and pods; the instance `primary` takes what is written."""
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    instances = int(spec.get("instances", 1))
    for made in (*_services(name), *_budgets(name, spec, instances)):
        yield owned(made, cluster, CONTROLLER)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "labels": {_CLUSTER: name}}}
    yield owned(account, cluster, CONTROLLER)
    for number in range(1, instances + 1):
        yield owned(_claim(name, number, spec, primary), cluster, CONTROLLER)
        yield owned(_pod(name, number, spec, primary), cluster, CONTROLLER)


def role_of(number: int, primary: int) -> Object:
    """The change of a pod's labels when another instance becomes the primary."""
    return {"metadata": {"labels": {_ROLE: "primary" if number == primary else "replica"}}}


def _services(name: str) -> Iterator[Object]:
    chosen = {"rw": {_ROLE: "primary"}, "ro": {_ROLE: "replica"}, "r": {_POD_ROLE: "instance"}}
    for suffix, role in chosen.items():
        yield {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": f"{name}-{suffix}", "labels": {_CLUSTER: name}},
            "spec": {
                "selector": {_CLUSTER: name, **role},
                "ports": [{"name": "postgres", "port": _PORT, "targetPort": _PORT, "protocol": "TCP"}],
            },
        }


def _budgets(name: str, spec: Object, instances: int) -> Iterator[Object]:
    if not spec.get("enablePDB", True):
        return
    wanted = {f"{name}-primary": ("primary", 1)}
    if instances > 2:
        wanted[name] = ("replica", instances - 2)
    for budget, (role, least) in wanted.items():
        yield {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": budget, "labels": {_CLUSTER: name}},
            "spec": {"minAvailable": least, "selector": {"matchLabels": {_CLUSTER: name, _ROLE: role}}},
        }


def _claim(name: str, number: int, spec: Object, primary: int) -> Object:
    storage = spec.get("storage", {})
    template = storage.get("pvcTemplate") or {}
    wanted = {"accessModes": ["ReadWriteOnce"], **template}
    if storage.get("storageClass"):
        wanted["storageClassName"] = storage["storageClass"]
    if storage.get("size"):
        wanted["resources"] = {"requests": {"storage": storage["size"]}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": f"{name}-{number}",
            "labels": _labels(name, number, primary) | {"cnpg.io/pvcRole": "PG_DATA"},
        },
        "spec": wanted,
    }


def _labels(name: str, number: int, primary: int) -> dict[str, str]:
    return {
        _CLUSTER: name,
        _INSTANCE: f"{name}-{number}",
        _POD_ROLE: "instance",
        _ROLE: "primary" if number == primary else "replica",
    }


def _pod(name: str, number: int, spec: Object, primary: int) -> Object:
    inherited = spec.get("inheritedMetadata") or {}
    labels = {**(inherited.get("labels") or {}), **_labels(name, number, primary)}
    restricted = {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": spec.get("seccompProfile") or {"type": "RuntimeDefault"},
    }
    data = {"name": "pgdata", "mountPath": "/var/lib/postgresql/data"}
    scratch = {"name": "scratch-data", "mountPath": "/run"}
    common = {
        "resources": spec.get("resources") or {},
        "securityContext": restricted,
        "volumeMounts": [data, scratch],
        "imagePullPolicy": spec.get("imagePullPolicy", "IfNotPresent"),
    }
    image = spec.get("imageName", "postgresql")
    pod: Object = {
        "hostname": f"{name}-{number}",
        "serviceAccountName": name,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": spec.get("postgresUID", _USER),
            "runAsGroup": spec.get("postgresGID", _USER),
            "fsGroup": spec.get("postgresGID", _USER),
            "seccompProfile": spec.get("seccompProfile") or {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": spec.get("stopDelay", 1800),
        "affinity": _affinity(name, spec.get("affinity") or {}),
        "initContainers": [{"name": "bootstrap-controller", "image": CONTROLLER, "command": ["manager"], **common}],
        "containers": [
            {
                "name": "postgres",
                "image": image,
                "command": ["/controller/manager", "instance", "run"],
                "ports": [
                    {"name": "postgresql", "containerPort": _PORT, "protocol": "TCP"},
                    {"name": "metrics", "containerPort": 9187, "protocol": "TCP"},
                    {"name": "status", "containerPort": 8000, "protocol": "TCP"},
                ],
                **common,
            }
        ],
        "volumes": [
            {"name": "pgdata", "persistentVolumeClaim": {"claimName": f"{name}-{number}"}},
            {"name": "scratch-data", "emptyDir": {}},
        ],
    }
    for key in ("priorityClassName", "topologySpreadConstraints", "imagePullSecrets", "schedulerName"):
        if spec.get(key):
            pod[key] = spec[key]
    for key in ("nodeSelector", "tolerations"):
        if (spec.get("affinity") or {}).get(key):
            pod[key] = spec["affinity"][key]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{name}-{number}",
            "labels": labels,
            "annotations": dict(inherited.get("annotations") or {}),
        },
        "spec": pod,
    }


def _affinity(name: str, said: Object) -> Object:
    if not said.get("enablePodAntiAffinity", True):
        return {}
    term = {
        "topologyKey": said.get("topologyKey", "kubernetes.io/hostname"),
        "labelSelector": {"matchLabels": {_CLUSTER: name, _POD_ROLE: "instance"}},
    }
    if said.get("podAntiAffinityType") == "required":
        return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
