"""Each kind of check: what it asks (run by a real SQL engine) and what it makes of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from nereus.usecases.quality import (
    Allowed,
    Check,
    Custom,
    Facts,
    Freshness,
    NotNull,
    Range,
    Reference,
    RowCount,
    Unique,
    Verdict,
)

FACTS = Facts(parameters={"scale": 0.5}, loaded_rows={"sale": 5}, today=date(2026, 1, 10))


@pytest.fixture(scope="module")
def data() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        db.execute("CREATE TABLE item (k INT, name VARCHAR)")
        db.execute("INSERT INTO item VALUES (1, 'a'), (2, '50% off'), (3, NULL)")
        db.execute("CREATE TABLE sale (day DATE, k INT, n INT)")
        db.execute("""
            INSERT INTO sale VALUES ('2026-01-01', 1, 10), ('2026-01-01', 1, 20), ('2026-01-02', 2, NULL),
                                    ('2026-01-03', 9, 5), ('2026-01-03', NULL, 7)
        """)
        db.execute("CREATE TABLE nothing (day DATE, k INT)")
        yield db


def answer(db: duckdb.DuckDBPyConnection, check: Check) -> Verdict:
    """Run the check's statement as the driver would send it; DuckDB quotes names otherwise than Doris."""
    statement = check.statement()
    literals = tuple(f"'{value}'" if isinstance(value, str | date) else value for value in statement.values)
    cursor = db.execute((statement.sql % literals).replace("`", '"'))
    names = [column[0] for column in cursor.description or ()]
    (row,) = cursor.fetchall()
    return check.verdict(dict(zip(names, row, strict=True)), FACTS)


CASES: list[tuple[Check, bool, str, str]] = [
    (RowCount(table="sale", equals=5), True, "5 rows", "5 rows"),
    (RowCount(table="sale", equals=7), False, "5 rows", "7 rows"),
    (RowCount(table="sale", equals="loaded"), True, "5 rows", "5 rows"),
    (RowCount(table="item", equals="loaded"), True, "3 rows", "as many as loaded (not recorded)"),
    (RowCount(table="sale", equals=10, per="scale"), True, "5 rows", "5 rows"),
    (RowCount(table="sale", equals=6, tolerance=0.2), True, "5 rows", "5 to 7 rows"),
    (RowCount(table="sale", equals=6, tolerance=0.1), False, "5 rows", "6 rows"),
    (RowCount(table="sale", at_least=1), True, "5 rows", "1 to any rows"),
    (RowCount(table="sale", at_most=8, per="scale"), False, "5 rows", "any to 4 rows"),
    (RowCount(table="sale", equals=2, where="day = '2026-01-01'"), True, "2 rows", "2 rows"),
    (Unique(table="item", columns=("k",)), True, "0 violations", "no violations"),
    (Unique(table="sale", columns=("day", "k")), False, "1 violations", "no violations"),
    (Unique(table="sale", columns=("day", "k"), where="n > 10"), True, "0 violations", "no violations"),
    (NotNull(table="sale", columns=("day",)), True, "0 violations", "no violations"),
    (NotNull(table="sale", columns=("k", "n")), False, "2 violations", "no violations"),
    (
        Reference(table="sale", column="k", to_table="item", to_column="k"),
        False,
        "1 values missing",
        "no values missing",
    ),
    (
        Reference(table="sale", column="k", to_table="item", to_column="k", at_most=1),
        True,
        "1 values missing",
        "at most 1 values missing",
    ),
    (
        Reference(table="sale", column="k", to_table="item", to_column="k", where="k < 9"),
        True,
        "0 values missing",
        "no values missing",
    ),
    (Range(table="sale", column="n", min=5, max=20), True, "5 to 20", "5 to 20"),
    (Range(table="sale", column="n", min=6), False, "5 to 20", "6 to any"),
    (Range(table="sale", column="day", max=date(2026, 1, 2)), False, "2026-01-01 to 2026-01-03", "any to 2026-01-02"),
    (Range(table="nothing", column="k", min=1), True, "any to any", "1 to any"),
    (Allowed(table="item", column="name", values=("a", "50% off")), True, "0 violations", "no violations"),
    (Allowed(table="item", column="name", values=("a",)), False, "1 violations", "no violations"),
    (Custom(name="odd", sql="SELECT k FROM sale WHERE k % 2 = 1"), False, "3 violations", "no violations"),
    (
        Custom(name="odd", sql="SELECT k FROM sale WHERE k % 2 = 1", at_most=3),
        True,
        "3 violations",
        "at most 3 violations",
    ),
    (
        Freshness(table="sale", column="day", not_before=date(2026, 1, 3)),
        True,
        "newest 2026-01-03",
        "2026-01-03 or newer",
    ),
    (Freshness(table="sale", column="day", max_age_days=7), True, "newest 2026-01-03", "2026-01-03 or newer"),
    (Freshness(table="sale", column="day", max_age_days=6), False, "newest 2026-01-03", "2026-01-04 or newer"),
    (Freshness(table="nothing", column="day", max_age_days=6), False, "newest none", "2026-01-04 or newer"),
]


@pytest.mark.parametrize(
    ("check", "passed", "observed", "expected"), CASES, ids=lambda value: getattr(value, "label", "")
)
def test_a_check_answers(
    data: duckdb.DuckDBPyConnection, check: Check, passed: bool, observed: str, expected: str
) -> None:
    verdict = answer(data, check)
    assert (verdict.passed, verdict.observed, verdict.expected) == (passed, observed, expected)


def test_violations_are_counted(data: duckdb.DuckDBPyConnection) -> None:
    assert answer(data, RowCount(table="sale", equals=7)).violations == 2
    assert answer(data, RowCount(table="sale", at_most=3)).violations == 2
    assert answer(data, NotNull(table="sale", columns=("k", "n"))).violations == 2


@pytest.mark.parametrize(
    ("check", "label"),
    [
        (RowCount(table="sale", equals=5), "row_count sale"),
        (RowCount(table="sale", equals="loaded"), "row_count sale as loaded"),
        (Unique(table="sale", columns=("day", "k")), "unique sale(day, k)"),
        (Reference(table="sale", column="k", to_table="item", to_column="k"), "reference sale.k -> item.k"),
        (Range(table="sale", column="n", min=5, name="sane"), "sane"),
        (Freshness(table="sale", column="day", max_age_days=1), "freshness sale.day"),
    ],
)
def test_a_check_names_itself(check: Check, label: str) -> None:
    assert check.label == label


def test_values_are_bound_and_never_written_into_the_statement() -> None:
    statement = Allowed(table="item", column="name", values=("x' OR 1=1 -- ",)).statement()
    assert "OR 1=1" not in statement.sql
    assert statement.values == ("x' OR 1=1 -- ",)


def test_loaded_rows_are_compared_where_they_are_known() -> None:
    check, none = RowCount(table="sale", equals="loaded"), Facts({}, {}, date(2026, 1, 1))
    row: dict[str, Any] = {"rows_found": 4}
    assert not check.verdict(row, FACTS).passed
    assert check.verdict(row, none).passed
