"""The loop that acts for missing controllers: it reads their objects and applies what the stand-ins make of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from nereus.errors import Failure
from nereus.kubernetes.sim.api import Api, Object, Refused, holds
from nereus.kubernetes.standins import MANAGER, certificates, doris, owned, postgres

#: An object that was refused is tried again after this many seconds, like a controller that backs off.
_BACK_OFF_S = 3.0


class StandIns:
    """Acts for doris-operator, CloudNativePG and cert-manager on one API server."""

    def __init__(self, api: Api, log: Path) -> None:
        self._api = api
        self._log = log
        self._done: dict[str, tuple[str, str]] = {}
        self._not_before: dict[str, float] = {}
        self._primaries: dict[str, int] = {}

    def round(self) -> None:
        """Look once at every object that a stand-in is responsible for, and act on those that changed."""
        kinds: tuple[tuple[str, str, Callable[[Object], None]], ...] = (
            (doris.API, "DorisCluster", self._doris),
            (postgres.API, "Cluster", self._postgres),
            (certificates.API, "Issuer", self._issuer),
            (certificates.API, "ClusterIssuer", self._issuer),
            (certificates.API, "Certificate", self._certificate),
        )
        for version, kind, act in kinds:
            try:
                found = self._api.list(version, kind)
            except Failure as error:
                self._say(f"{kind}: {error}")
                continue
            for each in found:
                self._act(each, act)

    def _act(self, found: Object, act: Callable[[Object], None]) -> None:
        name = f"{found['kind']} {found['metadata'].get('namespace', '')}/{found['metadata']['name']}"
        if time.monotonic() < self._not_before.get(name, 0) or found["metadata"].get("deletionTimestamp"):
            return
        try:
            act(found)
        except (Failure, KeyError, TypeError, ValueError) as error:
            reason = "StandInRefused" if isinstance(error, Refused) else "StandInFailed"
            text = str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {error}"
            self._say(f"{name}: {text}")
            self._not_before[name] = time.monotonic() + _BACK_OFF_S
            self._done = {key: value for key, value in self._done.items() if found["metadata"]["uid"] not in key}
            self._event(found, reason, text)

    def _apply(self, made: Object) -> None:
        self._api.apply(made, MANAGER)

    def _doris(self, cluster: Object) -> None:
        fe_conf, be_conf = (self._settings(cluster, name) for name in ("fe", "be"))
        if self._changed(cluster, f"{fe_conf}{be_conf}"):
            for made in doris.part(cluster, "fe", fe_conf, fe_conf):
                self._apply(self._frontends_kept(made))
        # The operator makes backends when a frontend answers, which its service shows.
        if cluster["spec"].get("feSpec") and not self._has_address(cluster, "fe"):
            self._status(cluster, be="")
            return
        if self._changed(cluster, f"{fe_conf}{be_conf}", "be"):
            for made in doris.part(cluster, "be", be_conf, fe_conf):
                self._apply(made)
        self._status(cluster, be=self._phase(cluster, "be"))

    def _frontends_kept(self, made: Object) -> Object:
        """Fewer frontends: the operator asks by SQL first, and waits as long as nobody answers."""
        if made["kind"] == "StatefulSet":
            meta = made["metadata"]
            now = self._api.get("apps/v1", "StatefulSet", meta["name"], meta["namespace"])
            if now is not None and now["spec"]["replicas"] > made["spec"]["replicas"]:
                made["spec"]["replicas"] = now["spec"]["replicas"]
                self._say(f"{meta['name']}: fewer frontends were asked for; without SQL their number stays")
        return made

    def _settings(self, cluster: Object, name: str) -> dict[str, str]:
        """The settings of fe.conf or be.conf. Raises Failure when a ConfigMap that is named does not exist."""
        found: dict[str, str] = {}
        for each in doris.config_map_names(cluster, name):
            held = self._api.get("v1", "ConfigMap", each, cluster["metadata"]["namespace"])
            if held is None:
                raise Failure(f"the ConfigMap {each} does not exist")
            found |= doris.settings(held.get("data", {}).get(f"{name}.conf", ""))
        return found

    def _has_address(self, cluster: Object, name: str) -> bool:
        meta = cluster["metadata"]
        labels = {"kubernetes.io/service-name": f"{meta['name']}-{name}-service"}
        slices = self._api.list("discovery.k8s.io/v1", "EndpointSlice", meta["namespace"], labels)
        return any(each.get("conditions", {}).get("ready") for one in slices for each in one.get("endpoints") or [])

    def _phase(self, cluster: Object, name: str) -> str:
        meta = cluster["metadata"]
        found = self._api.get("apps/v1", "StatefulSet", f"{meta['name']}-{name}", meta["namespace"])
        if found is None:
            return ""
        ready = found["status"].get("readyReplicas", 0) >= found["spec"]["replicas"]
        return "available" if ready else "initializing"

    def _status(self, cluster: Object, be: str) -> None:
        phases = {"feStatus": self._phase(cluster, "fe"), "beStatus": be}
        status = {name: {"componentCondition": {"phase": phase}} for name, phase in phases.items() if phase}
        if cluster.get("status", {}) != status:
            self._set_status(cluster, status)

    def _postgres(self, cluster: Object) -> None:
        meta = cluster["metadata"]
        pods = self._api.list("v1", "Pod", meta["namespace"], {"cnpg.io/cluster": meta["name"]})
        primary = self._primary(cluster, pods)
        if self._changed(cluster, str(primary)):
            secret = postgres.secret(cluster)
            if secret is not None and self._missing(secret):
                self._apply(secret)
            for made in postgres.objects(cluster, primary):
                # A pod cannot be changed: the operator makes another one, which a stand-in has no reason to.
                if made["kind"] != "Pod":
                    self._apply(made)
        for made in postgres.objects(cluster, primary):
            if made["kind"] == "Pod" and self._missing(made):
                self._apply(made)
        ready = sum(holds(pod, "Ready") for pod in pods)
        conditions = [_condition("Ready", ready >= cluster["spec"].get("instances", 1))]
        status = {"instances": len(pods), "readyInstances": ready, "conditions": conditions}
        now = cluster.get("status", {})
        if (now.get("readyInstances"), now.get("instances")) != (ready, len(pods)):
            self._set_status(cluster, status)

    def _primary(self, cluster: Object, pods: list[Object]) -> int:
        """The instance that is the primary: another one when its machine is to be emptied and another is ready."""
        meta = cluster["metadata"]
        number = self._primaries.get(meta["uid"], 1)
        closed = {
            each["metadata"]["name"] for each in self._api.list("v1", "Node") if each["spec"].get("unschedulable")
        }
        ready = {
            int(pod["metadata"]["name"].rsplit("-", 1)[1])
            for pod in pods
            if holds(pod, "Ready") and pod["spec"].get("nodeName") not in closed
        }
        if ready and closed and number not in ready:
            number = min(ready)
            self._say(f"{meta['name']}: the instance {number} becomes the primary")
            for pod in pods:
                own = pod["metadata"]["name"]
                change = postgres.role_of(int(own.rsplit("-", 1)[1]), number)
                self._api.patch("v1", "Pod", own, change, meta["namespace"])
        self._primaries[meta["uid"]] = number
        return number

    def _issuer(self, issuer: Object) -> None:
        if not issuer.get("status", {}).get("conditions"):
            self._set_status(issuer, {"conditions": [_condition("Ready", True)]})

    def _certificate(self, certificate: Object) -> None:
        if self._changed(certificate, ""):
            secret = certificates.secret(certificate)
            if self._missing(secret):
                self._apply(owned(secret, certificate, certificates.CONTROLLER))
        if not certificate.get("status", {}).get("conditions"):
            self._set_status(certificate, {"conditions": [_condition("Ready", True)]})

    def _missing(self, made: Object) -> bool:
        meta = made["metadata"]
        return self._api.get(made["apiVersion"], made["kind"], meta["name"], meta.get("namespace")) is None

    def _changed(self, found: Object, beside: str, step: str = "") -> bool:
        """Whether this step is to be done for this generation. Once asked it counts as done, unless the round fails."""
        meta = found["metadata"]
        known, now = f"{meta['uid']} {step}", (str(meta.get("generation")), beside)
        if self._done.get(known) == now:
            return False
        self._done[known] = now
        return True

    def _set_status(self, found: Object, status: Object) -> None:
        meta = found["metadata"]
        wanted = {
            "apiVersion": found["apiVersion"],
            "kind": found["kind"],
            "metadata": {key: meta[key] for key in ("name", "namespace") if key in meta},
            "status": status,
        }
        self._api.apply(wanted, MANAGER, status=True)

    def _event(self, found: Object, reason: str, message: str) -> None:
        """What a controller would complain of, where `kubectl get events` shows it."""
        meta = found["metadata"]
        namespace = meta.get("namespace", "default")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{meta['name']}.{reason.lower()}", "namespace": namespace},
            "involvedObject": {"kind": found["kind"], "name": meta["name"], "namespace": namespace, "uid": meta["uid"]},
            "type": "Warning",
            "reason": reason,
            "message": message[:1000],
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "source": {"component": MANAGER},
        }
        try:
            self._apply(event)
        except Failure as error:
            self._say(str(error))

    def _say(self, text: str) -> None:
        with self._log.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def _condition(kind: str, holds: bool) -> Object:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    text = "True" if holds else "False"
    return {"type": kind, "status": text, "reason": "StandIn", "message": "by a stand-in", "lastTransitionTime": now}
