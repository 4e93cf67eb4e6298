"""The vms target as a person asks for it: platform.yaml -> machines -> inventory -> Ansible; its plan; its end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from nereus import sizing
from nereus.config import Platform
from nereus.errors import BadInput
from nereus.home import Home
from nereus.machines import host as hosts
from nereus.machines import image, known, ready, wanted
from nereus.machines.contract import Contract
from nereus.machines.deployment import Deployment
from nereus.machines.places import Places

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Machines:
    """The virtual machines that `platform` declares, in the deployment at `home`."""

    platform: Platform
    home: Home
    tell: Tell

    @property
    def places(self) -> Places:
        return Places(self.home)

    def deployment(self) -> Deployment:
        """What is done on the declared host. Raises BadInput when platform.yaml does not say which."""
        if self.platform.vms is None:
            raise BadInput(
                "platform.yaml has no section vms; expected the host of the virtual machines",
                fix="Add for example `vms: {host_memory_gb: 512, host_nvme_tb: 16}`.",
            )
        name = self.platform.platform.name
        return Deployment(name, hosts.of(self.platform.vms.uri, name, self.places), self.places, self.tell)

    def plan(self, rebuild: Collection[str] = ()) -> tuple[list[str], list[str]]:
        """What provisioning would change, and what a person should know. Makes nothing, starts nothing.

        Raises BadInput when it would be refused.
        """
        deployment = self.deployment()
        there = deployment.nodes()
        asked = wanted.beside(self._asked(self._image_key(there)), there, rebuild)
        if not there:
            new = [f"+ machine {name}: {', '.join(wanted.describe(node))}" for name, node in asked.nodes.items()]
            return ["+ pool for the disks", "+ network of the machines", *new], list(asked.notes)
        if not deployment.host.up:
            return [], [*asked.notes, "The lab is down, so libvirt was not asked: make lab."]
        return deployment.preview(asked, rebuild), list(asked.notes)

    def provision(self, rebuild: Collection[str] = ()) -> tuple[list[str], list[str]]:
        """Make the machines and wait until they answer: what changed, and what a person should know."""
        assert self.platform.vms is not None  # noqa: S101  deployment() below refuses it first
        deployment = self.deployment()
        there = deployment.nodes()
        # Whatever can be refused is refused before an image is built, which takes minutes.
        self._asked("0" * 12)
        vms = self.platform.vms
        base = image.obtain(vms.image, vms.image_checksum, self.home.logs / "image.log", self.tell)
        asked = wanted.beside(self._asked(base.key), there, rebuild)
        changes = deployment.provision(asked, base, rebuild)
        ready.wait(self.contract(), self.places.known_hosts, deployment.host.console_path, self.tell)
        return changes, list(asked.notes)

    def contract(self) -> Contract:
        """The machines that are there."""
        return Contract.read(self.places.contract)

    def destroy(self) -> list[str]:
        """Delete them with their data. The caller has asked for consent."""
        return self.deployment().destroy()

    def _asked(self, key: str) -> wanted.Wanted:
        return wanted.of(self.platform, sizing.plan(sizing.Requirements.of(self.platform)), key)

    def _image_key(self, there: Mapping[str, known.KnownNode]) -> str:
        """The image that new machines would be made of, without building or fetching it."""
        vms = self.platform.vms
        if vms is not None and image.cached(vms.image):
            return image.obtain(vms.image, vms.image_checksum, Path(), self.tell).key
        return next((node.image for node in there.values() if node.image is not None), "0" * 12)
