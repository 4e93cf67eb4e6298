"""SELECTs over the star whose text means the same in Doris and in DuckDB, with an order that leaves nothing open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from tests.integration.suites.expressions import COLUMNS, Draw, Expr, Maker

#: Every dimension of the fact, and what joins it.
STAR = {
    "dates": "lo_orderdate = d_datekey",
    "customer": "lo_custkey = c_custkey",
    "supplier": "lo_suppkey = s_suppkey",
    "part": "lo_partkey = p_partkey",
}
#: Joins of small tables: the snowflake, and keys that do not all meet.
SMALL = (
    ("customer", "geo_city", "c_citykey = gc_citykey"),
    ("supplier", "geo_city", "s_citykey = gc_citykey"),
    ("geo_city", "geo_nation", "gc_nationkey = gn_nationkey"),
    ("supplier", "part", "s_suppkey = p_size"),
    ("customer", "dates", "c_citykey = d_weeknuminyear"),
)
MOST_ROWS = 300


def _from(draw: Draw) -> tuple[str, list[Expr]]:
    """FROM, and the columns that it gives."""
    shape = draw(st.sampled_from(("table", "star", "comma", "small", "outer")))
    if shape == "table":
        name = draw(st.sampled_from(sorted(COLUMNS)))
        return name, list(COLUMNS[name])
    if shape in ("star", "comma"):
        chosen: list[str] = draw(st.lists(st.sampled_from(sorted(STAR)), min_size=1, max_size=3, unique=True))
        columns = [column for name in ("lineorder", *chosen) for column in COLUMNS[name]]
        if shape == "comma":
            joined = " AND ".join(STAR[name] for name in chosen)
            return f"{', '.join(['lineorder', *chosen])} WHERE {joined} AND", columns
        kinds = [draw(st.sampled_from(("JOIN", "INNER JOIN", "LEFT JOIN"))) for _ in chosen]
        joins = [f"{kind} {name} ON {STAR[name]}" for kind, name in zip(kinds, chosen, strict=True)]
        return " ".join(["lineorder", *joins]), columns
    left, right, on = draw(st.sampled_from(SMALL))
    columns = [*COLUMNS[left], *COLUMNS[right]]
    if shape == "outer":
        extra = Maker(draw, columns).flag(1).sql
        kind = draw(st.sampled_from(("LEFT OUTER JOIN", "RIGHT JOIN")))
        return f"{left} {kind} {right} ON {on} AND {extra}", columns
    kind = draw(st.sampled_from(("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL OUTER JOIN")))
    return f"{left} {kind} {right} ON {on}", columns


def _where(draw: Draw, source: str, maker: Maker) -> str:
    condition = maker.flag(draw(st.integers(1, 2))).sql if draw(st.integers(0, 3)) else "1 = 1"
    if draw(st.integers(0, 5)) == 0:
        condition = f"{condition} AND {_subquery(draw, maker)}"
    # Joins written with commas have their WHERE already.
    return f"{source} {condition}" if source.endswith(" AND") else f"{source} WHERE {condition}"


def _subquery(draw: Draw, maker: Maker) -> str:
    """A condition on another table, correlated or not."""
    name, key = draw(st.sampled_from((("geo_city", "gc_citykey"), ("geo_nation", "gn_nationkey"), ("part", "p_size"))))
    columns = [replace(column, sql=f"s.{column.sql}") for column in COLUMNS[name]]
    inner = f"FROM {name} AS s WHERE {Maker(draw, columns).flag(1).sql}"
    number = (maker.column("int") or maker.integer(1)).sql
    made = (
        f"{number} IN (SELECT s.{key} {inner})",
        f"{number} NOT IN (SELECT s.{key} {inner})",
        f"{number} > (SELECT MIN(s.{key}) {inner})",
        f"EXISTS (SELECT s.{key} {inner})",
        f"EXISTS (SELECT 1 {inner} AND s.{key} = {number})",
        f"NOT EXISTS (SELECT 1 {inner} AND s.{key} = {number})",
        f"{number} <= (SELECT COUNT(*) {inner} AND s.{key} = {number})",
    )
    return f"({draw(st.sampled_from(made))})"


def _ordered(draw: Draw, select: str, outputs: int) -> str:
    """Order by every output, each its own way with its NULLs placed, and cut."""
    order: list[int] = draw(st.permutations(range(1, outputs + 1)))
    ways = st.sampled_from(("ASC NULLS FIRST", "ASC NULLS LAST", "DESC NULLS FIRST", "DESC NULLS LAST"))
    keys = ", ".join(f"{number} {draw(ways)}" for number in order)
    offset = draw(st.sampled_from(("", "", f" OFFSET {draw(st.integers(0, 5))}")))
    return f"{select} ORDER BY {keys} LIMIT {draw(st.integers(1, MOST_ROWS))}{offset}"


def _listed(outputs: Sequence[Expr]) -> str:
    return ", ".join(f"{output.sql} AS c{number}" for number, output in enumerate(outputs))


def _plain(draw: Draw, kinds: Sequence[str] = ()) -> tuple[str, list[Expr]]:
    source, columns = _from(draw)
    maker = Maker(draw, columns)
    outputs = [maker.of(kind, 2) for kind in kinds] or [maker.any() for _ in range(draw(st.integers(1, 4)))]
    distinct = draw(st.sampled_from(("", "", "DISTINCT ")))
    return f"SELECT {distinct}{_listed(outputs)} FROM {_where(draw, source, maker)}", outputs


def _grouped(draw: Draw) -> tuple[str, list[Expr]]:
    source, columns = _from(draw)
    maker = Maker(draw, columns)
    drawn = [maker.any(1) for _ in range(draw(st.integers(0, 3)))]
    # A constant would be the number of an output.
    keys = [key for key in drawn if any(column.sql in key.sql for column in columns)]
    outputs = [*keys, *(maker.aggregate() for _ in range(draw(st.integers(1, 3))))]
    select = f"SELECT {_listed(outputs)} FROM {_where(draw, source, maker)}"
    if keys:
        names = ", ".join(key.sql for key in keys)
        by = [names, names, ", ".join(str(number + 1) for number in range(len(keys)))]
        plain = [key.sql for key in keys if key in columns]
        if len(plain) == len(keys) == len(set(plain)):
            by += [f"ROLLUP ({names})", f"CUBE ({names})", f"GROUPING SETS (({names}), ())"]
        select += f" GROUP BY {draw(st.sampled_from(by))}"
        if draw(st.booleans()):
            select += f" HAVING {maker.aggregate().sql} IS NOT NULL AND COUNT(*) > {draw(st.integers(0, 5))}"
    return select, outputs


def _nested(draw: Draw) -> tuple[str, list[Expr]]:
    """A derived table or a WITH, read once more."""
    inner, given = draw(st.sampled_from((_plain, _grouped)))(draw)
    columns = [Expr(output.kind, f"t.c{number}", output.most) for number, output in enumerate(given)]
    maker = Maker(draw, columns)
    outputs = [maker.any() for _ in range(draw(st.integers(1, 3)))]
    every = ", ".join(f"{column.sql} NULLS FIRST" for column in columns)
    by = f"PARTITION BY {columns[0].sql} ORDER BY {every}"
    window = draw(
        st.sampled_from((f"ROW_NUMBER() OVER ({by})", f"RANK() OVER (ORDER BY {every})", f"COUNT(*) OVER ({by})"))
    )
    outputs += [Expr("int", str(window))] if draw(st.booleans()) else []
    where = f"WHERE {maker.flag(1).sql}"
    if draw(st.booleans()):
        return f"WITH t AS ({inner}) SELECT {_listed(outputs)} FROM t {where}", outputs
    return f"SELECT {_listed(outputs)} FROM ({inner}) AS t {where}", outputs


def _combined(draw: Draw) -> tuple[str, list[Expr]]:
    """Two SELECTs of the same kinds of columns as one set."""
    first, outputs = _plain(draw)
    second, _ = _plain(draw, [output.kind for output in outputs])
    return f"{first} {draw(st.sampled_from(('UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT')))} {second}", outputs


@st.composite
def selects(draw: Draw) -> str:
    """A SELECT that is valid in both dialects."""
    select, outputs = draw(st.sampled_from((_plain, _grouped, _grouped, _nested, _combined)))(draw)
    return _ordered(draw, select, len(outputs))
