"""A plan whose pods do not all find a machine is refused, with the smallest change that would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from nereus.errors import BadInput
from nereus.kubernetes.render.demand import Sized
from nereus.kubernetes.render.schedule import Schedule

#: How many machines more are tried before the machines themselves are called too small.
_MORE = 20


def refuse_what_does_not_fit(sized: Sized, schedule: Schedule, again: Callable[[int], Schedule]) -> None:
    """Raise BadInput that names each component left without a machine, why, and how many machines would do.

    `again` predicts the schedule for another number of machines.
    """
    if not schedule.pending:
        return
    counted = Counter((each.component, each.why) for each in schedule.pending)
    lines = [f"platform.yaml: the plan's {sized.nodes} machines do not take every pod:"]
    lines += [f"  {count} of {name} stay pending: {why}" for (name, why), count in counted.items()]
    raise BadInput("\n".join(lines), fix=_fix(sized, again))


def _fix(sized: Sized, again: Callable[[int], Schedule]) -> str:
    machine = sized.plan.requirements.machine
    for nodes in range(sized.nodes + 1, sized.nodes + _MORE + 1):
        if not again(nodes).pending:
            size = f"{machine.cores} cores, {machine.memory_gb:g} GB"
            return f"Write machines.nodes: {nodes}, or larger machines (now {size} each)."
    return (
        f"No number of machines of {machine.cores} cores and {machine.memory_gb:g} GB would do: raise machines.cores, "
        "machines.memory_gb or the disks to what the largest pod above needs."
    )
