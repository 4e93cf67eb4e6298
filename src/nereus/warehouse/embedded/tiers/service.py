"""Tiered storage while a warehouse is open: its cache, and the thread that moves partitions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nereus.warehouse.embedded.scheduler import Repeated
from nereus.warehouse.embedded.tiers.cache import BlockCache
from nereus.warehouse.embedded.tiers.mover import Mover

if TYPE_CHECKING:
    from nereus.warehouse.embedded.warehouse import Warehouse

#: How often it is looked whether partitions have cooled down, in seconds.
MOVE_EVERY_S = 5.0
#: The cache of cooled rows, in bytes, unless told otherwise.
CACHE_BYTES = 4 << 30
#: It never takes more than this part of what is free on its disk when the warehouse opens.
_FREE_SHARE = 0.5


class Tiering:
    """Open it after the catalogue, close it before the engine.

    Attributes:
        mover: runs by itself every few seconds; `mover.run()` makes a pass at once.
    """

    def __init__(self, warehouse: Warehouse, cache_bytes: int = CACHE_BYTES) -> None:
        self._warehouse = warehouse
        folder = warehouse.engine.spool.parent / "cache"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.cache = BlockCache(folder, min(cache_bytes, int(shutil.disk_usage(folder).free * _FREE_SHARE)))
        warehouse.engine.cold_files.cache = self.cache
        self.mover = Mover(warehouse.engine, warehouse.catalog, self._running)
        self._thread = Repeated("tier-mover", MOVE_EVERY_S, self.mover.run)

    def close(self) -> None:
        self._thread.close()

    def _running(self) -> Iterator[float]:
        for session in list(self._warehouse.processes):
            run = session.running
            if run is not None:
                yield run.clock
