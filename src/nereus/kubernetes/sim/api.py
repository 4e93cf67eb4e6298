"""A small client of one API server: read, apply, delete and evict, with errors that carry the server's own words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import requests
from ruamel.yaml import YAML

from nereus.errors import Failure

#: Whoever reads objects of Kubernetes meets arbitrary JSON.
Json: TypeAlias = Any
Object = dict[str, Json]
_LIMIT_S = 20


class Refused(Failure):
    """The API server answered with an error. `status` is its HTTP status, `reason` the server's own word for it."""

    def __init__(self, what: str, status: int, reason: str, message: str) -> None:
        super().__init__(f"{what}: {message}")
        self.status = status
        self.reason = reason


@dataclass
class Api:
    """One API server, entered with a client certificate."""

    address: str
    authority: Path
    certificate: tuple[Path, Path]
    _known: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment is not for loopback
        self._session.verify = str(self.authority)
        self._session.cert = (str(self.certificate[0]), str(self.certificate[1]))

    @classmethod
    def of(cls, kubeconfig: Path) -> Api:
        """The API server of a kubeconfig file that names its certificates by path, as `pki` writes it."""
        content = YAML(typ="safe").load(kubeconfig.read_text("utf-8"))
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        certificate = (Path(user["client-certificate"]), Path(user["client-key"]))
        return cls(cluster["server"], Path(cluster["certificate-authority"]), certificate)

    def ready(self) -> bool:
        """Whether the server says that it is ready, storage included."""
        try:
            return self._session.get(f"{self.address}/readyz", timeout=2).text == "ok"
        except requests.RequestException:
            return False

    def types(self) -> dict[str, Json]:
        """The server's own schemas by their name, as /openapi/v2 writes them."""
        found: dict[str, Json] = self._send("GET", "/openapi/v2", "schemas")["definitions"]
        return found

    def list(
        self, version: str, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        """All objects of a kind, in one namespace or in all; of an unknown kind there are none."""
        try:
            path = self._path(version, kind, namespace)
        except LookupError:
            return []
        query = {"labelSelector": ",".join(f"{name}={value}" for name, value in labels.items())} if labels else {}
        answer = self._send("GET", path, f"list {kind}", params=query)
        return [{"apiVersion": version, "kind": kind, **item} for item in answer["items"]]

    def get(self, version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None when there is none of that name."""
        try:
            return self._send("GET", f"{self._path(version, kind, namespace)}/{quote(name)}", f"{kind} {name}")
        except (Refused, LookupError) as error:
            if isinstance(error, LookupError) or error.status == 404:
                return None
            raise

    def apply(self, wanted: Object, manager: str, *, status: bool = False) -> Object:
        """Server-side apply of one object, as the only owner of what it sets. `status` applies its status alone."""
        meta = wanted["metadata"]
        path = self._path(wanted["apiVersion"], wanted["kind"], meta.get("namespace"))
        return self._send(
            "PATCH",
            f"{path}/{quote(meta['name'])}{'/status' if status else ''}",
            f"{wanted['kind']} {meta.get('namespace', '')}/{meta['name']}",
            params={"fieldManager": manager, "force": "true"},
            data=json.dumps(wanted),
            headers={"Content-Type": "application/apply-patch+yaml"},
        )

    def patch(self, version: str, kind: str, name: str, change: Object, namespace: str | None = None) -> Object:
        """Merge a change into one object."""
        return self._send(
            "PATCH",
            f"{self._path(version, kind, namespace)}/{quote(name)}",
            f"{kind} {name}",
            data=json.dumps(change),
            headers={"Content-Type": "application/merge-patch+json"},
        )

    def delete(self, version: str, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete one object; it is no error when it is gone already."""
        try:
            self._send("DELETE", f"{self._path(version, kind, namespace)}/{quote(name)}", f"{kind} {name}")
        except Refused as error:
            if error.status != 404:
                raise

    def evict(self, name: str, namespace: str) -> None:
        """Ask to move one pod away. Raises Refused with status 429 when its disruption budget says no."""
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            # A simulated container has no process that needs time to end.
            "deleteOptions": {"gracePeriodSeconds": 0},
        }
        path = f"{self._path('v1', 'Pod', namespace)}/{quote(name)}/eviction"
        headers = {"Content-Type": "application/json"}
        self._send("POST", path, f"evict {namespace}/{name}", data=json.dumps(body), headers=headers)

    def allowed(self, who: str, verb: str, resource: str, namespace: str, group: str = "") -> bool:
        """Whether `who` may do it; a service account is `system:serviceaccount:NAMESPACE:NAME`."""
        attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": resource}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": who, "groups": _groups(who), "resourceAttributes": attributes},
        }
        path, headers = "/apis/authorization.k8s.io/v1/subjectaccessreviews", {"Content-Type": "application/json"}
        answer = self._send("POST", path, "subject access review", data=json.dumps(body), headers=headers)
        return bool(answer["status"]["allowed"])

    def knows(self, version: str, kind: str) -> bool:
        """Whether the server serves this kind, asked anew: definitions come and go."""
        self._known.pop(version, None)
        try:
            self._path(version, kind, None)
        except LookupError:
            return False
        return True

    def _path(self, version: str, kind: str, namespace: str | None) -> str:
        root = f"/api/{version}" if version == "v1" else f"/apis/{version}"
        if kind not in self._known.get(version, {}):
            self._known[version] = dict(self._resources(root))
        if kind not in self._known[version]:
            raise LookupError(f"{version} {kind}")
        plural, namespaced = self._known[version][kind]
        return f"{root}/namespaces/{quote(namespace)}/{plural}" if namespaced and namespace else f"{root}/{plural}"

    def _resources(self, root: str) -> Iterator[tuple[str, tuple[str, bool]]]:
        try:
            answer = self._send("GET", root, f"resources of {root}")
        except Refused as error:
            if error.status == 404:
                return
            raise
        for each in answer["resources"]:
            if "/" not in each["name"]:
                yield each["kind"], (each["name"], each["namespaced"])

    def _send(self, method: str, path: str, what: str, **more: Json) -> Object:
        try:
            answer = self._session.request(method, self.address + path, timeout=_LIMIT_S, **more)
        except requests.RequestException as error:
            raise Failure(f"{what}: the API server at {self.address} does not answer ({error})") from error
        try:
            content: Object = answer.json()
        except ValueError:
            content = {"message": answer.text}
        if answer.status_code >= 400:
            raise Refused(what, answer.status_code, content.get("reason", ""), content.get("message", answer.text))
        return content


def holds(one: Object, condition: str) -> bool:
    """Whether a condition of an object's status is true."""
    conditions = one.get("status", {}).get("conditions") or []
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def _groups(who: str) -> Sequence[str]:
    if not who.startswith("system:serviceaccount:"):
        return ["system:authenticated"]
    namespace = who.split(":")[2]
    return ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
