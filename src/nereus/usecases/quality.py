"""Quality checks: what usecase.yaml may ask of its data, and the Doris SQL that answers it.

Each check makes one statement whose single row holds the figures, and a verdict that is a pure function of that row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from nereus.config.kinds import Choice, Either, Kind, Number, Text, wrong
from nereus.config.model import Section, Word
from nereus.config.rules import Problem, raise_all

Severity = Annotated[Literal["error", "warning"], Choice(("error", "warning"))]
Sql = Annotated[str, Text("a piece of Doris SQL", r"[^\x00-\x08\x0b-\x1f;]+", "SELECT 1", 4000)]
Label = Annotated[str, Text("a short name", r"[A-Za-z0-9_ .,:()<>=+*/-]+", "revenue adds up", 128)]
_ROWS = Number(0, 1e15, 1000, whole=True, noun="a number of rows")
Count = Annotated[int, _ROWS]


@dataclass(frozen=True)
class Scalar(Kind):
    """One value as YAML writes it: a number, a text, a date, true or false."""

    example: object = 1
    expected = "a number, a text, a date, true or false"

    def check(self, value: object) -> object:
        return value if isinstance(value, bool | int | float | date | str) else wrong(self.expected, "Write one value.")


Value = Annotated[bool | int | float | date | str, Scalar()]


@dataclass(frozen=True)
class Facts:
    """What a check may compare with besides the table: source parameters, and rows loaded per table if known."""

    parameters: Mapping[str, Any]
    loaded_rows: Mapping[str, int]
    today: date


@dataclass(frozen=True)
class Verdict:
    passed: bool
    observed: str
    expected: str
    violations: int


@dataclass(frozen=True)
class Statement:
    """SQL with the values of its placeholders, as the driver takes them; a literal % is doubled."""

    sql: str
    values: tuple[Any, ...] = ()


class Check(Section):
    """One question to the data. `name` replaces the name made from the question."""

    kind: ClassVar[str]

    name: Label | None = None
    severity: Severity = "error"

    @property
    def label(self) -> str:
        return self.name or f"{self.kind} {self._subject()}"[:128]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables and views it reads, the one it is about first."""
        raise NotImplementedError

    def _subject(self) -> str:
        raise NotImplementedError

    def statement(self) -> Statement:
        """The statement to run in the database of the use case."""
        raise NotImplementedError

    def verdict(self, row: Mapping[str, Any], facts: Facts) -> Verdict:
        """What the statement's row says."""
        return _few(int(row["violations"]), 0, "violations")


class OnTable(Check):
    """A check of one table, of the rows that match `where` if given."""

    table: Word
    where: Sql | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table,)

    def _from(self, alias: str = "") -> str:
        return f"FROM `{self.table}`{alias}"

    def _where(self, *conditions: str) -> str:
        every = [f"({_literal_percent(self.where)})"] if self.where else []
        every += conditions
        return f" WHERE {' AND '.join(every)}" if every else ""


class RowCount(OnTable):
    """How many rows there are: `equals` a number or what Stream Load said it `loaded`, or between two numbers.

    `per` names a source parameter that the numbers are multiplied with; `tolerance` is a fraction of the number.
    """

    kind = "row_count"

    equals: Annotated[int | Literal["loaded"] | None, Either("loaded", _ROWS)] = None
    at_least: Annotated[int | None, _ROWS] = None
    at_most: Annotated[int | None, _ROWS] = None
    per: Word | None = None
    tolerance: Annotated[float, Number(0, 1, 0.01, noun="a fraction")] = 0.0

    @model_validator(mode="after")
    def _one_question(self) -> RowCount:
        bounds = [value for value in (self.at_least, self.at_most) if value is not None]
        if (self.equals is None) == (not bounds):
            expected = "either equals, or at_least and at_most"
            raise_all([Problem("equals", self.equals, expected, "Write for example `equals: loaded`.")])
        return self

    def _subject(self) -> str:
        return f"{self.table} as loaded" if self.equals == "loaded" else self.table

    def statement(self) -> Statement:
        return Statement(f"SELECT COUNT(*) AS rows_found {self._from()}{self._where()}")

    def verdict(self, row: Mapping[str, Any], facts: Facts) -> Verdict:
        found = int(row["rows_found"])
        if self.equals == "loaded":
            if self.table not in facts.loaded_rows:
                return Verdict(True, f"{found} rows", "as many as loaded (not recorded)", 0)
            return _between(found, facts.loaded_rows[self.table], facts.loaded_rows[self.table])
        factor = float(facts.parameters[self.per]) if self.per else 1.0
        if self.equals is not None:
            exact = float(self.equals) * factor
            # A hair wider than the tolerance: 0.01 of a whole number is rarely one in binary.
            slack = exact * self.tolerance + 1e-6
            return _between(found, math.ceil(exact - slack), math.floor(exact + slack))
        low = None if self.at_least is None else round(self.at_least * factor)
        high = None if self.at_most is None else round(self.at_most * factor)
        return _between(found, low, high)


class Unique(OnTable):
    """No two rows share the values of `columns`."""

    kind = "unique"

    columns: Annotated[tuple[Word, ...], Field(min_length=1)]

    def _subject(self) -> str:
        return f"{self.table}({', '.join(self.columns)})"

    def statement(self) -> Statement:
        keys = ", ".join(f"`{column}`" for column in self.columns)
        inner = f"SELECT {keys}, COUNT(*) AS copies {self._from()}{self._where()} GROUP BY {keys} HAVING COUNT(*) > 1"
        return Statement(f"SELECT COUNT(*) AS violations FROM ({inner}) repeated")  # noqa: S608 - names are checked words


class NotNull(OnTable):
    """No row lacks a value in any of `columns`."""

    kind = "not_null"

    columns: Annotated[tuple[Word, ...], Field(min_length=1)]

    def _subject(self) -> str:
        return f"{self.table}({', '.join(self.columns)})"

    def statement(self) -> Statement:
        nulls = " OR ".join(f"`{column}` IS NULL" for column in self.columns)
        return Statement(f"SELECT COUNT(*) AS violations {self._from()}{self._where(f'({nulls})')}")


class Reference(OnTable):
    """Every value of `column` exists in `to_column` of `to_table`; NULL refers to nothing and passes.

    Missing values are counted once each, however many rows hold them; `at_most` allows gaps that are known.
    """

    kind = "reference"

    column: Word
    to_table: Word
    to_column: Word
    at_most: Count = 0

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table, self.to_table)

    def _subject(self) -> str:
        return f"{self.table}.{self.column} -> {self.to_table}.{self.to_column}"

    def statement(self) -> Statement:
        # Distinct first: a fact table has few distinct keys, and the join then is small.
        keys = f"SELECT DISTINCT `{self.column}` AS k {self._from()}{self._where(f'`{self.column}` IS NOT NULL')}"
        return Statement(
            f"SELECT COUNT(*) AS violations FROM ({keys}) child LEFT JOIN `{self.to_table}` parent "  # noqa: S608
            f"ON child.k = parent.`{self.to_column}` WHERE parent.`{self.to_column}` IS NULL"
        )

    def verdict(self, row: Mapping[str, Any], facts: Facts) -> Verdict:
        return _few(int(row["violations"]), self.at_most, "values missing")


class Range(OnTable):
    """Every value of `column` lies between `min` and `max`, both included; NULL passes."""

    kind = "range"

    column: Word
    min: Annotated[object, Scalar()] = None
    max: Annotated[object, Scalar()] = None

    @model_validator(mode="after")
    def _bounded(self) -> Range:
        if self.min is None and self.max is None:
            raise_all([Problem("min", None, "a lower or an upper bound", "Write for example `min: 0`.")])
        return self

    def _subject(self) -> str:
        return f"{self.table}.{self.column}"

    def statement(self) -> Statement:
        outside, values = [], []
        for sign, bound in (("<", self.min), (">", self.max)):
            if bound is not None:
                outside.append(f"`{self.column}` {sign} %s")
                values.append(bound)
        column = f"`{self.column}`"
        return Statement(
            f"SELECT MIN({column}) AS low, MAX({column}) AS high, "
            f"SUM(CASE WHEN {' OR '.join(outside)} THEN 1 ELSE 0 END) AS violations {self._from()}{self._where()}",
            tuple(values),
        )

    def verdict(self, row: Mapping[str, Any], facts: Facts) -> Verdict:
        violations = int(row["violations"] or 0)
        return Verdict(violations == 0, _span(row["low"], row["high"]), _span(self.min, self.max), violations)


class Allowed(OnTable):
    """Every value of `column` is one of `values`; NULL passes."""

    kind = "allowed"

    column: Word
    values: Annotated[tuple[Value, ...], Field(min_length=1)]

    def _subject(self) -> str:
        return f"{self.table}.{self.column}"

    def statement(self) -> Statement:
        marks = ", ".join(["%s"] * len(self.values))
        condition = f"`{self.column}` NOT IN ({marks})"
        return Statement(f"SELECT COUNT(*) AS violations {self._from()}{self._where(condition)}", self.values)


class Custom(Check):
    """A SELECT that returns the rows which break a rule; more than `at_most` of them fail the check."""

    kind = "custom"

    name: Label
    sql: Sql
    at_most: Count = 0

    @property
    def tables(self) -> tuple[str, ...]:
        return ()

    def _subject(self) -> str:
        return self.name

    def statement(self) -> Statement:
        inner = _literal_percent(self.sql.strip())
        return Statement(f"SELECT COUNT(*) AS violations FROM ({inner}) violating")  # noqa: S608 - the author's SQL

    def verdict(self, row: Mapping[str, Any], facts: Facts) -> Verdict:
        return _few(int(row["violations"]), self.at_most, "violations")


class Freshness(OnTable):
    """The newest value of `column` is at most `max_age_days` old, or not before a date (data that grows no more)."""

    kind = "freshness"

    column: Word
    max_age_days: Annotated[int | None, Number(0, 36500, 2, whole=True, noun="a number of days")] = None
    not_before: date | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Freshness:
        if (self.max_age_days is None) == (self.not_before is None):
            fix = "Write for example `max_age_days: 2`."
            raise_all([Problem("max_age_days", self.max_age_days, "either max_age_days or not_before", fix)])
        return self

    def _subject(self) -> str:
        return f"{self.table}.{self.column}"

    def statement(self) -> Statement:
        return Statement(f"SELECT MAX(`{self.column}`) AS newest {self._from()}{self._where()}")

    def verdict(self, row: Mapping[str, Any], facts: Facts) -> Verdict:
        newest = row["newest"]
        day = newest.date() if isinstance(newest, datetime) else newest
        if self.not_before is not None:
            oldest = self.not_before
        else:
            oldest = date.fromordinal(facts.today.toordinal() - (self.max_age_days or 0))
        passed = isinstance(day, date) and day >= oldest
        return Verdict(passed, f"newest {newest or 'none'}", f"{oldest} or newer", 0 if passed else 1)


class Checks(Section):
    """Lists of checks by kind."""

    row_count: tuple[RowCount, ...] = ()
    unique: tuple[Unique, ...] = ()
    not_null: tuple[NotNull, ...] = ()
    reference: tuple[Reference, ...] = ()
    range: tuple[Range, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    custom: tuple[Custom, ...] = ()

    @property
    def with_paths(self) -> Iterator[tuple[str, Check]]:
        """Each check with the path of its place in the file."""
        for kind, listed in self:
            for number, check in enumerate(listed):
                yield f"checks.{kind}[{number}]", check

    @property
    def listed(self) -> tuple[Check, ...]:
        return tuple(check for _, check in self.with_paths)


def today() -> date:
    return datetime.now(UTC).date()


def _literal_percent(sql: str | None) -> str:
    """The driver formats with %; a percent sign that the author wrote stays one."""
    return (sql or "").replace("%", "%%")


def _between(found: int, low: int | None, high: int | None) -> Verdict:
    missing = max(0, (low or 0) - found)
    surplus = 0 if high is None else max(0, found - high)
    expected = f"{low} rows" if low == high else f"{_span(low, high)} rows"
    return Verdict(missing + surplus == 0, f"{found} rows", expected, missing + surplus)


def _few(found: int, at_most: int, what: str) -> Verdict:
    expected = f"at most {at_most} {what}" if at_most else f"no {what}"
    return Verdict(found <= at_most, f"{found} {what}", expected, found)


def _span(low: object, high: object) -> str:
    return f"{'any' if low is None else low} to {'any' if high is None else high}"
