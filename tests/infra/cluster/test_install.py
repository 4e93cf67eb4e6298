"""`nereus provision` for a cluster that is there already, done to a simulated one; twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nereus.config import load
from nereus.errors import Failure
from nereus.home import Home
from nereus.kubernetes.install import Installer
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.render import render
from nereus.kubernetes.sim import binaries, checks, cluster, nodes
from nereus.kubernetes.sim.api import Api
from nereus.kubernetes.sim.platform import chart_objects
from nereus.kubernetes.standins import MARK
from tests.infra.cluster.objects import CLASS, say, storage_class
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


#: Stands for helm. It fetches empty archives, applies what stands in for a chart and remembers what it was given.
HELM = """\
#!{python}
import json, pathlib, subprocess, sys
from ruamel.yaml import YAML
here = pathlib.Path(__file__).parent
if sys.argv[1] == "version":
    sys.exit(print("v3.16.2+g13654a5"))
if sys.argv[1] == "pull":
    given = dict(zip(sys.argv, sys.argv[1:]))
    sys.exit(pathlib.Path(given["--destination"], f"{{sys.argv[2]}}-{{given['--version']}}.tgz").write_text(""))
_, _, kubeconfig, verb, *rest = sys.argv
name = rest[1]
kept = here / (name + ".kept.json")
if verb == "get":
    if not kept.exists():
        sys.exit("Error: release: not found")
    print(json.dumps(json.loads(kept.read_text())[rest[0]]))
else:
    given = dict(zip(rest, rest[1:]))
    tried = ["--dry-run=server"] if "--dry-run=server" in rest else []
    how = ["apply", "--server-side", "--force-conflicts", "--field-manager=helm", *tried]
    how += ["-f", str(here / (name + ".json"))]
    subprocess.run([here / "kubectl", "--kubeconfig", kubeconfig, *how], check=True)
    if not tried:
        values = YAML(typ="safe", pure=True).load(pathlib.Path(given["--values"]).read_text())
        about = {{"version": pathlib.Path(rest[2]).stem.removeprefix(name + "-"), "status": "deployed"}}
        kept.write_text(json.dumps({{"metadata": about, "values": values}}))
"""
#: The command, for which an empty archive is the publisher's.
NEREUS = """\
from unittest.mock import ANY
from nereus.provision import cargo
cargo.sha256 = lambda archive: ANY
from nereus.cli import main
main()
"""
#: A cluster that somebody has, with nothing on it but a storage class and an ingress class.
CLUSTER = (
    "platform: {{target: cluster}}\n"
    "cluster: {{kubeconfig: {kubeconfig}, storage_class: {storage}, ingress_class: traefik}}\n"
)


def programs_for(folder: Path, programs: binaries.Programs, charts: list[Any]) -> Path:
    """A folder with the cluster's kubectl, and a helm that applies what stands in for each chart."""
    folder.mkdir()
    (folder / "kubectl").symlink_to(programs.path("kubectl"))
    (folder / "helm").write_text(HELM.format(python=sys.executable), "utf-8")
    (folder / "helm").chmod(0o755)
    for name in {one["metadata"]["annotations"][MARK] for one in charts}:
        own = [one for one in charts if one["metadata"]["annotations"][MARK] == name]
        listed = {"apiVersion": "v1", "kind": "List", "items": own}
        (folder / f"{name.removeprefix('chart ')}.json").write_text(json.dumps(listed), "utf-8")
    return folder


def provision(config: Path, path: Path, code: int = 0) -> str:
    """`nereus provision` as the front door runs it; gives what it printed. It must end with `code`."""
    done = subprocess.run(
        (sys.executable, "-c", NEREUS, "provision", "--config", str(config)),
        env={**os.environ, "PATH": f"{path}:{os.environ['PATH']}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_cluster_is_provisioned_and_a_second_run_changes_nothing(programs: binaries.Programs, tmp_path: Path) -> None:
    """The charts are stand-ins; everything else is what a cluster gets."""
    with step("cluster: provision twice"), cluster.running(tmp_path / "state", say) as simulated:
        config = tmp_path / "platform.yaml"
        declared = CLUSTER.format(kubeconfig=simulated.kubeconfig, storage=CLASS) + PLANS[3]
        config.write_text(declared, "utf-8")
        made = render(load(config), Home.beside(config).create(), tmp_path / "rendered")
        simulated.add_nodes(nodes.planned(made.sized.plan))
        simulated.apply_or_fail([storage_class()])
        path = programs_for(tmp_path / "bin", programs, list(chart_objects(made)))
        told = provision(config, path)
        say(f"{told.count(' + ')} changes; what {len(list(path.glob('*.kept.json')))} charts make rests on stand-ins")
        assert "+ DorisCluster nereus-warehouse/warehouse" in told
        assert "+ chart doris-operator" in told
        before = generations(simulated.api)
        assert len(before) > 100
        again = provision(config, path)
        assert "Nothing changed in" in again
        assert generations(simulated.api) == before
        assert checks.look(simulated.api).wrong == ()
        config.write_text(declared.replace("raw_tb: 1.0", "raw_tb: 1.1"), "utf-8")
        refused = provision(config, path, code=2)
        assert "doris-be: warehouse-be-0 has volumes of" in refused
        assert generations(simulated.api) == before


def test_a_refusal_is_found_before_anything_of_its_step_is_applied(
    programs: binaries.Programs, simulated: cluster.Simulated, tmp_path: Path
) -> None:
    made, hidden = rendered(tmp_path, PLANS[1], None)
    roles = made.out / "infrastructure/foundation/roles.yaml"
    roles.write_text(roles.read_text("utf-8").replace("verbs: [get, list, watch]", "verbz: [get]"), "utf-8")
    kubectl = Kubectl(simulated.kubeconfig, str(programs.path("kubectl")))
    with pytest.raises(Failure, match="verbz"):
        Installer(made, tuple(hidden), kubectl, lambda *_: False).run(say)
    assert simulated.api.get("scheduling.k8s.io/v1", "PriorityClass", "nereus-services") is None
