"""Fill in the starter notebooks that the home lacks, then become JupyterHub's server.

    python3 -m nereus_start [arguments of jupyterhub-singleuser]

NEREUS_USECASES names the use cases whose notebooks are copied, separated by commas; without it, all.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

USECASES = Path("/opt/usecases")


def fill(home: Path, usecases: Path, wanted: set[str]) -> list[Path]:
    """Copy what the home does not have; what a scientist changed, wrote or linked there stays. Gives the new files."""
    made = []
    for source in sorted(usecases.glob("*/notebooks/*.ipynb")):
        usecase = source.parts[-3]
        target = home / usecase / source.name
        if (wanted and usecase not in wanted) or os.path.lexists(target):
            continue
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
        made.append(target)
    return made


def main() -> None:
    wanted = {name for name in os.environ.get("NEREUS_USECASES", "").split(",") if name}
    try:
        fill(Path.home(), USECASES, wanted)
    except OSError as error:
        # A full or read-only home must not keep its owner from getting in to repair it.
        print(f"starter notebooks were not copied: {error}", file=sys.stderr)
    os.execvp("jupyterhub-singleuser", ["jupyterhub-singleuser", *sys.argv[1:]])  # noqa: S606, S607


if __name__ == "__main__":
    main()
