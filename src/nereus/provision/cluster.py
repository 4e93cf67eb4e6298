"""The target cluster: the platform on a Kubernetes cluster that is there already, by kubectl and helm."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from nereus.config import Platform
from nereus.errors import BadInput
from nereus.home import Home
from nereus.kubernetes import secrets
from nereus.kubernetes.install import Helm, Installer
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.render import foreseen, pinned_charts, render
from nereus.kubernetes.render.values import HOSTS, Disks
from nereus.provision import cargo, programs, way_in

Tell = Callable[[str], None]


def kubeconfig(platform: Platform, home: Home, given: Path | None = None) -> Path:
    """The cluster's: what is given, else KUBECONFIG, else platform.yaml's, else what provisioning machines keeps."""
    declared = platform.cluster.kubeconfig if platform.cluster else way_in.kubeconfig(home)
    return Path(given or os.environ.get("KUBECONFIG") or declared).expanduser()


def installer(
    platform: Platform,
    home: Home,
    wanted: Path,
    kubectl: str,
    helm: str,
    charts: Path | None = None,
    disks: Disks | None = None,
) -> Installer:
    """The rendered platform and the cluster that it goes to; `charts` is a folder that has every chart's archive.

    `disks` are the folders of each machine's data disks by tier, where the platform brings its own storage classes.
    Raises BadInput for a plan or an object that the checks refuse, for a missing program or kubeconfig.
    """
    program, ask = Helm(wanted, helm, charts), Kubectl(wanted, kubectl)
    rendered = render(platform, home, home.run / "kubernetes", disks=disks)
    hidden = tuple(secrets.manifests(rendered.catalogue, home, rendered.there))
    return Installer(rendered, hidden, ask, lambda chart, out, dry_run: program.install(chart, out, dry_run=dry_run))


def provision(config: Path, platform: Platform, home: Home, tell: Tell) -> list[str]:
    """Bring the platform to the cluster. Returns one line for each object and chart that changed.

    A step that failed is taken up again by the next run. Raises BadInput before anything is applied for what the
    checks refuse, Failure with what the cluster refused.
    """
    if platform.platform.target != "cluster":
        raise BadInput(
            f"platform.target is {platform.platform.target}; the sizes and storage of a cluster differ",
            fix=f"Write into {config.name}: platform: {{target: cluster}}, and a section `cluster`.",
        )
    programs.require()
    asked = Kubectl(kubeconfig(platform, home))
    catalogue, sized, _ = foreseen(platform)
    tell("gathering the charts")
    freight = cargo.gather({}, pinned_charts(catalogue, sized), home, None, "helm")
    return installer(platform, home, asked.kubeconfig, "kubectl", "helm", freight.charts).run(tell)


def doors(platform: Platform) -> list[str]:
    """Where people go in; the names have to lead to the ingress."""
    return [f"https://{name}.{platform.kubernetes.domain}" for name in HOSTS]
