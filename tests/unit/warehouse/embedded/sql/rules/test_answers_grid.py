"""Every recorded answer of a real Doris frontend: equal in text and type, or refused, never different."""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
import pytest

from nereus.fidelity import recordings
from nereus.warehouse.embedded.errors import DorisError

#: What an error at run time says where it is a refusal and not a bug of a rule.
REFUSALS = ("embedded warehouse refuses", "Out of Range Error", "out of range")


def outcome(rules: Any, expression: str, answer: str, type_: str) -> str:
    """ "equal", "refused", or what is different."""
    try:
        found, found_type = rules.answer(expression)
    except DorisError as error:
        return "equal" if answer == "REFUSED" else f"refused: {error.detail}"
    except duckdb.InvalidInputException as error:
        if answer == "REFUSED":
            return "equal"
        known = any(words in str(error) for words in REFUSALS)
        return "refused: at run time" if known else f"{expression} fails: {error}"
    except duckdb.Error as error:
        known = any(words in str(error) for words in REFUSALS)
        return "refused: at run time" if known else f"{expression} fails: {error}"
    got = ("\\N" if found is None else found, found_type)
    return "equal" if got == (answer, type_) else f"{expression} -> {got}, Doris: {(answer, type_)}"


def test_every_recorded_answer_is_equal_or_refused(rules: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = [outcome(rules, *row[:3]) for row in recordings.rows("answers")]
    counts = Counter(item.split(":")[0] if item.startswith("refused") else item for item in found)
    equal, refused = counts.pop("equal"), counts.pop("refused", 0)
    with capsys.disabled():
        print(f"\nDoris' answers: {equal} equal, {refused} refused, {sum(counts.values())} different")
    assert not counts
    assert equal >= 1425, "a rule that was equal is refused now"
