"""What doris-operator makes of a DorisCluster, as far as admission and scheduling see it. Pure functions.

Source: the documentation and the behaviour of doris-operator 26.0.0. Its names, labels, ports, probes and claims are
here; its SQL (registering, decommissioning) and its scripts are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nereus.kubernetes.sim.api import Object
from nereus.kubernetes.standins import owned

CONTROLLER = "doris-operator"
API = "doris.selectdb.com/v1"
_ROOT = "/opt/apache-doris"
_COMPONENT, _OWNER, _CLUSTER = (
    "app.kubernetes.io/component",
    "app.doris.ownerreference/name",
    "app.doris.cluster",
)
#: Key of the configuration file -> port when it says nothing.
_PORTS: Mapping[str, Mapping[str, int]] = {
    "fe": {"http_port": 8030, "rpc_port": 9020, "query_port": 9030, "edit_log_port": 9010},
    "be": {"be_port": 9060, "webserver_port": 8040, "heartbeat_service_port": 9050, "brpc_port": 8060},
}
_SHORT = {"heartbeat_service_port": "heartbeat-port", "arrow_flight_sql_port": "arrow-flight"}
#: Which port answers health, lives, and is the one of the headless service.
_HEALTH = {"fe": "http_port", "be": "webserver_port"}
_ALIVE = {"fe": "query_port", "be": "heartbeat_service_port"}
_STORAGE = {"fe": ("meta_dir", f"{_ROOT}/fe/doris-meta"), "be": ("storage_root_path", f"{_ROOT}/be/storage")}
_GRACE_S = {"fe": 330, "be": 200}
_RESOURCES = ("requests", "limits", "claims")


def settings(text: str) -> dict[str, str]:
    """`key = value` lines of fe.conf or be.conf."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {key.strip(): value.strip() for key, value in pairs}


def part(cluster: Object, name: str, conf: Mapping[str, str], fe_conf: Mapping[str, str]) -> Iterator[Object]:
    """Services and StatefulSet of the part `fe` or `be`; `conf` are the settings of its own configuration file."""
    spec = cluster["spec"].get(f"{name}Spec")
    if spec is None:
        return
    owner = cluster["metadata"]["name"]
    ports = _ports(name, conf)
    select = {_OWNER: f"{owner}-{name}", _COMPONENT: name}
    role = "app.doris.service/role"
    labels = {_OWNER: owner, _COMPONENT: name}
    alive = _ALIVE[name]
    internal = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": select,
        "ports": [_port(alive, ports[alive])],
    }
    outer = {
        "type": spec.get("service", {}).get("type", "ClusterIP"),
        "sessionAffinity": "ClientIP",
        "selector": select,
        "ports": [_port(key, number) for key, number in ports.items()],
    }
    made_of = (
        _object("v1", "Service", f"{owner}-{name}-internal", labels | {role: "internal"}, internal),
        _object("v1", "Service", f"{owner}-{name}-service", labels | {role: "access"}, outer),
        _stateful_set(cluster, name, conf, fe_conf, select),
    )
    for made in made_of:
        yield owned(made, cluster, CONTROLLER)


def _object(version: str, kind: str, name: str, labels: Mapping[str, str], spec: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": dict(labels)}, "spec": spec}


def _ports(name: str, conf: Mapping[str, str]) -> dict[str, int]:
    ports = {key: int(conf.get(key, usual)) for key, usual in _PORTS[name].items()}
    flight = int(conf.get("arrow_flight_sql_port", -1))
    return ports | ({"arrow_flight_sql_port": flight} if flight != -1 else {})


def _short(key: str) -> str:
    return _SHORT.get(key, key.replace("_", "-"))


def _port(key: str, number: int) -> Object:
    return {"name": _short(key), "port": number, "targetPort": number, "protocol": "TCP"}


def _stateful_set(
    cluster: Object, name: str, conf: Mapping[str, str], fe_conf: Mapping[str, str], select: Mapping[str, str]
) -> Object:
    spec, owner = cluster["spec"][f"{name}Spec"], cluster["metadata"]["name"]
    volumes = list(_persistent(name, spec, conf))
    claims = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": each["name"], "annotations": each.get("annotations") or {}},
            "spec": each["persistentVolumeClaimSpec"],
        }
        for each in volumes
    ]
    pod_labels = {**select, _CLUSTER: owner, **(spec.get("podLabels") or {})}
    content = {
        "replicas": spec.get("replicas", 3),
        "serviceName": f"{owner}-{name}-internal",
        "podManagementPolicy": "Parallel",
        "revisionHistoryLimit": 5,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "selector": {"matchLabels": dict(select)},
        "volumeClaimTemplates": claims,
        "template": {
            "metadata": {"labels": pod_labels, "annotations": dict(spec.get("annotations") or {})},
            "spec": _pod(cluster, name, conf, fe_conf, volumes),
        },
    }
    labels = {_OWNER: owner, _COMPONENT: name}
    return _object("apps/v1", "StatefulSet", f"{owner}-{name}", labels, content)


def _pod(
    cluster: Object, name: str, conf: Mapping[str, str], fe_conf: Mapping[str, str], claims: list[Object]
) -> Object:
    spec = cluster["spec"][f"{name}Spec"]
    fields = {
        "nodeSelector": spec.get("nodeSelector"),
        "tolerations": spec.get("tolerations"),
        "imagePullSecrets": spec.get("imagePullSecrets"),
        "hostAliases": spec.get("hostAliases"),
        "serviceAccountName": spec.get("serviceAccount"),
        "securityContext": spec.get("securityContext"),
    }
    volumes, mounts = _volumes(cluster["spec"], name, spec, claims)
    pod = {key: value for key, value in fields.items() if value}
    pod |= {
        "affinity": _affinity(name, spec),
        "terminationGracePeriodSeconds": int(conf.get("grace_shutdown_wait_seconds", _GRACE_S[name])),
        "volumes": volumes,
        "containers": [_container(cluster, name, conf, fe_conf, mounts)],
    }
    before = _init_containers(name, spec)
    return pod | ({"initContainers": before} if before else {})


def _container(
    cluster: Object, name: str, conf: Mapping[str, str], fe_conf: Mapping[str, str], mounts: list[Object]
) -> Object:
    spec = cluster["spec"][f"{name}Spec"]
    ports = _ports(name, conf)
    probe = {"tcpSocket": {"port": ports[_ALIVE[name]]}}
    # In fully qualified domain name mode the operator asks by name, so that readiness means that DNS knows the pod.
    ask = f"curl --fail --silent http://$(hostname -f):{ports[_HEALTH[name]]}/api/health"
    container = {
        "name": name,
        "image": spec["image"],
        "imagePullPolicy": "IfNotPresent",
        "command": [f"{_ROOT}/{name}_entrypoint.sh"],
        "args": ["$(ENV_FE_ADDR)"],
        "ports": [{"name": _short(key), "containerPort": number, "protocol": "TCP"} for key, number in ports.items()],
        "env": _environment(cluster, name, fe_conf),
        "resources": {key: spec[key] for key in _RESOURCES if spec.get(key)},
        "volumeMounts": mounts,
        "startupProbe": {**probe, "periodSeconds": 5, "failureThreshold": max(spec.get("startTimeout", 0), 360) // 5},
        "livenessProbe": {
            **probe,
            "initialDelaySeconds": 80,
            "periodSeconds": 5,
            "timeoutSeconds": spec.get("liveTimeout", 180),
        },
        "readinessProbe": {
            "exec": {"command": ["bash", "-c", ask]},
            "periodSeconds": 5,
            "failureThreshold": 3,
            **(spec.get("readinessProbePolicy") or {}),
        },
        "lifecycle": {"preStop": {"exec": {"command": [f"{_ROOT}/{name}_prestop.sh"]}}},
    }
    context = dict(spec.get("containerSecurityContext") or {})
    if spec.get("enableWorkloadGroup"):
        context["privileged"] = True
    return container | ({"securityContext": context} if context else {})


def _environment(cluster: Object, name: str, fe_conf: Mapping[str, str]) -> list[Object]:
    spec, owner = cluster["spec"][f"{name}Spec"], cluster["metadata"]["name"]
    from_pod = {
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "POD_IP": "status.podIP",
        "HOST_IP": "status.hostIP",
    }
    values: dict[str, str] = {
        "USER": "root",
        "DORIS_ROOT": _ROOT,
        "ENV_FE_ADDR": f"{owner}-fe-service",
        "FE_QUERY_PORT": str(_ports("fe", fe_conf)["query_port"]),
    }
    if name == "fe":
        values["ELECT_NUMBER"] = str(spec.get("electionNumber", 3))
    elif spec.get("skipDefaultSystemInit"):
        values["SKIP_CHECK_ULIMIT"] = "true"
    own = spec.get("envVars") or []
    said = {each["name"] for each in own}
    made: list[Object] = [{"name": key, "value": value} for key, value in values.items() if key not in said]
    made += [
        {"name": key, "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for key, path in from_pod.items()
        if key not in said
    ]
    return [*own, *made]


def _affinity(name: str, spec: Object) -> Object:
    """The operator's own wish (other hosts, only preferred) with what the cluster says added to it."""
    term = {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchExpressions": [{"key": _COMPONENT, "operator": "In", "values": [name]}]},
    }
    said = spec.get("affinity") or {}
    apart = said.get("podAntiAffinity") or {}
    preferred, required = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("preferred", "required"))
    anti = {preferred: [{"weight": 20, "podAffinityTerm": term}, *(apart.get(preferred) or [])]}
    if apart.get(required):
        anti[required] = apart[required]
    return {"podAntiAffinity": anti} | {key: said[key] for key in ("nodeAffinity", "podAffinity") if said.get(key)}


def _init_containers(name: str, spec: Object) -> list[Object]:
    """Both run privileged: the default one of backends, which `skipDefaultSystemInit` leaves out, and one's own."""
    own = spec.get("systemInitialization")
    image = (own or {}).get("initImage") or "selectdb/alpine:latest"
    base: Object = {"image": image, "imagePullPolicy": "IfNotPresent", "securityContext": {"privileged": True}}
    made = []
    if name == "be" and not spec.get("skipDefaultSystemInit"):
        script = "sysctl -w vm.max_map_count=2000000 && swapoff -a"
        made.append(base | {"name": "default-init", "command": ["/bin/sh"], "args": ["-c", script]})
    if own:
        resources = {key: own[key] for key in _RESOURCES if own.get(key)}
        told = {key: own[key] for key in ("command", "args") if own.get(key)}
        made.append(base | {"name": "init", "resources": resources} | told)
    return made


def _persistent(name: str, spec: Object, conf: Mapping[str, str]) -> Iterator[Object]:
    """Volumes with a path as they are; one without is a template for each data folder of the configuration."""
    template = None
    for each in spec.get("persistentVolumes") or []:
        if each.get("mountPath"):
            yield each
        else:
            template = each
    if template is None:
        return
    key, usual = _STORAGE[name]
    paths = [path.split(",")[0].strip() for path in conf.get(key, usual).split(";") if path.strip()]
    for path in paths:
        suffix = "" if len(paths) == 1 else "-" + path.rstrip("/").rsplit("/", 1)[-1]
        yield template | {"name": template["name"] + suffix, "mountPath": path}


def _volumes(whole: Object, name: str, spec: Object, claims: list[Object]) -> tuple[list[Object], list[Object]]:
    """Volumes that are no claims, and every mount."""
    items = [{"path": each, "fieldRef": {"fieldPath": f"metadata.{each}"}} for each in ("labels", "annotations")]
    volumes: list[Object] = [{"name": "podinfo", "downwardAPI": {"items": items}}]
    mounts: list[Object] = [{"name": "podinfo", "mountPath": "/etc/podinfo"}]
    mounts += [{"name": each["name"], "mountPath": each["mountPath"]} for each in claims]
    if not claims:
        volume = {"fe": "fe-meta", "be": "be-storage"}[name]
        volumes.append({"name": volume, "emptyDir": {}})
        mounts.append({"name": volume, "mountPath": _STORAGE[name][1]})
    if whole.get("authSecret"):
        volumes.append({"name": "basic-auth", "secret": {"secretName": whole["authSecret"]}})
        mounts.append({"name": "basic-auth", "mountPath": "/etc/basic_auth"})
    for map_name, path in _config_maps(spec):
        volumes.append({"name": map_name, "configMap": {"name": map_name}})
        mounts.append({"name": map_name, "mountPath": path})
    for secret in spec.get("secrets") or []:
        volumes.append({"name": secret["secretName"], "secret": {"secretName": secret["secretName"]}})
        mounts.append({"name": secret["secretName"], "mountPath": secret.get("mountPath", "/etc/doris")})
    return volumes, mounts


def _config_maps(spec: Object) -> Iterator[tuple[str, str]]:
    said = spec.get("configMapInfo") or {}
    if said.get("configMapName"):
        yield said["configMapName"], "/etc/doris"
    for each in said.get("configMaps") or []:
        yield each["configMapName"], each.get("mountPath") or "/etc/doris"


def config_map_names(cluster: Object, name: str) -> list[str]:
    """The ConfigMaps that may hold fe.conf or be.conf."""
    return [each for each, _ in _config_maps(cluster["spec"].get(f"{name}Spec") or {})]
