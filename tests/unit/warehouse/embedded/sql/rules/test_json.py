"""JSON: the answers that real clusters gave in Doris' regression suite, and what is refused."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import documents

LONG = "varchar(65533)"
TREE = '[[1,2,3], {"k": [4,5], "b": "123"}]'
WIDE = '{"key1": "v1", "key2": {"key3": "v3"}, "key3": {"key4": "v4", "key5": 5}}'
ABC = '{"a": 1, "b": 2, "c": {"d": 4}}'


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("""json_extract('{"id": 123, "name": "doris"}', '$.name')""", '"doris"', "json"),
        ("""json_extract('{"id": 123, "name": "doris"}', '$.name', '$.id', '$.not_exists')""", '["doris",123]', "json"),
        ("""json_extract('{"id": 123}', '$.k1', '$.k2')""", None, "json"),
        ("""json_extract('{"id": 123}', null, '$.id')""", None, "json"),
        ("""json_extract('{"k1": null}', '$.k1')""", "null", "json"),
        ("json_extract('[1, 2, 3]', '$.[1]')", "2", "json"),
        ("json_extract('[1, 2, 3]', '$[-1]')", "3", "json"),
        ("json_extract('[1, 2, 3]', '$[last -  1]')", "2", "json"),
        ("""json_extract('{"a": 1}', '$[0]')""", '{"a":1}', "json"),
        ("""json_extract('{"my.key": [1.1, 2.2]}', '$."my.key"[1]')""", "2.2", "json"),
        (f"json_extract('{TREE}', ' $**.k ')", "[[4,5]]", "json"),
        (f"json_extract('{TREE}', ' $**.k    ', '$**[1] ')", '[[4,5],{"k":[4,5],"b":"123"},2,5]', "json"),
        (f"json_extract('{TREE}', '$[*]', '$[1].*')", '[[1,2,3],{"k":[4,5],"b":"123"},[4,5],"123"]', "json"),
        (f"json_extract('{WIDE}', '$.*.*')", '["v3","v4",5]', "json"),
        (
            f"json_extract('{WIDE}', '$**.*')",
            '["v1",{"key3":"v3"},{"key4":"v4","key5":5},"v3","v4",5]',
            "json",
        ),
        ("json_extract('{}', '$.*')", None, "json"),
        ("json_extract('12345678901234567890123456789012345678901234567890', '$')", "1.2345678901234567e+49", "json"),
        ("json_extract('no json', '$')", None, "json"),
        ("json_extract_no_quotes('[1, 2, 3]', '$.[1]')", "2", "json"),
        ("""get_json_string('{"k1": "v1"}', '$.k1')""", "v1", "text"),
        ("""get_json_string('{"k1": {"a": [1, 2.50]}}', '$.k1')""", '{"a":[1,2.5]}', "text"),
        ("""json_extract_string('{"k1": null}', '$.k1')""", None, "text"),
        ("""json_extract_string('{"k1": "a\\\\nb"}', '$.k1')""", "a\nb", "text"),
        ("""get_json_int('{"k1": "12"}', '$.k1')""", "12", "int"),
        ("""get_json_int('{"k1": 12.9}', '$.k1')""", "12", "int"),
        ("""get_json_int('{"k1": true}', '$.k1')""", "1", "int"),
        ("""get_json_int('{"k1": [1]}', '$.k1')""", None, "int"),
        ("""get_json_int('{"k1": 3000000000}', '$.k1')""", None, "int"),
        ("""get_json_bigint('{"k1": 1678708107000}', '$.k1')""", "1678708107000", "bigint"),
        ("""get_json_double('{"k1": 1.3}', '$.k1')""", "1.3", "double"),
        ("""json_extract_bool('{"k1": 0}', '$.k1')""", "0", "boolean"),
        ("""jsonb_extract_isnull('{"k1": null}', '$.k1')""", "1", "boolean"),
        ("""json_exists_path('{"k1": null}', '$.k1')""", "1", "boolean"),
        ("""json_exists_path('{"k1": null}', '$.k2')""", "0", "boolean"),
        ("""json_type('{"a": 3000000000}', '$.a')""", "bigint", "text"),
        ("""json_type('{"a": 1}', '$')""", "object", "text"),
        ("json_length('[1, 2]')", "2", "int"),
        ("""json_length('{"k1": {"a": 1, "b": 2}}', '$.k1')""", "2", "int"),
        ("json_length('\"abc\"')", "1", "int"),
        ("""json_keys('{"a.b.c": {"k": 1}, "a": "niu"}')""", '["a.b.c", "a"]', "array<text>"),
        ("""json_keys('["a"]', '$[0]')""", None, "array<text>"),
        (f"json_contains('{ABC}', '1', '$.a')", "1", "boolean"),
        (f"json_contains('{ABC}', '{{\"d\": 4}}', '$.a')", "0", "boolean"),
        (f"json_contains('{ABC}', '{{\"d\": 4}}', '$.c')", "1", "boolean"),
        ("json_contains('[1, 2]', '1.0')", "0", "boolean"),
        ("json_contains('', '1', '$.a')", None, "boolean"),
    ],
)
def test_paths(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("json_parse('[1, 2]')", "[1,2]", "json"),
        ("json_parse_error_to_null('[1, 2')", None, "json"),
        ("json_parse_error_to_value('[1, 2')", "{}", "json"),
        ("json_parse_error_to_value('[1, 2', '[]')", "[]", "json"),
        ("cast('[1, 2.50, \"a\"]' as json)", '[1,2.5,"a"]', "json"),
        ("cast('no json' as json)", None, "json"),
        ("cast(1.1111 as json)", "1.1111", "json"),
        ("cast(true as json)", "true", "json"),
        ("cast(cast(102423 as json) as tinyint)", None, "tinyint"),
        ("cast(cast(1000.1111 as json) as int)", "1000", "int"),
        ("cast(cast('[1, \"2\", null]' as json) as array<int>)", "[1, 2, null]", "array<int>"),
        ("cast(cast('{}' as json) as array<int>)", None, "array<int>"),
        ("to_json('a\"b')", '"a\\"b"', "json"),
        ("to_json(cast('2024-02-29 10:11:12' as datetime))", '"2024-02-29 10:11:12"', "json"),
        ("json_array(1, 'abc', null, true, '10:00:00')", '[1,"abc",null,true,"10:00:00"]', "json"),
        ("json_array(array(1.1, 2))", "[[1.1,2.0]]", "json"),
        ("json_array()", "[]", "json"),
        ("json_array_ignore_null(1, null, 'a')", '[1,"a"]', "json"),
        ("json_object('id', 87, 'name', null)", '{"id":87,"name":null}', "json"),
        ("""json_object('id', 1, 'level', cast('{"a":1}' as json))""", '{"id":1,"level":{"a":1}}', "json"),
        ("json_object()", "{}", "json"),
        ("json_quote('\\n\\b\\r\\t')", '"\\n\\b\\r\\t"', LONG),
        ("json_quote('\"null\"')", '"\\"null\\""', LONG),
        ("json_unquote('\"doris\"')", "doris", LONG),
        ("json_unquote('open-quoted\"')", 'open-quoted"', LONG),
        ("json_unquote('\"\\\\u0044\\\\u004F\"')", "DO", LONG),
        ('json_valid(\'{"k1":"v31"}\')', "1", "int"),
        ("json_valid('invalid json')", "0", "int"),
        ("json_valid(null)", None, "int"),
        ("""json_insert('{"a": 1}', '$.a', 2, '$.b', 'x')""", '{"a":1,"b":"x"}', "json"),
        ("""json_set('{"a": 1}', '$.a', 2, '$.b', null)""", '{"a":2,"b":null}', "json"),
        ("""json_replace('{"a": 1}', '$.a', 2, '$.b', 3)""", '{"a":2}', "json"),
        ("json_insert('123', '$[1]', 4)", "[123,4]", "json"),
        ("json_remove('[1, 2, [3, 4, 5]]', '$[0]', '$[1][1]')", "[2,[3,5]]", "json"),
        ("json_remove('[1, 2, 3]', '$[-1]')", "[1,2,3]", "json"),
        ("json_remove('123', '$.key')", "123", "json"),
    ],
)
def test_documents(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


def test_rows_with_nulls_and_text(rules: Any) -> None:
    columns = {"j": "json", "s": "string", "p": "varchar(20)"}
    values = [('{"a":"x"}', '{"a" : 1}', "$.a"), (None, "no", "$.b"), ("[1]", None, None)]
    assert rules.answers("json_extract(j, p)", columns, values)[0] == ['"x"', None, None]
    assert rules.answers("json_extract_string(j, '$.a')", columns, values)[0] == ["x", None, None]
    assert rules.answers("cast(s as json)", columns, values)[0] == ['{"a":1}', None, None]
    assert rules.answers("json_object('s', s, 'j', j)", columns, values)[0] == [
        '{"s":"{\\"a\\" : 1}","j":{"a":"x"}}',
        '{"s":"no","j":null}',
        '{"s":null,"j":[1]}',
    ]


@pytest.mark.parametrize("path", ["", "a", "$.", "$**", "$[", "$[last abc-1]", '$."a', "$.a b"])
def test_a_bad_path_gets_doris_words(rules: Any, path: str) -> None:
    with pytest.raises(DorisError, match="Invalid Json Path for value"):
        rules.answer(f"json_extract('[1]', '{path}')")


def test_a_wildcard_has_no_place_in_a_change(rules: Any) -> None:
    with pytest.raises(duckdb.Error, match="may not contain the"):
        rules.answer("""json_set('{"a": 1}', '$.*', 2)""")


@pytest.mark.parametrize(
    "text",
    [
        """cast('{"a": 1, "a": 2}' as json)""",
        "cast('12345678.5' as json)",
        "json_type(json_object('a', 1.5), '$.a')",
        "json_contains(json_array(1.5), '1.5')",
        "to_json(cast(1 as float))",
        "json_search('[\"a\"]', 'one', 'a')",
    ],
)
def test_what_is_not_certain_is_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.answer(text)


@pytest.mark.parametrize(
    "text",
    ["cast(cast('1' as json) as date)", "cast(date '2024-01-01' as json)", "cast('1' as json) = cast('1' as json)"],
)
def test_what_doris_refuses(rules: Any, text: str) -> None:
    with pytest.raises(DorisError, match=r"cannot cast|could not used"):
        rules.answer(text)


@pytest.mark.parametrize("text", ["", "{", "[1,]", "01", "NaN", "[1] x", '"\t"', "'a'", "tru", '"\\ud800"'])
def test_no_documents(text: str) -> None:
    with pytest.raises(documents.Invalid):
        documents.parse(text)


@pytest.mark.parametrize("order", ["j", "1", "x", "row_number() over (order by j)"])
def test_the_order_of_documents_is_refused(rules: Any, order: str) -> None:
    with pytest.raises(Refused, match="ORDER BY of a JSON document"):
        rules.query(f"select j as x from t order by {order}", {"j": "json"}, [("1",)])


def test_json_contains_of_null_is_null_whatever_the_path(rules: Any) -> None:
    assert rules.answer("""json_contains(NULL, '"music"', '{"age": 25}')""") == (None, "boolean")
    assert rules.answer("json_contains('[1]', cast(NULL as json))") == (None, "boolean")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("json_extract_largeint('{\"a\": 12345678901234567890123}', '$.a')", "12345678901234567890123"),
        ("jsonb_extract_largeint('{\"a\": 1}', '$.a')", "1"),
        ("jsonb_extract_largeint('{\"a\": \"x\"}', '$.a')", None),
    ],
)
def test_wide_integers_in_documents(rules: Any, text: str, answer: str | None) -> None:
    """A largeint keeps the digits that a bigint has not."""
    assert rules.answer(text)[0] == answer
