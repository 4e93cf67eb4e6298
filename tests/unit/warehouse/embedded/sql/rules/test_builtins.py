"""Every function of Doris is either equal or refused by name, with a reason."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import registry
from nereus.warehouse.embedded.sql import rules as families
from nereus.warehouse.embedded.sql.rules import builtins


def test_every_name_is_equal_or_has_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    families.load()
    assert len(builtins.NAMES) == 714
    equal = {name for name in builtins.NAMES if builtins.is_equal(name)}
    assert all(builtins.reason(name) for name in builtins.NAMES - equal)
    assert not any(builtins.reason(name) for name in equal)
    with capsys.disabled():
        print(f"\nfunctions of Doris: {len(equal)} equal, {len(builtins.NAMES) - len(equal)} refused")


def test_every_rule_answers_a_function_that_doris_has() -> None:
    families.load()
    named = {*registry.FUNCTIONS, *registry.AGGREGATES, *registry.WINDOWS}
    assert named - builtins.NAMES == builtins.GRAMMAR


def test_every_rule_says_what_it_does() -> None:
    families.load()
    for table in (registry.FUNCTIONS, registry.AGGREGATES, registry.WINDOWS, registry.OPERATORS):
        for name, rule in table.items():
            assert "``" in (rule.__doc__ or ""), name


def test_a_refusal_names_the_function_its_reason_and_a_way_out(rules: Any) -> None:
    with pytest.raises(Refused, match=r"the function percentile_reservoir: .*digest.*Write percentile\(x, p\)"):
        rules.answer("percentile_reservoir(1, 0.5)")
    with pytest.raises(Refused, match="st_point: there is no geometry"):
        rules.answer("st_point(1, 2)")


def test_every_refusal_of_a_rule_says_what_to_write_instead() -> None:
    silent = []
    for file in sorted(Path(families.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            refusal = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused"
            # The reason why a builtin is refused holds its way out.
            if refusal and len(node.args) < 2 and file.name != "builtins.py":
                silent.append(f"{file.name}:{node.lineno}")
    assert silent == []


def test_an_unknown_function_gets_doris_own_error(rules: Any) -> None:
    with pytest.raises(DorisError, match=r"^Can not found function 'octet_length'$"):
        rules.answer("octet_length('a')")
    assert builtins.reason("octet_length") is None


def test_rules_cannot_be_registered_twice() -> None:
    families.load()
    with pytest.raises(ValueError, match="'upper' is taken"):
        registry.function("upper")(registry.FUNCTIONS["lower"])


def test_loading_again_changes_nothing() -> None:
    families.load()
    before = dict(registry.FUNCTIONS)
    families.load()
    assert before == registry.FUNCTIONS
