"""A base image of Debian packages alone, by mmdebstrap: where no cloud image can be downloaded.

It boots by extlinux through the links /vmlinuz and /initrd.img, which Debian keeps at the newest kernel, so that a
kernel's security update needs no other boot loader's hooks. It needs root: a file system is mounted and entered.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from ruamel.yaml import YAML

from nereus.errors import BadInput, Failure
from nereus.paths import PROJECT

SUITE = "bookworm"
#: The image's size in MiB; a machine's root disk grows beyond it at the first boot.
IMAGE_MIB = 2048
MINUTES = 20
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "qemu-img": "qemu-utils",
    "mke2fs": "e2fsprogs",
    "sfdisk": "fdisk",
    "extlinux": "extlinux",
    "chroot": "coreutils",
}
MBR = Path("/usr/lib/EXTLINUX/mbr.bin")
PACKAGES = (
    *("linux-image-cloud-amd64", "systemd-sysv", "systemd-resolved", "libpam-systemd", "dbus", "udev", "kmod"),
    *("cloud-init", "cloud-guest-utils", "netplan.io", "iproute2", "iptables", "openssh-server", "ca-certificates"),
    *("python3", "python3-apt", "sudo", "e2fsprogs", "apparmor"),
)
#: Files of the image, beside what packages bring.
FILES = {
    "etc/fstab": "LABEL=root / ext4 defaults,noatime,errors=remount-ro 0 1\n",
    "etc/machine-id": "",
    # The console is a serial line; the cloud kernel has no other. On a busy host an emulated timer fails the kernel's
    # check of it, and the machine would not start.
    "boot/extlinux/extlinux.conf": (
        "DEFAULT debian\nTIMEOUT 1\nPROMPT 0\nLABEL debian\n  LINUX /vmlinuz\n  INITRD /initrd.img\n"
        "  APPEND root=LABEL=root ro console=ttyS0 net.ifnames=0 random.trust_cpu=on no_timer_check quiet\n"
    ),
    "etc/kernel-img.conf": "do_symlinks = yes\n",
    # A small start file: the disks of a virtual machine need no other drivers.
    "etc/initramfs-tools/conf.d/modules": "MODULES=list\n",
    "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\next4\n",
    # Without hardware virtualisation a start takes minutes; giving up in its middle leaves a broken machine.
    "etc/systemd/system.conf.d/50-nereus.conf": (
        "[Manager]\nDefaultTimeoutStartSec=600s\nDefaultDeviceTimeoutSec=600s\n"
    ),
    "etc/cloud/cloud.cfg.d/90-nereus.cfg": (
        "datasource_list: [NoCloud, None]\n"
        "system_info: {network: {renderers: [networkd]}}\n"
        "manage_etc_hosts: true\n"
        "ssh_genkeytypes: [ed25519]\n"
        # What the seed asks for and no more: without hardware virtualisation every module costs a second.
        "cloud_init_modules: [growpart, resizefs, set_hostname, update_hostname, update_etc_hosts, users-groups, ssh]\n"
        "cloud_config_modules: []\n"
        "cloud_final_modules: []\n"
    ),
}
#: ifupdown, on which cloud-init depends and which would be a second hand at the network; waiting for that network;
#: what only other disks or hardware have; and logins at the consoles: no account has a password.
MASKED = (
    "networking.service",
    *("systemd-networkd-wait-online.service", "e2scrub_all.timer", "e2scrub_reap.service", "systemd-pstore.service"),
    *("serial-getty@ttyS0.service", "getty@tty1.service", "systemd-udev-settle.service"),
)


def packages() -> list[str]:
    """What the image holds: enough to boot, and what the role host_baseline would install, so that it need not."""
    defaults = PROJECT / "infra" / "ansible" / "roles" / "host_baseline" / "defaults" / "main.yml"
    wanted: Iterable[str] = YAML(typ="safe").load(defaults.read_text("utf-8"))["host_baseline_packages"]
    return sorted({*PACKAGES, *wanted})


def recipe() -> str:
    """A hash of everything that decides what is in the image, apart from the day's package versions."""
    text = repr((SUITE, IMAGE_MIB, packages(), sorted(FILES.items()), MASKED, Path(__file__).read_text("utf-8")))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def check_able() -> None:
    """Raise BadInput when this user or machine cannot build the image."""
    if os.geteuid() != 0:
        raise BadInput(
            "vms.image is build, which needs root: a file system is mounted and entered",
            fix="Run as root once (the image is cached), or set vms.image to a cloud image's path or address.",
        )
    lacking = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
    if lacking or not MBR.exists():
        lacking = lacking or ["extlinux"]
        raise BadInput(
            f"the base image cannot be built: {', '.join(lacking)} is not installed",
            fix=f"Run: apt-get install {' '.join(lacking)}",
        )


def build(target: Path, log: Path, tell: Callable[[str], None]) -> None:
    """Write the image (qcow2) to `target`, whole or not at all. Takes two to five minutes."""
    check_able()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, tempfile.TemporaryDirectory(prefix="image-", dir=target.parent) as folder:
        work = Path(folder)
        root, raw, done = work / "root", work / "disk.raw", work / "disk.qcow2"

        def run(*command: str | Path, send: str | None = None) -> None:
            try:
                subprocess.run(
                    [str(each) for each in command],
                    input=send.encode() if send is not None else b"",
                    stdout=output,
                    stderr=output,
                    check=True,
                    timeout=MINUTES * 60,
                    env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                raise Failure(
                    f"building the base image failed at {command[0]}: {_last(log) or error}", fix=f"Read {log}."
                ) from None

        tell("base image: unpacking Debian packages")
        run(
            *("mmdebstrap", "--variant=important", "--mode=root", f"--include={','.join(packages())}"),
            *('--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"'),
            *(f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("man", "doc", "locale")),
            *(SUITE, root),
        )
        tell("base image: configuring")
        _configure(root, run)
        tell("base image: writing the disk")
        with raw.open("wb") as file:
            file.truncate(IMAGE_MIB * 1024**2)
        run("sfdisk", "-q", raw, send="2048,,L,*\n")
        size = f"{(IMAGE_MIB - 1) * 1024}k"
        run("mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", root, "-E", "offset=1048576", raw, size)
        _make_bootable(raw, work / "mount", run)
        run("qemu-img", "convert", "-O", "qcow2", raw, done)
        done.replace(target)


def _configure(root: Path, run: Callable[..., None]) -> None:
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    settings = root / "etc/initramfs-tools/initramfs.conf"
    settings.write_text(settings.read_text("utf-8").replace("MODULES=most", "MODULES=list"), "utf-8")
    run("chroot", root, "systemctl", "enable", "systemd-networkd", "systemd-resolved")
    run("chroot", root, "systemctl", "mask", *MASKED)
    run("chroot", root, "update-initramfs", "-u", "-k", "all")
    # What must differ between machines is made at their first boot.
    for path in (*(root / "etc/ssh").glob("ssh_host_*"), root / "var/lib/dbus/machine-id"):
        path.unlink(missing_ok=True)
    for path in (root / "var/cache/apt/archives").glob("*.deb"):
        path.unlink()
    for link, kernel in (("vmlinuz", "vmlinuz-*"), ("initrd.img", "initrd.img-*")):
        if not (root / link).is_symlink():
            newest = max((root / "boot").glob(kernel))
            (root / link).symlink_to(newest.relative_to(root))


def _make_bootable(raw: Path, mount: Path, run: Callable[..., None]) -> None:
    mount.mkdir()
    run("mount", "-o", "loop,offset=1048576", raw, mount)
    try:
        run("extlinux", "--install", mount / "boot" / "extlinux")
    finally:
        run("umount", mount)
    with raw.open("r+b") as file:
        file.write(MBR.read_bytes()[:440])


def _last(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
