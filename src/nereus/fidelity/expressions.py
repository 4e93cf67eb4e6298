"""Recorded expressions and queries: equal in text and type, refused by name, or different."""

from __future__ import annotations

import re

from nereus.fidelity import recordings
from nereus.fidelity.asking import Answer, Asker
from nereus.fidelity.findings import Finding, Verdict

#: How a recording writes an error: this word, then code and text.
_ERROR = "REFUSED"
_NULL = "\\N"
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"\\": "\\", "t": "\t", "n": "\n"}
#: The answer is known to Doris' backend only: the type and that it is accepted were recorded.
_UNKNOWN = "?"
#: Expressions that answer anew each time: their type alone is compared.
_OF_THE_MOMENT = frozenset({"last_query_id()", "current_date"})
_TABLE = (
    "CREATE TABLE fx.t (a bigint, k int, v double, s varchar(20), ts datetime) DUPLICATE KEY(a) DISTRIBUTED BY RANDOM"
)


def grid(ask: Asker) -> list[Finding]:
    """Constant expressions that a Doris frontend answered: value and type."""
    return [_expression(ask, *row[:3]) for row in recordings.rows("answers")]


def folded(ask: Asker) -> list[Finding]:
    """More expressions of a frontend; of those it left to a backend the type alone is known."""
    return [_expression(ask, *row[:3]) for row in recordings.rows("folded")]


def aggregates(ask: Asker) -> list[Finding]:
    """Aggregate functions over a table: accepted or not, and the type."""
    ask.must("CREATE DATABASE IF NOT EXISTS fx")
    ask.must("DROP TABLE IF EXISTS fx.t")
    ask.must(f"{_TABLE} PROPERTIES ('replication_num' = '1')")
    found = []
    for expression, outcome, type_ in recordings.rows("aggregates"):
        answer = ask(f"SELECT {expression} FROM fx.t")  # noqa: S608 - recorded text, asked of a warehouse made for it
        wanted = outcome if outcome.startswith(_ERROR) else _UNKNOWN
        found.append(_compared(expression, answer, wanted, type_))
    return found


def cluster(ask: Asker) -> list[Finding]:
    """Queries of one row that a whole cluster answered, with the values as JDBC prints them."""
    found = []
    for statement, *cells in recordings.rows("cluster"):
        answer = ask(statement)
        if answer.error is not None:
            found.append(_compared(statement, answer, _UNKNOWN, ""))
            continue
        wanted = [_unescaped(cell) for cell in cells]
        got = [_as_jdbc(cell, of) for row in answer.rows for cell, of in zip(row, answer.types, strict=True)]
        same = len(answer.rows) == 1 and len(got) == len(wanted) and all(map(_same, got, wanted, answer.types))
        verdict = Verdict.EQUAL if same else Verdict.DIFFERENT
        found.append(Finding(statement, verdict, "" if same else f"{got}, Doris: {wanted}"))
    return found


def _expression(ask: Asker, expression: str, wanted: str, type_: str) -> Finding:
    known = _UNKNOWN if expression in _OF_THE_MOMENT else wanted
    return _compared(expression, ask(f"SELECT {expression}"), known, type_)


def _compared(subject: str, answer: Answer, wanted: str, type_: str) -> Finding:
    if wanted.startswith(_ERROR):
        if answer.error is None:
            return Finding(subject, Verdict.ACCEPTED, wanted)
        return Finding(subject, Verdict.EQUAL)
    if answer.error is not None:
        return Finding(subject, Verdict.REFUSED if answer.refused else Verdict.DIFFERENT, answer.error)
    value = answer.rows[0][0] if answer.rows else None
    # Doris calls the type of a bare NULL tinyint wherever it tells it.
    got = (_NULL if value is None else value, answer.types[0].replace("null", "tinyint"))
    if got == (wanted, type_) or (wanted == _UNKNOWN and got[1] == type_):
        return Finding(subject, Verdict.EQUAL)
    return Finding(subject, Verdict.DIFFERENT, f"{got}, Doris: {(wanted, type_)}")


def _unescaped(cell: str) -> str:
    """What a recorded cell stands for; NULL stays as it is written."""
    if cell == _NULL:
        return cell
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[0]), cell)


def _as_jdbc(cell: str | None, of: str) -> str:
    """JDBC prints what the wire calls TINYINT(1) as a word, and times as Java does."""
    if cell is None:
        return _NULL
    if of == "boolean":
        return "true" if cell == "1" else "false"
    if of.startswith("datetime"):
        # As Java prints a time: without zeros at the end of the fraction, and without seconds that are 0.
        head, dot, fraction = cell.replace(" ", "T").partition(".")
        fraction = fraction.rstrip("0")
        return f"{head}{dot}{fraction}" if fraction else head.removesuffix(":00")
    return cell


def _same(got: str, wanted: str, of: str) -> bool:
    if got == wanted:
        return True
    if of in ("double", "float"):
        # The suite prints 1 as 1.0.
        return _number(got) is not None and _number(got) == _number(wanted)
    return False


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
