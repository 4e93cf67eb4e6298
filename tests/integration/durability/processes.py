"""A warehouse in a process of its own, which tests kill and start again."""

import re
import signal
import subprocess
import sys
import time

from nereus.warehouse.client import Warehouse

PASSWORD = "root-pw"
#: How much longer than with an empty database a start may take after a crash.
BACK_WITHIN_S = 10


class Process:
    """A warehouse that is started again and again on the same data."""

    def __init__(self, folder, inside=()):
        """`inside` is a command that runs another one."""
        self.folder = folder
        self.inside = inside
        (folder / "password").write_text(PASSWORD)
        self.running = None

    def start(self):
        """Start it; gives a client and the seconds until it answered."""
        began = time.monotonic()
        arguments = ["--data", self.folder / "data", "--root-password-file", self.folder / "password"]
        self.running = subprocess.Popen(
            [
                *self.inside,
                sys.executable,
                "-m",
                "nereus.warehouse.embedded",
                *map(str, arguments),
                "--mysql-port=0",
                "--http-port=0",
            ],
            stdout=subprocess.PIPE,
            stderr=(self.folder / "log").open("ab"),
        )
        ready = self.running.stdout.readline().decode()
        ports = re.fullmatch(r"ready mysql=\S+:(\d+) http=\S+:(\d+)\n", ready)
        assert ports, f"it did not start: {ready!r}"
        client = Warehouse(mysql_port=int(ports[1]), http_port=int(ports[2]), password=PASSWORD)
        client.query("select 1")
        return client, time.monotonic() - began

    def kill(self):
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()
        self.running.stdout.close()

    def end(self):
        if self.running.poll() is None:
            self.running.terminate()
            assert self.running.wait(30) == 0
        self.running.stdout.close()
