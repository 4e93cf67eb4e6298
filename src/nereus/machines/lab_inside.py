"""What runs inside the lab's namespaces, as their first process: mounts, then libvirtd, until it ends.

Started by path with the folder as its argument; imports nothing of the project. It stays, because the first process of
a process tree must take in the ended ones: libvirt waits for a machine that is gone but was not taken in.
"""

import os
import subprocess
import sys
from pathlib import Path

QEMU = """\
user = "root"
group = "root"
security_driver = "none"
dynamic_ownership = 0
remember_owner = 0
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""
DAEMON = """\
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_group = "root"
unix_sock_dir = "{folder}/run"
log_outputs = "3:file:{folder}/libvirtd.log"
"""
#: Folder of the lab -> where libvirt looks for it.
MOUNTS = {"etc": "/etc/libvirt", "lib": "/var/lib/libvirt", "log": "/var/log/libvirt", "cache": "/var/cache/libvirt"}


def main(folder: Path) -> int:
    """Run libvirtd and take in whatever ends, until libvirtd does."""
    for name in (*MOUNTS, "run"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "etc" / "qemu.conf").write_text(QEMU, "utf-8")
    settings = folder / "libvirtd.conf"
    settings.write_text(DAEMON.format(folder=folder), "utf-8")
    for name, target in MOUNTS.items():
        run("mount", "--bind", str(folder / name), target)
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    Path("/run/libvirt").mkdir()
    run("ip", "link", "set", "lo", "up")
    daemon = subprocess.Popen(["libvirtd", "-f", str(settings), "-p", str(folder / "libvirtd.pid")])  # noqa: S607
    while True:
        pid, status = os.wait()
        if pid == daemon.pid:
            return os.waitstatus_to_exitcode(status)


def run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
