"""What the stand-ins make is what doris-operator, CloudNativePG and cert-manager are documented to make."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from nereus.kubernetes.standins import MARK, certificates, doris, postgres

CLUSTER: dict[str, Any] = {
    "apiVersion": doris.API,
    "kind": "DorisCluster",
    "metadata": {"name": "warehouse", "namespace": "dw", "uid": "1-2-3"},
    "spec": {
        "authSecret": "admin",
        "feSpec": {
            "image": "fe:1",
            "replicas": 3,
            "requests": {"cpu": "4", "memory": "8Gi"},
            "limits": {"cpu": "8", "memory": "8Gi"},
            "configMapInfo": {"configMapName": "fe-conf"},
            "persistentVolumes": [
                {"name": "meta", "mountPath": "/opt/apache-doris/fe/doris-meta", "persistentVolumeClaimSpec": {"a": 1}}
            ],
        },
        "beSpec": {
            "image": "be:1",
            "replicas": 5,
            "skipDefaultSystemInit": True,
            "podLabels": {"nereus/component": "doris-be"},
            "containerSecurityContext": {"allowPrivilegeEscalation": False},
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "h"}]}},
        },
    },
}


def made(part: str, cluster: dict[str, Any] = CLUSTER, **conf: str) -> dict[str, dict[str, Any]]:
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in doris.part(cluster, part, conf, {})}


def without(part: str, *keys: str, **more: object) -> dict[str, Any]:
    changed = deepcopy(CLUSTER)
    for key in keys:
        del changed["spec"][part][key]
    changed["spec"][part] |= more
    return changed


@pytest.mark.parametrize("part", ["fe", "be"])
def test_a_part_is_two_services_and_a_stateful_set(part: str) -> None:
    prefix = f"warehouse-{part}"
    assert set(made(part)) == {f"Service/{prefix}-internal", f"Service/{prefix}-service", f"StatefulSet/{prefix}"}


def test_a_part_that_is_not_declared_is_not_made() -> None:
    changed = deepcopy(CLUSTER)
    del changed["spec"]["beSpec"]
    assert made("be", changed) == {}


def test_services_select_the_pods_of_the_stateful_set() -> None:
    found = made("be")
    pod_labels = found["StatefulSet/warehouse-be"]["spec"]["template"]["metadata"]["labels"]
    for service in ("internal", "service"):
        assert found[f"Service/warehouse-be-{service}"]["spec"]["selector"].items() <= pod_labels.items()
    assert pod_labels["nereus/component"] == "doris-be"


def test_ports_come_from_the_configuration() -> None:
    found = made("fe", query_port="19030", arrow_flight_sql_port="8070")
    ports = {each["name"]: each["port"] for each in found["Service/warehouse-fe-service"]["spec"]["ports"]}
    assert ports["query-port"] == 19030
    assert ports["arrow-flight"] == 8070
    assert found["Service/warehouse-fe-internal"]["spec"]["ports"][0]["port"] == 19030


def test_without_arrow_flight_there_is_no_such_port() -> None:
    assert len(made("fe")["Service/warehouse-fe-service"]["spec"]["ports"]) == 4


def test_claims_are_those_declared() -> None:
    claims = made("fe")["StatefulSet/warehouse-fe"]["spec"]["volumeClaimTemplates"]
    assert [(each["metadata"]["name"], each["spec"]) for each in claims] == [("meta", {"a": 1})]


def test_a_volume_without_a_path_is_a_template_for_every_data_folder() -> None:
    changed = without("beSpec", persistentVolumes=[{"name": "data", "persistentVolumeClaimSpec": {}}])
    found = made("be", changed, storage_root_path="/disk/one,medium:ssd;/disk/two")
    pod = found["StatefulSet/warehouse-be"]["spec"]["template"]["spec"]
    mounts = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
    assert mounts["data-one"] == "/disk/one"
    assert mounts["data-two"] == "/disk/two"


def test_the_default_init_container_is_privileged_unless_it_is_skipped() -> None:
    def containers(cluster: dict[str, Any]) -> list[dict[str, Any]]:
        template = made("be", cluster)["StatefulSet/warehouse-be"]["spec"]["template"]
        return list(template["spec"].get("initContainers", []))

    assert containers(CLUSTER) == []
    left = containers(without("beSpec", "skipDefaultSystemInit"))
    assert left[0]["securityContext"]["privileged"] is True


def test_workload_groups_of_the_operator_want_privileges() -> None:
    found = made("be", without("beSpec", enableWorkloadGroup=True))
    container = found["StatefulSet/warehouse-be"]["spec"]["template"]["spec"]["containers"][0]
    assert container["securityContext"]["privileged"] is True


def test_the_operators_own_wish_is_only_preferred_and_ours_is_added() -> None:
    ours = made("be")["StatefulSet/warehouse-be"]["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    assert set(ours) == {
        "preferredDuringSchedulingIgnoredDuringExecution",
        "requiredDuringSchedulingIgnoredDuringExecution",
    }
    alone = made("be", without("beSpec", "affinity"))["StatefulSet/warehouse-be"]
    assert set(alone["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]) == {
        "preferredDuringSchedulingIgnoredDuringExecution"
    }


def test_everything_names_its_owner_and_the_stand_in() -> None:
    for each in (*made("fe").values(), *made("be").values()):
        assert each["metadata"]["annotations"][MARK] == doris.CONTROLLER
        assert each["metadata"]["ownerReferences"][0]["uid"] == "1-2-3"
        template = each["spec"].get("template")
        assert template is None or template["metadata"]["annotations"][MARK] == doris.CONTROLLER


def test_settings_leave_comments_out() -> None:
    assert doris.settings('# a = b\nquery_port = 9030\n\nJAVA_OPTS="-Xmx4g -Dx=y"\n') == {
        "query_port": "9030",
        "JAVA_OPTS": '"-Xmx4g -Dx=y"',
    }


def database(**spec: object) -> dict[str, Any]:
    meta = {"name": "meta", "namespace": "db", "uid": "4"}
    return {"apiVersion": postgres.API, "kind": "Cluster", "metadata": meta, "spec": spec}


def test_a_database_has_a_pod_and_a_claim_for_each_instance() -> None:
    found = list(postgres.objects(database(instances=3, storage={"size": "10Gi", "storageClass": "hot"})))
    names = {kind: [each["metadata"]["name"] for each in found if each["kind"] == kind] for kind in ("Pod", "Service")}
    assert names == {"Pod": ["meta-1", "meta-2", "meta-3"], "Service": ["meta-rw", "meta-ro", "meta-r"]}
    claims = [each for each in found if each["kind"] == "PersistentVolumeClaim"]
    assert {each["spec"]["storageClassName"] for each in claims} == {"hot"}
    budgets = {each["metadata"]["name"] for each in found if each["kind"] == "PodDisruptionBudget"}
    assert budgets == {"meta-primary", "meta"}


def test_a_database_may_say_that_it_wants_no_disruption_budget() -> None:
    found = postgres.objects(database(instances=1, enablePDB=False))
    assert not [each for each in found if each["kind"] == "PodDisruptionBudget"]


def test_the_secret_of_a_database_is_made_unless_one_is_named() -> None:
    made_one = postgres.secret(database())
    assert made_one is not None
    assert made_one["metadata"]["name"] == "meta-app"
    assert postgres.secret(database(bootstrap={"initdb": {"secret": {"name": "own"}}})) is None


def test_a_certificate_is_a_secret_of_the_right_type() -> None:
    wanted = {"metadata": {"name": "c", "namespace": "n"}, "spec": {"secretName": "portal-tls"}}
    found = certificates.secret(wanted)
    assert (found["type"], found["metadata"]["name"]) == ("kubernetes.io/tls", "portal-tls")
