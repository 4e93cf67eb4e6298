"""Make `.venv` from locks/nereus.txt. Standard library only: it runs before anything is installed.

Safe to run again: with an unchanged lock it does nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
LOCK = PROJECT / "locks" / "nereus.txt"
STAMP = VENV / ".installed"


def wanted() -> str:
    """What the environment is made of; another value means that it must be made anew."""
    parts = (LOCK.read_bytes(), (PROJECT / "pyproject.toml").read_bytes(), sys.version.encode(), str(PROJECT).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stop(message: str) -> None:
    print(message, file=sys.stderr)
    raise SystemExit(2)


def run(what: str, *command: str) -> None:
    """Run one step; its output is shown only when it fails."""
    print(f"  {what} ...", end="", flush=True)
    started = time.monotonic()
    # An active foreign environment must not become the target of the installation.
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME")}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment
    )
    print(f" {time.monotonic() - started:.0f} s")
    if done.returncode:
        stop(f"{done.stdout}\n{what} failed; the command was: {' '.join(command)}")


def without_index() -> tuple[str, ...]:
    """What pip and uv are told where NEREUS_WHEELS names the bundle's wheels: to look there and ask no index."""
    wheels = os.environ.get("NEREUS_WHEELS")
    if not wheels:
        return ()
    if not Path(wheels).is_dir():
        stop(f"NEREUS_WHEELS is {wheels}, which is no folder; expected the bundle's wheels.\n  Copy the bundle here.")
    return ("--no-index", "--find-links", str(Path(wheels).resolve()))


def uv_requirement(into: Path) -> Path:
    """The lock's own entry for uv, hashes included, as a requirements file for pip."""
    lines: list[str] = []
    for line in LOCK.read_text("utf-8").splitlines():
        if not line.startswith(" "):
            taken = line.startswith("uv==")
        if taken:
            lines.append(line)
    path = into / "uv-requirement.txt"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def main() -> None:
    if sys.version_info[:2] != (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        stop(f"python3 is {found}; expected 3.11.\n  Run again with: make PYTHON=/path/to/python3.11")
    if STAMP.exists() and STAMP.read_text("ascii") == wanted():
        STAMP.touch()
        return
    print("Preparing .venv (needed once, and again when versions change)")
    try:
        import ensurepip  # noqa: F401 - looked for, not used
    except ImportError:
        stop("python3 has no venv module.\n  Run once: apt install python3-venv")
    python = str(VENV / "bin" / "python")
    only = without_index()
    run("virtual environment", sys.executable, "-m", "venv", str(VENV))
    run("uv", python, "-m", "pip", "install", "--quiet", *only, "--require-hashes", "-r", str(uv_requirement(VENV)))
    uv = (str(VENV / "bin" / "uv"), "pip")
    run("packages", *uv, "sync", "--quiet", *only, "--python", python, "--require-hashes", str(LOCK))
    quiet = ("--quiet", "--python", python, "--no-deps", "--no-build-isolation")
    run("nereus", *uv, "install", *quiet, "--editable", str(PROJECT))
    STAMP.write_text(wanted(), "ascii")


if __name__ == "__main__":
    main()
