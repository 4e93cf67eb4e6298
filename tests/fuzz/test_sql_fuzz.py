"""Some hundred statements from one seed; ``python -m tests.fuzz.statements`` runs a hundred thousand."""

from __future__ import annotations

from tests.fuzz.statements import house, trial


def test_statements_of_all_kinds(tmp_path):
    with house(tmp_path) as opened:
        seen = trial(opened, tmp_path, "quick", 400)
    assert seen.faults == []
    assert seen.accepted > 40
    assert seen.repeated > 10
