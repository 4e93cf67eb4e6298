"""Workload groups, queues, priorities, memory shares, policies and block rules: who may use how much of the engine."""

from nereus.warehouse.embedded.workload.groups import DEFAULT, SHOWN, WorkloadGroup, WorkloadGroups
from nereus.warehouse.embedded.workload.queues import Queues, Ticket

__all__ = ["DEFAULT", "SHOWN", "Queues", "Ticket", "WorkloadGroup", "WorkloadGroups"]
