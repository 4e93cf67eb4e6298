"""Our own definition of a DorisCluster takes Kubernetes' types from the API server."""

from __future__ import annotations

import json

import pytest

from nereus.errors import Failure
from nereus.kubernetes.standins import definitions

_NAMES = (
    "LocalObjectReference EnvVar Affinity Toleration HostAlias PodSecurityContext SecurityContext "
    "PersistentVolumeClaimSpec"
)
TYPES = {
    f"io.k8s.api.core.v1.{name}": {"type": "object", "description": "long", "properties": {"name": {"type": "string"}}}
    for name in _NAMES.split()
} | {
    "io.k8s.api.core.v1.Affinity": {
        "type": "object",
        "properties": {"description": {"$ref": "#/definitions/io.k8s.api.core.v1.Deep"}},
    },
    "io.k8s.api.core.v1.Deep": {"type": "integer", "default": 3, "description": "left out"},
}


def test_types_are_filled_in_without_their_texts() -> None:
    (found,) = definitions.own(TYPES)
    schema = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    for part in ("feSpec", "beSpec"):
        assert schema[part]["properties"]["affinity"] == {
            "type": "object",
            "properties": {"description": {"type": "integer"}},
        }
    assert "$" not in json.dumps(found)


def test_only_backends_have_what_only_backends_know() -> None:
    (found,) = definitions.own(TYPES)
    schema = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    only = set(schema["beSpec"]["properties"]) - set(schema["feSpec"]["properties"])
    assert only == {"enableWorkloadGroup", "skipDefaultSystemInit", "enableFeAffinity", "autoResolveLimitCPU"}


def test_a_type_that_the_server_lacks_is_named() -> None:
    with pytest.raises(Failure, match=r"no type io\.k8s\.api\.core\.v1\."):
        list(definitions.own({}))
