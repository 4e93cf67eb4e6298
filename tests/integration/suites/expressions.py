"""Expressions over the star whose text means the same in Doris and in DuckDB.

Left out is what the dialects spell or define differently: integer division, NULL in CONCAT and GREATEST, adding to a
DATE without a cast. Integers stay below 2**31, where DuckDB's arithmetic ends and Doris' goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]

INT_MOST = 2**31 - 1
KINDS = ("int", "text", "date", "decimal", "double", "flag")


@dataclass(frozen=True)
class Expr:
    """SQL text. `most` bounds an integer's absolute value."""

    kind: str
    sql: str
    most: int = 0


def _ints(prefix: str, **most: int) -> tuple[Expr, ...]:
    return tuple(Expr("int", f"{prefix}_{name}", limit) for name, limit in most.items())


def _named(kind: str, *names: str) -> tuple[Expr, ...]:
    return tuple(Expr(kind, name) for name in names)


COLUMNS: dict[str, tuple[Expr, ...]] = {
    "lineorder": (
        *_ints("lo", orderkey=400_000, linenumber=7, custkey=1_500, partkey=10_000, suppkey=100, quantity=50),
        *_ints("lo", extendedprice=11_000_000, revenue=11_000_000, supplycost=200_000, discount=10, tax=8),
        *_named("text", "lo_orderpriority", "lo_shipmode"),
        *_named("date", "lo_orderdate", "lo_commitdate"),
    ),
    "dates": (
        *_ints("d", year=1998, yearmonthnum=199812, monthnuminyear=12, weeknuminyear=53, daynuminweek=7),
        *_named("text", "d_dayofweek", "d_month", "d_yearmonth", "d_sellingseason"),
        *_named("date", "d_datekey"),
        *_named("flag", "d_holidayfl", "d_lastdayinmonthfl"),
    ),
    "customer": (
        *_ints("c", custkey=1_500, citykey=249),
        *_named("text", "c_name", "c_city", "c_nation", "c_region", "c_mktsegment", "c_phone"),
    ),
    "supplier": (
        *_ints("s", suppkey=100, citykey=249),
        *_named("text", "s_name", "s_city", "s_nation", "s_region"),
    ),
    "part": (
        *_ints("p", partkey=10_000, size=50),
        *_named("text", "p_mfgr", "p_category", "p_brand1", "p_color", "p_type", "p_container"),
    ),
    "geo_city": (*_ints("gc", citykey=249, nationkey=24), *_named("text", "gc_name")),
    "geo_nation": (*_ints("gn", nationkey=24, regionkey=4), *_named("text", "gn_name")),
}

TEXTS = (
    *("ASIA", "EUROPE", "UNITED STATES", "CHINA", "MFGR#1", "MFGR#12", "MFGR#2221", "AIR", "RAIL", "1-URGENT"),
    *("Winter", "Monday", "Jan1994", "BUILDING", "a", "E", ""),
)
PATTERNS = ("%A%", "MFGR#1%", "U%", "%S", "_U%", "%I_", "1-%", "%", "", "ASIA")
DAYS = ("1992-01-01", "1993-06-15", "1994-02-28", "1996-02-29", "1997-12-31", "1998-08-02")


@dataclass(frozen=True)
class Maker:
    """Draws expressions over some columns, `depth` operators deep at most."""

    draw: Draw
    columns: Sequence[Expr]

    def one(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def number(self, least: int, most: int) -> int:
        drawn: int = self.draw(st.integers(least, most))
        return drawn

    def column(self, kind: str | None = None) -> Expr | None:
        found = [one for one in self.columns if kind in (None, one.kind)]
        return self.draw(st.sampled_from(found)) if found else None

    def any(self, depth: int = 2) -> Expr:
        return self.of(self.one(*KINDS), depth)

    def of(self, kind: str, depth: int) -> Expr:
        makers = {
            "int": self.integer,
            "text": self.text,
            "date": self.date,
            "decimal": self.decimal,
            "double": self.double,
            "flag": self.flag,
        }
        return makers[kind](depth)

    def integer(self, depth: int) -> Expr:
        if depth == 0 or self.number(0, 2) == 0:
            found = self.column("int") if self.number(0, 4) else None
            value = self.number(0, 100)
            return found or Expr("int", str(value), value)
        a, b = self.integer(depth - 1), self.integer(depth - 1)
        text, day, word = self.text(depth - 1), self.date(depth - 1), self.one(*TEXTS[:-1])
        divisor = self.number(1, 60)
        made = [
            Expr("int", f"({a.sql} + {b.sql})", a.most + b.most),
            Expr("int", f"({a.sql} - {b.sql})", a.most + b.most),
            Expr("int", f"({a.sql} * {b.sql})", a.most * b.most),
            Expr("int", f"({a.sql} % {divisor})", divisor),
            Expr("int", f"(-{a.sql})", a.most),
            Expr("int", f"ABS({a.sql})", a.most),
            Expr("int", f"COALESCE({a.sql}, {b.sql})", max(a.most, b.most)),
            Expr("int", f"NULLIF({a.sql}, {b.sql})", a.most),
            Expr("int", f"CAST({a.sql} AS BIGINT)", a.most),
            Expr("int", f"LENGTH({text.sql})", 400),
            Expr("int", f"INSTR({text.sql}, '{word}')", 400),
            Expr("int", f"ASCII({text.sql})", 255),
            *(Expr("int", f"{name}({day.sql})", 2100) for name in ("YEAR", "MONTH", "DAY", "QUARTER", "DAYOFYEAR")),
            Expr("int", f"EXTRACT(MONTH FROM {day.sql})", 12),
            Expr("int", f"CASE WHEN {self.flag(depth - 1).sql} THEN {a.sql} ELSE {b.sql} END", max(a.most, b.most)),
            Expr("int", f"CASE {a.sql} WHEN {b.sql} THEN 1 WHEN {divisor} THEN {b.sql} END", max(1, b.most)),
        ]
        chosen: Expr = self.one(*(each for each in made if each.most <= INT_MOST))
        return chosen

    def text(self, depth: int) -> Expr:
        if depth == 0 or self.number(0, 2) == 0:
            found = self.column("text") if self.number(0, 4) else None
            return found or Expr("text", f"'{self.one(*TEXTS)}'")
        a, b = self.text(depth - 1), self.text(depth - 1)
        number, day, start, length = self.integer(depth - 1), self.date(depth - 1), self.number(1, 8), self.number(0, 8)
        made = (
            f"UPPER({a.sql})",
            f"LOWER({a.sql})",
            f"REVERSE({a.sql})",
            f"TRIM({a.sql})",
            f"SUBSTRING({a.sql}, {start}, {length})",
            f"LEFT({a.sql}, {length})",
            f"RIGHT({a.sql}, {length})",
            f"LPAD({a.sql}, {length}, '*')",
            f"REPLACE({a.sql}, '{self.one(*TEXTS[:-1])}', 'x')",
            f"CONCAT(COALESCE({a.sql}, ''), '-', COALESCE({b.sql}, ''))",
            f"COALESCE({a.sql}, {b.sql})",
            f"NULLIF({a.sql}, {b.sql})",
            f"CAST({number.sql} AS VARCHAR)",
            f"CAST({day.sql} AS VARCHAR)",
            f"CASE WHEN {self.flag(depth - 1).sql} THEN {a.sql} ELSE {b.sql} END",
        )
        return Expr("text", self.one(*made))

    def date(self, depth: int) -> Expr:
        if depth == 0 or self.number(0, 1) == 0:
            found = self.column("date") if self.number(0, 4) else None
            return found or Expr("date", f"DATE '{self.one(*DAYS)}'")
        a, b, unit = self.date(depth - 1), self.date(depth - 1), self.one("DAY", "WEEK", "MONTH", "YEAR")
        made = (
            f"CAST({a.sql} + INTERVAL {self.number(0, 40)} {unit} AS DATE)",
            f"CAST({a.sql} - INTERVAL {self.number(0, 40)} {unit} AS DATE)",
            f"LAST_DAY({a.sql})",
            f"COALESCE({a.sql}, {b.sql})",
            f"NULLIF({a.sql}, {b.sql})",
            f"CASE WHEN {self.flag(depth - 1).sql} THEN {a.sql} ELSE {b.sql} END",
        )
        return Expr("date", self.one(*made))

    def decimal(self, depth: int) -> Expr:
        a = self.integer(max(0, depth - 1))
        factor = self.one("0.01", "1.5", "2.25", "100.00")
        made = (
            f"({a.sql} * {factor})",
            f"({a.sql} + {factor})",
            f"({factor} - {a.sql})",
            f"CAST({a.sql} AS DECIMAL(15, 2))",
        )
        return Expr("decimal", self.one(*made))

    def double(self, depth: int) -> Expr:
        a, b = self.integer(max(0, depth - 1)), self.integer(max(0, depth - 1))
        made = (f"({a.sql} / NULLIF({b.sql}, 0))", f"SQRT(ABS({a.sql}))", f"CAST({a.sql} AS DOUBLE)")
        return Expr("double", self.one(*made))

    def flag(self, depth: int) -> Expr:
        """A condition; it may be NULL."""
        if depth > 0 and self.number(0, 2) == 0:
            a, b = self.flag(depth - 1), self.flag(depth - 1)
            return Expr("flag", self.one(f"({a.sql} AND {b.sql})", f"({a.sql} OR {b.sql})", f"(NOT {a.sql})"))
        if self.number(0, 5) == 0 and (found := self.column("flag")):
            return found
        kind = self.one("int", "text", "date")
        if self.number(0, 2) and (found := self.column(kind)):
            return self.near(found)
        a, b, c = (self.of(kind, max(0, depth - 1)) for _ in range(3))
        made = [f"({a.sql} {sign} {b.sql})" for sign in ("=", "<>", "<", "<=", ">", ">=")]
        made += [f"({a.sql} BETWEEN {b.sql} AND {c.sql})", f"({a.sql} IN ({b.sql}, {c.sql}))"]
        made += [f"({a.sql} NOT IN ({b.sql}, {c.sql}))", f"({a.sql} IS NULL)", f"({a.sql} IS NOT NULL)"]
        if kind == "text":
            made += [f"({a.sql} LIKE '{self.one(*PATTERNS)}')", f"({a.sql} NOT LIKE '{self.one(*PATTERNS)}')"]
        if kind == "date":
            made += [f"({a.sql} >= '{self.one(*DAYS)}')"]
        return Expr("flag", self.one(*made))

    def near(self, column: Expr) -> Expr:
        """A column beside constants that it may well have: such a condition leaves rows."""
        if column.kind == "int":
            low, high = map(str, sorted((self.number(0, column.most), self.number(0, column.most))))
        elif column.kind == "date":
            low, high = sorted(f"DATE '{self.one(*DAYS)}'" for _ in range(2))
        else:
            low, high = sorted(f"'{self.one(*TEXTS)}'" for _ in range(2))
        made = [f"({column.sql} {sign} {low})" for sign in ("<>", ">", ">=")]
        made += [f"({column.sql} {sign} {high})" for sign in ("<>", "<", "<=")]
        made += [f"({column.sql} BETWEEN {low} AND {high})", f"({column.sql} NOT IN ({low}, {high}))"]
        made += [f"(NOT {column.sql} = {low})"]
        if column.kind == "text":
            made += [f"({column.sql} {like} '{self.one(*PATTERNS)}')" for like in ("LIKE", "NOT LIKE")]
        return Expr("flag", self.one(*made))

    def aggregate(self) -> Expr:
        """An aggregate function; sums are of integers and decimals, whose result no order can change."""
        number, day, text = self.integer(2), self.date(1), self.text(1)
        made = (
            Expr("int", "COUNT(*)", 400_000),
            Expr("int", f"COUNT({self.any(1).sql})", 400_000),
            Expr("int", f"COUNT(DISTINCT {self.one(number, day, text).sql})", 400_000),
            Expr("int", f"SUM({number.sql})", INT_MOST),
            Expr("int", f"SUM(DISTINCT {number.sql})", INT_MOST),
            Expr("int", f"SUM(CASE WHEN {self.flag(1).sql} THEN {number.sql} ELSE 0 END)", INT_MOST),
            Expr("int", f"{self.one('MIN', 'MAX')}({number.sql})", INT_MOST),
            Expr("text", f"{self.one('MIN', 'MAX')}({text.sql})"),
            Expr("date", f"{self.one('MIN', 'MAX')}({day.sql})"),
            Expr("decimal", f"SUM({self.decimal(1).sql})"),
            Expr("double", f"AVG({number.sql})"),
        )
        chosen: Expr = self.one(*made)
        return chosen
