"""platform.yaml, its plan and versions.yaml -> the values that manifests and charts are filled with."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nereus.ansible.inventory import DATA_FOLDER
from nereus.config import Platform
from nereus.config.model import ExistingSection
from nereus.errors import BadInput
from nereus.kubernetes.catalogue import Catalogue
from nereus.kubernetes.quantities import GI, MI, bytes_text, cpu_text
from nereus.kubernetes.render.apps import app_values
from nereus.kubernetes.render.demand import Demand, Sized

#: What people type in front of kubernetes.domain.
HOSTS = ("portal", "superset", "jupyter", "grafana")
#: Names of our own storage classes, ingress class and issuer, where the cluster brings none.
HOT_CLASS, COLD_CLASS = "nereus-hot", "nereus-cold"
INGRESS_CLASS, INGRESS_NAMESPACE = "nereus", "nereus-ingress"
ISSUER, ACME_ISSUER = "nereus", "acme"
#: machine -> tier -> folders
Disks = Mapping[str, Mapping[str, Sequence[str]]]
S3_SERVICE = "http://seaweedfs-s3.nereus-storage.svc.cluster.local:8333"
_REFERENCE = re.compile(r"(?P<registry>[^/]+)/(?P<repository>[^:@]+):(?P<tag>[^@]+)(@(?P<digest>sha256:[0-9a-f]{64}))?")


def values(platform: Platform, sized: Sized, catalogue: Catalogue, root_password: str, disks: Disks) -> dict[str, Any]:
    """Everything a `${...}` can ask for. `root_password` is only used for its hash, as Doris keeps it.

    `disks` are the folders of each machine's data disks by tier; a machine that is not named has one of each.
    """
    cluster = platform.cluster if platform.platform.target == "cluster" else None
    there = cluster.existing if cluster else ExistingSection()
    domain, identity = platform.kubernetes.domain, platform.kubernetes.identity
    store, hot = there.object_store, cluster.storage_class if cluster else HOT_CLASS
    demands = sized.demands
    return {
        "platform": {
            "name": platform.platform.name,
            "overlay": sized.overlay,
            "nodes": sized.nodes,
            "replicas": min(platform.data.replicas, sized.nodes),
            "backups_kept": platform.data.backups_kept,
        },
        **app_values(platform, sized),
        "hosts": {name: f"{name}.{domain}" for name in HOSTS},
        "ingress": {
            "class": cluster.ingress_class if cluster else INGRESS_CLASS,
            "namespace": there.ingress.namespace if there.ingress else INGRESS_NAMESPACE,
            "https_port": 443,
        },
        "certificates": {
            "issuer": _issuer(platform, there),
            "acme_email": platform.kubernetes.acme_email or "",
        },
        "oidc": {
            "enabled": identity is not None,
            "issuer": identity.issuer if identity else "",
            "client_id": identity.client_id if identity else "",
        },
        "storage": {
            "hot": hot,
            "cold": (cluster.cold_storage_class or hot) if cluster else COLD_CLASS,
            "paths": {HOT_CLASS: _paths("hot", disks), COLD_CLASS: _paths("cold", disks)},
        },
        "monitoring": {"namespace": there.monitoring.namespace if there.monitoring else "nereus-monitoring"},
        "s3": {"endpoint": store.endpoint if store else S3_SERVICE, "region": store.region if store else "us-east-1"},
        "doris": _doris(sized, root_password),
        "seaweedfs": {"replication": "001" if demands_of(sized, "seaweedfs-volume") > 1 else "000"},
        "images": dict(catalogue.images),
        "image": {name: _parts(reference) for name, reference in catalogue.images.items()},
        "charts": {name: dict(chart) for name, chart in catalogue.charts.items()},
        "replicas": {name: one.replicas for name, one in demands.items()},
        "resources": {name: _resources(one) for name, one in demands.items()},
        "volumes": {
            name: {volume: bytes_text(size) for volume, size in one.volumes.items()}
            for name, one in demands.items()
            if one.volumes
        },
        "affinity": {
            name: _affinity(one, catalogue.labels(name), cluster.node_labels if cluster else {})
            for name, one in demands.items()
        },
    }


def _issuer(platform: Platform, there: ExistingSection) -> str:
    if there.certificates:
        return there.certificates.issuer
    return ACME_ISSUER if platform.kubernetes.acme_email else ISSUER


def _paths(tier: str, disks: Disks) -> dict[str, Any]:
    """One class's folders, as local-path-provisioner's configuration says them."""
    named = [{"node": name, "paths": list(found[tier])} for name, found in sorted(disks.items()) if found.get(tier)]
    usual = {"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [DATA_FOLDER.format(tier=tier, number=0)]}
    return {"nodePathMap": [usual, *named]}


def demands_of(sized: Sized, name: str) -> int:
    """How many pods of a component there will be; 0 where it is not installed."""
    return sized.demands[name].replicas if name in sized.demands else 0


def doris_hash(password: str) -> str:
    """A password as Doris and MySQL keep it: the SHA-1 of its SHA-1, in hexadecimal after a star."""
    inner = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(inner, usedforsecurity=False).hexdigest().upper()


def _doris(sized: Sized, root_password: str) -> dict[str, Any]:
    ports = {name: sized.demands[name].component.ports for name in ("doris-fe", "doris-be")}
    return {
        "frontends": sized.frontends,
        "backends": sized.backends,
        "root_password_hash": doris_hash(root_password),
        # Three quarters of its memory: the rest is Java's own, threads and direct buffers.
        "fe_heap_mb": sized.demands["doris-fe"].memory_limit * 3 // 4 // MI,
        "be_mem_limit_bytes": sized.backend_mem_limit,
        "be_cores": max(1, sized.demands["doris-be"].cpu_request // 1000),
        "file_cache_bytes": sized.file_cache_bytes,
        "data_gb": sized.demands["doris-be"].volumes["data"] // GI,
        "fe_ports": dict(ports["doris-fe"]),
        "be_ports": dict(ports["doris-be"]),
        "host": "warehouse-fe-service.nereus-warehouse.svc.cluster.local",
    }


def _parts(reference: str) -> dict[str, str]:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise BadInput(
            f"versions.yaml: the image {reference!r} is not registry/name:tag.", fix="Write all three, and no `latest`."
        )
    found = {name: text or "" for name, text in match.groupdict().items()}
    # What charts ask for: most a digest, some its digits alone, and those that know only a tag take the digest with it.
    return {
        **found,
        "name": f"{match['registry']}/{match['repository']}",
        "sha": found["digest"].removeprefix("sha256:"),
        "pinned": "@".join(filter(None, (found["tag"], found["digest"]))),
    }


def _resources(one: Demand) -> dict[str, dict[str, str]]:
    return {
        "requests": {"cpu": cpu_text(one.cpu_request), "memory": bytes_text(one.memory_request)},
        "limits": {"cpu": cpu_text(one.cpu_limit), "memory": bytes_text(one.memory_limit)},
    }


def _affinity(one: Demand, labels: Mapping[str, str], nodes: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if nodes:
        wanted = [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(nodes.items())]
        found["nodeAffinity"] = {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": wanted}]}
        }
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": dict(labels)}}
    if one.component.spread == "required":
        found["podAntiAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    elif one.component.spread == "preferred":
        weighted = [{"weight": 100, "podAffinityTerm": term}]
        found["podAntiAffinity"] = {"preferredDuringSchedulingIgnoredDuringExecution": weighted}
    return found
