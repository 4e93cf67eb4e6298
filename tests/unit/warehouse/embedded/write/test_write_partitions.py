"""Rows find their partition, AUTO makes it, and the others are refused."""

from datetime import date

import pytest

from nereus.warehouse.embedded.catalog.model import Partition, Partitioning
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.write.partitions import AUTO_LIMIT
from nereus.warehouse.embedded.write.writer import BadRow

MONTHS = (
    Partition("p01", 0, ("2024-01-01",), ("2024-02-01",)),
    Partition("p02", 0, ("2024-02-01",), ("2024-03-01",)),
    Partition("p04", 0, ("2024-04-01",), ("2024-05-01",)),
)


def by_range(column, unit=None):
    return Partitioning("RANGE", (column,), auto=unit is not None, unit=unit)


@pytest.fixture
def monthly(bench):
    return bench.table("m", ["d date", "v int"], partitioning=by_range("d"), partitions=MONTHS)


@pytest.mark.parametrize("day", ["2023-12-31", "2024-03-01", "2024-03-31", "2024-05-01"])
def test_a_row_outside_every_partition_is_refused(bench, monthly, day):
    with pytest.raises(BadRow) as refused:
        bench.append(monthly, f"('2024-01-01'::DATE, 1), ('{day}'::DATE, 2)")
    assert refused.value.reason == f"no partition for this tuple. tuple=d={day}"
    assert bench.rows(monthly) == []


def test_null_needs_a_partition_without_lower_bound(bench, monthly):
    with pytest.raises(BadRow, match="tuple=d=NULL"):
        bench.append(monthly, "(NULL::DATE, 1)")
    low = (Partition("low", 0, (None,), ("2024-01-01",)), *MONTHS)
    table = bench.table("low", ["d date", "v int"], partitioning=by_range("d"), partitions=low)
    assert bench.append(table, "(NULL::DATE, 1), ('0001-01-01'::DATE, 2)").rows == 2


def test_rows_outside_are_filtered_on_request(bench, monthly):
    written = bench.append(
        monthly, "('2024-01-31'::DATE, 1), ('2024-03-15'::DATE, 2), ('2024-04-30'::DATE, 3)", on_bad_row="filter"
    )
    assert (written.rows, written.filtered) == (2, 1)
    assert written.first_errors == ["no partition for this tuple. tuple=d=2024-03-15"]


def test_named_partitions_take_only_their_rows(bench, monthly):
    bench.append(monthly, "('2024-01-05'::DATE, 1)", partitions=["P01"])
    with pytest.raises(BadRow):
        bench.append(monthly, "('2024-02-05'::DATE, 1)", partitions=["p01"])
    with pytest.raises(DorisError, match="partition nop is not found"):
        bench.append(monthly, "('2024-02-05'::DATE, 1)", partitions=["nop"])


def test_integer_bounds_are_compared_as_numbers(bench):
    bounds = (Partition("a", 0, (None,), ("9",)), Partition("b", 0, ("9",), ("100",)))
    table = bench.table("i", ["k bigint"], partitioning=by_range("k"), partitions=bounds)
    bench.append(table, "(-5), (8), (9), (99)")
    with pytest.raises(BadRow):
        bench.append(table, "(100)")


def test_list_partitions_hold_their_values(bench):
    lists = (
        Partition("eu", 0, values=(("Berlin",), ("Paris",), (None,))),
        Partition("us", 0, values=(("Boston",),)),
    )
    table = bench.table("l", ["c varchar(9)", "v int"], partitioning=Partitioning("LIST", ("c",)), partitions=lists)
    assert bench.append(table, "('Paris', 1), (NULL, 2), ('Boston', 3)").rows == 3
    with pytest.raises(BadRow, match="tuple=c=Rome"):
        bench.append(table, "('Rome', 1)")
    bench.writer.truncate(bench.cursor, table, partitions=["eu"])
    assert bench.rows(table) == [("Boston", 3)]


AUTO_RANGES = [
    ("date", "month", ["2024-02-29", "2024-02-01", "2024-12-31"],
     [("p20240201000000", "2024-02-01", "2024-03-01"), ("p20241201000000", "2024-12-01", "2025-01-01")]),
    ("date", "day", ["2024-02-28", "2024-02-29"],
     [("p20240228000000", "2024-02-28", "2024-02-29"), ("p20240229000000", "2024-02-29", "2024-03-01")]),
    ("date", "year", ["1992-06-05", "0999-01-01"],
     [("p09990101000000", "0999-01-01", "1000-01-01"), ("p19920101000000", "1992-01-01", "1993-01-01")]),
    ("date", "quarter", ["2024-11-30"], [("p20241001000000", "2024-10-01", "2025-01-01")]),
    ("date", "week", ["2024-05-05"], [("p20240429000000", "2024-04-29", "2024-05-06")]),
    ("datetime", "hour", ["2024-05-05 23:59:59"],
     [("p20240505230000", "2024-05-05 23:00:00", "2024-05-06 00:00:00")]),
    ("datetime(3)", "day", ["2024-05-05 23:59:59.999"],
     [("p20240505000000", "2024-05-05 00:00:00.000", "2024-05-06 00:00:00.000")]),
    ("date", "year", ["9999-12-31"], [("p99990101000000", "9999-01-01", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "unit", "values", "expected"), AUTO_RANGES)
def test_auto_range_makes_partitions(bench, kind, unit, values, expected):
    table = bench.table("a", [f"t {kind} not null"], partitioning=by_range("t", unit))
    duck = table.columns[0].type.duckdb
    bench.append(table, ", ".join(f"('{value}'::{duck})" for value in values))
    made = bench.partitions(table)
    assert [(name, low, high) for name, (low,), (high,), _ in made] == expected
    bench.append(table, ", ".join(f"('{value}'::{duck})" for value in values))
    assert bench.partitions(table) == made
    bench.writer.truncate(bench.cursor, table, partitions=[expected[0][0]])
    gone = len(bench.rows(table))
    assert gone == 2 * sum(not _within(value, *expected[0][1:]) for value in values)


def _within(value, low, high):
    return low <= value and (high is None or value < high)


def test_auto_range_respects_what_is_there(bench):
    table = bench.table(
        "a", ["d date not null"], partitioning=by_range("d", "month"),
        partitions=(Partition("old", 0, (None,), ("2024-01-01",)),),
    )  # fmt: skip
    bench.append(table, "('1999-05-05'::DATE), ('2024-01-31'::DATE)")
    assert [row[0] for row in bench.partitions(table)] == ["old", "p20240101000000"]


def test_auto_list_names_carry_the_length(bench):
    table = bench.table(
        "a", ["c varchar(60)", "n int"], keys=2, partitioning=Partitioning("LIST", ("c", "n"), auto=True)
    )
    bench.append(table, "('Berlin', 1), ('Bad Tölz', -2), (NULL, 3), ('Berlin', 1)")
    assert {name: values for name, _, _, values in bench.partitions(table)} == {
        "pBerlin611": (("Berlin", "1"),),
        "pBad20Tf6lz82d22": (("Bad Tölz", "-2"),),
        "pX31": ((None, "3"),),
    }
    with pytest.raises(DorisError, match="over limit of 50"):
        bench.append(table, f"('{'x' * 50}', 1)")
    assert len(bench.rows(table)) == 4


def test_negative_numbers_are_marked_in_the_name(bench):
    table = bench.table("a", ["n int"], partitioning=Partitioning("LIST", ("n",), auto=True))
    bench.append(table, "(-7)")
    assert bench.partitions(table)[0][0] == "p_2d72"


def test_too_many_partitions_are_refused(bench):
    table = bench.table("a", ["d date not null"], partitioning=by_range("d", "day"))
    with pytest.raises(
        DorisError, match="partition numbers 2001 exceeded limit of variable max_auto_partition_num 2000"
    ):
        bench.append(table, f"SELECT DATE '2000-01-01' + range::INTEGER FROM range({AUTO_LIMIT + 1})")
    assert bench.rows(table) == []
    assert bench.partitions(table) == []


def test_partitions_of_a_failed_load_do_not_appear(bench):
    table = bench.table("a", ["d date not null", "s varchar(2)"], partitioning=by_range("d", "day"))
    with pytest.raises(BadRow):
        bench.append(table, "('2024-01-01'::DATE, 'long')")
    assert bench.partitions(table) == []


def test_overwrite_replaces_all_or_the_named_partitions(bench, monthly):
    bench.append(monthly, "('2024-01-05'::DATE, 1), ('2024-02-05'::DATE, 2)")
    bench.append(monthly, "('2024-02-06'::DATE, 3)", overwrite="all", partitions=["p02"])
    assert bench.rows(monthly) == [(date(2024, 1, 5), 1), (date(2024, 2, 6), 3)]
    name = f'"data"."t{monthly.id}"'
    bench.append(monthly, f"SELECT d, v + 10 FROM {name} WHERE v = 3", overwrite="all")
    assert bench.rows(monthly) == [(date(2024, 2, 6), 13)]


def test_delete_by_predicate_and_partition(bench, monthly):
    bench.append(monthly, "('2024-01-05'::DATE, 1), ('2024-02-05'::DATE, 1), ('2024-02-06'::DATE, NULL)")
    done = bench.writer.delete(bench.cursor, monthly, '"v" = 1', partitions=["p02"])
    assert done.rows == 1
    assert done.label.startswith("delete_")
    assert bench.rows(monthly, "v") == [(1,), (None,)]
    assert bench.writer.delete(bench.cursor, monthly, '"v" = 1').rows == 1


def test_truncate_keeps_the_partitions(bench, monthly):
    bench.append(monthly, "('2024-01-05'::DATE, 1)")
    bench.writer.truncate(bench.cursor, monthly)
    assert bench.rows(monthly) == []
    assert len(bench.partitions(monthly)) == 3


def test_unpartitioned_tables_have_no_partitions_to_name(bench):
    table = bench.table("t", ["k int"])
    with pytest.raises(DorisError, match="partition p1 is not found in table t"):
        bench.writer.truncate(bench.cursor, table, partitions=["p1"])
