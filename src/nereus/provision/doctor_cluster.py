"""What the way onto a cluster lacks: kubectl, helm, the bundle's files, and the cluster itself. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from ruamel.yaml import YAML

from nereus.ansible.inventory import Inventory
from nereus.bundle import check, items
from nereus.bundle.check import Entry, read_manifest, sha256
from nereus.bundle.items import OWN_REGISTRY, Item
from nereus.config import Platform
from nereus.config.model import ClusterSection
from nereus.errors import BadInput, NereusError
from nereus.home import Home
from nereus.kubernetes import render
from nereus.paths import PROJECT
from nereus.provision import cargo, cluster, programs, way_in
from nereus.provision.doctor import Finding

Tell = Callable[[str], None]

#: A publisher's list of charts that does not begin to come within this time, in seconds, is not to be had.
_PUBLISHER_S = 5.0
#: What provisioning makes that only an administrator may.
_RIGHTS = (
    "namespaces",
    "customresourcedefinitions.apiextensions.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "priorityclasses.scheduling.k8s.io",
)


def examine(platform: Platform, home: Home, tell: Tell) -> list[Finding]:
    """The target cluster: the declared plan, programs, charts, the kubeconfig, and what is named of the cluster."""
    if platform.platform.target != "cluster" or platform.cluster is None:
        return [
            Finding(
                "platform",
                False,
                f"platform.target is {platform.platform.target}; the sizes and storage of a cluster differ",
                "Write into platform.yaml: platform: {target: cluster}, and a section `cluster`.",
            )
        ]
    findings, charts = _planned(platform)
    tell("asking the cluster")
    findings += _api(platform.cluster, cluster.kubeconfig(platform, home))
    tell("looking at the charts")
    findings += [programs.helm(), *_charts(charts, cargo.BUNDLE, home)]
    return findings


def carried(platform: Platform, home: Home, inventory: Inventory | None, tell: Tell) -> list[Finding]:
    """The targets of machines: plan, programs, all that the bundle brings to machines and cluster, and that cluster.

    `inventory` may name another bundle, another release of k3s, and registries; None before there are machines.
    """
    versions = YAML(typ="safe").load(PROJECT / "versions.yaml")
    release = _release(versions, inventory)
    pinned = str(release["version"])
    findings, charts = _planned(platform)
    findings += [programs.kubectl(programs.version(pinned), f"k3s {pinned}"), programs.helm()]
    folder = cargo.bundle_of(inventory)
    if not folder.is_dir():
        findings.append(Finding("bundle", False, f"there is none at {folder}", "Make it: make bundle"))
    tell(f"looking at the bundle {folder}")
    try:
        entries = {entry.origin: entry for entry in read_manifest(folder)}
    except BadInput as error:
        return [*findings, Finding("bundle", False, error.message, error.fix or "")]
    findings += _k3s({"k3s": release}, folder)
    findings += _images(versions["images"], entries, folder, cargo.mirrors(inventory))
    findings += _charts(charts, folder, home)
    tell("asking the cluster")
    findings += _made(home)
    return findings


def _release(versions: Mapping[str, Any], inventory: Inventory | None) -> Mapping[str, Any]:
    """The release of k3s that the machines get: the inventory's own, else versions.yaml's."""
    for host in inventory.hosts if inventory else ():
        own = inventory.value(host, "k3s_artefacts_release") if inventory else None
        if isinstance(own, dict):
            return own
    release: Mapping[str, Any] = versions["k3s"]
    return release


def _planned(platform: Platform) -> tuple[list[Finding], Sequence[Mapping[str, Any]]]:
    """Whether the pods of the plan find their machines, and the charts that are installed."""
    try:
        catalogue, sized, _ = render.foreseen(platform)
    except BadInput as error:
        return [Finding("plan", False, error.message, error.fix or "Mend platform.yaml.")], ()
    machines = f"{sized.nodes} machine{'s' if sized.nodes != 1 else ''}"
    return [Finding("plan", True, f"every pod finds its place on {machines}")], render.pinned_charts(catalogue, sized)


def _k3s(versions: Mapping[str, Any], folder: Path) -> Iterator[Finding]:
    """Each file of the release: without it, or with another checksum, no machine is begun with."""
    for item in items.declared(versions, PROJECT / "locks", ("k3s",)):
        yield _file(item, folder / item.path)


def _file(item: Item, path: Path) -> Finding:
    if not item.sha256:
        problem = check.unknown(item, sha256(path) if path.is_file() else None)
        return Finding("k3s", False, problem.what, problem.fix)
    wanted = next(iter(item.sha256))
    if not path.is_file():
        return Finding(
            "k3s", False, f"{path} is missing; expected SHA-256 {wanted}", f"{item.get}; then run: make bundle"
        )
    if (seen := sha256(path)) != wanted:
        return Finding(
            "k3s", False, f"{path} has SHA-256 {seen}; expected {wanted}", "Delete it, then run: make bundle"
        )
    return Finding("k3s", True, f"{item.name}, with its checksum")


def _images(
    images: Mapping[str, str], entries: Mapping[str, Entry], folder: Path, mirrors: frozenset[str]
) -> Iterator[Finding]:
    """Every archive of the bundle by the manifest's checksum, and where each other image comes from."""
    whole = 0
    missing: list[str] = []
    for reference in sorted(set(images.values())):
        entry = entries.get(reference)
        path = folder / entry.path if entry else None
        if entry is None or path is None or not path.is_file():
            missing.append(reference)
        elif (seen := sha256(path)) != entry.sha256:
            detail = f"{path} has SHA-256 {seen}; the manifest says {entry.sha256}"
            yield Finding("image", False, detail, "Delete it, then run: make images, make bundle")
        else:
            whole += 1
    own = [each for each in missing if each.startswith(OWN_REGISTRY)]
    others = [each for each in missing if not each.startswith(OWN_REGISTRY)]
    if whole:
        yield Finding("images", True, f"{whole} in the bundle, with their checksums")
    registry = OWN_REGISTRY.rstrip("/")
    if own and mirrors & {registry, "*"}:
        yield Finding("images", True, f"{len(own)} of the platform's own come from your registry for {registry}")
    elif own:
        yield Finding(
            "images",
            False,
            f"{folder} lacks {len(own)} that no public registry has: {', '.join(own)}",
            "Run: make images && .venv/bin/nereus bundle make --only images --from .nereus/cache/images; or name in the"
            f" inventory a registry of yours that has them: registries_mirrors: {{{registry}: {{endpoint: [...]}}}}",
        )
    if others:
        yield Finding(
            "images",
            True,
            f"{len(others)} are not in the bundle: the machines ask their registries for them and need a way out"
            f" (which: nereus bundle check --only images --into {folder})",
        )


def _charts(charts: Sequence[Mapping[str, Any]], folder: Path, home: Home) -> Iterator[Finding]:
    """Each chart's archive by its checksum, where one is pinned; whether its publisher answers where it is not here."""
    absent = []
    for chart in charts:
        archive = f"{chart['name']}-{chart['version']}.tgz"
        found = next((each for each in (folder / "charts" / archive, _kept(home) / archive) if each.is_file()), None)
        if found is None:
            absent.append(chart)
        else:
            yield _archive(chart, found)
    with ThreadPoolExecutor(max_workers=8) as pool:
        yield from pool.map(lambda chart: _published(chart, folder), absent)


def _kept(home: Home) -> Path:
    """Where provisioning keeps the charts that it fetched."""
    return home.cache / "charts"


def _archive(chart: Mapping[str, Any], path: Path) -> Finding:
    name, seen, wanted = f"{chart['name']} {chart['version']}", sha256(path), chart.get("sha256")
    if wanted and seen != wanted:
        return Finding("chart", False, f"{path} has SHA-256 {seen}; versions.yaml says {wanted}", "Delete it.")
    known = "with its checksum" if wanted else f"SHA-256 {seen}; versions.yaml has none to compare it with"
    return Finding("chart", True, f"{name} in {path.parent}, {known}")


def _published(chart: Mapping[str, Any], folder: Path) -> Finding:
    """Whether a chart that is not here could be fetched: its publisher's list is asked for, nothing is kept."""
    name, version, repository = (str(chart[key]) for key in ("name", "version", "repository"))
    try:
        with requests.get(f"{repository}/index.yaml", timeout=_PUBLISHER_S, stream=True) as answer:
            said = "" if answer.ok else f"it answers {answer.status_code}"
    except requests.RequestException as error:
        said = f"no answer ({type(error).__name__})"
    if not said:
        return Finding("chart", True, f"{name} {version} is not in {folder}; helm fetches it from {repository}")
    return Finding(
        "chart",
        False,
        f"{name} {version} is not in {folder / 'charts'}, and not to be had from {repository}: {said}",
        f"Where there is a way out run: helm pull {name} --version {version} --repo {repository}; put the file into"
        f" {folder / 'charts'}",
    )


def _api(declared: ClusterSection, kubeconfig: Path) -> Iterator[Finding]:
    """Whether the kubeconfig leads to an API whose administrator it is, and what platform.yaml names is there."""
    if not kubeconfig.is_file():
        yield programs.kubectl(None)
        yield Finding(
            "kubeconfig",
            False,
            f"there is no file {kubeconfig}",
            "Name the cluster's: cluster.kubeconfig in platform.yaml, or the variable KUBECONFIG.",
        )
        return
    answer, told, said = _asked(kubeconfig)
    if not told:
        mine = programs.kubectl(None)
        yield mine
        if not mine.ok:
            return
        yield Finding(
            "kubeconfig",
            False,
            f"{kubeconfig} leads to no API that answers: {said}",
            f"Try: kubectl --kubeconfig {kubeconfig} version. Does its address hold here, and has its login not run"
            " out?",
        )
        return
    yield programs.kubectl(programs.version(told), "this cluster", answer)
    yield Finding("kubeconfig", True, f"Kubernetes {told} answers ({kubeconfig})")
    yield _rights(str(kubeconfig))
    yield from _named(declared, str(kubeconfig))


def _asked(kubeconfig: Path) -> tuple[Mapping[str, Any], str, str]:
    """What kubectl said of both versions, the API's own or nothing, and kubectl's last complaint."""
    code, out, complaint = programs.ask(str(kubeconfig), "version", "--output", "json")
    answer = programs.parsed(out)
    told = "" if code else str(answer.get("serverVersion", {}).get("gitVersion", ""))
    return answer, told, (complaint.strip().splitlines() or ["it said nothing"])[-1][-300:]


def _made(home: Home) -> Iterator[Finding]:
    """Whether the cluster that machines became answers, once they have."""
    if not way_in.kubeconfig(home).is_file():
        return
    fix = "Are the machines up? Then bring them back to what is declared: make provision"
    try:
        with way_in.reached(home) as path:
            _, told, said = _asked(path)
    except NereusError as error:
        yield Finding("cluster", False, error.message, fix)
    else:
        detail = f"Kubernetes {told} answers" if told else f"its API does not answer: {said}"
        yield Finding("cluster", bool(told), detail, fix)


def _rights(kubeconfig: str) -> Finding:
    """Whether it may make what provisioning makes; the API is asked, nothing is made."""
    denied = [
        kind
        for kind in _RIGHTS
        if programs.ask(kubeconfig, "auth", "can-i", "create", kind, "--all-namespaces")[1].strip() != "yes"
    ]
    return Finding(
        "rights",
        not denied,
        f"it may not make {', '.join(denied)}" if denied else "it may make all that provisioning makes",
        "Use a kubeconfig of an administrator: the role cluster-admin.",
    )


def _named(declared: ClusterSection, kubeconfig: str) -> Iterator[Finding]:
    """The classes that platform.yaml names."""
    wanted = {"cluster.storage_class": ("storageclass", declared.storage_class)}
    if declared.cold_storage_class:
        wanted["cluster.cold_storage_class"] = ("storageclass", declared.cold_storage_class)
    if declared.existing.ingress:
        wanted["cluster.ingress_class"] = ("ingressclass", declared.ingress_class)
    for key, (kind, name) in wanted.items():
        code, out, complaint = programs.ask(kubeconfig, "get", kind, "--output", "name")
        known = sorted(line.partition("/")[2] for line in out.splitlines() if "/" in line)
        if code:
            detail = f"{key} could not be looked up: {complaint.strip()[-200:]}"
            yield Finding(kind, False, detail, "The kubeconfig must be allowed to list them.")
        else:
            there = ", ".join(known) or "none"
            yield Finding(
                kind,
                name in known,
                f"{name} ({key})" if name in known else f"{key} is {name}; the cluster has {there}",
                f"Write one of these into {key}, or make one of that name.",
            )
