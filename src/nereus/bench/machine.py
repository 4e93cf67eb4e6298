"""What a result must say of the machine and the code it was measured with."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path

import psutil

from nereus.bench.results import Machine
from nereus.paths import PROJECT


def describe(label: str | None = None, cpuinfo: Path = Path("/proc/cpuinfo")) -> Machine:
    """This machine. Without a label it is named by its size: results never carry a host name."""
    cores = psutil.cpu_count() or 1
    memory_gb = round(psutil.virtual_memory().total / 1e9, 1)
    return Machine(
        name=slug(label or f"{cores}c-{memory_gb:.0f}gb"), cpu=_cpu(cpuinfo), cores=cores, memory_gb=memory_gb
    )


def slug(text: str) -> str:
    """A label that can stand in a file name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "machine"


def _cpu(cpuinfo: Path) -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.machine()


def commit() -> str:
    """The commit measured, with `+changes` when the work tree differs from it; `unknown` outside git."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return f"{head}+changes" if _git("status", "--porcelain", "--untracked-files=no") else head
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=PROJECT, capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout.strip()
