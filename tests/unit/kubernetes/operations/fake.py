"""A Doris and its operator that answer as they are documented to: a stand-in, since no registry has either.

Kubernetes is asked for another number of pods or another image; every look at the cluster lets one step happen: a
tablet moves away, a pod starts, one more pod runs the new image.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import Any

from nereus.warehouse.client import Parameters, Row, WarehouseError


@dataclass
class Pod:
    number: int
    version: str
    alive: bool = True
    tablets: int = 0
    leaving: bool = False
    forgotten: bool = False


@dataclass
class FakeCluster:
    """The DorisCluster, the pods, and what Doris knows of them. `statements` is everything that was executed."""

    fe: list[Pod]
    be: list[Pod]
    object: dict[str, Any]
    master: int = 0
    statements: list[str] = field(default_factory=list)
    config: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    stuck: bool = False
    #: How many more answers before the run is broken off.
    answers: int | None = None

    @classmethod
    def of(cls, frontends: int, backends: int, version: str = "4.0.7", tablets: int = 3) -> FakeCluster:
        images = {part: f"nereus/doris-{part}:{version}" for part in ("fe", "be")}
        return cls(
            [Pod(number, version) for number in range(frontends)],
            [Pod(number, version, tablets=tablets) for number in range(backends)],
            {
                "feSpec": {"replicas": frontends, "electionNumber": frontends, "image": images["fe"]},
                "beSpec": {"replicas": backends, "image": images["be"]},
            },
        )

    # What Kubernetes is asked

    def spec(self) -> dict[str, Any]:
        return copy.deepcopy(self.object)

    def change(self, spec: dict[str, Any]) -> None:
        for part, wanted in spec.items():
            self.object[part].update(wanted)

    def restart(self, pod: str) -> None:
        number = int(pod.rpartition("-")[2])
        self.statements.append(f"restart {pod}")
        if number == self.master:
            self.master = min(each.number for each in self.fe if each.number != number)

    # What Doris is asked

    def query(self, sql: str, params: Parameters = None, *, database: str | None = None) -> list[Row]:
        self._count()
        self._step()
        if sql == "SHOW BACKENDS":
            return [
                {
                    **{"Host": _host("be", pod), "HeartbeatPort": 9050, "Alive": str(pod.alive).lower()},
                    **{"Version": f"doris-{pod.version}-rc01", "TabletNum": pod.tablets},
                    "SystemDecommissioned": str(pod.leaving).lower(),
                }
                for pod in self.be
                if not pod.forgotten
            ]
        assert sql == "SHOW FRONTENDS", sql
        return [
            {
                **{"Host": _host("fe", pod), "EditLogPort": 9010, "Alive": str(pod.alive).lower()},
                **{"Version": f"doris-{pod.version}-rc01", "IsMaster": str(pod.number == self.master).lower()},
            }
            for pod in self.fe
            if not pod.forgotten
        ]

    def execute(self, sql: str, params: Parameters = None, *, database: str | None = None) -> int:
        self._count()
        self.statements.append(sql)
        if found := re.fullmatch(r'ALTER SYSTEM DECOMMISSION BACKEND "warehouse-be-(\d+)\..*:9050"', sql):
            self.be[int(found[1])].leaving = True
        elif found := re.fullmatch(r'ALTER SYSTEM DROP FOLLOWER "warehouse-fe-(\d+)\..*:9010"', sql):
            number = int(found[1])
            if number == self.master:
                raise WarehouseError("can not drop current master node", 1105)
            self.fe[number].forgotten = True
        elif found := re.fullmatch(r'ADMIN SET ALL FRONTENDS CONFIG \("(\w+)" = "(\w+)"\)', sql):
            self.config[found[1]] = found[2]
        else:
            raise AssertionError(f"Doris was sent {sql}")
        return 0

    def _count(self) -> None:
        if self.answers is not None:
            if self.answers == 0:
                raise KeyboardInterrupt
            self.answers -= 1

    def _step(self) -> None:
        if self.stuck:
            return
        for pod in self.be:
            if pod.leaving and pod.tablets:
                pod.tablets -= 1
                return
            if pod.leaving and not pod.forgotten:
                pod.forgotten = True
                return
        for part, pods in (("fe", self.fe), ("be", self.be)):
            wanted, image = self.object[f"{part}Spec"]["replicas"], self.object[f"{part}Spec"]["image"]
            version = image.rpartition(":")[2]
            if len(pods) < wanted:
                pods.append(Pod(len(pods), version))
                return
            for pod in pods[wanted:]:
                # The operator ends pods without asking: what Doris still counted on is lost.
                if not pod.forgotten:
                    self.lost.append(_host(part, pod))
            del pods[wanted:]
            for pod in pods:
                if pod.version != version:
                    pod.version = version
                    return


def _host(part: str, pod: Pod) -> str:
    return f"warehouse-{part}-{pod.number}.warehouse-{part}-internal.nereus-warehouse.svc.cluster.local"
