"""What the platform must carry, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nereus.cases import Case
from nereus.config import Platform


@dataclass(frozen=True)
class Machine:
    """One machine. Without spinning disks (`hdd_tb` 0) its NVMe carries the object store too."""

    cores: int
    memory_gb: float
    nvme_tb: float
    hdd_tb: float


@dataclass(frozen=True)
class Requirements:
    """Data, people and promise; TB are uncompressed and of year 0. `nodes` is None when the plan chooses."""

    raw_tb: float
    growth_per_year: float
    horizon_years: int
    history_months: int
    hot_months: int
    stored_share: Mapping[Case, float]
    replicas: int
    headroom: float
    backups_kept: int
    readers: int
    scientists: int
    dashboard_average_s: float
    machine: Machine
    nodes: int | None = None

    @classmethod
    def of(cls, platform: Platform) -> Requirements:
        """The requirements that a platform.yaml declares."""
        data, machines = platform.data, platform.machines
        return cls(
            raw_tb=data.raw_tb,
            growth_per_year=data.growth_per_year,
            horizon_years=data.horizon_years,
            history_months=data.history_months,
            hot_months=data.hot_months,
            stored_share=MappingProxyType({case: getattr(data.compression, case.value) for case in Case}),
            replicas=data.replicas,
            headroom=data.headroom,
            backups_kept=data.backups_kept,
            readers=platform.users.analysts + platform.users.managers,
            scientists=platform.users.scientists,
            dashboard_average_s=platform.promise.dashboard_average_s,
            machine=Machine(machines.cores, machines.memory_gb, machines.nvme_tb, machines.hdd_tb),
            nodes=None if machines.nodes == "auto" else machines.nodes,
        )
