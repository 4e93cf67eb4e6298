"""One pass of the mover in a process of its own, which ends itself without warning at one step: a power cut."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from nereus.warehouse.embedded.tiers import service
from nereus.warehouse.embedded.warehouse import Warehouse


def main(data: str, step: str) -> None:
    service.MOVE_EVERY_S = 3600.0
    warehouse = Warehouse.open(Path(data), memory_gb=1, threads=2, root_password="")

    def end(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    warehouse.tiering.mover.step = end
    warehouse.tiering.mover.run()
    warehouse.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
