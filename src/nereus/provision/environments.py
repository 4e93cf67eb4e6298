"""Environments of services that cannot share the project's own: made once from their lock, kept by its content.

An environment is finished before it gets its name, so what is there is whole; a changed lock makes another one beside
it. Everything in it is pinned and checked against the lock's hashes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nereus.errors import BadInput, Failure
from nereus.paths import PROJECT, user_cache

#: Longest that the packages of one environment may take to come, in seconds.
_PATIENCE_S = 1800


#: Where environments lie that other users than root must be able to run.
SHARED = Path("/var/lib/nereus/environments")


def cache_folder(*, shared: bool = False) -> Path:
    """Where environments are kept, for all checkouts of this user; `shared` is for root alone."""
    if shared:
        return SHARED
    return user_cache() / "environments"


def folder(name: str, *, interpreter: str = sys.executable, shared: bool = False) -> Path:
    """Where the environment that locks/NAME.txt describes is, or will be."""
    content = (PROJECT / "locks" / f"{name}.txt").read_bytes() + interpreter.encode() + sys.version.encode()
    return cache_folder(shared=shared) / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"


def ensure(name: str, *, interpreter: str = sys.executable, shared: bool = False) -> bool:
    """Make the environment where it is missing. Returns whether it had to.

    Raises Failure with what the installer said.
    """
    wanted = folder(name, interpreter=interpreter, shared=shared)
    if wanted.is_dir():
        return False
    wanted.parent.mkdir(parents=True, exist_ok=True)
    # Two provisionings of one user at a time make it once.
    with (wanted.parent / f"{name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if wanted.is_dir():
            return False
        _make(name, wanted, interpreter)
    return True


def _make(name: str, wanted: Path, interpreter: str) -> None:
    draft = wanted.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    uv = (sys.executable, "-m", "uv")
    _run(name, *uv, "venv", "--quiet", "--relocatable", "--python", interpreter, str(draft))
    install = (
        *uv,
        "pip",
        "install",
        "--quiet",
        *_without_index(),
        "--no-deps",
        "--require-hashes",
        "--compile-bytecode",
    )
    _run(name, *install, "--python", str(draft / "bin" / "python"), "-r", str(PROJECT / "locks" / f"{name}.txt"))
    draft.rename(wanted)


def _without_index() -> tuple[str, ...]:
    """What uv is told where NEREUS_WHEELS names the bundle's wheels: to look there and ask no index."""
    wheels = os.environ.get("NEREUS_WHEELS")
    if not wheels:
        return ()
    if not Path(wheels).is_dir():
        raise BadInput(
            f"NEREUS_WHEELS is {wheels}, which is no folder; expected the bundle's wheels", fix="Copy the bundle here."
        )
    return ("--no-index", "--find-links", str(Path(wheels).resolve()))


def _run(name: str, *command: str) -> None:
    # An active foreign environment must not become the target of the installation.
    clean = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        raise Failure(
            f"the environment {name} was not made within {_PATIENCE_S} s", fix="Look at the network, and run it again."
        ) from error
    if done.returncode:
        raise Failure(
            f"the environment {name} cannot be made: {(done.stderr or done.stdout).strip()[-2000:]}",
            fix="Its packages come from the package index that pip is configured for; run it again once that answers.",
        )
