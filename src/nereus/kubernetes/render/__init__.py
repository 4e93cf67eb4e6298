"""platform.yaml -> its plan -> values -> kustomize input and charts' values, checked before anything is applied.

rendered = render(platform, home, out)
rendered.schedule.pending, rendered.steps, rendered.out / "values.yaml"
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nereus import secrets, sizing
from nereus.config import Platform
from nereus.errors import BadInput
from nereus.home import Home
from nereus.kubernetes import catalogue as tables
from nereus.kubernetes import identity
from nereus.kubernetes.catalogue import Catalogue
from nereus.kubernetes.render.demand import Sized, facilities, lay_out
from nereus.kubernetes.render.fill import fill
from nereus.kubernetes.render.foundation import foundation
from nereus.kubernetes.render.network import Network
from nereus.kubernetes.render.refusal import refuse_what_does_not_fit
from nereus.kubernetes.render.schedule import Schedule, machines, predict
from nereus.kubernetes.render.values import Disks
from nereus.kubernetes.render.values import values as values_of
from nereus.kubernetes.render.warehouse import setup_digest, setup_files
from nereus.kubernetes.secrets import manifests as secrets_of

#: Files that may hold `${...}`; all others are copied as they are.
_FILLED = {".yaml", ".conf", ".sql", ".toml"}
#: The file by which a folder is known as written by render.
STEPS = "steps.yaml"
#: The folder whose kustomization names all others.
EVERYTHING = "everything"
PARTS = ("infrastructure", "apps")
#: This part of infrastructure/ goes before the charts: what they install waits for its volumes.
_FIRST = "volumes"
#: Folders of infrastructure/ that are no part with overlays of its own.
_NOT_PARTS = {"foundation", "charts", "access", "overlays"}


@dataclass(frozen=True)
class Rendered:
    """What was written and what is expected of it."""

    out: Path
    sized: Sized
    schedule: Schedule
    catalogue: Catalogue
    there: frozenset[str]
    steps: tuple[dict[str, Any], ...]
    #: Every object as kustomize built it and the checks found it good; None without a kubectl to build it.
    objects: tuple[dict[str, Any], ...] | None

    @property
    def overlay(self) -> str:
        return self.sized.overlay


def render(
    platform: Platform,
    home: Home,
    out: Path,
    *,
    year: int | None = None,
    disks: Disks | None = None,
    source: Path = tables.SOURCE,
) -> Rendered:
    """Write everything for one platform to `out`, replacing what render wrote there before.

    Raises BadInput, and leaves what was there, for tables that do not agree, for values that do not exist, for a plan
    whose pods would not all find a machine, and for objects that the checks refuse.
    """
    _refuse_strangers(out)
    catalogue, sized, schedule = foreseen(platform, year=year, source=source)
    there = facilities(platform)
    identity.ensure(platform, home)
    values = values_of(platform, sized, catalogue, secrets.ensure(home, "warehouse-root"), disks or {})
    values["doris"]["setup"] = setup_digest(source / "warehouse", values, secrets_of(catalogue, home, there))
    files = dict(_files(platform, source, catalogue, sized, there, values))
    steps = tuple(_steps(catalogue, sized, there, values))
    files[STEPS] = _dump(list(steps))
    files["values.yaml"] = _dump(values)
    files["schedule.yaml"] = _dump({machine.name: machine.pods for machine in schedule.machines})
    folders = [step["kustomize"] for step in steps if "kustomize" in step]
    files[f"{EVERYTHING}/kustomization.yaml"] = _kustomization([f"../{folder}" for folder in folders])
    draft = _draft(out, files)
    try:
        objects = _checked(draft, catalogue, sized, Network(catalogue, there, _existing(platform)))
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    if out.exists():
        shutil.rmtree(out)
    draft.rename(out)
    return Rendered(out, sized, schedule, catalogue, there, steps, objects)


def foreseen(
    platform: Platform, *, year: int | None = None, source: Path = tables.SOURCE
) -> tuple[Catalogue, Sized, Schedule]:
    """What would be rendered and where its pods would go; writes nothing.

    Raises BadInput for tables that do not agree and for a plan whose pods would not all find a machine.
    """
    catalogue, there = tables.read(source), facilities(platform)
    need = sizing.Requirements.of(platform)
    sized = lay_out(platform, sizing.plan(need), catalogue, year)

    def predicted(laid_out: Sized) -> Schedule:
        return predict(laid_out, machines(laid_out, local_disks="storage_class" not in there))

    def again(nodes: int) -> Schedule:
        return predicted(lay_out(platform, sizing.plan(replace(need, nodes=nodes)), catalogue, year))

    schedule = predicted(sized)
    refuse_what_does_not_fit(sized, schedule, again)
    return catalogue, sized, schedule


def _checked(draft: Path, catalogue: Catalogue, sized: Sized, network: Network) -> tuple[dict[str, Any], ...] | None:
    """All objects, without a fault; None where there is no kubectl to build them. Raises BadInput with every fault."""
    # Imported late: what is checked is described by this package.
    from nereus.kubernetes import checks

    program = checks.kubectl()
    if program is None:
        return None
    objects = checks.build(draft / EVERYTHING, program)
    if found := [str(each) for each in checks.faults(objects, catalogue, sized, network)]:
        raise BadInput("\n".join(found))
    return tuple(objects)


def pinned_charts(catalogue: Catalogue, sized: Sized) -> list[dict[str, str]]:
    """Name, version, repository and, where it is known, checksum of every chart that is installed."""
    return [{"name": name, **catalogue.charts[name]} for name in _charts(sized)]


def parts(source: Path, there: frozenset[str]) -> Iterator[tuple[str, Path]]:
    """Every folder with overlays, infrastructure before apps, without those an existing cluster makes needless."""
    unless = tables.load_yaml(source / "unless.yaml")
    for group in PARTS:
        for folder in sorted((source / group).iterdir()):
            needless = unless.get(f"{group}/{folder.name}") in there
            if folder.is_dir() and folder.name not in _NOT_PARTS and not needless:
                yield group, folder


def _files(
    platform: Platform,
    source: Path,
    catalogue: Catalogue,
    sized: Sized,
    there: frozenset[str],
    values: Mapping[str, Any],
) -> Iterator[tuple[str, str | bytes]]:
    """Relative path and content of every file."""
    network = Network(catalogue, there, _existing(platform))
    gone = {name for name, one in catalogue.namespaces.items() if one.unless in there}
    objects = (*foundation(catalogue, sized, there), *network.denials(), *network.policies(after=None))
    base = source / "infrastructure" / "foundation"
    yield from _copied(base, source, values, gone)
    yield "infrastructure/foundation/generated.yaml", dump_all(objects)
    yield "infrastructure/access/kustomization.yaml", _kustomization(["generated.yaml"])
    yield "infrastructure/access/generated.yaml", dump_all(network.policies(after="setup"))
    for chart in _charts(sized):
        path = source / "infrastructure" / "charts" / f"{chart}.yaml"
        if not path.exists():
            raise BadInput(f"chart {chart} has no values file", fix=f"Add k8s/infrastructure/charts/{chart}.yaml.")
        yield from _copied(path, source, values, gone)
    overlays: dict[str, list[str]] = {group: [] for group in PARTS}
    for group, folder in parts(source, there):
        if not (folder / "overlays" / sized.overlay / "kustomization.yaml").exists():
            raise BadInput(
                f"k8s/{group}/{folder.name} has no overlay {sized.overlay!r}",
                fix=f"Add k8s/{group}/{folder.name}/overlays/{sized.overlay}/kustomization.yaml.",
            )
        yield from _copied(folder, source, values, gone)
        if folder.name != _FIRST:
            overlays[group].append(f"../../{folder.name}/overlays/{sized.overlay}")
    for group, resources in overlays.items():
        yield f"{group}/overlays/{sized.overlay}/kustomization.yaml", _kustomization(resources)
    yield "infrastructure/warehouse/base/setup.yaml", dump_all(setup_files(source / "warehouse", values))


def _copied(path: Path, source: Path, values: Mapping[str, Any], gone: set[str]) -> Iterator[tuple[str, str | bytes]]:
    """Files with their values filled in, without the objects of namespaces that are not made."""
    for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if not each.is_file():
            continue
        name = each.relative_to(source).as_posix()
        if each.suffix in _FILLED:
            text = fill(each.read_text("utf-8"), values, f"k8s/{name}")
            if each.suffix == ".yaml":
                text = _without(gone, text, f"k8s/{name}")
            yield name, text
        else:
            yield name, each.read_bytes()


def _charts(sized: Sized) -> dict[str, str]:
    """Each chart that is installed and the namespace it goes to: its first component's."""
    found: dict[str, str] = {}
    for one in sized.demands.values():
        if one.component.chart:
            found.setdefault(one.component.chart, one.component.namespace)
    return found


def _steps(
    catalogue: Catalogue, sized: Sized, there: frozenset[str], values: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    yield {"step": "foundation", "kustomize": "infrastructure/foundation"}
    yield {"step": "secrets"}
    if "storage_class" not in there:
        yield {"step": _FIRST, "kustomize": f"infrastructure/{_FIRST}/overlays/{sized.overlay}"}
    yield {
        "step": "charts",
        "charts": [
            {
                "name": chart,
                "namespace": namespace,
                **catalogue.charts[chart],
                "values": f"infrastructure/charts/{chart}.yaml",
            }
            for chart, namespace in _charts(sized).items()
        ],
    }
    yield {"step": "infrastructure", "kustomize": f"infrastructure/overlays/{sized.overlay}"}
    yield {
        "step": "setup",
        "wait_for_job": f"warehouse-setup-{values['doris']['setup']}",
        "namespace": "nereus-warehouse",
    }
    yield {"step": "access", "kustomize": "infrastructure/access"}
    yield {"step": "apps", "kustomize": f"apps/overlays/{sized.overlay}"}


def _existing(platform: Platform) -> dict[str, str]:
    if platform.cluster is None or platform.platform.target != "cluster":
        return {}
    there, found = platform.cluster.existing, {}
    if there.ingress:
        found["ingress"] = there.ingress.namespace
    if there.monitoring:
        found["monitoring"] = there.monitoring.namespace
    if there.object_store:
        found["object_store"] = there.object_store.cidr
        scheme, _, port = there.object_store.endpoint.rpartition(":")
        found["object_store_port"] = port if port.isdigit() else {"http": "80", "https": "443"}[scheme]
    return found


def _kustomization(resources: list[str]) -> str:
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    return _dump({**head, "resources": resources})


def _dump(content: object) -> str:
    yaml, out = YAML(typ="safe", pure=True), io.StringIO()
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 200
    yaml.dump(content, out)
    return out.getvalue()


def dump_all(objects: Iterable[Mapping[str, Any]]) -> str:
    """Objects as one YAML stream."""
    return "---\n".join(_dump(dict(each)) for each in objects)


def _without(gone: set[str], text: str, where: str) -> str:
    """A YAML file less its objects of some namespaces. Raises BadInput for what is no YAML."""
    try:
        found = list(YAML(typ="safe").load_all(text))
    except Exception as error:
        line = re.search(r"line (\d+)", str(error))
        at = f" (line {line[1]})" if line else ""
        raise BadInput(f"{where} is no YAML once its values are filled in{at}.", fix="Correct that line.") from None
    kept = [one for one in found if not (isinstance(one, dict) and _namespace(one) in gone)]
    return text if len(kept) == len(found) else dump_all(kept)


def _namespace(one: Mapping[str, Any]) -> str:
    metadata = one.get("metadata")
    return str(metadata.get("namespace", "")) if isinstance(metadata, Mapping) else ""


def _refuse_strangers(out: Path) -> None:
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / STEPS).exists())):
        raise BadInput(
            f"{out} holds something that `nereus render` did not write",
            fix="Name an empty folder with --out, or one that it wrote before.",
        )


def _draft(out: Path, files: Mapping[str, str | bytes]) -> Path:
    """All files in a folder beside `out`, to be swapped in: a reader never sees half of them."""
    draft = out.with_name(f".{out.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    for name, content in files.items():
        path = draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return draft
