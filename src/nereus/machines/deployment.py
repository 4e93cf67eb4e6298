"""Machines of one deployment, from the image to the contract: foundations, platform, then what Terraform cannot do.

deployment = Deployment("nereus", host, places, tell)
deployment.provision(wanted, image)      # the lines of what changed; none the second time
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from nereus.errors import BadInput, Failure
from nereus.machines import guard, known, mirror
from nereus.machines.contract import Contract
from nereus.machines.host import Host
from nereus.machines.image import Image
from nereus.machines.places import TERRAFORM, Places
from nereus.machines.terraform import Json, Terraform, TerraformError
from nereus.machines.wanted import DOMAIN, NETWORK, SSH_USER, Wanted

FOUNDATIONS, PLATFORM, NODE = "foundations", "platform", "modules/node"
#: With consent to delete everything, and only then, this file lies beside the module's own.
_CONSENT = "consent_override.tf"
_CONSENT_TEXT = 'resource "libvirt_volume" "data" {\n  lifecycle {\n    prevent_destroy = false\n  }\n}\n'
_VARIABLES = "terraform.tfvars.json"


@dataclass(frozen=True)
class Deployment:
    """The machines of the platform `name` on `host`."""

    name: str
    host: Host
    places: Places
    tell: Callable[[str], None]

    @property
    def log(self) -> Path:
        return self.places.home.logs / "terraform.log"

    def preview(self, wanted: Wanted, rebuild: Collection[str] = ()) -> list[str]:
        """What provisioning would change, a line each. Asks libvirt and changes nothing.

        Raises BadInput when the guard would refuse it.
        """
        self.host.libvirt.check()
        self._copy()
        lines = []
        lacking = {node.image for node in wanted.nodes.values()} - set(known.images(self._state(FOUNDATIONS)))
        lines += [f"+ base image {key}" for key in sorted(lacking)]
        terraform = self._terraform(PLATFORM)
        # An image that is not in the pool yet has no volume yet either; any text stands for it.
        self._write_platform(wanted, dict.fromkeys(lacking, "not there yet"))
        terraform.init()
        verdict = self._judged(terraform, rebuild)
        verdict.raise_refused()
        return [*lines, *verdict.changes]

    def nodes(self) -> dict[str, known.KnownNode]:
        """The machines that Terraform made here; none before the first time."""
        return known.nodes(self._state(PLATFORM))

    def provision(self, wanted: Wanted, image: Image, rebuild: Collection[str] = ()) -> list[str]:
        """Make it so; what changed, a line each. Again: changes nothing. Raises BadInput before changing anything."""
        changes = ["+ the lab's libvirt was started"] if self.host.start() else []
        _ssh_key(self.places)
        self._copy()
        there = self.nodes()
        changes += self._found(wanted, there, image)
        self._write_platform(wanted)
        terraform = self._terraform(PLATFORM)
        terraform.init()
        self.tell("planning the machines")
        verdict = self._judged(terraform, rebuild)
        verdict.raise_refused()
        changes += self._clean(wanted, there)
        if verdict.changes:
            self.tell(f"making machines: {len(verdict.changes)} changes, a few minutes")
        # Also without changes: outputs, such as the way to the machines, may differ.
        terraform.apply()
        changes += verdict.changes
        for name in verdict.systems:
            _forget_host_key(self.places.known_hosts, wanted.nodes[name].address)
        self._attach(wanted)
        contract = Contract.model_validate(terraform.outputs()["contract"])
        self.places.contract.write_text(contract.as_json(), "utf-8")
        return changes

    def destroy(self) -> list[str]:
        """Delete every machine, disk, network and pool of this deployment. The caller has asked for consent."""
        if not self.places.terraform.exists():
            self._forget()
            return []
        self.host.start()
        consent = self.places.terraform / NODE / _CONSENT
        consent.write_text(_CONSENT_TEXT, "utf-8")
        removed: list[str] = []
        for root in (PLATFORM, FOUNDATIONS):
            if not (self.places.terraform / root / "terraform.tfstate").exists():
                continue
            terraform = self._terraform(root)
            terraform.init()
            if root == PLATFORM:
                removed += self._clean_left(known.nodes(terraform.state()))
            self.tell(f"deleting the {root}")
            verdict = guard.judge(terraform.plan(destroy=True), destroy=True)
            terraform.apply()
            removed += verdict.changes
        self._forget()
        return removed

    def _forget(self) -> None:
        if self.host.lab is not None:
            self.host.lab.remove()
            shutil.rmtree(self.places.consoles, ignore_errors=True)
        shutil.rmtree(self.places.root, ignore_errors=True)
        for key in (self.places.ssh_key, self.places.ssh_key.with_suffix(".pub")):
            key.unlink(missing_ok=True)

    def _found(self, wanted: Wanted, nodes: Mapping[str, known.KnownNode], image: Image) -> list[str]:
        terraform = self._terraform(FOUNDATIONS)
        there = known.images(self._state(FOUNDATIONS))
        used = {node.image for node in wanted.nodes.values()}
        used |= {node.image for node in nodes.values() if node.image is not None}
        images = {key: source for key, source in there.items() if key in used} | {image.key: str(image.path)}
        lacking = used - set(images)
        if lacking:
            raise Failure(
                f"machines were made of the images {', '.join(sorted(lacking))}, which the pool does not hold",
                fix="Was a volume base-*.qcow2 deleted? Rebuild these machines: --rebuild NAME.",
            )
        self._write(
            FOUNDATIONS,
            {
                "libvirt_uri": self.host.libvirt.uri,
                "platform": self.name,
                "pool_path": str(self.host.pool_path),
                "network_cidr": NETWORK,
                "bridge": f"virbr-{self.name}"[:15].rstrip("-"),
                "domain": DOMAIN,
                "images": images,
            },
        )
        terraform.init()
        self.tell("planning the foundations")
        verdict = self._judged(terraform, ())
        verdict.raise_refused()
        if verdict.changes:
            self.tell("making pool, network and base image")
            terraform.apply()
        return list(verdict.changes)

    def _write_platform(self, wanted: Wanted, lacking: Mapping[str, str] | None = None) -> None:
        foundations = self._terraform(FOUNDATIONS).outputs()["contract"]
        self._write(
            PLATFORM,
            {
                "libvirt_uri": self.host.libvirt.uri,
                "foundations": {**foundations, "images": {**foundations["images"], **(lacking or {})}},
                "domain_type": self.host.libvirt.domain_type(),
                "nodes": {name: node.as_json() for name, node in wanted.nodes.items()},
                "ssh_user": SSH_USER,
                "ssh_public_key": self.places.ssh_key.with_suffix(".pub").read_text("utf-8").strip(),
                "ssh_key": str(self.places.ssh_key),
                "proxy_command": self.host.proxy_command,
                "console_path": str(self.host.console_path),
            },
        )

    def _judged(self, terraform: Terraform, rebuild: Collection[str]) -> guard.Verdict:
        try:
            return guard.judge(terraform.plan(), rebuild=rebuild)
        except TerraformError as error:
            raise guard.prevented(error.text) or error from None

    def _clean(self, wanted: Wanted, there: Mapping[str, known.KnownNode]) -> list[str]:
        """Machines that libvirt defines and Terraform does not know: their start had failed."""
        defined = self.host.libvirt.domains()
        changes = []
        for name in wanted.nodes:
            if name not in defined or (name in there and there[name].cores is not None):
                continue
            if strange := self._strange(name):
                raise BadInput(
                    f"libvirt has a machine {name} with disks in {', '.join(strange)}; it is not one of this platform",
                    fix="Rename or remove it there, or give this platform another platform.name.",
                )
            self.host.libvirt.forget(name)
            changes.append(f"- machine {name}, left behind by a start that had failed")
        return changes

    def _clean_left(self, there: Mapping[str, known.KnownNode]) -> list[str]:
        """Before everything goes: machines in this platform's pool that Terraform does not know."""
        changes = []
        for name in self.host.libvirt.domains():
            if not name.startswith(f"{self.name}-node-") or (name in there and there[name].cores is not None):
                continue
            if not self._strange(name):
                self.host.libvirt.forget(name)
                changes.append(f"- machine {name}, left behind by a start that had failed")
        return changes

    def _strange(self, name: str) -> list[str]:
        """Where a machine has disks, apart from this platform's pool."""
        return sorted(
            {
                disk.pool or disk.folder
                for disk in self.host.libvirt.disks(name)
                if disk.pool != self.name and disk.folder != str(self.host.pool_path)
            }
        )

    def _attach(self, wanted: Wanted) -> None:
        for name, node in wanted.nodes.items():
            present = {disk.volume for disk in self.host.libvirt.disks(name)}
            for disk in node.disks:
                volume = f"{name}.{disk.serial}.qcow2"
                if volume not in present:
                    self.tell(f"attaching {disk.serial} to {name}")
                    self.host.libvirt.attach(name, self.name, volume, disk.serial)

    def _state(self, root: str) -> Json:
        """What Terraform made of a root module; nothing before the first time."""
        if not (self.places.terraform / root / "terraform.tfstate").exists():
            return {}
        terraform = self._terraform(root)
        terraform.init()
        return terraform.state()

    def _terraform(self, root: str) -> Terraform:
        found = mirror.present()
        folder = self.places.terraform / root
        return Terraform(folder, self.log, found.config if found else None)

    def _write(self, root: str, variables: Json) -> None:
        path = self.places.terraform / root / _VARIABLES
        path.write_text(json.dumps(variables, indent=2) + "\n", "utf-8")

    def _copy(self) -> None:
        """infra/terraform as it is now; states, locks and variables beside it stay."""
        for root in (FOUNDATIONS, PLATFORM, NODE):
            target = self.places.terraform / root
            target.mkdir(parents=True, exist_ok=True)
            for old in (*target.glob("*.tf"), *target.glob("*.xsl")):
                old.unlink()
            for source in (TERRAFORM / root).iterdir():
                if source.suffix in {".tf", ".xsl"}:
                    shutil.copy(source, target)
        found = mirror.present()
        marker = self.places.terraform / "provider"
        origin = str(found.root) if found else "registry"
        if not marker.exists() or marker.read_text("utf-8") != origin:
            # A lock holds the checksum of one build of the provider; from another source comes another build.
            for root in (FOUNDATIONS, PLATFORM):
                (self.places.terraform / root / ".terraform.lock.hcl").unlink(missing_ok=True)
            marker.write_text(origin, "utf-8")


def _ssh_key(places: Places) -> None:
    """The key that opens the machines, generated once."""
    if places.ssh_key.exists():
        return
    if shutil.which("ssh-keygen") is None:
        raise BadInput("there is no `ssh-keygen` on the PATH", fix="Run: apt-get install openssh-client")
    places.ssh_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "nereus", "-f", str(places.ssh_key)],  # noqa: S607
        check=True,
        timeout=60,
        capture_output=True,
    )


def _forget_host_key(known_hosts: Path, address: str) -> None:
    """A machine made anew has another key; whoever answers with the old one is not it."""
    if known_hosts.exists():
        command = ["ssh-keygen", "-q", "-R", address, "-f", str(known_hosts)]
        subprocess.run(command, check=False, timeout=60, capture_output=True)
