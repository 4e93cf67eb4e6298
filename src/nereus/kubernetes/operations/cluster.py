"""The DorisCluster object: how many frontends and backends it wants, of which image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from nereus.kubernetes.operations.kubectl import Kubectl

NAMESPACE, NAME = "nereus-warehouse", "warehouse"


class Cluster(Protocol):
    """What scaling and upgrading ask of Kubernetes."""

    def spec(self) -> dict[str, Any]: ...

    def change(self, spec: dict[str, Any]) -> None: ...

    def restart(self, pod: str) -> None: ...


@dataclass(frozen=True)
class OnKubernetes:
    """The object as kubectl sees it."""

    kubectl: Kubectl

    def spec(self) -> dict[str, Any]:
        """Its spec: feSpec, beSpec with replicas and image."""
        found: dict[str, Any] = self.kubectl.get("doriscluster", NAME, NAMESPACE)["spec"]
        return found

    def change(self, spec: dict[str, Any]) -> None:
        """Merge into its spec."""
        self.kubectl.patch("doriscluster", NAME, NAMESPACE, {"spec": spec})

    def restart(self, pod: str) -> None:
        """End a pod; its StatefulSet starts it again."""
        self.kubectl("delete", "pod", pod, "--namespace", NAMESPACE, "--wait=true", seconds=600)
