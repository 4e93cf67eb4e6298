"""EXPLAIN of a statement, and DESC of a table: Doris takes EXPLAIN, DESC and DESCRIBE for the same word."""

from __future__ import annotations

from nereus.warehouse.embedded.dispatch import find, statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.materialized.answering import explained
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import END
from nereus.warehouse.embedded.statements.describe_function import describe_function
from nereus.warehouse.embedded.statements.explain_writes import plan_of_write
from nereus.warehouse.embedded.statements.query import plan_query
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.statements.show_columns import describe

_COLUMN = "Explain String(Nereids Planner)"
#: Said first, so that nobody takes the plan for one of Doris.
_NOTE = (
    "PLAN OF THE EMBEDDED WAREHOUSE'S ENGINE (DuckDB)",
    "A Doris cluster plans this query in its own way: fragments, tablets and statistics are not shown here.",
    "",
)
_PLANS = ("PARSED", "ANALYZED", "REWRITTEN", "LOGICAL", "OPTIMIZED", "PHYSICAL", "SHAPE", "MEMO", "DISTRIBUTED", "ALL")
_LEVELS = ("VERBOSE", "TREE", "GRAPH", "PLAN", "DUMP")
_QUERY = ("SELECT", "WITH", "VALUES", "(")
_WRITES = ("INSERT", "UPDATE", "DELETE")


@statement("EXPLAIN", "DESC", "DESCRIBE", kind="EXPLAIN")
def explain(session: Session, text: str) -> Result:
    """EXPLAIN [plan type] [VERBOSE ...] query or write | DESC [db.]table [ALL] | DESC FUNCTION table function"""
    reader = Reader(text)
    reader.advance()
    start = reader.index
    kind = next((word for word in _PLANS if reader.accept_word(word)), "")
    level = next((word for word in _LEVELS if reader.accept_word(word)), "")
    process = reader.accept_word("PROCESS")
    if reader.token.word in _QUERY or reader.kind == "(" or reader.token.word in _WRITES:
        if (kind and level not in ("", "PLAN")) or process:
            words = " ".join(word for word in (kind, level, "PROCESS" if process else "") if word)
            raise Refused(f"EXPLAIN {words}", f"Write EXPLAIN {kind} PLAN." if kind else "Write EXPLAIN.")
        return _plan(session, text[reader.token.start :])
    reader.seek(start)
    if reader.token.word == "FUNCTION" and reader.ahead().kind != END:
        reader.advance()
        return describe_function(session, reader)
    if reader.token.word == "DICTIONARY" and reader.ahead().kind != END:
        raise Refused("DESC DICTIONARY", "There are no dictionaries.")
    return _describe(session, reader)


def _describe(session: Session, reader: Reader) -> Result:
    db, name = reader.table(session.database)
    everything = reader.accept("ALL")
    reader.finish()
    found = session.warehouse.schema(session).database_name(db)
    if found is None:
        raise DorisError(f"Unknown database '{db}'")
    return describe(session, found, name, everything=everything)


def _plan(session: Session, query: str) -> Result:
    # The statement goes through everything that running it would go through, privileges included.
    if not find(query).reads:
        lines = plan_of_write(session, query)
    else:
        plan = plan_query(session, query)
        answer = session.warehouse.views.answering.answer(session, query, plan.bound, plan.answers)
        rows = session.cursor.execute(f"EXPLAIN {answer.bound.sql}").fetchall()
        lines = [line for _, block in rows for line in block.rstrip().splitlines()]
        lines += explained(answer)
    return text_rows([_COLUMN], [[line] for line in (*_NOTE, *lines)])
