"""Throws packets at a warehouse of its own and watches what becomes of it: ``python -m tests.fuzz.protocol``.

Promised for any number of packets: the process lives and answers, nothing hangs, no answer shows a traceback or names
the engine's internals, nobody gets in without a login, memory and open files stay where they were. Exit code 1 where a
promise is missed. Every packet follows from ``--seed``.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import socket
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psutil

from benchmarks.measure.findings import Finding, at_least, at_most, holds, note, report, say
from benchmarks.measure.server import Running, warehouse
from tests.fuzz.scripts import INTRUDER, Script, made

#: What no client may read.
FORBIDDEN = re.compile(rb"Traceback|File \"|\.py\b|the embedded warehouse failed|INTERNAL Error|duckdb", re.IGNORECASE)
_PATIENCE_S = 20.0
_CLIENTS = 4


@dataclass
class Seen:
    """What came of the packets.

    Attributes:
        packets: those that the server has read: the ones answered, and the one that ended each connection.
        faults: what was promised otherwise, with the seed of the connection.
    """

    packets: int = 0
    connections: int = 0
    answers: int = 0
    errors: int = 0
    logins: int = 0
    faults: list[str] = field(default_factory=list)

    def fault(self, seed: object, what: str) -> None:
        if len(self.faults) < 100:
            self.faults.append(f"seed {seed}: {what}")


def attack(port: int, user: str, password: str, seed: str, packets: int, burst: int = 200) -> Seen:
    """Send packets over one connection after the other until the server has read that many."""
    seen = Seen()
    while seen.packets < packets:
        name = f"{seed}/{seen.connections}"
        script = made(random.Random(name), user.encode(), password.encode(), burst)
        seen.connections += 1
        try:
            _play(port, script, seen, name)
        except TimeoutError:
            seen.fault(name, f"no answer within {_PATIENCE_S:g} s")
        except ConnectionRefusedError:
            seen.fault(name, "the connection was refused")
            break
        except OSError:
            # Reset by the server, which need not read what follows a broken packet.
            continue
    return seen


def _play(port: int, script: Script, seen: Seen, name: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as sock:
        stream = sock.makefile("rb")
        greeting = _packet(stream.read)
        end = greeting.index(0, 1)
        nonce = greeting[end + 5 : end + 13] + greeting[end + 32 : end + 44]
        if script.login is not None:
            sock.sendall(script.login(nonce))
            if _packet(stream.read)[:1] != b"\0":
                seen.fault(name, "a right login was refused")
                return
            seen.logins += 1
            seen.packets += 1
        # The server may stop reading before everything is sent: both directions go on at once.
        sender = threading.Thread(target=_send, args=(sock, script.data))
        sender.start()
        seen.packets += 1
        if not script.whole:
            sender.join()
            sock.shutdown(socket.SHUT_WR)
        if script.abrupt:
            sender.join()
            return
        answer = bytearray()
        try:
            while piece := stream.read1(1 << 16):  # type: ignore[attr-defined]
                answer += piece
        except ConnectionResetError:
            pass
        finally:
            sender.join()
        _judge(bytes(answer), script, seen, name)


def _send(sock: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        sock.sendall(data)


def _packet(read) -> bytes:
    header = read(4)
    if len(header) < 4:
        raise ConnectionResetError
    return read(int.from_bytes(header[:3], "little"))


def _judge(answer: bytes, script: Script, seen: Seen, name: str) -> None:
    if script.compressed:
        answer = _unpacked(answer)
    found = FORBIDDEN.search(answer)
    if found:
        seen.fault(name, f"the client reads {answer[max(0, found.start() - 80) : found.end() + 120]!r}")
    at = 0
    while at + 4 <= len(answer):
        size = int.from_bytes(answer[at : at + 3], "little")
        first = answer[at + 4 : at + 5]
        seen.answers += 1
        # The first packet of every answer has the number 1: nobody can count what has none.
        seen.packets += answer[at + 3] == 1
        seen.errors += first == b"\xff"
        if not script.entitled and first not in (b"\xff", b"\xfe"):
            seen.fault(name, f"somebody without a login was answered {answer[at : at + 40]!r}")
        at += 4 + size


def _unpacked(answer: bytes) -> bytes:
    plain, at = bytearray(), 0
    while at + 7 <= len(answer):
        size, length = int.from_bytes(answer[at : at + 3], "little"), int.from_bytes(answer[at + 4 : at + 7], "little")
        body = answer[at + 7 : at + 7 + size]
        plain += zlib.decompress(body) if length else body
        at += 7 + size
    return bytes(plain)


def measure(packets: int, seed: int) -> list[Finding]:
    """Attack a warehouse of its own with several clients at once."""
    with warehouse(memory_gb=1) as running:
        process = psutil.Process(running.pid)
        _attacked(running, max(packets // 10, 100), f"{seed}/warm")
        memory, files = running.rss_mb, process.num_fds()
        begun, used = time.monotonic(), running.cpu_ms
        seen = _attacked(running, packets, str(seed))
        seconds, used = time.monotonic() - begun, running.cpu_ms - used
        alive = process.is_running() and running.client.query("SELECT 1 + 1 AS n") == [{"n": 2}]
        databases = {row["Database"] for row in running.client.query("SHOW DATABASES")}
        clients = len(running.client.query("SHOW PROCESSLIST"))
        for fault in seen.faults:
            say(fault)
        return [
            holds(
                "packets",
                f"{seen.packets:,} in {seen.connections:,} connections",
                "all sent",
                kept=seen.packets >= packets,
            ),
            holds("answers", f"{seen.answers:,}, of them {seen.errors:,} errors", "some", kept=seen.errors > 0),
            note("packets a second", f"{seen.packets / seconds:,.0f}"),
            at_least("packets a second of the server's processor time", seen.packets / used * 1000, 3000, digits=0),
            holds("faults", str(len(seen.faults)), "none", kept=not seen.faults),
            holds("the process answers", "yes" if alive else "no", "yes", kept=bool(alive)),
            holds(
                "access without login",
                "none" if INTRUDER not in databases else "YES",
                "none",
                kept=INTRUDER not in databases,
            ),
            at_most("clients left", clients, 1, digits=0),
            at_most("open files more", process.num_fds() - files, 8, digits=0),
            at_most("memory more, MB", running.rss_mb - memory, 100, digits=0),
        ]


def _attacked(running: Running, packets: int, seed: str) -> Seen:
    with ThreadPoolExecutor(_CLIENTS) as pool:
        parts = [
            pool.submit(
                attack, running.mysql_port, "root", running.password, f"{seed}/{index}", packets // _CLIENTS + 1
            )
            for index in range(_CLIENTS)
        ]
    total = Seen()
    for part in parts:
        one = part.result()
        for name in ("packets", "connections", "answers", "errors", "logins"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
        total.faults += one.faults
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the MySQL port of the embedded warehouse.")
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    return report("Protocol fuzzing", measure(options.packets, options.seed))


if __name__ == "__main__":
    raise SystemExit(main())
