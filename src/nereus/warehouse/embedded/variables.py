"""Session and global variables: Doris' names and defaults, and what the embedded warehouse makes of them.

A variable falls in one of three classes. Those that steer how an answer is computed (memory, parallelism, join order)
are remembered, shown, and have no effect. Those that a part of the embedded warehouse reads take effect. Those that
would change what an answer *is*, and that nothing here reads, are fixed: they are refused unless they are set to a
value that means the same as the default.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

import duckdb

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sqlmode import check_sql_mode
from nereus.warehouse.embedded.variable_types import data_volume, integer, select_limit

_PREFIXES = ("experimental_", "deprecated_")

#: Spellings of the one time zone that the embedded warehouse computes in.
UTC_NAMES = frozenset({"utc", "etc/utc", "+00:00", "gmt", "etc/gmt", "zulu", "etc/uct", "uct"})

#: Variables whose value can change what a query is bound to; a cached query is good for one set of them.
BINDING = ("sql_mode", "time_zone", "sql_select_limit")

_TRUE, _FALSE = ("on", "true", "1"), ("off", "false", "0")
_POLICIES = {"0": "NONE", "none": "NONE", "2": "STRONG", "strong": "STRONG"}
_LIMIT = "sql_select_limit"
_VOLUMES = ("exec_mem_limit", "scan_queue_mem_limit")
_FLOAT = re.compile(r"-?\d+\.\d+(E-?\d+)?")

_STORE = "CREATE TABLE IF NOT EXISTS nereus.global_variables (name VARCHAR, value VARCHAR)"


class Variable(NamedTuple):
    """One variable.

    Attributes:
        scope: where it can be set: both, session, global or nowhere.
        fixed: see above.
        type: the Doris type of ``@@name``.
        hidden: SHOW VARIABLES leaves it out: of an earlier version, without effect since.
    """

    name: str
    default: str
    scope: str
    fixed: bool
    type: str
    hidden: bool


@cache
def catalogue() -> Mapping[str, Variable]:
    """Every variable by lower-case name, in the order of SHOW VARIABLES."""
    text = resources.files("nereus.warehouse.embedded").joinpath("variables.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {
        name.lower(): Variable(name, value, scope, bool(fixed), kind, bool(hidden))
        for name, value, scope, fixed, kind, hidden in rows
    }


@cache
def defaults() -> Mapping[str, str]:
    """The default of every variable by lower-case name."""
    return {key: variable.default for key, variable in catalogue().items()}


def resolve(name: str) -> str:
    """The lower-case name, for a name with or without ``experimental_``. Raises DorisError for an unknown one."""
    found = known(name)
    if found is None:
        similar = _similar(name.lower())
        raise DorisError(f"Unknown system variable '{name}',the similar variables are {similar}")
    return found


def known(name: str) -> str | None:
    """The lower-case name of a variable, for a name with or without ``experimental_``; None for an unknown one."""
    wanted = name.lower()
    return next((name for name in (wanted, *(prefix + wanted for prefix in _PREFIXES)) if name in catalogue()), None)


def check(name: str, value: str) -> str:
    """The value as it is kept and shown. Raises where Doris refuses it, or where it would have to change answers.

    Args:
        name: as `resolve` gives it.
    """
    default = defaults()[name]
    value = _typed(name, value, default)
    if name == "sql_mode":
        return check_sql_mode(value)
    if name == "time_zone":
        if value.lower() not in UTC_NAMES:
            raise Refused(f"the time zone {value!r}", "It computes in UTC alone.")
        return value
    if name == "validate_password_policy":
        if value.lower() not in _POLICIES:
            raise DorisError(f"Variable '{name}' can't be set to the value of '{value}'")
        return _POLICIES[value.lower()]
    if catalogue()[name].fixed and value != default:
        raise Refused(f"the value {value!r} for {name}", f"It behaves as with {default!r}.")
    return value


def _typed(name: str, value: str, default: str) -> str:
    if default in ("true", "false"):
        if value.lower() in _TRUE:
            return "true"
        if value.lower() in _FALSE:
            return "false"
        raise DorisError(f"Variable '{name}' can't be set to the value of '{value}'")
    if name == _LIMIT:
        return select_limit(value)
    if name in _VOLUMES:
        value = data_volume(value)
    kind = catalogue()[name].type
    if kind in ("int", "bigint"):
        return integer(_plain(name), value, kind)
    if _FLOAT.fullmatch(default):
        try:
            float(value)
        except ValueError:
            raise DorisError(f"Incorrect argument type to variable '{_plain(name)}'") from None
    return value


def _plain(name: str) -> str:
    """The name without ``experimental_``, which Doris adds where it shows it."""
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)


def _similar(wanted: str) -> str:
    """The three names that Doris would propose: the most similar by Jaro and Winkler."""
    ranked = sorted(
        [variable.name for variable in catalogue().values()],
        key=lambda name: -_jaro_winkler(name.upper(), wanted.upper()),
    )
    return "{" + ", ".join(f"'{name}'" for name in ranked[:3]) + "}"


def _jaro_winkler(left: str, right: str) -> float:
    short, long = sorted((left, right), key=len)
    reach = max(len(long) // 2 - 1, 0)
    taken = [False] * len(long)
    pairs: list[tuple[int, str]] = []
    first: list[str] = []
    for i, char in enumerate(short):
        for j in range(max(i - reach, 0), min(i + reach + 1, len(long))):
            if not taken[j] and long[j] == char:
                taken[j] = True
                pairs.append((j, char))
                first.append(char)
                break
    matches = len(first)
    if not matches:
        return 0.0
    second = [char for _, char in sorted(pairs)]
    swaps = sum(a != b for a, b in zip(first, second, strict=True)) // 2
    jaro = (matches / len(left) + matches / len(right) + (matches - swaps) / matches) / 3
    prefix = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        prefix += 1
    return jaro if jaro < 0.7 else jaro + min(0.1, 1 / len(long)) * prefix * (1 - jaro)


class GlobalVariables:
    """What SET GLOBAL changed; it outlives the process."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._lock = threading.Lock()
        cursor.execute(_STORE)
        changed = dict(cursor.execute("SELECT name, value FROM nereus.global_variables").fetchall())
        #: The global value of every variable by lower-case name; replaced as a whole, never changed.
        self.current: Mapping[str, str] = {**defaults(), **changed}

    def close(self) -> None:
        with self._lock:
            self._cursor.close()

    def values(self) -> dict[str, str]:
        """A copy of every variable's global value: what a new session begins with."""
        return dict(self.current)

    def get(self, name: str) -> str:
        return self.current[name]

    def set(self, name: str, value: str) -> None:
        """Keep a checked value under a canonical name."""
        with self._lock:
            self._cursor.execute("BEGIN")
            self._cursor.execute("DELETE FROM nereus.global_variables WHERE name = ?", [name])
            if value != defaults()[name]:
                self._cursor.execute("INSERT INTO nereus.global_variables VALUES (?, ?)", [name, value])
            self._cursor.execute("COMMIT")
            self.current = {**self.current, name: value}
