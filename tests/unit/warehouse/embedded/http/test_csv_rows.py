"""CSV is split as a Doris backend splits it."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nereus.warehouse.embedded.http.failures import LoadFailed
from nereus.warehouse.embedded.http.formats import csv as csv_format
from nereus.warehouse.embedded.http.formats import lines as lines_format
from nereus.warehouse.embedded.http.formats.csv import QuotedCsv, RowSplitter, csv_source, unescaped
from nereus.warehouse.embedded.http.formats.lines import read_lines
from nereus.warehouse.embedded.http.options import parse
from nereus.warehouse.embedded.http.stage import text_fields


@pytest.fixture
def read(tmp_path):
    """Read a body of `columns` columns as the engine gets it: rows of texts, or (reason, line) for bad ones."""

    def rows(body, columns=2, **headers):
        path = tmp_path / "body"
        path.write_bytes(body)
        source = csv_source(path, parse(headers, "l"))
        connection = duckdb.connect()
        found = []
        for batch in source.batches():
            connection.register("nereus_load_batch", batch)
            found += connection.execute(f"SELECT * FROM ({text_fields(source, columns).sql})").fetchall()
        connection.close()
        return [(reason, line) if reason else tuple(fields) for line, reason, *fields in found]

    return rows


def test_fields_are_separated_by_tabs_and_nothing_is_quoted(read):
    assert read(b'1\t"a\n2\tb"c\n') == [("1", '"a'), ("2", 'b"c')]


def test_null_is_backslash_n_and_empty_text_stays_empty(read):
    assert read(b"\\N\t\n\\N\\N\t\\n\n") == [(None, ""), ("\\N\\N", "\\n")]


def test_the_last_row_needs_no_line_feed_and_empty_rows_are_no_rows(read):
    assert read(b"\n1\ta\n\n\r\n2\tb") == [("1", "a"), ("2", "b")]


def test_one_carriage_return_before_a_line_feed_belongs_to_it(read):
    assert read(b"1\ta\r\n2\tb\r\r\n3\tc\rd\n4\te\r") == [("1", "a"), ("2", "b\r"), ("3", "c\rd"), ("4", "e\r")]


def test_rows_with_another_number_of_fields_are_bad(read):
    mark = "(sep:\\t delim:\\n)"
    assert read(b"1\n2\tb\n3\tc\t\n4\td\te\n") == [
        (f"Column count mismatch: expected 2, but found 1 {mark}", "1"),
        ("2", "b"),
        (f"Column count mismatch: expected 2, but found 3 {mark}", "3\tc\t"),
        (f"Column count mismatch: expected 2, but found 3 {mark}", "4\td\te"),
    ]


@pytest.mark.parametrize(
    ("separator", "body"),
    [
        (",", b"1,a\n"),
        ("\\x01", b"1\x01a\n"),
        ("||", b"1||a\n"),
        ("abcde", b"1abcdea\n"),
        ("·", "1·a\n".encode()),
        ("'", b"1'a\n"),
        ("\\x00", b"1\x00a\n"),
        ("{}", b"1{}a\n"),
    ],
)
def test_any_text_separates(read, separator, body):
    assert read(body, column_separator=separator) == [("1", "a")]


def test_long_separators_are_found_from_the_left(read):
    assert read(b"a|||b\n", column_separator="||") == [("a", "|b")]
    assert read(b"a||||b\n", columns=3, column_separator="||") == [("a", "", "b")]


@pytest.mark.parametrize(("delimiter", "raw"), [("||", b"||"), ("\\x02", b"\x02"), ("\\r\\n", b"\r\n"), ("X", b"X")])
def test_any_text_ends_rows(read, delimiter, raw):
    assert read(b"1\ta\n" + raw + b"2\tb" + raw, line_delimiter=delimiter) == [("1", "a\n"), ("2", "b")]


def test_rows_and_delimiters_may_cross_the_blocks_of_a_file(read, monkeypatch):
    body = "".join(f"{i}##wert-{i}-ü\r\n" for i in range(60)).encode()
    whole = read(body, column_separator="##")
    assert len(whole) == 60
    for size in (1, 3, 64):
        monkeypatch.setattr(lines_format, "BLOCK_BYTES", size)
        assert read(body, column_separator="##") == whole


def test_a_byte_order_mark_is_left_out_unless_its_line_is_skipped(read):
    assert read(b"\xef\xbb\xbf1\ta\n") == [("1", "a")]
    assert read(b"\xef\xbb\xbf1\ta") == [("1", "a")]
    assert read(b"\xef\xbb\xbfh\n\xef\xbb\xbf1\ta\n", skip_lines="1") == [("\ufeff1", "a")]


def test_lines_before_the_data_are_skipped(read):
    assert read(b"id\tname\n1\ta\n", format="csv_with_names") == [("1", "a")]
    assert read(b"id\tname\nint\ttext\n1\ta\n", format="csv_with_names_and_types") == [("1", "a")]
    assert read(b"\n\n1\ta\n", skip_lines="2") == [("1", "a")]
    assert read(b"1\ta", skip_lines="1") == []
    assert read(b"1\ta\n", skip_lines="5") == []


def test_rows_that_are_not_utf8_are_bad(read):
    reason = "Invalid file encoding: all CSV files must be UTF-8 encoded"
    assert read(b"1\ta\n2\t\xff\n3\tc\n") == [("1", "a"), (reason, "2\t\ufffd"), ("3", "c")]
    assert read(b"1,a\n2,\xff\n", column_separator=",", enclose='"') == [("1", "a"), (reason, "2,\ufffd")]


def test_double_quotes_are_trimmed_on_request_and_protect_from_null(read):
    body = b'"a"\t"\\N"\n"\t"x\n\\N\t""\n'
    assert read(body, trim_double_quotes="true") == [("a", "\\N"), ('"', '"x'), (None, "")]


def test_empty_fields_are_null_on_request(read):
    assert read(b"\t\\N\nx\t\n", empty_field_as_null="true") == [(None, None), ("x", None)]


def test_enclosed_fields_hold_separators_and_delimiters(read):
    body = b'1,"a,b"\r\n2,"line one\nline two"\n"3",c"d"\n4,""\n'
    assert read(body, column_separator=",", enclose='"') == [
        ("1", "a,b"),
        ("2", "line one\nline two"),
        ("3", 'c"d"'),
        ("4", ""),
    ]


def test_enclosed_null_is_null_and_doubled_marks_stay_without_an_escape(read):
    body = b'"\\N","say ""hi"""\n'
    assert read(body, column_separator=",", enclose='"') == [(None, 'say ""hi""')]
    assert read(body, column_separator=",", enclose='"', escape="\\") == [(None, 'say "hi"')]


def test_an_escape_takes_the_next_character_as_it_is(read):
    body = b'"a\\"b,c","d\\\\e"\n'
    assert read(body, column_separator=",", enclose='"', escape="\\") == [('a"b,c', "d\\e")]
    assert read(b"a\\,b\n", column_separator=",", escape="\\") == [("a", "b")]


def test_text_behind_the_closing_mark_belongs_to_the_field(read):
    assert read(b'"a"b,c\n', column_separator=",", enclose='"') == [('"a"b', "c")]


def test_a_field_that_is_never_closed_takes_the_rest_of_the_file(read):
    (bad,) = read(b'1,"a\n2,b\n3,c\n', column_separator=",", enclose='"')
    assert bad == ("1", '"a\n2,b\n3,c\n')


def test_enclosed_rows_may_cross_blocks(read, monkeypatch):
    body = "".join(f'{i},"ä,{i}\n""x"\r\n' for i in range(40)).encode()
    whole = read(body, column_separator=",", enclose='"', escape="\\")
    assert whole[7] == ("7", 'ä,7\n"x')
    for size in (1, 3, 50):
        monkeypatch.setattr(csv_format, "BLOCK_BYTES", size)
        assert read(body, column_separator=",", enclose='"', escape="\\") == whole


def test_a_file_without_its_delimiter_is_not_read_into_memory(read, monkeypatch):
    monkeypatch.setattr(lines_format, "LONGEST_ROW_BYTES", 5000)
    monkeypatch.setattr(lines_format, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(csv_format, "BLOCK_BYTES", 1000)
    for headers in ({}, {"enclose": '"'}):
        with pytest.raises(LoadFailed, match="a row is longer than"):
            read(b'"' + b"x" * 20_000, **headers)


@pytest.mark.parametrize(
    "headers", [{"line_delimiter": "\\t"}, {"enclose": '"', "escape": '"'}, {"column_separator": "\\n"}]
)
def test_contradictory_options_are_refused(read, headers):
    with pytest.raises(LoadFailed, match="the embedded warehouse refuses"):
        read(b"1\ta\n", **headers)


@pytest.mark.parametrize(
    ("text", "plain"),
    [("a\\nb", "anb"), ("\\\\", "\\"), ("a\\", "a"), ('""', '"'), ('""""', '""'), ('\\""', '""'), ("abc", "abc")],
)
def test_escapes_are_resolved_as_doris_does(text, plain):
    assert unescaped(text, "\\", '"') == plain


@given(
    st.lists(st.lists(st.text('ab,"\n\\', max_size=6), min_size=2, max_size=2), min_size=1, max_size=5),
)
def test_what_is_enclosed_and_escaped_properly_comes_back(rows):
    def written(field):
        return '"' + field.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = "".join(",".join(map(written, row)) + "\n" for row in rows)
    found, rest = RowSplitter(",", "\n", '"', "\\").split(text, complete=False)
    assert rest == len(text)
    assert [[unescaped(field, "\\", '"') for field in fields] for _, fields in found] == rows


@given(st.text('a",\n\r\\', max_size=40), st.integers(0, 40))
def test_where_a_text_is_cut_makes_no_difference(text, cut):
    splitter = RowSplitter(",", "\n", '"', "\\")
    whole, _ = splitter.split(text, complete=True)
    first, at = splitter.split(text[:cut], complete=False)
    rest, _ = splitter.split(text[at:], complete=True)
    assert first + rest == whole


def test_an_empty_file_has_no_rows(read, tmp_path):
    assert read(b"") == []
    assert list(read_lines(tmp_path / "body")) == []
    assert list(QuotedCsv(tmp_path / "body", parse({"enclose": '"'}, "l")).batches()) == []
