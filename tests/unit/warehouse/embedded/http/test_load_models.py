"""Loads into AGGREGATE and UNIQUE tables: merging, partial update, deletion, sequence columns."""

from dataclasses import replace

from nereus.warehouse.embedded.catalog.model import KeyModel

CSV = {"column_separator": ","}


def aggregated(loader):
    """A table of SUM and REPLACE_IF_NOT_NULL."""
    name = loader.table("a int", "s bigint", "r int", model=KeyModel.AGGREGATE)
    catalog = loader.warehouse.catalog
    table = catalog.snapshot().table("d", name)
    key, total, last = table.columns
    columns = (key, replace(total, aggregation="SUM"), replace(last, aggregation="REPLACE_IF_NOT_NULL"))
    catalog.replace_relation(replace(table, columns=columns))
    return name


def test_rows_of_an_aggregate_table_are_merged(loader):
    table = aggregated(loader)
    report = loader.load(table, b"1,5,1\n2,1,9\n1,6,\\N\n", **CSV)
    assert report.loaded_rows == 3
    loader.load(table, b"1,1,7\n", **CSV)
    assert sorted(loader.rows(table)) == [(1, 12, 7), (2, 1, 9)]


def test_a_partial_update_keeps_the_other_columns(loader):
    table = loader.table("a int", "b int", "c int", model=KeyModel.UNIQUE)
    loader.load(table, b"1,1,1\n2,2,2\n", **CSV)
    loader.load(table, b"1,10\n3,30\n", columns="a, c", partial_columns="true", **CSV)
    assert sorted(loader.rows(table), key=str) == [(1, 1, 10), (2, 2, 2), (3, None, 30)]
    only = {"columns": "a, c", "unique_key_update_mode": "UPDATE_FIXED_COLUMNS"}
    refused = loader.failure(table, b"9,9\n", partial_update_new_key_behavior="ERROR", **only, **CSV)
    assert "Can't append new rows in partial update" in refused
    assert "missing: a" in loader.failure(table, b"9\n", columns="c", partial_columns="true", **CSV)


def test_rows_of_a_file_can_delete_their_keys(loader):
    table = loader.table("a int", "b int not null", model=KeyModel.UNIQUE)
    loader.load(table, b"1,1\n2,2\n3,3\n", **CSV)
    loader.load(table, b"1\n3\n7\n", columns="a", merge_type="DELETE", **CSV)
    assert loader.rows(table) == [(2, 2)]


def test_only_unique_tables_are_updated_or_deleted_from(loader):
    table = loader.table("a int", "b int")
    assert "Only unique key merge on write support partial update" in loader.failure(
        table, b"1\n", columns="a", partial_columns="true", **CSV
    )
    assert "only supported in unique tables" in loader.failure(table, b"1,1\n", merge_type="DELETE", **CSV)


def test_a_sequence_column_must_be_sent(loader):
    sequence = (("function_column.sequence_col", "b"),)
    table = loader.table("a int", "b int", "c int", model=KeyModel.UNIQUE, properties=sequence)
    loader.load(table, b"1,5,1\n1,4,2\n", **CSV)
    loader.load(table, b"1,3,3\n2,1,4\n", **CSV)
    assert loader.rows(table) == [(1, 5, 1), (2, 1, 4)]
    assert "need to specify the sequence column" in loader.failure(table, b"1,3\n", columns="a, c", **CSV)
