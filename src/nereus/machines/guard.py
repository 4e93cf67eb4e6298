"""Terraform's plan in people's words, and what no plan may do: lose a disk with data, or a machine unasked.

verdict = guard.judge(terraform.plan())
verdict.changes, verdict.refusals
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nereus.errors import BadInput
from nereus.machines.known import GIB

KEEP = "A disk keeps its size, its machine and its name for life. Grow by adding a disk; `nereus destroy` ends all."
_NODE = re.compile(r'module\.node\["([^"]+)"\]')
_PREVENTED = re.compile(r'Resource\s+module\.node\["([^"]+)"\]\.libvirt_volume\.data\["([^"]+)"\]')


@dataclass(frozen=True)
class Refusal:
    """What a plan would destroy, and what to do instead."""

    what: str
    fix: str


@dataclass(frozen=True)
class Verdict:
    """What a plan does, a line each, and what of it is refused.

    `systems` names the machines that get a new root disk, and with it new SSH host keys.
    """

    changes: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    systems: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.changes and not self.refusals

    def raise_refused(self) -> None:
        """Raise BadInput with every refusal; nothing has been changed then."""
        if self.refusals:
            text = "\n".join(f"  {each.what}\n    {each.fix}" for each in self.refusals)
            raise BadInput(f"no machine and no disk was changed: the plan would destroy what must stay\n{text}")


@dataclass(frozen=True)
class _Step:
    node: str | None
    kind: str
    index: str
    actions: tuple[str, ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    forced_by: tuple[str, ...]

    @property
    def destroys(self) -> bool:
        return "delete" in self.actions

    @property
    def replaces(self) -> bool:
        return self.destroys and "create" in self.actions


def judge(plan: Mapping[str, Any], *, rebuild: Collection[str] = (), destroy: bool = False) -> Verdict:
    """Read the answer of `terraform show -json PLAN`. `rebuild` names machines that may be made anew.

    With `destroy` everything was asked to go, and nothing is refused.
    """
    steps = [step for change in plan.get("resource_changes", ()) if (step := _step(change)) is not None]
    if destroy:
        return Verdict(tuple(line for step in steps for line in _removed(step)), ())
    refusals = tuple(refusal for step in steps for refusal in _refused(step, rebuild))
    new = {step.node for step in steps if step.kind == "root" and step.actions == ("create",)}
    systems = tuple(step.node for step in steps if step.kind == "root" and "create" in step.actions and step.node)
    return Verdict(tuple(line for step in steps for line in _words(step, new)), refusals, systems)


def prevented(text: str) -> BadInput | None:
    """Terraform's own refusal to delete a data disk in our words; None when `text` holds another error."""
    found = _PREVENTED.search(" ".join(text.replace("│", " ").split()))
    if "prevent_destroy" not in text or found is None:
        return None
    return BadInput(
        f"nothing was changed: the plan would delete the disk {found[2]} of {found[1]}, which holds data",
        fix=KEEP,
    )


def _step(change: Mapping[str, Any]) -> _Step | None:
    what = change["change"]
    actions = tuple(what["actions"])
    if change.get("mode") == "data" or actions in {("no-op",), ("read",)}:
        return None
    node = _NODE.match(change.get("module_address", ""))
    kind = {"libvirt_domain": "domain", "libvirt_cloudinit_disk": "seed"}.get(change["type"], change["name"])
    forced = tuple(str(path[0]) for path in what.get("replace_paths", ()) if path)
    before, after = what.get("before") or {}, what.get("after") or {}
    return _Step(node[1] if node else None, kind, str(change.get("index", "")), actions, before, after, forced)


def _refused(step: _Step, rebuild: Collection[str]) -> Iterator[Refusal]:
    if not step.destroys:
        return
    if step.kind == "data":
        change = f" (its {', '.join(step.forced_by)} would change)" if step.forced_by else ""
        yield Refusal(
            f"the disk {step.index} of {step.node} would be deleted{change}, and its data with it.",
            KEEP,
        )
    elif step.kind in {"domain", "root"} and step.node not in rebuild:
        yield _unasked(step)
    elif step.kind in {"disks", "machines"}:
        what = "pool of all disks" if step.kind == "disks" else "network of the machines"
        yield Refusal(
            f"the {what} would be made anew ({', '.join(step.forced_by) or 'it is no longer wanted'}).",
            "Restore what was changed; another pool or network is another platform, under another platform.name.",
        )
    elif step.kind == "base" and step.replaces:
        yield Refusal(
            f"the base image {step.index} would be made anew beneath the machines that read it.",
            "Leave it; another image gets another name by its content.",
        )
    elif step.kind not in {"domain", "root", "seed", "base"}:
        yield Refusal(
            f"{step.kind} {step.index} would be deleted.", "Nothing of Nereus asks for that: look at the plan."
        )


def _unasked(step: _Step) -> Refusal:
    if not step.replaces:
        return Refusal(
            f"the machine {step.node} would be removed.",
            "Declare it again; a machine with data is only removed with everything, by `nereus destroy`.",
        )
    if step.kind == "root":
        return Refusal(
            f"the root disk of {step.node} would be made anew: the system on it is lost, data disks stay.",
            f"Where that is wanted, add --rebuild {step.node} to `nereus provision`.",
        )
    why = ", ".join(_difference(step)) or "another root disk"
    return Refusal(
        f"the machine {step.node} would be switched off and made anew ({why}); its disks stay.",
        f"Where that is wanted, one machine at a time: add --rebuild {step.node} to `nereus provision`.",
    )


def _difference(step: _Step) -> Iterator[str]:
    names = {"vcpu": "cores", "memory": "MiB of memory", "type": "virtualisation"}
    for key in step.forced_by:
        before, after = step.before.get(key), step.after.get(key)
        yield f"{names.get(key, key)} {before} -> {after}" if key in names else key


def _words(step: _Step, new: Collection[str | None]) -> Iterator[str]:
    """One step as a line; what is only a part of another line is left out."""
    match step.kind, step.actions:
        case "domain", ("create",) if step.node in new:
            memory = step.after.get("memory", 0) / 1024
            yield f"+ machine {step.node}: {step.after.get('vcpu')} cores, {memory:g} GiB memory"
        case "domain", ("create",):
            yield f"+ machine {step.node} is gone and is started again from its disks"
        case "domain", ("update",):
            if step.before.get("running") is False:
                yield f"~ machine {step.node} is off and is switched on"
            else:
                yield f"~ machine {step.node}: settings that act without a restart"
        case "domain", _ if step.replaces:
            yield f"! machine {step.node} is switched off and made anew; its data disks stay"
        case "domain", _:
            yield f"- machine {step.node}"
        case "data", ("create",):
            live = "" if step.node in new else ", attached while the machine runs"
            yield f"+ disk {step.index} of {step.node}: {step.after.get('size', 0) / GIB:g} GiB{live}"
        case "data", _:
            yield f"- disk {step.index} of {step.node}"
        case "disks", ("create",):
            yield "+ pool for the disks"
        case "machines", ("create",):
            yield "+ network of the machines"
        case "base", ("create",):
            yield f"+ base image {step.index}"
        case "base", ("delete",):
            yield f"- base image {step.index}, of which no machine is made any more"
        case "root" | "seed", _:
            if step.node not in new and step.kind == "seed" and not step.replaces:
                yield f"~ first-boot settings of {step.node}"
        case _:
            yield f"~ {step.kind} {step.index}".rstrip()


def _removed(step: _Step) -> Iterator[str]:
    names = {
        "domain": f"machine {step.node}",
        "data": f"disk {step.index} of {step.node} and its data",
        "base": f"base image {step.index}",
        "disks": "pool for the disks",
        "machines": "network of the machines",
    }
    if step.destroys and step.kind in names:
        yield f"- {names[step.kind]}"
