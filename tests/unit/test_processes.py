"""What has ended is not waited for, whether or not somebody took note of its end."""

import subprocess
import sys
import time

import psutil

from nereus.processes import runs, still_running

ORPHAN = "import os, time; pid = os.fork(); print(pid, flush=True) if pid else None; time.sleep(60 * bool(pid))"


def test_a_process_that_runs_is_returned_and_one_that_ended_is_not():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        process = psutil.Process(child.pid)
        assert still_running([process], limit_s=0.2) == [process]
        child.kill()
        assert still_running([process], limit_s=10) == []
        assert not runs(process)


def test_a_zombie_of_somebody_else_has_ended():
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True) as parent:
        zombie = psutil.Process(int(parent.stdout.readline()))
        try:
            deadline = time.monotonic() + 10
            while zombie.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
                time.sleep(0.02)
            began = time.monotonic()
            assert still_running([zombie], limit_s=5) == []
            assert time.monotonic() - began < 3
        finally:
            parent.kill()
