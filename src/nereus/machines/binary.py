"""Terraform itself: the one on the PATH, if it is new enough."""

from __future__ import annotations

import json
import shutil
import subprocess

from nereus.errors import BadInput

OLDEST = (1, 9)


def find() -> str:
    """The path of a Terraform that is new enough. Raises BadInput otherwise."""
    wanted = ".".join(str(part) for part in OLDEST)
    fix = f"Install Terraform {wanted} or newer and put it on the PATH."
    path = shutil.which("terraform")
    if path is None:
        raise BadInput("there is no `terraform` on the PATH", fix=fix)
    said = subprocess.run([path, "version", "-json"], capture_output=True, text=True, timeout=60, check=False)
    try:
        version = str(json.loads(said.stdout)["terraform_version"])
        numbers = tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".")[:2])
    except (ValueError, KeyError, TypeError):
        raise BadInput(f"{path} does not say its version: {said.stderr.strip()[:200]}", fix=fix) from None
    if numbers < OLDEST:
        raise BadInput(f"{path} is Terraform {version}; expected {wanted} or newer", fix=fix)
    return path
