"""From machines that ssh reaches to the platform on them: Ansible makes a cluster, then it is filled like any other.

Whatever can be refused is refused before the first machine is touched. A run that was broken off is taken up by the
next one: Ansible and the installation leave what is as it should be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nereus.ansible.inventory import AGENTS, Inventory
from nereus.ansible.playbook import Playbooks
from nereus.config import Platform
from nereus.errors import BadInput
from nereus.home import Home
from nereus.kubernetes.render import Rendered, render
from nereus.provision import cargo, cluster, programs, way_in

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """What is known to be right before anything is changed. `platform` is the declared one, for this target."""

    platform: Platform
    home: Home
    cargo: cargo.Cargo


def prepare(platform: Platform, target: str, home: Home, inventory: Inventory | None, tell: Tell) -> Prepared:
    """Look at programs, plan, manifests, images and charts; `inventory` is None before there are machines.

    Raises BadInput for what is missing or does not fit together. Changes nothing but the deployment's own folder.
    """
    programs.require()
    platform = aimed(platform, target)
    tell("rendering the platform")
    disks = inventory.disk_folders() if inventory else None
    rendered = render(platform, home.create(), home.run / "kubernetes", disks=disks)
    if inventory is not None:
        _refuse_too_few(inventory, rendered)
    charts = [chart for step in rendered.steps for chart in step.get("charts", ())]
    tell(f"{len(rendered.catalogue.images)} images and {len(charts)} charts")
    return Prepared(platform, home, cargo.gather(rendered.catalogue.images, charts, home, inventory, "helm"))


def provision(prepared: Prepared, books: Playbooks, inventory: Inventory, tell: Tell) -> list[str]:
    """Bring every machine to what the platform wants, then the platform to the cluster that they are.

    Returns one line for each machine, object and chart that changed, nothing at a second run. Raises BadInput where a
    machine is not fit, before any is changed; Failure with what went wrong, and the next run goes on from there.
    """
    home, freight = prepared.home, prepared.cargo
    if freight.fetched:
        tell(f"{len(freight.fetched)} images are not in the bundle: the machines will ask their registries")
    variables = {"k3s_server_kubeconfig": str(way_in.kubeconfig(home)), "k3s_artefacts_images": list(freight.archives)}
    outcome = books.run("site", tell, variables=variables)
    changes = [f"{host}: {count} settings" for host, count in outcome.changed.items() if count]
    with way_in.reached(home) as path:
        made = cluster.installer(
            prepared.platform, home, path, "kubectl", "helm", freight.charts, inventory.disk_folders()
        )
        return changes + made.run(tell)


def aimed(platform: Platform, target: str) -> Platform:
    """The declared platform where another target was named on the command line."""
    if platform.platform.target == target:
        return platform
    return platform.model_copy(update={"platform": platform.platform.model_copy(update={"target": target})})


def _refuse_too_few(inventory: Inventory, rendered: Rendered) -> None:
    """A plan counts machines that run pods; a server may be kept free of them."""
    able = [
        host.name
        for host in inventory.hosts
        if host.group == AGENTS or inventory.value(host, "k3s_server_workloads") is not False
    ]
    if len(able) < rendered.sized.nodes:
        raise BadInput(
            f"the plan wants {rendered.sized.nodes} machines; the inventory has {len(able)} that run pods: "
            f"{', '.join(able) or 'none'}",
            fix="List more, or write fewer larger ones into platform.yaml: machines.nodes, cores, memory_gb.",
        )
