"""The warehouse itself: what the operator and Doris would accept, and should not get."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from nereus.kubernetes.checks.objects import Fault, Object, name
from nereus.kubernetes.render.demand import Sized

#: conf file -> setting -> what it must be, and why.
_NEEDED = {
    "fe": {
        "enable_fqdn_mode": ("true", "pods get new addresses when they start anew"),
        "initial_root_password": (r"\*[0-9A-F]{40}", "root would be without a password until the setup job has run"),
        "arrow_flight_sql_port": (r"\d+", "notebooks read large results by Arrow Flight"),
        "JAVA_OPTS_FOR_JDK_17": (r".*-XX:-UseContainerSupport.*", "the image's Java fails on cgroup v2 without it"),
    },
    "be": {
        "enable_file_cache": ("true", "each scan of cooled partitions would go to the object store"),
        "mem_limit": (r"\d+", "a share is taken of the machine's memory, not of the container's"),
        "spill_storage_root_path": (r"/.+", "large queries would fail instead of going on on disk"),
        "arrow_flight_sql_port": (r"\d+", "notebooks read large results by Arrow Flight"),
    },
}


def faults(objects: Iterable[Object], sized: Sized) -> Iterator[Fault]:
    """Everything that is wrong with our DorisClusters and their configuration."""
    listed = list(objects)
    maps = {one["metadata"]["name"]: one for one in listed if one["kind"] == "ConfigMap"}
    for one in listed:
        if one["kind"] == "DorisCluster":
            yield from _cluster(one, sized, maps)


def _cluster(one: Object, sized: Sized, maps: Mapping[str, Object]) -> Iterator[Fault]:
    spec = one["spec"]
    frontends, election = spec["feSpec"].get("replicas", 3), spec["feSpec"].get("electionNumber", 3)
    if int(election) % 2 == 0:
        yield Fault(name(one), f"{election} followers cannot outvote each other.", "Use an odd electionNumber.")
    if int(election) > int(frontends):
        yield Fault(name(one), f"electionNumber {election} is above {frontends} frontends.", "Lower it.")
    copies = min(sized.plan.requirements.replicas, sized.nodes)
    backends = int(spec["beSpec"].get("replicas", 3))
    if backends < copies:
        fix = f"Write replicas: {copies} or more, or lower data.replicas in platform.yaml."
        yield Fault(name(one), f"{backends} backends cannot hold {copies} copies of each tablet.", fix)
    for part, mounted in (("fe", "/opt/apache-doris/fe/doris-meta"), ("be", "/opt/apache-doris/be/storage")):
        inner = spec[f"{part}Spec"]
        if mounted not in {each.get("mountPath") for each in inner.get("persistentVolumes") or []}:
            wrong = f"nothing is mounted at {mounted}: its data would be lost with the pod."
            yield Fault(name(one), wrong, "Add the persistentVolume.")
        held = maps.get((inner.get("configMapInfo") or {}).get("configMapName", ""))
        if held is not None:
            yield from _configuration(held, part, sized)


def _configuration(held: Object, part: str, sized: Sized) -> Iterator[Fault]:
    file = f"{part}.conf"
    text = (held.get("data") or {}).get(file)
    if text is None:
        yield Fault(name(held), f"it has no key {file}; the operator looks for that.", f"Call the key {file}.")
        return
    given = dict(re.findall(r"^\s*(\w+)\s*=\s*\"?(.*?)\"?\s*$", text, re.MULTILINE))
    for setting, (pattern, why) in _NEEDED[part].items():
        if not re.fullmatch(pattern, given.get(setting, "")):
            yield Fault(name(held), f"{setting} is {given.get(setting, 'missing')!r}: {why}.", f"Set it in {file}.")
    limit = sized.demands[f"doris-{part}"].memory_limit
    if part == "be" and given.get("mem_limit", "0").isdigit() and int(given.get("mem_limit", 0)) >= limit:
        wrong = f"mem_limit {given['mem_limit']} is not below the container's limit ({limit}): it would be killed."
        yield Fault(name(held), wrong, "Write ${doris.be_mem_limit_bytes}.")
    heap = re.search(r"-Xmx(\d+)m", given.get("JAVA_OPTS_FOR_JDK_17", ""))
    if part == "fe" and heap and int(heap[1]) * 1024**2 >= limit:
        yield Fault(name(held), f"-Xmx{heap[1]}m leaves nothing of {limit:,} bytes.", "Write ${doris.fe_heap_mb}.")
    ports = {each for key, each in given.items() if key.endswith("port")}
    declared = {str(each) for each in sized.demands[f"doris-{part}"].component.ports.values()}
    if ports and not ports <= declared:
        wrong = f"it listens on {', '.join(sorted(ports - declared))}, which components.yaml does not know."
        yield Fault(name(held), wrong, "Write ${doris.fe_ports...} or ${doris.be_ports...}.")
