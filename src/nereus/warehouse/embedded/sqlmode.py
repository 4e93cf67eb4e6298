"""sql_mode: the modes Doris knows, and those under which the embedded warehouse gives Doris' answers."""

from __future__ import annotations

from nereus.warehouse.embedded.errors import DorisError, Refused

_COMBINED = {
    "ANSI": ("REAL_AS_FLOAT", "PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE", "ONLY_FULL_GROUP_BY"),
    "TRADITIONAL": (
        "STRICT_TRANS_TABLES",
        "STRICT_ALL_TABLES",
        "NO_ZERO_IN_DATE",
        "NO_ZERO_DATE",
        "ERROR_FOR_DIVISION_BY_ZERO",
        "NO_ENGINE_SUBSTITUTION",
    ),
}

#: In the order in which Doris lists them.
MODES = (
    "ANSI",
    "ANSI_QUOTES",
    "DEFAULT",
    "ERROR_FOR_DIVISION_BY_ZERO",
    "HIGH_NOT_PRECEDENCE",
    "IGNORE_SPACE",
    "INVALID_DATES",
    "NOT_USED",
    "NO_AUTO_VALUE_ON_ZERO",
    "NO_BACKSLASH_ESCAPES",
    "NO_DIR_IN_CREATE",
    "NO_ENGINE_SUBSTITUTION",
    "NO_UNSIGNED_SUBTRACTION",
    "NO_ZERO_DATE",
    "NO_ZERO_IN_DATE",
    "ONLY_FULL_GROUP_BY",
    "PAD_CHAR_TO_FULL_LENGTH",
    "PIPES_AS_CONCAT",
    "REAL_AS_FLOAT",
    "STRICT_ALL_TABLES",
    "STRICT_TRANS_TABLES",
    "TIME_TRUNCATE_FRACTIONAL",
    "TRADITIONAL",
)

#: Modes that Doris reads when it parses; under them the same text means something else.
_CHANGING = {
    "NO_BACKSLASH_ESCAPES": "Write backslashes doubled.",
    "PIPES_AS_CONCAT": "Write concat(a, b).",
}


def check_sql_mode(value: str) -> str:
    """The modes in Doris' order and spelling. Raises for an unknown mode and for one that would change answers."""
    modes: set[str] = set()
    for word in filter(None, (part.strip().upper() for part in value.split(","))):
        if word.isdigit() and int(word) <= 1:
            continue
        if word not in MODES:
            raise DorisError(f"Variable 'sql_mode' can't be set to the value of '{word}'")
        modes.update((word, *_COMBINED.get(word, ())))
    for mode in modes & _CHANGING.keys():
        raise Refused(f"sql_mode {mode}", _CHANGING[mode])
    return ",".join(mode for mode in MODES if mode in modes and mode != "DEFAULT")
