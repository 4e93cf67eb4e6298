"""Window functions over rows."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError

COLUMNS = {"k": "int", "v": "int", "s": "varchar(9)"}
ROWS = [(1, 10, "a"), (1, 20, None), (1, 20, "c"), (2, 5, "d")]


@pytest.mark.parametrize(
    ("text", "answers", "type_"),
    [
        ("row_number() over (partition by k order by v, s)", ["1", "2", "3", "1"], "bigint"),
        ("rank() over (partition by k order by v)", ["1", "2", "2", "1"], "bigint"),
        ("dense_rank() over (order by v)", ["2", "3", "3", "1"], "bigint"),
        (
            "percent_rank() over (order by v)",
            ["0.3333333333333333", "0.6666666666666666", "0.6666666666666666", "0"],
            "double",
        ),
        ("cume_dist() over (order by v)", ["0.5", "1", "1", "0.25"], "double"),
        ("nth_value(v, 2) over (partition by k order by v, s)", [None, "20", "20", None], "int"),
        ("ntile(2) over (order by v, s)", ["1", "2", "2", "1"], "bigint"),
        ("lag(v) over (partition by k order by v, s)", [None, "10", "20", None], "int"),
        ("lag(v, 1, 0) over (partition by k order by v, s)", ["0", "10", "20", "0"], "int"),
        ("lead(v, 1, '-1') over (partition by k order by v, s)", ["20", "20", "-1", "-1"], "int"),
        ("first_value(s) over (partition by k order by v, s)", ["a", "a", "a", "d"], "varchar(9)"),
        (
            "last_value(s) over (partition by k order by v, s"
            " rows between unbounded preceding and unbounded following)",
            ["c", "c", "c", "d"],
            "varchar(9)",
        ),
        ("count(*) over (partition by k)", ["3", "3", "3", "1"], "bigint"),
        (
            "sum(v) over (partition by k order by v, s rows between 1 preceding and current row)",
            ["10", "30", "40", "5"],
            "bigint",
        ),
    ],
)
def test_answers(rules: Any, text: str, answers: list[str | None], type_: str) -> None:
    found, types = rules.query(f"select {text} from t order by k, v, s", COLUMNS, ROWS)
    assert [row[0] for row in found] == answers
    assert types == [type_]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ntile(0) over (order by v)", "NTILE must be a positive constant"),
        ("lag(v, k) over (order by v)", "offset parameter of LAG"),
        ("row_number(1) over (order by v)", "Can not found function 'row_number' which has 1 arity"),
    ],
)
def test_errors_of_doris(rules: Any, text: str, message: str) -> None:
    with pytest.raises(DorisError, match=message):
        rules.query(f"select {text} from t", COLUMNS, ROWS)
