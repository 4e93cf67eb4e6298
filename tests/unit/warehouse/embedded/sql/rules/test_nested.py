"""Arrays with lambdas and as sets, maps and structs: most answers are those of real clusters in Doris' suite."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("array_map(x -> x + 1, [1, 2, null])", "[2, 3, null]", "array<smallint>"),
        ("array_map(x -> x != '', split_by_string('a,b', ','))", "[1, 1]", "array<boolean>"),
        ("array_map((x, y) -> x + y, [1, 2], [10, 20])", "[11, 22]", "array<smallint>"),
        ("array_map(x -> array_map(y -> y + x, [1]), [10, 20])", "[[11], [21]]", "array<array<smallint>>"),
        ("array_filter(x -> x > 1, [1, 2, null])", "[2]", "array<tinyint>"),
        ("array_filter([1, 2, 3], [true, false, true])", "[1, 3]", "array<tinyint>"),
        ("array_exists(x -> x > 1, [1, 2, null])", "[0, 1, null]", "array<boolean>"),
        ("array_count(x -> x > 2, array_map(x -> power(x, 2), [1, 2, 3]))", "2", "bigint"),
        ("array_first_index(x -> x > 2, array_map(x -> power(x, 2), [1, 2, 3]))", "2", "bigint"),
        ("array_last_index(x -> x > 2, array_map(x -> power(x, 2), [1, 2, 3]))", "3", "bigint"),
        ("array_first_index(x -> x > 9, [1])", "0", "bigint"),
        ("array_first(x -> x > 1, [1, 2, 3])", "2", "tinyint"),
        ("array_last(x -> x > 1, [1, 2, 3])", "3", "tinyint"),
        ("array_match_all(x -> x > 0, [1, 2])", "1", "boolean"),
        ("array_match_any(x -> x > 1, [1, null])", None, "boolean"),
        ("array_sortby(x -> -x, [1, 3, 2])", "[3, 2, 1]", "array<tinyint>"),
        ("array_distinct([1, 1, 3, 3, null, null])", "[1, 3, null]", "array<tinyint>"),
        ("array_except([1, 2, 2, 3], [2])", "[1, 3]", "array<tinyint>"),
        ("array_concat([1], [300])", "[1, 300]", "array<smallint>"),
        ("array_compact([1, 1, 2, 1])", "[1, 2, 1]", "array<tinyint>"),
        ("array_remove([1, 2, null], 2)", "[1, null]", "array<tinyint>"),
        ("countequal([1, 1, null], null)", "1", "bigint"),
        ("array_pushback([1], null)", "[1, null]", "array<tinyint>"),
        ("array_pushfront([1], 2)", "[2, 1]", "array<tinyint>"),
        ("array_popback([1, 2])", "[1]", "array<tinyint>"),
        ("array_popfront([1, 2])", "[2]", "array<tinyint>"),
        ("array_repeat('a', 2)", '["a", "a"]', "array<varchar(1)>"),
        ("array_with_constant(2, 1)", "[1, 1]", "array<tinyint>"),
        ("array_range(2, 6, 2)", "[2, 4]", "array<int>"),
        ("array_range(-1)", None, "array<int>"),
        ("array_enumerate(['a', 'b'])", "[1, 2]", "array<bigint>"),
        ("array_avg([1, 2, null])", "1.5", "double"),
        ("array_cum_sum([1, null, 2])", "[1, null, 3]", "array<bigint>"),
        ("array_difference([1, 3, 6])", "[0, 2, 3]", "array<smallint>"),
        ("arrays_overlap([1, 2], [2, 3])", "1", "boolean"),
        ("array_contains_all([1, 2, 3, 4], [2, 3])", "1", "boolean"),
        ("array_contains_all([1, 2, 3, 4], [1, 2, 4])", "0", "boolean"),
        ("array_flatten([[1], [2, 3]])", "[1, 2, 3]", "array<tinyint>"),
        ("array_slice([1, 2, 3, 4, 5, 6], -4, 2)", "[3, 4]", "array<tinyint>"),
        ("array_slice([1, 2, 3, 4, 5, 6], -10, 15)", "[]", "array<tinyint>"),
        ("array_slice([1, 2, 3, 4, 5, 6], 2, -2)", "[]", "array<tinyint>"),
        ("array_sum(array(cast(111.111 as decimal(6, 3)), null))", "111.111", "decimal(38,3)"),
        ("array_max(['a', 'b'])", "b", "varchar(1)"),
    ],
)
def test_arrays(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("map('a', 1, 'b', null)", '{"a":1, "b":null}', "map<varchar(1),tinyint>"),
        ("{'Alice': 20}['Alice']", "20", "tinyint"),
        ("element_at(map('a', 1), 'z')", None, "tinyint"),
        ("map_keys(map('a', 1))", '["a"]', "array<varchar(1)>"),
        ("map_values(map('a', 1, 'b', null))", "[1, null]", "array<tinyint>"),
        ("size(map('a', 1))", "1", "bigint"),
        ("map_size(map(1, 1))", "1", "bigint"),
        ("map_contains_key(map(1, 258), 1)", "1", "boolean"),
        ("map_contains_value(map('a', null), null)", "1", "boolean"),
        ("str_to_map('a:1,b')", '{"a":"1", "b":null}', "map<text,text>"),
        ("struct(1, 'Alice', true)", '{"col1":1, "col2":"Alice", "col3":1}', None),
        ("{1, 'a'}", '{"col1":1, "col2":"a"}', None),
        ("named_struct('A', 1, 'b', 'x')", '{"a":1, "b":"x"}', "struct<a:tinyint,b:varchar(1)>"),
        ("struct_element(struct(1, 'Alice'), 2)", "Alice", "varchar(5)"),
        ("struct_element(named_struct('a', 1), 'A')", "1", "tinyint"),
        ("cast(struct(1, 'John') as struct<id: int, name: string>)", '{"id":1, "name":"John"}', None),
        ("cast([1, null, 300] as array<tinyint>)", "[1, null, null]", "array<tinyint>"),
        ("cast(map('k', 1) as map<string, bigint>)", '{"k":1}', "map<text,bigint>"),
        ("cast(['a', null] as string)", '["a", null]', "text"),
        ("cast(map('k', [1, 2]) as string)", '{"k":[1, 2]}', "text"),
        ("json_object('id', 1, 's', named_struct('n', 'a', 'm', 1.1))", '{"id":1,"s":{"n":"a","m":1.1}}', "json"),
    ],
)
def test_maps_and_structs(rules: Any, text: str, answer: str | None, type_: str | None) -> None:
    found, found_type = rules.answer(text)
    assert found == answer
    assert type_ is None or found_type == type_


def test_a_lambda_sees_the_columns_around_it(rules: Any) -> None:
    columns, values = {"a": "array<int>", "k": "int"}, [([1, 2], 10), (None, 5), ([3], None)]
    assert rules.answers("array_map(x -> x + k, a)", columns, values)[0] == ["[11, 12]", None, "[null]"]
    assert rules.answers("array_count(x -> x > 1, a)", columns, values)[0] == ["1", "0", "1"]
    assert rules.answers("array_filter(x -> x < k, a)", columns, values)[0] == ["[1, 2]", None, "[]"]


def test_arrays_of_other_lengths_are_an_error(rules: Any) -> None:
    with pytest.raises(duckdb.Error, match="size are not equal"):
        rules.answer("array_map((x, y) -> x + y, [1, 2], [10])")


@pytest.mark.parametrize(
    "text",
    [
        "array_avg([1.5])",
        "array_distinct([[1]])",
        "map(1, 'a', 'x', 'b')",
        "{}",
        "array_range(1, 10, interval 1 day)",
        "cast('[1]' as array<int>)",
    ],
)
def test_what_is_not_certain_is_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.answer(text)


@pytest.mark.parametrize(
    "text",
    [
        "map('a')",
        "named_struct('a', 1, 'A', 2)",
        "struct_element(struct(1), 2)",
        "struct_element(named_struct('a', 1), 'b')",
        "cast([1] as int)",
        "cast(map('a', 1) as array<int>)",
        "array_map((x, y) -> x, [1])",
    ],
)
def test_what_doris_refuses(rules: Any, text: str) -> None:
    with pytest.raises(DorisError) as caught:
        rules.answer(text)
    assert not isinstance(caught.value, Refused)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("map_entries(map('a', 1, 'b', 2))", '[{"key":"a", "value":1}, {"key":"b", "value":2}]'),
        ("map_entries(cast(null as map<int,int>))", None),
    ],
)
def test_entries_of_a_map(rules: Any, text: str, answer: str | None) -> None:
    """Pairs in the order of the map."""
    assert rules.answer(text)[0] == answer
