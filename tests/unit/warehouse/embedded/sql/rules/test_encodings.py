"""Digests, encodings, masks, addresses and money: the answers of real clusters in Doris' suite."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import Refused


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("sha2('abc', 224)", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
        ("crc32('DORIS')", "348606243"),
        ("crc32(10)", "2707236321"),
        ("from_base64('MTIzNA==')", "1234"),
        ("from_base64('!')", None),
        ("unhex('41')", "A"),
        ("unhex('@')", ""),
        ("unhex_null('@')", None),
        ("url_encode('/home/doris directory/')", "%2Fhome%2Fdoris%20directory%2F"),
        ("ipv4_num_to_string(3232235521)", "192.168.0.1"),
        ("ipv4_num_to_string(4294967298)", None),
        ("ipv4_string_to_num('127.0.0.1')", "2130706433"),
        ("ipv4_string_to_num_or_default('abc')", "0"),
        ("inet_aton('192.168')", None),
        ("is_ipv4_string('1.2.3')", "0"),
        ("mask('abc123EFG')", "xxxnnnXXX"),
        ("mask('abc123EFG', '*', '#', '$')", "###$$$***"),
        ("mask_first_n('abc123EFG', 4)", "xxxn23EFG"),
        ("mask_last_n('abc123EFG', 5)", "abc1nnXXX"),
        ("mask_last_n('ab', 5)", "xx"),
        ("translate('abcd', 'a', 'zo')", "zbcd"),
        ("append_trailing_char_if_absent('a', 'c')", "ac"),
        ("append_trailing_char_if_absent('ac', 'cd')", None),
        ("regexp_extract_or_null('AbCdE', '([[:lower:]]+)C([[:lower:]]+)', 1)", "b"),
        ("regexp_extract_or_null('AbCdE', '([[:lower:]]+)C([[:lower:]]+)', 3)", None),
        ("regexp_extract_all('x=a3&x=18abc&x=2&y=3&x=4&x=17bcd', 'x=([0-9]+)([a-z]+)')", "['18','17']"),
        ("money_format(17014116)", "17,014,116.00"),
        ("money_format(1123.456)", "1,123.46"),
        ("money_format(-0.5)", "-0.50"),
        ("concat_ws('-', ['a', 'b'], ['css', null, 'd'], ['g'])", "a-b-css-d-g"),
        ("concat_ws('-', ['a', 'b'], cast(null as array<string>))", ""),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None) -> None:
    assert rules.answer(text)[0] == answer


def test_bytes_that_are_no_text_are_an_error(rules: Any) -> None:
    with pytest.raises(duckdb.Error, match="no UTF-8"):
        rules.answer("unhex('ff')")


@pytest.mark.parametrize(
    "text",
    [
        "sha2('a', 1)",
        "money_format(cast(1 as double))",
        "regexp_extract_all('a', '(x|)')",
        "upper([1])",
        "concat_ws(',', ['a'], 'b')",
        "mask('a', 'XX')",
    ],
)
def test_what_is_not_certain_is_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.answer(text)
