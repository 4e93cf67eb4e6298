"""Generated SELECTs that mean the same in Doris and in DuckDB give the same rows, bound or native."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nereus.warehouse.embedded.errors import DorisError
from tests.unit.warehouse.embedded.sql.core.asking import House

_INTEGERS = ("x.id", "x.k", "y.k", "y.w")
_TEXTS = ("x.s", "y.t")


@pytest.fixture(scope="module")
def twin() -> Iterator[House]:
    """Tables x and y, known to the binder and to DuckDB by the same names."""
    connection = duckdb.connect()
    house = House(connection)
    house.table(
        "x",
        {"id": "int", "k": "int", "v": "decimal(10,2)", "s": "varchar(5)", "d": "date"},
        """(1, 1, 1.50, 'a', '2024-01-01'), (2, 1, NULL, 'ab', '2024-01-02'), (3, 2, 0.25, NULL, NULL),
           (4, NULL, 2.00, 'b', '2024-02-29'), (5, 3, -1.00, '', '2023-12-31'), (6, 2, 1.50, 'a''b', '2024-01-01')""",
    )
    house.table(
        "y",
        {"k": "int", "w": "bigint", "t": "varchar(5)"},
        "(1, 10, 'a'), (2, NULL, 'b'), (2, 20, NULL), (NULL, 30, 'ab'), (7, -5, 'z')",
    )
    connection.execute("CREATE VIEW x AS FROM shop_x; CREATE VIEW y AS FROM shop_y")
    yield house
    connection.close()


_constants = st.integers(-3, 30).map(str)
_quoted = st.sampled_from(["'a'", "'ab'", "''", "'a''b'", "'z'"])


def _integers(columns: tuple[str, ...]) -> st.SearchStrategy[str]:
    leaf = st.one_of(st.sampled_from(columns), _constants)
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
            st.builds("coalesce({}, {})".format, inner, inner),
            st.builds("case when {} then {} else {} end".format, st.just(f"{columns[0]} > 2"), inner, inner),
            st.just("(select max(z.w) from y z)"),
            st.just(f"(select count(*) from y z where z.k = {columns[0]})"),
        ),
        max_leaves=4,
    )


def _predicates(columns: tuple[str, ...], texts: tuple[str, ...]) -> st.SearchStrategy[str]:
    integer = _integers(columns)
    leaf = st.one_of(
        st.builds("{} {} {}".format, integer, st.sampled_from(["=", "<>", "<", ">=", "<=>"]), integer),
        st.builds("{} between {} and {}".format, integer, _constants, _constants),
        st.builds("{} {} ({}, {})".format, integer, st.sampled_from(["in", "not in"]), _constants, integer),
        st.builds("{} {}".format, integer, st.sampled_from(["is null", "is not null"])),
        st.builds("{} {} {}".format, st.sampled_from(texts), st.sampled_from(["=", "<", "<>"]), _quoted),
        st.builds("{} {} 'a%'".format, st.sampled_from(texts), st.sampled_from(["like", "not like"])),
        st.builds("{} in (select z.k from y z where z.w > {})".format, st.sampled_from(columns), _constants),
        st.builds("exists (select 1 from y z where z.k = {})".format, st.sampled_from(columns)),
        st.builds("not exists (select 1 from y z where z.w > {})".format, st.sampled_from(columns)),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("not ({})".format, inner),
        ),
        max_leaves=4,
    )


_SOURCES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "x": (("x.id", "x.k"), ("x.s",)),
    "x, y": (_INTEGERS, _TEXTS),
    "x join y on x.k = y.k": (_INTEGERS, _TEXTS),
    "x left join y on x.k = y.k and y.w > 5": (_INTEGERS, _TEXTS),
    "x right join y on x.k = y.k": (_INTEGERS, _TEXTS),
    "x full join y on x.k = y.k": (_INTEGERS, _TEXTS),
    "(select id, k, s from x where v > 0) x cross join (select k, max(w) w, min(t) t from y group by k) y": (
        _INTEGERS,
        _TEXTS,
    ),
}


@st.composite
def plain_selects(draw: st.DrawFn) -> str:
    source = draw(st.sampled_from(sorted(_SOURCES)))
    columns, texts = _SOURCES[source]
    items = draw(st.lists(st.one_of(_integers(columns), st.sampled_from(texts)), min_size=2, max_size=2))
    if draw(st.booleans()):
        order = ", ".join(f"{column} nulls first" for column in columns + texts)
        items.append(f"row_number() over (partition by {columns[1]} order by {order})")
    distinct = draw(st.sampled_from(["", "distinct "]))
    where = draw(st.one_of(st.none(), _predicates(columns, texts)))
    return f"select {distinct}{', '.join(items)} from {source}" + (f" where {where}" if where else "")


@st.composite
def grouped_selects(draw: st.DrawFn) -> str:
    source = draw(st.sampled_from(sorted(_SOURCES)))
    columns, texts = _SOURCES[source]
    keys = draw(st.lists(st.sampled_from(columns + texts), min_size=1, max_size=2, unique=True))
    aggregates = st.one_of(
        st.builds("{}({})".format, st.sampled_from(["sum", "min", "max", "count"]), _integers(columns[:2])),
        st.just("count(*)"),
        st.builds("count(distinct {})".format, st.sampled_from(texts)),
    )
    chosen = draw(st.lists(aggregates, min_size=1, max_size=2))
    having = draw(st.one_of(st.none(), st.builds("{} {} {}".format, aggregates, st.sampled_from("<>"), _constants)))
    sets = draw(st.sampled_from(["{}", "rollup({})", "cube({})"]))
    where = draw(st.one_of(st.none(), _predicates(columns, texts)))
    return (
        f"select {', '.join(keys + chosen)} from {source}"
        + (f" where {where}" if where else "")
        + f" group by {sets.format(', '.join(keys))}"
        + (f" having {having}" if having else "")
    )


@st.composite
def set_operations(draw: st.DrawFn) -> str:
    sides = [f"select k, {draw(_integers(('k',)))} from {table}" for table in draw(st.permutations(["x", "y"]))]
    word = draw(st.sampled_from(["union", "union all", "except", "intersect"]))
    return f"{sides[0]} {word} {sides[1]}"


@st.composite
def ordered_selects(draw: st.DrawFn) -> str:
    """With a total order, so that LIMIT has one answer."""
    key = draw(st.sampled_from(["k", "v", "s", "d", "k * 2", "v is null"]))
    direction = draw(st.sampled_from(["asc nulls first", "desc nulls last", "asc nulls last", "desc nulls first"]))
    limit, offset = draw(st.integers(0, 4)), draw(st.integers(0, 3))
    return f"select id, s from x order by {key} {direction}, id limit {limit} offset {offset}"


def _native(text: str) -> str:
    return text.replace("<=>", "is not distinct from")


@given(st.one_of(plain_selects(), grouped_selects(), set_operations(), ordered_selects()))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bound_and_native_rows_are_equal(twin: House, text: str) -> None:
    native = twin.connection.execute(_native(text)).fetchall()
    bound = twin.rows(text)
    if " limit " in text:
        assert bound == native
    else:
        assert Counter(bound) == Counter(native)


_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)
_TEXTS_TO_BREAK = sorted(path.read_text() for path in (Path(__file__).parent / "queries").rglob("*.sql"))


@given(
    st.sampled_from(_TEXTS_TO_BREAK),
    st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_broken_text_gives_an_error_and_nothing_else(twin: House, text: str, moves: list[tuple[int, int]]) -> None:
    words = _WORDS.findall(text)
    for first, second in moves:
        i, j = first % len(words), second % len(words)
        words[i], words[j] = words[j], words[i]
    with contextlib.suppress(DorisError):
        twin.bind("".join(words))


@pytest.mark.parametrize("direction", ["", "asc", "desc"])
def test_nulls_come_first_ascending_and_last_descending(twin: House, direction: str) -> None:
    native = f"select v from x order by v {direction or 'asc'} nulls {'last' if direction == 'desc' else 'first'}"
    assert twin.rows(f"select v from x order by v {direction}") == twin.connection.execute(native).fetchall()
