"""Environments for clients that the project's own cannot hold: made once with uv, kept by the content of their lock."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nereus.paths import PROJECT, user_cache
from tests.conftest import not_run

PROGRAMS = Path(__file__).parent / "programs"
BUILD_NEEDS = "apt install libmariadb-dev pkg-config gcc"
#: The one package that is compiled here; without it the others still run.
_COMPILED = "mysqlclient"


def cache_folder() -> Path:
    folder = user_cache() / "clients"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def environment(name: str) -> Path:
    """The Python interpreter of the environment that locks/clients-NAME.txt describes."""
    lock = PROJECT / "locks" / f"clients-{name}.txt"
    key = hashlib.sha256(lock.read_bytes() + sys.implementation.cache_tag.encode()).hexdigest()[:16]
    folder = cache_folder() / f"{name}-{key}"
    with (cache_folder() / f"{name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not folder.is_dir():
            _build(lock.read_text("utf-8"), folder)
    return folder / "bin" / "python"


def has(name: str, module: str) -> bool:
    """Whether an environment holds a module: mysqlclient is left out where it cannot be compiled."""
    return (
        subprocess.run([environment(name), "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
    )


def needs_mysqlclient(name: str) -> None:
    if not has(name, "MySQLdb"):
        not_run(f"mysqlclient in the environment {name}", f"it cannot be built here; {BUILD_NEEDS}")


def _build(lock: str, folder: Path) -> None:
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, draft], check=True)
    install = [*uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--python", draft / "bin" / "python"]
    without = "\n".join(block for block in re.split(r"\n(?=\S)", lock) if not block.startswith(_COMPILED))
    failed = None
    for text in dict.fromkeys((lock, without)):
        wanted = draft / "requirements.txt"
        wanted.write_text(text, "utf-8")
        failed = subprocess.run([*install, "-r", wanted], capture_output=True, text=True, check=False)
        if failed.returncode == 0:
            draft.rename(folder)
            return
    shutil.rmtree(draft)
    said = failed.stderr.strip().splitlines()[:1] if failed else []
    not_run(f"the environment {folder.name}", f"its packages cannot be had: {' '.join(said)}")


@cache
def jar(coordinate: str) -> Path:
    """A Java library of versions.yaml, brought by Maven and checked."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            not_run(coordinate, f"{tool} is not installed; apt install default-jdk maven")
    declared = YAML(typ="safe").load(PROJECT / "versions.yaml")["jars"][coordinate]
    version = declared["version"]
    name = coordinate.partition(":")[2]
    found = cache_folder() / f"{name}-{version}.jar"
    if not found.is_file():
        draft = cache_folder() / f"{name}.draft"
        copy = ["mvn", "--quiet", "--batch-mode", "dependency:copy", f"-Dartifact={coordinate}:{version}"]
        done = subprocess.run(
            [*copy, f"-DoutputDirectory={draft}"], capture_output=True, check=False, cwd=cache_folder()
        )
        if done.returncode != 0:
            not_run(f"{coordinate} {version}", "Maven cannot bring it")
        (draft / found.name).rename(found)
        shutil.rmtree(draft)
    assert hashlib.sha256(found.read_bytes()).hexdigest() == declared["sha256"], f"{found} is not what was pinned"
    return found


def run(python: Path, program: str, *arguments: str) -> dict[str, Any]:
    """What a program of `programs` prints as JSON; its errors are shown where it fails."""
    done = subprocess.run(
        [python, "-W", "ignore", PROGRAMS / program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
