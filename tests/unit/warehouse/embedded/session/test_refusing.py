"""What is no statement of Doris gets its syntax error; what is one and is not carried out says what to do instead."""

from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from tests.unit.warehouse.embedded.session.asking import ask


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("prepare s from 'select 1'", "mismatched input 'prepare' expecting {<EOF>, ';', '(', 'ADMIN', 'ALTER', "),
        ("/* a */ selec 1", "mismatched input 'selec' expecting {<EOF>, "),
        ("help select", "mismatched input 'help' expecting {<EOF>, "),
        ("show jobs", "no viable alternative at input 'show jobs'(line 1, pos 5)"),
        ("show sync job", "no viable alternative at input 'show sync'(line 1, pos 5)"),
        ("show\n  hbo", "no viable alternative at input 'show\n  hbo'(line 2, pos 2)"),
        ("create trigger x", "no viable alternative at input 'create trigger'(line 1, pos 7)"),
        ("truncate t", "mismatched input 't' expecting 'TABLE'(line 1, pos 9)"),
        ("drop", "mismatched input '<EOF>' expecting {"),
    ],
)
def test_what_doris_does_not_know_is_a_syntax_error(root: Session, text: str, error: str) -> None:
    with pytest.raises(DorisError) as raised:
        ask(root, text)
    assert not isinstance(raised.value, Refused)
    assert raised.value.detail.strip().startswith(error)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("CREATE CATALOG c PROPERTIES ('type' = 'hms')", "Stream Load"),
        ("ALTER SYSTEM ADD BACKEND '127.0.0.1:9'", "one node"),
        ("ALTER REPOSITORY r PROPERTIES ()", "CREATE it again"),
        ("CREATE ROUTINE LOAD x ON orders FROM KAFKA ()", "Stream Load"),
        ("CREATE ALIAS FUNCTION f(INT) WITH PARAMETER(x) AS x + 1", "view"),
        ("ADMIN SET FRONTEND CONFIG ('a' = 'b')", "platform.yaml"),
    ],
)
def test_what_is_not_carried_out_says_what_to_do_instead(root: Session, text: str, hint: str) -> None:
    with pytest.raises(Refused, match=hint):
        ask(root, text)


@pytest.mark.parametrize(
    ("text", "privilege"),
    [
        ("ALTER SYSTEM ADD BACKEND '127.0.0.1:9'", "NODE"),
        ("ADMIN SET FRONTEND CONFIG ('a' = 'b')", "ADMIN"),
        ("ADMIN CHECK TABLET (1)", "ADMIN"),
        ("CREATE REPOSITORY r WITH S3 ON LOCATION 's3://b' PROPERTIES ('a' = 'b')", "ADMIN"),
    ],
)
def test_who_may_not_is_told_that_first(ann: Session, text: str, privilege: str) -> None:
    with pytest.raises(DorisError) as raised:
        ask(ann, text)
    assert raised.value.detail == (
        f"Access denied; you need (at least one of) the ({privilege}) privilege(s) for this operation"
    )


@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ("CALL p()", 1407, "there are no stored procedures. Send the statements."),
        ("REFRESH CATALOG internal", 1105, "Internal catalog name can't be refresh."),
        ("REFRESH CATALOG nocat", 5086, "Unknown catalog 'nocat'"),
        ("ADMIN CHECK TABLET (1)", 1105, "Should specify 'type' property"),
    ],
)
def test_some_are_refused_as_doris_refuses_them(root: Session, text: str, code: int, detail: str) -> None:
    with pytest.raises(DorisError) as raised:
        ask(root, text)
    assert (raised.value.code, raised.value.detail) == (code, detail)
