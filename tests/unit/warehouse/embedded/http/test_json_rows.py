"""JSON is read as a Doris backend reads it: values as the text they have in the file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.formats import json_rows
from nereus.warehouse.embedded.http.formats.json_rows import JsonSource, raw_at
from nereus.warehouse.embedded.http.formats.jsonpath import parse_path, parse_paths
from nereus.warehouse.embedded.http.options import parse

NAMES = ("a", "b")
LINES = {"format": "json", "read_json_by_line": "true"}
ARRAY = {"format": "json", "strip_outer_array": "true"}


@pytest.fixture
def read(tmp_path):
    """Rows of texts, or (reason, line) for bad ones."""

    def rows(body, names=NAMES, defaults=None, **headers):
        path = tmp_path / "body"
        path.write_bytes(body)
        source = JsonSource(path, parse({"format": "json", **headers}, "l"), names, defaults)
        found = [row for batch in source.batches() for row in batch.to_pylist()]
        return [(row["reason"], row["line"]) if row["reason"] else tuple(row["fields"]) for row in found]

    return rows


def test_one_object_per_line(read):
    body = b'{"a": 1, "b": "x"}\n\n{"b": "y", "a": 2}\r\n{"a":3,"b":null}'
    assert read(body, **LINES) == [("1", "x"), ("2", "y"), ("3", None)]


def test_one_object_alone(read):
    assert read(b' {\n "a": 1,\n "b": "x"\n}\n') == [("1", "x")]


def test_the_elements_of_one_array(read):
    assert read(b'[{"a":1,"b":2},\n {"a":3}]', **ARRAY) == [("1", "2"), ("3", None)]
    assert read(b'[{"a":1}]\n[{"a":2},{"a":3}]', **ARRAY, read_json_by_line="true") == [
        ("1", None),
        ("2", None),
        ("3", None),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.10", "1.10"),
        ("1e5", "1e5"),
        ("-0", "-0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.12345678901234567890123", "0.12345678901234567890123"),
        ("true", "1"),
        ("false", "0"),
        ("null", None),
        ('"1.10"', "1.10"),
        ('"ü\\u00e4\\n"', "üä\n"),
        ('"\\ud83d\\ude00"', "😀"),
        ('{"x": 1.10,  "y": [1 , 2]}', '{"x": 1.10,  "y": [1 , 2]}'),
        ("[ true, null ]", "[ true, null ]"),
        ("{}", "{}"),
    ],
)
def test_values_are_taken_as_they_are_written(read, value, text):
    assert read(b'{"a": %b, "b": 1}' % value.encode()) == [(text, "1")]
    assert read(b'[{"a": %b, "b": 1}]' % value.encode(), **ARRAY) == [(text, "1")]


def test_names_are_case_sensitive_and_other_keys_ignored(read):
    assert read(b'{"A": 1, "a": 2, "c": {"a": 9}}') == [("2", None)]


def test_of_a_key_given_twice_the_first_counts(read):
    assert read(b'{"a": 1, "b": {"x": 1}, "a": 2, "b": 3}') == [("1", '{"x": 1}')]


def test_a_missing_key_gets_the_default_and_null_does_not(read):
    assert read(b'{"a": 1}\n{"a": 2, "b": null}', **LINES, defaults={"b": "7"}) == [("1", "7"), ("2", None)]


def test_an_object_without_any_column_is_bad(read):
    ((reason, line),) = read(b'{"c": 1}')
    assert reason.startswith("There is no column matching jsonpaths in the json file, columns:[a, b, ], please check")
    assert line == '{"c": 1}'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": 1', "Parse json data for JsonDoc failed"),
        (b'{"a": 1}}', "Extra data"),
        (b'{"a": 01}', "Parse json data for JsonDoc failed"),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{"a": "\x01"}', "Invalid control character"),
        (b'{"a": "\xff"}', "not valid UTF-8"),
        (b'{"a": "\\ud800"}', "Problem while parsing a string"),
        (b"[1, 2", "Parse json data for JsonDoc failed"),
        (b"{'a': 1}", "Parse json data for JsonDoc failed"),
        (b"nonsense", "Parse json data for JsonDoc failed"),
        (b'"text"', "Not an json object or json array"),
        (b"12", "Not an json object or json array"),
        (b'[{"a": 1}]', "JSON data is array-object, `strip_outer_array` must be TRUE."),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
)
def test_what_is_no_object_is_one_bad_row_and_the_others_are_read(read, body, reason):
    (bad,) = read(body)
    assert reason in bad[0]
    first, middle, last = read(b'{"a": 1}\n' + body + b'\n{"a": 2}', **LINES)
    assert (first, last) == (("1", None), ("2", None))
    assert reason in middle[0]


def test_a_mistake_anywhere_in_an_array_spoils_all_of_it(read):
    for body, reason in (
        (b'[{"a": 1}, {"a": ]', "Parse json"),
        (b'[{"a": 1}, 2]', "not an object"),
        (b'[{"a": 1} {"a": 2}]', "Expecting ','"),
        (b'[{"a": 1}] x', "Extra data"),
        (b'{"a": 1}', "`strip_outer_array` must be FALSE"),
        (b"[]", "Empty json line"),
    ):
        (bad,) = read(body, **ARRAY)
        assert reason in bad[0]


def test_paths_give_the_columns_in_their_order(read):
    body = b'{"k": {"x": 5, "list": [1, {"y": "deep"}]}, "dotted.key": true}'
    assert read(body, jsonpaths='["$.k.x", "$.k.list[1].y"]') == [("5", "deep")]
    assert read(body, jsonpaths='["$.k.list", "$.\\"dotted.key\\""]') == [('[1, {"y": "deep"}]', "1")]
    assert read(body, jsonpaths='["$", "$.k.list[9]"]', defaults={"b": "none"}) == [(body.decode(), "none")]
    assert read(body, jsonpaths='["$.k.x"]') == [("5", None)]
    assert "There is no column matching jsonpaths" in read(body, jsonpaths='["$.x", "$.k.x.y"]')[0][0]


def test_a_root_is_where_the_object_or_the_array_begins(read):
    body = b'{"meta": 1, "data": {"rows": [{"a": 1.50}, {"a": 2}]}}'
    assert read(body, json_root="$.data.rows", **ARRAY) == [("1.50", None), ("2", None)]
    assert read(body, json_root="$.data.rows[0]") == [("1.50", None)]
    assert "JSON Root not found" in read(body, json_root="$.nothing")[0][0]


@pytest.mark.parametrize(
    ("text", "steps"),
    [("$", ()), ("$.", ()), ("$.a", ("a",)), ("$.a.b[3].c", ("a", "b", 3, "c")), ('$."a.b"[0]', ("a.b", 0))],
)
def test_simple_paths_are_understood(text, steps):
    assert parse_path(text) == steps


@pytest.mark.parametrize("text", ["$.a[*]", "$..a", "$.a[-1]", "$[0]", "$.a[0][1]", "$.*", "$.a[", "$.a.", '$."a'])
def test_other_paths_are_refused(text):
    with pytest.raises(LoadFailed, match="refuses the json path"):
        parse_path(text)


@pytest.mark.parametrize("header", ["$.a", "{}", "[1]", '["a"]', '["$.a"', "[" * 100_000])
def test_what_is_no_list_of_paths_is_an_error(header):
    with pytest.raises(LoadFailed, match="Invalid json path"):
        parse_paths(header)


def test_a_document_that_is_too_large_is_refused_unless_it_is_read_by_line(read, monkeypatch):
    monkeypatch.setattr(json_rows, "LARGEST_DOCUMENT_BYTES", 10)
    body = b'{"a": 1, "b": 2}'
    with pytest.raises(LoadFailed, match=r"json body size 16 exceed BE's conf .* read_json_by_line"):
        read(body)
    assert read(body, **LINES) == [("1", "2")]


def test_many_rows_come_in_several_batches(read, monkeypatch):
    monkeypatch.setattr(json_rows, "_BATCH_ROWS", 7)
    body = b"\n".join(b'{"a": %d}' % i for i in range(50))
    assert [row[0] for row in read(body, **LINES)] == [str(i) for i in range(50)]


def test_empty_files_have_no_rows(read):
    assert read(b"") == read(b"", **LINES) == read(b"\n\n", **LINES) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.sampled_from([None, 2]))
def test_the_text_of_a_nested_value_is_valid_json_with_the_same_meaning(value, indent):
    text = json.dumps({"x": [0, value], "y": 1}, indent=indent)
    assert json.loads(raw_at(text, ("x", 1))) == value
    assert raw_at(text, ("x", 2)) is None
    assert raw_at(text, ("z",)) is None
    assert raw_at(text, ("y", "z")) is None
