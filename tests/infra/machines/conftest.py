"""What the tests of machines share: the provider's mirror, the base image, and a lab of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from nereus.ansible.inventory import Inventory
from nereus.ansible.playbook import Playbooks
from nereus.errors import BadInput
from nereus.home import Home
from nereus.machines import host as hosts
from nereus.machines import image as images
from nereus.machines import mirror as mirrors
from nereus.machines import ready
from nereus.machines.contract import Contract, Disk
from nereus.machines.deployment import Deployment
from nereus.machines.image import Image
from nereus.machines.mirror import Mirror
from nereus.machines.places import Places
from nereus.machines.wanted import Node, Wanted
from tests.conftest import not_run
from tests.infra.steps import step

NAME = "lab"
HOT = Disk(serial="hot-0", tier="hot", gib=1)
COLD = Disk(serial="cold-0", tier="cold", gib=1)
MORE = Disk(serial="hot-1", tier="hot", gib=1)


@pytest.fixture(scope="session")
def mirror() -> Mirror:
    if shutil.which("terraform") is None:
        not_run("Terraform", "install Terraform and put it on the PATH")
    try:
        with step("build the provider (cached by its sources)"):
            return mirrors.ensure(lambda text: None)[0]
    except BadInput as error:
        not_run("the libvirt provider", str(error))


@pytest.fixture(scope="session")
def base_image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    try:
        with step("build the base image (cached by its recipe)"):
            return images.obtain("build", None, tmp_path_factory.mktemp("image") / "image.log", lambda text: None)
    except BadInput as error:
        not_run("the base image", str(error))


@dataclass
class Bench:
    """Two small machines in a lab of their own, and the ways to look at them."""

    deployment: Deployment
    image: Image

    @property
    def places(self) -> Places:
        return self.deployment.places

    @property
    def contract(self) -> Contract:
        return Contract.read(self.places.contract)

    def wanted(self, *more: Disk, hot: Disk = HOT) -> Wanted:
        """Both machines; `more` are further disks of the second."""
        return Wanted(
            {
                f"{NAME}-node-{number}": Node(
                    address=f"10.77.0.{10 + number}",
                    roles=("server",) if number == 0 else ("agent",),
                    cores=1,
                    memory_gib=0.75,
                    root_gib=26,
                    image=self.image.key,
                    disks=(hot, COLD, *(more if number == 1 else ())),
                )
                for number in range(2)
            }
        )

    def provision(self, wanted: Wanted) -> list[str]:
        return self.deployment.provision(wanted, self.image)

    def wait(self) -> None:
        ready.wait(self.contract, self.places.known_hosts, self.places.consoles, lambda text: None)

    def ssh(self, number: int, *command: str) -> str:
        ask = ready.command(self.contract, f"{NAME}-node-{number}", self.places.known_hosts, *command)
        return subprocess.run(ask, capture_output=True, text=True, timeout=120, check=True).stdout

    def mounted(self, number: int, count: int) -> list[str]:
        """The places of `count` data disks, once they are mounted: a boot does not wait for them."""
        deadline = time.monotonic() + 400
        # findmnt ends with 1 where nothing is mounted yet.
        look = ("findmnt", "-n", "-o", "TARGET", "-t", "xfs", "||", "true")
        while len(found := self.ssh(number, *look).split()) < count:
            assert time.monotonic() < deadline, f"mounted on {NAME}-node-{number}: {found}"
            time.sleep(3)
        return found

    def boot(self, number: int) -> str:
        """What differs after every start of the machine."""
        return self.ssh(number, "cat", "/proc/sys/kernel/random/boot_id").strip()

    def play(self, name: str) -> dict[str, int]:
        """Run a playbook on both; tasks that changed something, by machine."""
        inventory = Inventory.from_contract(self.contract, self.places.known_hosts).write(self.places.home)
        return Playbooks(self.places.home, inventory).run(name, lambda text: None).changed

    def processes(self) -> list[str]:
        """Command lines of processes that are the lab's."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or ())
            if str(self.places.home.root) in line:
                found.append(line[:160])
        return found


@pytest.fixture(scope="module")
def bench(mirror: Mirror, base_image: Image) -> Iterator[Bench]:
    lacking = [program for program in ("libvirtd", "virsh", "qemu-system-x86_64", "socat") if not shutil.which(program)]
    if lacking:
        not_run("virtual machines", f"apt-get install the packages of tests/infra/machines/packages.txt: {lacking}")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        not_run("virtual machines", "/dev/net/tun must be open to this user")
    # A short path: sockets lie beneath it.
    with tempfile.TemporaryDirectory(prefix="nereus-") as folder:
        places = Places(Home(Path(folder) / "home").create())
        host = hosts.of("lab", NAME, places)
        made = Bench(Deployment(NAME, host, places, lambda text: None), base_image)
        try:
            yield made
        finally:
            if host.lab is not None:
                host.lab.remove()
