"""Write locks/*.txt from versions.yaml: every dependency exact and hashed, no index address inside.

Run by `make lock` after a change of versions.yaml; arguments name the locks to write, all of them without.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

PROJECT = Path(__file__).resolve().parent.parent
#: lock file -> the sections of versions.yaml it holds.
LOCKS = {
    "nereus.txt": ("python", "development", "build"),
    "clients-drivers.txt": ("clients-drivers",),
    "clients-sqlalchemy-1.txt": ("clients-sqlalchemy-1",),
    "clients-dbt.txt": ("clients-dbt",),
    "superset.txt": ("superset",),
    "jupyterhub.txt": ("jupyterhub",),
    "notebooks.txt": ("notebooks",),
    "infrastructure.txt": ("infrastructure",),
    "hub.txt": ("hub",),
    "portal.txt": ("python",),
    "image-build.txt": ("image-build",),
    "manifest-checks.txt": ("manifest-checks",),
}


def requirements(sections: tuple[str, ...]) -> list[str]:
    """The pins of some sections of versions.yaml, as requirement lines."""
    versions = YAML(typ="safe").load(PROJECT / "versions.yaml")
    return [f"{name}=={version}" for section in sections for name, version in versions[section].items()]


def main() -> int:
    for name in sys.argv[1:] or LOCKS:
        sections = LOCKS[name]
        command = [
            str(Path(sys.executable).parent / "uv"),
            *("pip", "compile", "-", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"),
            *("--python-version", "3.11", "--no-emit-index-url", "--output-file", str(PROJECT / "locks" / name)),
        ]
        subprocess.run(command, input="\n".join(requirements(sections)), text=True, check=True)
        print(f"locks/{name} written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
