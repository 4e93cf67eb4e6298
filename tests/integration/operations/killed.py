"""One statement's job in a process of its own, which ends itself without warning at one step: a power cut."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from nereus.warehouse.embedded.catalog import Catalog
from nereus.warehouse.embedded.warehouse import Warehouse


def main(data: str, step: str, sql: str) -> None:
    warehouse = Warehouse.open(Path(data), memory_gb=1, threads=2, root_password="")

    def end(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    warehouse.operations.step = end
    if step == "commit":
        # Everything is in the engine's transaction but the commit.
        def commit(self: Catalog, *args: Any, **kwargs: Any) -> None:
            end("commit")

        Catalog.commit = commit  # type: ignore[method-assign]
    session = warehouse.connect("root")
    for _ in session.execute(sql):
        pass
    for thread in threading.enumerate():
        if thread.name.startswith("job-"):
            thread.join()
    warehouse.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
