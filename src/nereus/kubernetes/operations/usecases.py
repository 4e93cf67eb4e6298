"""What fills the warehouse of a cluster: the use cases of platform.yaml, from within, where its backends take data.

    python -m nereus.kubernetes.operations.usecases --config platform.yaml

Environment: NEREUS_WAREHOUSE_HOST; the passwords of root and loader are files of NEREUS_HOME/secrets, and what is slow
to make is kept in NEREUS_HOME/cache. What is there already stays as it is. Ends with exit code 1 or 2 where a use case
could not be deployed or its checks fail; those after it are deployed all the same.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nereus import usecases
from nereus.config import Platform, load
from nereus.errors import NereusError
from nereus.home import Home


def run(platform: Platform, home: Home) -> int:
    """Deploy all of them, telling each change on a line. Gives the exit code, the gravest of all."""
    code = 0
    for name in platform.usecases:
        try:
            changes = list(usecases.deploy(name, platform, home, lambda text: print(text, flush=True)))
        except NereusError as error:
            code = max(code, error.exit_code)
            print(f"{name}: {error}", file=sys.stderr)
        else:
            print("\n".join(changes) if changes else f"{name}: nothing changed")
    return code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    given = parser.parse_args()
    try:
        return run(load(given.config), Home.beside(given.config))
    except NereusError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
