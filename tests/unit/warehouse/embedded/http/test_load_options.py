"""The headers of a load: what they mean, and which are refused."""

import pytest

from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.options import LONGEST_TIMEOUT_S, label_of, parse
from nereus.warehouse.embedded.http.separators import unescape


def options(**headers):
    return parse({name.replace("__", "."): value for name, value in headers.items()}, "a_label")


def message(**headers):
    with pytest.raises(LoadFailed) as caught:
        options(**headers)
    return caught.value.message


def test_defaults_are_those_of_doris():
    plain = options()
    assert (plain.format, plain.column_separator, plain.line_delimiter) == ("csv", "\t", "\n")
    assert (plain.enclose, plain.escape, plain.skip_lines) == ("", "", 0)
    assert (plain.max_filter_ratio, plain.strict, plain.timeout_s) == (0.0, False, LONGEST_TIMEOUT_S)
    assert (plain.json_by_line, plain.strip_outer_array, plain.gzip) == (False, False, False)


def test_names_and_truth_values_are_read_in_any_case():
    read = options(Strict_Mode="TRUE", FORMAT="JSON", Read_Json_By_Line="True")
    assert (read.strict, read.format, read.json_by_line) == (True, "json", True)


def test_an_empty_header_is_no_header():
    assert options(column_separator="", columns="", max_filter_ratio="").column_separator == "\t"


@pytest.mark.parametrize(("format_", "lines"), [("csv", 0), ("csv_with_names", 1), ("CSV_WITH_NAMES_AND_TYPES", 2)])
def test_lines_of_names_and_types_are_skipped(format_, lines):
    assert options(format=format_).skip_lines == lines
    assert options(format=format_, skip_lines="5").skip_lines == (lines or 5)


def test_what_steers_a_cluster_alone_is_ignored():
    given = {"send_batch_parallelism": "4", "exec_mem_limit": str(2**40), "load_to_single_tablet": "true"}
    assert options(**given, redirect_policy="direct", num_as_string="true", group_commit="off_mode") == options()


def test_headers_of_http_itself_are_ignored():
    assert parse({"Host": "h", "User-Agent": "curl", "Expect": "100-continue", "X-Forwarded-For": "::1"}, "a_label")


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"format": "xml"}, "[E-1101]unknown data format, format=xml"),
        ({"format": "orc"}, "refuses the format orc. Send csv, json or parquet."),
        ({"compress_type": "lz4"}, "refuses compress_type lz4. Send gz."),
        ({"compress_type": "rar"}, "[E-1101]unknown data format"),
        ({"compress_type": "gz", "format": "parquet"}, "refuses compress_type with parquet"),
        ({"timeout": "abc"}, "[INVALID_ARGUMENT]Invalid format of 'timeout': 'abc', stoi"),
        ({"timeout": "0"}, "Invalid timeout: 0. Timeout should between 1 and 259200 seconds"),
        ({"timeout": "9" * 5000}, "'timeout' value out of range: '999"),
        (
            {"send_batch_parallelism": "21474836471"},
            "[INVALID_ARGUMENT]'send_batch_parallelism' value out of range: '21474836471', stoi",
        ),
        ({"exec_mem_limit": "much"}, "Invalid format of 'exec_mem_limit': 'much', stoi"),
        ({"skip_lines": "-3"}, "[INVALID_ARGUMENT]Invalid 'skip_lines': -3"),
        ({"strict_mode": "maybe"}, "[INVALID_ARGUMENT]Invalid strict mode format. Must be bool type"),
        ({"max_filter_ratio": "all"}, "Invalid format of 'max_filter_ratio': 'all'"),
        ({"max_filter_ratio": "-1"}, "Invalid format of 'max_filter_ratio'"),
        ({"max_filter_ratio": "nan"}, "Invalid format of 'max_filter_ratio'"),
        ({"enclose": "''"}, "[INVALID_ARGUMENT]enclose must be single-char, actually is ''"),
        ({"escape": "ab"}, "[INVALID_ARGUMENT]escape must be single-char, actually is ab"),
        ({"enclose": "„"}, "refuses the enclose „"),
        ({"column_separator": "\\x0"}, "detailMessage = Hex str length error"),
        ({"column_separator": "\\xZZ"}, "detailMessage = Hex str format error"),
        ({"column_separator": "\\x"}, "detailMessage = Hex str is empty"),
        ({"column_separator": "\\xff"}, "refuses the separator \\xff"),
        ({"merge_type": "MERGE"}, "refuses merge_type MERGE"),
        ({"merge_type": "UPSERT"}, "[INVALID_ARGUMENT]Invalid merge type UPSERT"),
        ({"two_phase_commit": "true"}, "refuses the header two_phase_commit. A label"),
        ({"group_commit": "async_mode"}, "refuses group_commit async_mode"),
        ({"unique_key_update_mode": "UPDATE_FLEXIBLE_COLUMNS"}, "refuses unique_key_update_mode"),
        ({"unique_key_update_mode": "x"}, "[INVALID_ARGUMENT]Invalid unique_key_partial_mode x"),
        ({"negative": "true"}, "refuses the header negative"),
        ({"delete": "a=1"}, "refuses the header delete"),
        ({"function_column__sequence_col": "a"}, "refuses the header function_column.sequence_col"),
        ({"temporary_partitions": "p"}, "refuses the header temporary_partitions"),
        ({"partitions": "p1,,p2"}, "names an empty partition: 'p1,,p2'"),
        ({"colums": "a, b"}, "refuses the header colums. Did you mean columns?"),
        ({"column_seperator": ","}, "Did you mean column_separator?"),
        ({"columns": "a\udcff"}, "[INVALID_ARGUMENT]the header columns is not UTF-8"),
    ],
)
def test_refuses_by_name(headers, text):
    assert text in message(**headers)


def test_refuses_a_header_that_is_given_twice():
    with pytest.raises(LoadFailed, match="columns is given twice"):
        parse({"columns": "a", "Columns": "b"}, "a_label")


@pytest.mark.parametrize("label", ["", "a b", "a" * 129, "semi;colon", "a/b", "²", "a\n"])
def test_refuses_a_label_that_doris_refuses(label):
    with pytest.raises(LoadFailed, match=r"Label format error. regex: .*, label: "):
        parse({}, label)


@pytest.mark.parametrize("label", ["a", "2024-01-01:part_1", "a" * 128])
def test_takes_a_label_that_doris_takes(label):
    assert parse({}, label).label == label


def test_makes_up_a_label_where_none_is_given():
    assert label_of({"label": "mine"}) == "mine"
    first, second = label_of({}), label_of({"label": ""})
    assert first != second
    assert parse({}, first)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (",", ","),
        ("||", "||"),
        ("\\t", "\t"),
        ("\\n", "\n"),
        ("\\r\\n", "\r\n"),
        ("\\\\t", "\\t"),
        ("\\q", "\\q"),
        ("\\", "\\"),
        ("a\\", "a\\"),
        ("\\'", "'"),
        ("\\x01", "\x01"),
        ("\\X01\\x0a", "\x01\n"),
        ("\\x0102", "\x01\x02"),
        ("·", "·"),
    ],
)
def test_separators_are_unescaped_as_doris_does(text, meant):
    assert unescape(text) == meant
