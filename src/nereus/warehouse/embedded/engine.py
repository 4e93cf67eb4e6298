"""The DuckDB instance beneath the embedded warehouse, opened so that SQL reaches nothing but its own data."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from nereus.errors import Failure
from nereus.warehouse.embedded import priority, scans
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql import functions
from nereus.warehouse.embedded.workload import progress

if TYPE_CHECKING:
    from nereus.warehouse.embedded.tiers.filesystem import ColdFiles

#: Part of the process' memory that DuckDB may take; the rest is Python, Arrow batches on the way and result buffers.
_DUCKDB_SHARE = 0.8
#: The write-ahead log is folded into the file beyond this size, so that opening after a crash replays little.
_CHECKPOINT_AT = "64MB"

#: Below so much free space nothing is written any more, as with Doris' storage_flood_stage_left_capacity_bytes ...
_RESERVE_BYTES = 1 << 30
#: ... and storage_flood_stage_usage_percent: only a disk that is fuller than 90 % is full.
_RESERVE_SHARE = 0.1

#: What can be said when the file is opened. Everything that would reach beyond the file is off.
_CLOSED = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    "python_enable_replacements": False,
}


class Engine:
    """One DuckDB file with a write-ahead log: what a transaction committed survives kill -9.

    SQL on any cursor can reach the database itself, DuckDB's own spill folder, the spool folder, in which Stream Load
    puts a body before it is read, and the cooled rows in `cold_files`; no other file, no network address, no extension.
    The settings are locked.
    """

    def __init__(
        self,
        root: duckdb.DuckDBPyConnection,
        spool: Path,
        cold_files: ColdFiles,
        threads: int = 1,
        memory_bytes: int = 1 << 30,
    ) -> None:
        """`threads` and `memory_bytes` are what it was opened with."""
        self._root = root
        self.threads = threads
        self.memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self.spool = spool
        self.cold_files = cold_files
        #: Set once DuckDB has given the file up; whoever waits for it must end the process.
        self.broken = threading.Event()

    @classmethod
    def open(cls, data: Path, *, memory_gb: float, threads: int) -> Engine:
        """Open or create the database in `data`; whatever a former run left in the spool is removed.

        Raises Failure when another process has it open, or when it cannot be read.
        """
        data = data.resolve()
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        spool, spill = data / "spool", data / "tmp"
        for folder in (spool, spill):
            folder.mkdir(mode=0o700, exist_ok=True)
        file = data / "warehouse.duckdb"
        memory_mib = max(256, int(memory_gb * 1024 * _DUCKDB_SHARE))
        ours = priority.threads()
        try:
            root = duckdb.connect(
                str(file),
                config={
                    **_CLOSED,
                    "memory_limit": f"{memory_mib}MiB",
                    "threads": threads,
                    "temp_directory": str(spill),
                    "wal_autocheckpoint": _CHECKPOINT_AT,
                    # Queries take turns on the shared threads, most of them every few milliseconds.
                    "scheduler_process_partial": True,
                },
            )
        except duckdb.IOException as error:
            raise Failure(f"cannot open the warehouse file {file}: {_first_line(error)}", fix=_fix(error)) from error
        # The thread that asks for a query computes too. The engine's own threads help everybody, and take what those
        # leave: else a scientist's scan would have half of their time.
        for thread in priority.threads() - ours:
            priority.yield_to_others(thread)
        # Only the process that holds the file may empty the folder.
        for leftover in spool.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() and not leftover.is_symlink() else leftover.unlink()
        functions.register(root)
        # It names what the catalogue holds, which in turn stands on this module.
        from nereus.warehouse.embedded.tiers.filesystem import ColdFiles

        cold_files = ColdFiles()
        root.register_filesystem(cold_files)
        _lock_down(root, spool, f"{cold_files.protocol}://")
        return cls(root, spool, cold_files, threads, memory_mib << 20)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own on the same database; close it when done."""
        with self._lock:
            return self._root.cursor()

    @property
    def log_bytes(self) -> int:
        """The size of the write-ahead log, 0 when there is none."""
        try:
            return (self.spool.parent / "warehouse.duckdb.wal").stat().st_size
        except FileNotFoundError:
            return 0

    def check_room(self) -> None:
        """Raise DorisError where the disk of the data folder is too full to write.

        A disk that fills up while the log is folded would make DuckDB give the whole file up.
        """
        disk = shutil.disk_usage(self.spool)
        reserve = min(_RESERVE_BYTES, int(disk.total * _RESERVE_SHARE))
        # Folding writes what the log holds once more.
        left = disk.free - self.log_bytes
        if left < reserve:
            raise DorisError(
                f"disk {self.spool.parent} exceed limit usage: {max(0, left) >> 20} MiB of {disk.total >> 20} MiB are "
                f"free, {reserve >> 20} MiB must stay free. Drop or move something, or give it a larger disk."
            )

    def close(self) -> None:
        """Fold the log into the file and release it. Cursors that are still open become useless."""
        with self._lock:
            self._root.close()


def _lock_down(root: duckdb.DuckDBPyConnection, spool: Path, remote: str) -> None:
    # allowed_directories cannot be set before the file is open nor after external access is off: hence this order.
    root.execute("SET allowed_directories = ?", [[str(spool), remote]])
    # Remote files have a cache of their own, and other names in every statement.
    root.execute("SET enable_external_file_cache = false")
    root.execute("SET TimeZone = 'UTC'")
    root.execute("SET enable_external_access = false")
    root.execute("SET allow_persistent_secrets = false")
    # Each connection asks by itself for its counts, later than now. Queries of users never
    # contain a SET.
    root.execute("SET allowed_configs = ?", [[*scans.SETTINGS, *progress.SETTINGS]])
    root.execute("SET lock_configuration = true")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _fix(error: Exception) -> str | None:
    return "Stop the other warehouse first: nereus stop" if "lock" in str(error).lower() else None
