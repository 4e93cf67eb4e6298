"""What `nereus verify-cluster` does to a real cluster, done to a simulated one: tried, applied, waited for; twice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nereus.errors import Failure
from nereus.kubernetes.install import Installer
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.sim import binaries, cluster, nodes
from nereus.kubernetes.sim.api import Api
from nereus.kubernetes.sim.platform import chart_objects
from nereus.kubernetes.standins import MARK
from tests.infra.cluster.objects import say
from tests.infra.cluster.test_platform import PLANS, rendered
from tests.infra.steps import step

_KINDS = (
    *(("v1", kind) for kind in ("ConfigMap", "Secret", "Service", "ResourceQuota", "ServiceAccount")),
    *(("apps/v1", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet")),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("networking.k8s.io/v1", "Ingress"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("doris.selectdb.com/v1", "DorisCluster"),
    ("postgresql.cnpg.io/v1", "Cluster"),
)


def generations(api: Api) -> dict[str, str]:
    """What changes when somebody changes an object, and does not when its status moves."""
    found = {}
    for version, kind in _KINDS:
        for one in api.list(version, kind):
            meta = one["metadata"]
            mark = meta.get("generation") or (one.get("data") if kind in ("ConfigMap", "Secret") else one.get("spec"))
            found[f"{kind} {meta.get('namespace')}/{meta['name']}"] = str(mark)
    return found


def test_everything_is_installed_and_a_second_run_changes_nothing(programs: binaries.Programs, tmp_path: Path) -> None:
    made, hidden = rendered(tmp_path, PLANS[3], None)
    with step("cluster: install twice"), cluster.running(tmp_path / "state", say) as simulated:
        simulated.add_nodes(nodes.planned(made.sized.plan))
        charts = list(chart_objects(made))
        kubectl = Kubectl(simulated.kubeconfig, str(programs.path("kubectl")))

        def chart(wanted: Mapping[str, Any], out: Path, dry_run: bool) -> None:
            own = [one for one in charts if one["metadata"]["annotations"][MARK] == f"chart {wanted['name']}"]
            assert (out / wanted["values"]).is_file()
            assert simulated.apply(own, dry_run=dry_run).refused == ()

        installer = Installer(made, tuple(hidden), kubectl, chart)
        installer.run(say)
        before = generations(simulated.api)
        assert len(before) > 100
        installer.run(lambda text: None)
        assert generations(simulated.api) == before


def test_a_refusal_is_found_before_anything_of_its_step_is_applied(
    programs: binaries.Programs, simulated: cluster.Simulated, tmp_path: Path
) -> None:
    made, hidden = rendered(tmp_path, PLANS[1], None)
    roles = made.out / "infrastructure/foundation/roles.yaml"
    roles.write_text(roles.read_text("utf-8").replace("verbs: [get, list, watch]", "verbz: [get]"), "utf-8")
    kubectl = Kubectl(simulated.kubeconfig, str(programs.path("kubectl")))
    with pytest.raises(Failure, match="verbz"):
        Installer(made, tuple(hidden), kubectl, lambda *_: None).run(say)
    assert simulated.api.get("scheduling.k8s.io/v1", "PriorityClass", "nereus-services") is None
