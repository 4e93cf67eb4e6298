"""ssh's ProxyCommand into the lab's network: python -m nereus.machines.lab_proxy FOLDER HOST PORT."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from nereus.machines.lab import Lab, enter


def main(folder: str, host: str, port: str) -> NoReturn:
    """Become a pipe to HOST:PORT inside the lab."""
    process = Lab(Path(folder)).process()
    if process is None:
        sys.exit("the lab is down; start it: make lab")
    command = [*enter(process, root=os.geteuid() == 0), "socat", "STDIO", f"TCP:{host}:{int(port)}"]
    os.execvp(command[0], command)  # noqa: S606  a list of arguments, no shell


if __name__ == "__main__":
    main(*sys.argv[1:])
