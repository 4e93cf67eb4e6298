"""Bitmap functions: answers recorded from a Doris cluster, and their aggregates."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("bitmap_count(bitmap_and(to_bitmap(1), to_bitmap(2)))", "0"),
        ("bitmap_to_string(bitmap_and(to_bitmap(1), to_bitmap(1)))", "1"),
        ("bitmap_contains(to_bitmap(1), 2)", "0"),
        ("bitmap_count(bitmap_empty())", "0"),
        ("bitmap_to_string(bitmap_empty())", ""),
        ("bitmap_to_string(bitmap_from_string('0, 1, 2'))", "0,1,2"),
        ("bitmap_from_string('-1, 0, 1, 2') is null", "1"),
        ("bitmap_from_string('1,x') is null", "1"),
        ("bitmap_to_string(bitmap_from_string('9,,3, +4 '))", "3,4,9"),
        ("bitmap_has_all(bitmap_from_string('0, 1, 2'), bitmap_from_string('1, 2'))", "1"),
        ("bitmap_has_any(bitmap_from_string('0, 1, 2'), bitmap_from_string('7'))", "0"),
        ("bitmap_to_string(bitmap_xor(bitmap_from_string('2,3'), bitmap_from_string('1,2,3,4')))", "1,4"),
        ("bitmap_to_string(bitmap_not(bitmap_from_string('2,3,5'), bitmap_from_string('1,2,3,4')))", "5"),
        ("bitmap_and_not_count(bitmap_from_string('1,2,3'), bitmap_from_string('3,4,5'))", "2"),
        ("bitmap_and_not_count(bitmap_from_string('1,2,3'), null)", "0"),
        ("bitmap_to_string(bitmap_subset_in_range(bitmap_from_string('1,2,3,4,5'), 2, 3))", "2"),
        ("bitmap_to_string(bitmap_subset_limit(bitmap_from_string('1,2,3,4,5'), 4, 3))", "4,5"),
        ("bitmap_to_string(sub_bitmap(bitmap_from_string('1,2,3,4,5'), 1, 2))", "2,3"),
        ("bitmap_to_string(sub_bitmap(bitmap_from_string('1,2,3,4,5'), -2, 9))", "4,5"),
        ("bitmap_to_string(sub_bitmap(bitmap_from_string('1,2'), 2, 9))", None),
        ("bitmap_count(to_bitmap('-1'))", "0"),
        ("bitmap_count(to_bitmap(null))", "0"),
        ("bitmap_to_string(to_bitmap('18446744073709551615'))", "18446744073709551615"),
        ("bitmap_contains(to_bitmap('18446744073709551615'), -1)", "1"),
        ("bitmap_max(bitmap_from_string('1,9999999999'))", "9999999999"),
        ("bitmap_min(bitmap_empty())", None),
        ("bitmap_or(null, null) is null", "1"),
        ("bitmap_or_count(to_bitmap(1), null)", "1"),
        ("bitmap_and_count(to_bitmap(1), null)", "0"),
        ("bitmap_and(to_bitmap(1), null) is null", "1"),
        ("bitmap_to_string(bitmap_from_array([3, 1, 3]))", "1,3"),
        ("bitmap_from_array([3, -1]) is null", "1"),
        ("bitmap_to_array(bitmap_from_string('5,4'))", "[4, 5]"),
        ("bitmap_to_string(bitmap_remove(bitmap_from_string('5,4'), 5))", "4"),
        ("bitmap_to_string(bitmap_hash('hello'))", "1321743225"),
        ("murmur_hash3_32('null')", "-460753941"),
        ("murmur_hash3_64('null')", "-202406785360068664"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None) -> None:
    assert rules.answer(text)[0] == answer


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("to_bitmap(1)", "bitmap"),
        ("bitmap_to_string(to_bitmap(1))", "text"),
        ("bitmap_count(to_bitmap(1))", "bigint"),
        ("bitmap_to_array(to_bitmap(1))", "array<bigint>"),
    ],
)
def test_types(rules: Any, text: str, type_: str) -> None:
    assert rules.answer(text)[1] == type_


def test_a_bitmap_itself_is_sent_as_null(rules: Any) -> None:
    assert rules.answer("to_bitmap(1)") == (None, "bitmap")


COLUMNS = {"g": "int", "k": "int", "b": "bitmap"}
ROWS = [(1, 1, [1, 2]), (1, 2, [2, 3]), (2, None, [7]), (2, -5, None)]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("bitmap_to_string(bitmap_union(b))", ["1,2,3", "7"]),
        ("bitmap_union_count(b)", ["3", "1"]),
        ("bitmap_union_count(to_bitmap(k))", ["2", "0"]),
        ("bitmap_count(bitmap_union(to_bitmap(k)))", ["2", "0"]),
        ("bitmap_to_string(bitmap_intersect(b))", ["2", "7"]),
        ("bitmap_to_string(group_bitmap_xor(b))", ["1,3", "7"]),
        ("bitmap_union_int(k)", ["2", "1"]),
        ("intersect_count(b, k, 1, 2)", ["1", "0"]),
    ],
)
def test_aggregates(rules: Any, text: str, answers: list[str]) -> None:
    found = rules.query(f"select {text} from t group by g order by g", COLUMNS, ROWS)[0]
    assert [row[0] for row in found] == answers


def test_aggregates_of_no_rows(rules: Any) -> None:
    asked = "bitmap_to_string(bitmap_union(b)), bitmap_union_count(b), bitmap_to_string(bitmap_intersect(b))"
    text = f"select {asked}, bitmap_to_string(group_bitmap_xor(b)), bitmap_count(bitmap_agg(k)) from t where g > 9"
    assert rules.query(text, COLUMNS, ROWS)[0] == [["", "0", "", None, "0"]]


def test_counting_members_in_a_window(rules: Any) -> None:
    text = "select bitmap_union_count(to_bitmap(k)) over (partition by g) from t order by g, k"
    assert [row[0] for row in rules.query(text, COLUMNS, ROWS)[0]] == ["2", "2", "0", "0"]


def test_what_would_depend_on_other_rows_is_refused(rules: Any) -> None:
    with pytest.raises(duckdb.Error, match="refuses bitmap_from_string"):
        rules.answers("bitmap_from_string(s)", {"s": "string"}, [("1,x",)])
    with pytest.raises(duckdb.Error, match="refuses bitmap_agg of a negative number"):
        rules.query("select bitmap_agg(k) from t", COLUMNS, ROWS)


@pytest.mark.parametrize("text", ["bitmap_count(1)", "intersect_count(k, k, 3)", "bitmap_union(k)"])
def test_anything_but_a_bitmap_is_an_error(rules: Any, text: str) -> None:
    with pytest.raises(DorisError):
        rules.bind(text, COLUMNS)


@pytest.mark.parametrize("text", ["orthogonal_bitmap_union_count(b)", "bitmap_to_base64(b)"])
def test_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused):
        rules.bind(text, COLUMNS)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("bitmap_to_string(bitmap_andnot(bitmap_from_string('1,3,5'), bitmap_from_string('3')))", "1,5"),
        ("bitmap_andnot_count(bitmap_from_string('1,3,5'), bitmap_from_string('3'))", "2"),
        ("bitmap_count(bitmap_hash64('hello'))", "1"),
        ("bitmap_count(bitmap_hash64(''))", "1"),
        ("bitmap_count(bitmap_hash64(null))", "0"),
        ("bitmap_to_string(to_bitmap_with_check('7'))", "7"),
    ],
)
def test_other_names_and_checks(rules: Any, text: str, answer: str | None) -> None:
    """Answers of clusters in Doris' suite: bitmap_andnot is bitmap_and_not."""
    assert rules.answer(text)[0] == answer
