"""The disk of the read cache is full: what does not fit is fetched again, and every byte is right."""

import json
import subprocess
import sys

from tests.conftest import not_run

DISK_BYTES = 1 << 20
#: Runs in namespaces of its own, on a file system that holds fewer blocks than the cache may.
SCRIPT = """
import json, os, random, subprocess, sys
from pathlib import Path
from nereus.warehouse.embedded.tiers.cache import BlockCache, checksums
from nereus.warehouse.embedded.tiers.model import BLOCK, RemoteFile

disk, size = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)
print("mounted", flush=True)
content = random.Random(7).randbytes(16 * BLOCK - 5)
whole = Path(sys.argv[1]).parent / "whole"
whole.write_bytes(content)
file = RemoteFile("a/b.parquet", 1, 1, "cold", 1, len(content), checksums(whole), b"", ())
cache = BlockCache(Path(disk) / "cache", 1 << 30)
wrong = fetched = 0
for start in [*range(0, len(content), 100_000), *range(0, len(content), 100_000)]:
    stop = min(start + 100_000, len(content))
    found, new = cache.read(file, start, stop, lambda low, high: content[low:high])
    wrong += found != content[start:stop]
    fetched += new
held = sum(entry.stat().st_size for entry in (Path(disk) / "cache").iterdir())
print(json.dumps({"wrong": wrong, "fetched": fetched, "size": len(content), "used": cache.used, "held": held}))
"""


def test_what_the_disk_cannot_take_is_fetched_again(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", SCRIPT, disk, str(DISK_BYTES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if not done.stdout.startswith("mounted\n"):
        not_run("a full disk beneath the cache", "user namespaces: sysctl kernel.unprivileged_userns_clone=1")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[1])
    assert found["wrong"] == 0
    assert 0 < found["held"] == found["used"] <= DISK_BYTES
    assert found["fetched"] > found["size"]
    assert "cannot take a block" in done.stderr
