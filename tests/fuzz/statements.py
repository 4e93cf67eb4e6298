"""Runs generated statements against a warehouse of its own: ``python -m tests.fuzz.statements``.

Promised for any number of statements: no crash, no hang, no answer with a traceback or the engine's own words, no file
read or written, and every accepted SELECT gives the same rows again. One statement in twenty goes over the wire.
``--accepted FILE`` keeps the accepted ones, each followed by a zero byte, for a comparison with Doris' own grammar.
Exit code 1 where a promise is missed. Every statement follows from ``--seed``.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pymysql

from benchmarks.measure.findings import Finding, at_most, holds, note, report, say
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import ResultSet
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.fuzz.grammar import Statements
from tests.unit.warehouse.embedded.wire.serving import served

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

#: Words of DuckDB, Arrow and Python that no client may read.
FORBIDDEN = re.compile(
    r"Traceback|the embedded warehouse failed|the engine failed|INTERNAL|LINE 1:|duckdb|\bdata\.t\d+|\bnereus\.\w+ |"
    r"(Binder|Catalog|Parser|Conversion|Invalid Input|Out of Range|Not implemented|Constraint|IO|Permission) Error|"
    r"Candidate functions|max_expression_depth|SET enable_|pyarrow|Arrow",
)
#: Answers that may differ from one execution to the next.
_CHANGING = re.compile(
    r"rand|uuid|now|curr|cur(date|time)|time\(|date\(|sysdate|connection_id|LIMIT|OVER|any|group_concat|collect|"
    r"group_array|array_agg|array_shuffle|first_value|last|lag|lead|topn|EXPLAIN|utc_|unix_timestamp|@@|SHOW|DESC|"
    r"shuffle|sleep|approx|hll|ndv|percentile|localtime|to_monday|frontends|backends|tasks|jobs|sample|information_schema",
    re.IGNORECASE,
)
SLOW_S = 5.0
PASSWORD = "fuzz secret"
SECRET = "nobody may read this"
SETUP = (
    "CREATE DATABASE fuzz",
    "USE fuzz",
    """CREATE TABLE x (id INT, k INT, v DECIMAL(10, 2), s VARCHAR(20), d DATE, ts DATETIME(3), b BOOLEAN, f DOUBLE)
       DUPLICATE KEY (id) DISTRIBUTED BY HASH (id) BUCKETS 1 PROPERTIES ('replication_num' = '1')""",
    """CREATE TABLE y (k INT, w BIGINT, t VARCHAR(5)) DUPLICATE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1
       PROPERTIES ('replication_num' = '1')""",
    """CREATE TABLE u (k INT, v VARCHAR(10)) UNIQUE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1
       PROPERTIES ('replication_num' = '1')""",
    """INSERT INTO x VALUES (1, 1, 1.5, 'a', '2024-01-01', '2024-01-01 10:00:00.5', true, 0.1),
       (2, 1, NULL, '2024-02-29', '2024-02-29', NULL, false, 1e20),
       (3, NULL, -0.01, NULL, NULL, '1999-12-31', NULL, NULL),
       (4, 7, 99999999.99, 'é漢', '9999-12-31', '2024-06-30 23:59:59.999', true, -2.5)""",
    "INSERT INTO y VALUES (1, 10, 'a'), (2, NULL, NULL), (7, 9223372036854775807, 'z'), (NULL, -1, '')",
    "INSERT INTO u VALUES (1, 'a'), (2, NULL)",
)


@dataclass
class Seen:
    statements: int = 0
    accepted: int = 0
    repeated: int = 0
    slowest_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    taken: list[str] = field(default_factory=list)

    def fault(self, what: str, sql: str) -> None:
        self.faults.append(f"{what}\n    {sql}")


@contextmanager
def house(folder: Path) -> Iterator[Warehouse]:
    """A warehouse with some rows, and a file beside it that nobody may read."""
    (folder / "outside").mkdir()
    (folder / "outside" / "canary.csv").write_text(SECRET)
    opened = Warehouse.open(folder / "data", memory_gb=1, threads=1, root_password=PASSWORD)
    try:
        session = opened.connect("root")
        for sql in SETUP:
            for result in session.execute(sql):
                if isinstance(result, ResultSet):
                    list(result.batches)
        session.close()
        yield opened
    finally:
        opened.close()


def trial(opened: Warehouse, folder: Path, seed: str, count: int, *, wire_share: int = 20) -> Seen:
    """Run `count` statements, every `wire_share`-th over a socket."""
    seen = Seen()
    outside = folder / "outside"
    made = Statements(seed, str(outside), str(outside / "canary.csv"))
    files = sorted(outside.iterdir())
    with served(opened) as server:
        session, client = opened.connect("root", database="fuzz"), None
        for number in range(count):
            sql = made.next()
            begun = time.monotonic()
            seen.statements += 1
            if number % wire_share == 0:
                client = client or _client(server.port)
                client = _over_the_wire(client, sql, seen)
            else:
                _in_process(session, sql, seen)
            took = time.monotonic() - begun
            seen.slowest_s = max(seen.slowest_s, took)
            if took > SLOW_S:
                seen.fault(f"took {took:.1f} s", sql)
            if session.killed or session.database != "fuzz":
                session.close()
                session = opened.connect("root", database="fuzz")
        session.close()
        if client is not None:
            client.close()
    if sorted(outside.iterdir()) != files:
        seen.fault("files were written", str(sorted(outside.iterdir())))
    return seen


def _in_process(session: Session, sql: str, seen: Seen) -> None:
    try:
        rows = _rows(session, sql)
    except DorisError as error:
        _refused(error.text, sql, seen)
        return
    except Exception as error:  # What is no DorisError would end a connection.
        seen.fault(f"{type(error).__name__}: {error}", sql)
        return
    _accepted(rows, sql, seen)
    if not sql.lstrip("( ").upper().startswith(("SELECT", "WITH", "VALUES")) or _CHANGING.search(sql):
        return
    seen.repeated += 1
    try:
        again = _rows(session, sql)
    except DorisError as error:
        seen.fault(f"answered once, then: {error.text}", sql)
        return
    if sorted(map(repr, rows)) != sorted(map(repr, again)):
        seen.fault(f"other rows the second time: {rows[:3]} {again[:3]}", sql)


def _rows(session: Session, sql: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for result in session.execute(sql):
        if isinstance(result, ResultSet):
            for batch in result.batches:
                found += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return found


def _client(port: int) -> pymysql.Connection[Any]:
    return pymysql.connect(
        host="127.0.0.1", port=port, user="root", password=PASSWORD, database="fuzz", read_timeout=30, autocommit=True
    )


def _over_the_wire(client: pymysql.Connection[Any], sql: str, seen: Seen) -> pymysql.Connection[Any]:
    """The connection with which to go on."""
    try:
        with client.cursor() as cursor:
            cursor.execute(sql)
            _accepted(list(cursor.fetchall()), sql, seen)
    except pymysql.err.MySQLError as error:
        code, text = (*error.args, "")[:2]
        if code in (2006, 2013):
            seen.fault(f"the connection was lost: {error}", sql)
            port = int(client.port)
            client.close()
            return _client(port)
        _refused(str(text), sql, seen)
    except (ValueError, OverflowError):
        # PyMySQL itself cannot read dates such as 0000-00-00.
        _accepted([], sql, seen)
    return client


def _accepted(rows: list[tuple[Any, ...]], sql: str, seen: Seen) -> None:
    seen.accepted += 1
    seen.taken.append(sql)
    if SECRET in str(rows):
        seen.fault("a file was read", sql)


def _refused(text: str, sql: str, seen: Seen) -> None:
    seen.reasons[re.sub(r"'[^']*'|\d+|\(line.*", "", text.partition("detailMessage = ")[2].strip())[:50]] += 1
    found = FORBIDDEN.search(text)
    if (found and found[0] not in sql) or SECRET in text:
        seen.fault(f"the client reads: {text[:300]}", sql)


def measure(count: int, seed: str, accepted: Path | None) -> list[Finding]:
    with tempfile.TemporaryDirectory(prefix="nereus-fuzz-") as name, house(Path(name)) as opened:
        folder = Path(name)
        trial_of_a_few = trial(opened, folder, f"{seed}/warm", max(count // 20, 50))
        memory = psutil.Process().memory_info().rss / 1e6
        begun = time.monotonic()
        seen = trial(opened, folder, seed, count)
        seconds = time.monotonic() - begun
        grown = psutil.Process().memory_info().rss / 1e6 - memory
        faults = [*trial_of_a_few.faults, *seen.faults]
    for fault in faults[:60]:
        say(fault)
    if accepted is not None:
        accepted.write_text("\0".join(seen.taken), "utf-8")
    return [
        holds("statements", f"{seen.statements:,} in {seconds:,.0f} s", "all run", kept=seen.statements == count),
        note("accepted", f"{seen.accepted:,}"),
        note("SELECTs asked twice", f"{seen.repeated:,}"),
        at_most("slowest, s", seen.slowest_s, SLOW_S),
        holds("faults", str(len(faults)), "none", kept=not faults),
        at_most("memory more, MB", grown, 300, digits=0),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the SQL of the embedded warehouse.")
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--accepted", type=Path, help="keep the accepted statements here, zero bytes between them")
    options = parser.parse_args()
    return report("SQL fuzzing", measure(options.statements, options.seed, options.accepted))


if __name__ == "__main__":
    raise SystemExit(main())
