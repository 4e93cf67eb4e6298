"""The words with which Doris' statements begin, to tell a statement that it does not know from one not carried out."""

from __future__ import annotations

import re

from nereus.warehouse.embedded.errors import DorisError

#: First words, in the order in which Doris lists them.
_FIRST_TEXT = (
    "ADMIN ALTER ANALYZE BACKUP BEGIN BUILD CALL CANCEL CLEAN COMMIT COPY CREATE DELETE DESC DESCRIBE DROP EXPLAIN "
    "EXPORT FROM GRANT INSERT INSTALL KILL LOAD LOCK PAUSE PLAN RECOVER REFRESH RESTORE RESUME REVOKE ROLLBACK SELECT "
    "SET SHOW START STOP SWITCH SYNC TRUNCATE UNINSTALL UNLOCK UNSET UPDATE USE VALUES WARM WITH"
)
_FIRST = _FIRST_TEXT.split()

#: Second words of the statements that have many.
_SECOND = {
    "CREATE": (
        "ALIAS CATALOG DATABASE DICTIONARY ENCRYPTKEY EXTERNAL FILE FUNCTION GLOBAL INDEX INVERTED JOB LOCAL "
        "MATERIALIZED OR PROCEDURE READ REPOSITORY RESOURCE ROLE ROUTINE ROW SCHEMA SESSION SQL_BLOCK_RULE STAGE "
        "STORAGE TABLE TABLES AGGREGATE TEMPORARY USER VIEW WORKLOAD"
    ),
    "ALTER": (
        "CATALOG COLOCATE DATABASE JOB MATERIALIZED REPOSITORY RESOURCE ROLE ROUTINE SQL_BLOCK_RULE STORAGE SYSTEM "
        "TABLE USER VIEW WORKLOAD"
    ),
    "DROP": (
        "ANALYZE CACHED CATALOG DATABASE DICTIONARY ENCRYPTKEY EXPIRED FILE FUNCTION GLOBAL INDEX INVERTED JOB LOCAL "
        "MATERIALIZED PROCEDURE REPOSITORY RESOURCE ROLE ROW SCHEMA SESSION SQL_BLOCK_RULE STAGE STATS STORAGE TABLE "
        "TEMPORARY USER VIEW WORKLOAD"
    ),
    "BUILD": "INDEX",
    "LOCK": "TABLES",
    "TRUNCATE": "TABLE",
    "UNLOCK": "TABLES",
    "SHOW": (
        "ALL ALTER ANALYZE AUTHORS AUTO BACKEND BACKENDS BACKUP BRIEF BROKER BUILD BUILTIN CATALOG CATALOGS CHAR "
        "CHARACTER CHARSET CLUSTERS COLLATION COLUMN COLUMNS COMPUTE CONSTRAINTS CONVERT_LIGHT_SCHEMA_CHANGE_PROCESS "
        "COPY COUNT CREATE DATA DATABASE DATABASES DELETE DICTIONARIES DYNAMIC ENCRYPTKEYS ENGINES ERRORS EVENTS "
        "EXPORT FIELDS FILE FRONTEND FRONTENDS FULL FUNCTION FUNCTIONS GLOBAL GRANTS INDEX INDEXES INVERTED KEY KEYS "
        "LAST LOAD LOCAL OPEN PARTITION PARTITIONS PLUGINS PRIVILEGES PROC PROCEDURE PROCESSLIST PROPERTY QUERY "
        "QUEUED REPLICA REPOSITORIES RESOURCES RESTORE ROLES ROUTINE ROW SCHEMAS SESSION SNAPSHOT SQL_BLOCK_RULE "
        "STAGES STATUS STORAGE STREAM TABLE TABLES TABLET TABLETS TEMPORARY TRANSACTION TRASH TRIGGERS TYPECAST "
        "VARIABLES VIEW VIEWS WARM WARNINGS WHITELIST WORKLOAD"
    ),
}
_KNOWN = {first: frozenset(second.split()) for first, second in _SECOND.items()}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def syntax_error(text: str, words: list[str]) -> DorisError | None:
    """Doris' error for a statement of a kind that it does not have; None for one that it has.

    Args:
        words: the first words of `text` in upper case, comments skipped.
    """
    first = words[0]
    if first not in _FIRST:
        shown = ", ".join(["<EOF>", "';'", "'('", *(f"'{word}'" for word in _FIRST)])
        found, where = _place(text, words[:1])
        return DorisError(f"\nmismatched input '{found}' expecting {{{shown}}}{where}\n")
    known = _KNOWN.get(first)
    if known is None or (len(words) > 1 and words[1] in known):
        return None
    found, where = _place(text, words[:2])
    if len(words) == 1:
        return DorisError(f"\nmismatched input '<EOF>' expecting {{{', '.join(sorted(known))}}}\n")
    if len(known) == 1:
        return DorisError(f"\nmismatched input '{found.split()[-1]}' expecting '{_SECOND[first]}'{where}\n")
    return DorisError(f"\nno viable alternative at input '{found}'{where}\n")


def _place(text: str, words: list[str]) -> tuple[str, str]:
    """The words as they were written, and where the last of them stands."""
    start = at = 0
    for number, word in enumerate(words):
        found = next((m for m in _WORD.finditer(text, at) if m.group().upper() == word), None)
        if found is None:
            return " ".join(words).lower(), "(line 1, pos 0)"
        start = found.start() if number == 0 else start
        last, at = found.start(), found.end()
    line = text.count("\n", 0, last) + 1
    return text[start:at], f"(line {line}, pos {last - (text.rfind(chr(10), 0, last) + 1)})"
