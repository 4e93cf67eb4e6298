"""Rules between keys: each looks at validated sections and returns what contradicts what, with the fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from nereus.config.kinds import figure
from nereus.costs.prices import packaged
from nereus.suggest import closest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nereus.config import model

#: Below this a disk is not one.
SMALLEST_HDD_TB = 0.1

#: Domains that no public authority signs.
_PRIVATE_DOMAINS = (".internal", ".local", ".lan", ".test", ".home.arpa")

#: Services that take more than one port, the first being the declared one.
PORTS_TAKEN = {"object_store": 8, "jupyterhub": 3}

#: The pydantic error type that carries a list of problems in its context.
PROBLEMS = "problems"


@dataclass(frozen=True)
class Problem:
    """What is wrong at `path` (relative to the checked section), what would be right, and the change for it."""

    path: str
    value: object
    expected: str
    fix: str


def raise_all(problems: Iterable[Problem]) -> None:
    """Raise one pydantic error that carries every problem found; nothing when there is none."""
    found = list(problems)
    if found:
        raise PydanticCustomError(PROBLEMS, "keys contradict each other", {"problems": found})


def ports(section: model.Ports) -> Iterator[Problem]:
    """No two services share a port, nor one of those that a service keeps behind its own."""
    taken: dict[int, str] = {}
    for name, port in section:
        wanted = _span(name, port)
        used = {other for key, first in section if key != name for other in _span(key, first)}
        both = next((other for other in wanted if other in taken), None)
        if both is not None:
            free = next(
                other for other in range(port + 1, port + 199) if used.isdisjoint(range(other, other + len(wanted)))
            )
            expected = f"a port of its own ({taken[both]} has {both} already)"
            yield Problem(name, port, expected, f"Write for example {free}.")
        for other in wanted:
            taken.setdefault(other, name)


def _span(name: str, port: int) -> range:
    return range(port, port + PORTS_TAKEN.get(name, 1))


def machines(section: model.MachinesSection) -> Iterator[Problem]:
    """Spinning disks are there or not; a trace of one is a slip of the unit."""
    if 0 < section.hdd_tb < SMALLEST_HDD_TB:
        expected = f"0 (no spinning disks) or a number of TB of {figure(SMALLEST_HDD_TB)} or more"
        yield Problem("hdd_tb", section.hdd_tb, expected, "Write 0 to keep the object store on NVMe.")


def snowflake(section: model.SnowflakeSection) -> Iterator[Problem]:
    """The consumption is a figure or a list of warehouses, never both."""
    if section.credits_per_month is not None and "warehouses" in section.model_fields_set:
        yield Problem(
            "credits_per_month",
            section.credits_per_month,
            "either this figure or the list `warehouses`, not both",
            "Remove one of the two; the list is turned into credits by hours x size.",
        )


def platform(whole: model.Platform) -> Iterator[Problem]:
    """Everything that needs more than one section."""
    yield from _machines(whole)
    yield from _target(whole)
    yield from _certificates(whole)
    yield from _priced(whole)
    for name, times in Counter(whole.usecases).items():
        if times > 1:
            yield Problem("usecases", list(whole.usecases), "each use case once", f"Remove the second {name}.")


def data(section: model.DataSection) -> Iterator[Problem]:
    """The hot window lies within the history; the compression cases are in order."""
    if section.hot_months > section.history_months:
        yield Problem(
            "hot_months",
            section.hot_months,
            f"at most data.history_months ({section.history_months}): the hot window is a part of the history",
            f"Write {section.history_months} to keep the whole history hot, or raise data.history_months.",
        )
    cases = dict(section.compression)
    ordered = ", ".join(f"{name}: {figure(value)}" for name, value in zip(cases, sorted(cases.values()), strict=True))
    for smaller, larger in (("low", "typical"), ("typical", "high")):
        if cases[smaller] > cases[larger]:
            expected = f"at most compression.{larger} ({figure(cases[larger])}): low is the smallest stored size"
            yield Problem(f"compression.{smaller}", cases[smaller], expected, f"Write {{{ordered}}}.")
            return


def _machines(whole: model.Platform) -> Iterator[Problem]:
    nodes = whole.machines.nodes
    if nodes == "auto":
        return
    if whole.data.replicas > nodes:
        yield Problem(
            "data.replicas",
            whole.data.replicas,
            f"at most machines.nodes ({nodes}): two copies on one machine are lost together",
            f"Write {nodes}, raise machines.nodes to {whole.data.replicas}, or write machines.nodes: auto.",
        )
    if whole.vms is None:
        return
    for key, each, host in (
        ("memory_gb", whole.machines.memory_gb, whole.vms.host_memory_gb),
        ("nvme_tb", whole.machines.nvme_tb, whole.vms.host_nvme_tb),
    ):
        if each * nodes > host:
            yield Problem(
                f"machines.{key}",
                each,
                f"at most {figure(int(host / nodes * 100) / 100)}: "
                f"{nodes} virtual machines share vms.host_{key} ({figure(host)})",
                f"Lower machines.{key} or machines.nodes, or use a larger host.",
            )


#: What to add when the target's own section is absent.
_EXAMPLES = {
    "vms": "vms: {host_memory_gb: 512, host_nvme_tb: 16}",
    "hosts": "hosts: {inventory: inventory/hosts.yaml}",
    "cluster": "cluster: {kubeconfig: ~/.kube/config, storage_class: local-path, ingress_class: traefik}",
}


def _target(whole: model.Platform) -> Iterator[Problem]:
    target = whole.platform.target
    if target != "local" and getattr(whole, target) is None:
        yield Problem(
            "platform.target",
            target,
            f"a section `{target}` that describes it",
            f"Add for example `{_EXAMPLES[target]}`, or write platform.target: local.",
        )


def _certificates(whole: model.Platform) -> Iterator[Problem]:
    email, domain = whole.kubernetes.acme_email, whole.kubernetes.domain
    if email is None:
        return
    if domain.endswith(_PRIVATE_DOMAINS):
        expected = f"a public kubernetes.domain beside it: ACME signs no name under {domain}"
        fix = "Remove kubernetes.acme_email (the platform is then its own authority), or write your public domain."
        yield Problem("kubernetes.acme_email", email, expected, fix)
    if whole.cluster and whole.cluster.existing.certificates:
        expected = f"nothing: cluster.existing.certificates.issuer ({whole.cluster.existing.certificates.issuer}) signs"
        yield Problem("kubernetes.acme_email", email, expected, "Remove one of the two.")


def _priced(whole: model.Platform) -> Iterator[Problem]:
    """Whatever is named after a price has one."""
    known = packaged()
    regions = sorted({name.split(".")[1] for name in known.by_name if name.startswith("snowflake_credit.")})
    for path, word, words in (
        ("snowflake.region", whole.snowflake.region, regions),
        ("costs.rented_server", whole.costs.rented_server, sorted(known.servers)),
    ):
        if word not in words:
            meant = closest(word, words)
            fix = f"Did you mean {meant}?" if meant else f"Write for example {words[0]}."
            yield Problem(path, word, f"one of {', '.join(words)}", fix)
    for name, own in whole.prices.items():
        if refused := known.refusal(name, own.value):
            yield Problem(f"prices.{name}", own.value, *refused)
