"""What a real warehouse holds of a use case."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from nereus.insight.asking import Answer, Counter, ask, reader
from nereus.insight.holdings import QUESTIONS, holdings, readable, size_in_bytes, tables, undescribed
from nereus.insight.overview import on_data
from nereus.usecases.model import find
from tests.unit.insight.deployed import FOLDER, Deployed

TINY = find("tiny", FOLDER)


@pytest.fixture
def answer(deployed: Deployed, tmp_path: Path) -> Answer:
    found = ask(reader(deployed.as_user("portal")), QUESTIONS, tmp_path / "kept.json", Counter())
    assert found.error is None
    return found


def test_a_use_case_has_the_rows_and_loads_that_were_made(answer: Answer, deployed: Deployed) -> None:
    (held,) = holdings(answer, [TINY])
    real = deployed.as_user("portal").query("SELECT count(*) AS n FROM tiny.sale")[0]["n"]
    by_name = {table.name: table for table in held.tables}
    assert by_name["sale"].rows == real > 0
    assert by_name["sale"].loads > 0
    assert held.last_load is not None
    assert by_name["v_revenue"].kind == "view"
    assert by_name["v_revenue"].rows is None


def test_the_newest_run_of_checks_counts(answer: Answer) -> None:
    (held,) = holdings(answer, [TINY])
    assert held.checks == len([row for row in answer["checks"] if row["use_case"] == "tiny"]) > 0
    assert on_data([held], answer.at).good is (held.failing == 0)


def test_columns_without_description_are_named(answer: Answer) -> None:
    described = [row for row in answer["columns"] if row["db"] == "tiny" and row["comment"]]
    listed = [row for row in answer["columns"] if row["db"] == "tiny"]
    assert described
    assert len(undescribed(answer, ["tiny"])) == len(listed) - len(described)


def test_a_use_case_that_nobody_deployed_holds_nothing() -> None:
    (held,) = holdings(Answer({}, datetime(2026, 11, 22, tzinfo=UTC)), [TINY])
    assert (held.rows, held.tables, held.checked_at) == (0, (), None)
    assert on_data([held], datetime(2026, 11, 22, tzinfo=UTC)).value == "never checked"
    assert on_data([held], None).value == "unknown"


def test_partitions_are_added_up() -> None:
    part = {"db": "a", "name": "t", "n_rows": 2, "local_size": "1.000 KB", "remote_size": "2.000 MB"}
    table = {"db": "a", "name": "t", "kind": "BASE TABLE", "comment": ""}
    (found,) = tables(Answer({"tables": [table], "partitions": [part, part]}, None))
    assert (found.partitions, found.rows, found.local_bytes, found.remote_bytes) == (2, 4, 2048, 4 * 1024**2)


@pytest.mark.parametrize(("text", "size"), [("468.750 KB", 480000), ("0.000 ", 0), ("512.000 B", 512)])
def test_sizes_are_read_as_doris_prints_them(text: str, size: int) -> None:
    assert size_in_bytes(text) == size


def test_sizes_for_people_are_decimal() -> None:
    assert [readable(size) for size in (0, 999, 1_500_000, 2.5e12)] == ["0 B", "999 B", "1.5 MB", "2.5 TB"]
