from __future__ import annotations

from pathlib import Path

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from nereus.warehouse.embedded.workload.rules import sql_hash
from tests.unit.warehouse.embedded.session.asking import PASSWORD, ask, do

EVERYTHING = r"""CREATE SQL_BLOCK_RULE everything PROPERTIES('sql' = 'select \\* from orders', 'global' = 'true')"""


def test_a_global_rule_blocks_what_its_expression_finds(root: Session, ann: Session) -> None:
    do(root, EVERYTHING)
    for session in (root, ann):
        for text in (
            "select * from orders limit 1",
            "explain select * from orders",
            "insert into orders select * from orders",
            "create view v as select * from orders",
        ):
            with pytest.raises(DorisError) as error:
                ask(session, text)
            assert error.value.detail == "sql match regex sql block rule: everything"
        assert ask(session, "SELECT * FROM orders LIMIT 0") == []
    with pytest.raises(DorisError, match=r"Table \[nothing\] does not exist"):
        ask(root, "select * from nothing, (select * from orders) t")
    do(root, "ALTER SQL_BLOCK_RULE everything PROPERTIES('enable' = 'false')")
    assert len(ask(ann, "select * from orders limit 1")) == 1


def test_a_users_rule_blocks_that_user(root: Session, ann: Session) -> None:
    text = "SELECT COUNT(*) FROM orders"
    do(root, f"CREATE SQL_BLOCK_RULE counting PROPERTIES('sqlHash' = '{sql_hash(text)}')")
    assert ask(ann, text) == [(200_000,)]
    do(root, "SET PROPERTY FOR 'ann' 'sql_block_rules' = 'other, counting'")
    with pytest.raises(DorisError, match="sql match hash sql block rule: counting"):
        ask(ann, text)
    assert ask(root, text) == [(200_000,)]
    root.warehouse.audit.flush()
    hashes = ask(root, f"SELECT DISTINCT sql_hash FROM __internal_schema.audit_log WHERE stmt = '{text}'")
    assert hashes == [(sql_hash(text),)]


def test_rules_are_shown_and_kept(root: Session, ann: Session, warehouse: Warehouse, tmp_path: Path) -> None:
    do(root, EVERYTHING)
    do(root, "CREATE SQL_BLOCK_RULE IF NOT EXISTS hashed PROPERTIES('sqlHash' = 'abc', 'enable' = 'false')")
    rows = [
        ("everything", r"select \* from orders", "NULL", "0", "0", "0", "true", "true"),
        ("hashed", "NULL", "abc", "0", "0", "0", "false", "false"),
    ]
    assert ask(root, "SHOW SQL_BLOCK_RULE") == rows
    assert ask(root, "SHOW SQL_BLOCK_RULE FOR hashed") == rows[1:]
    with pytest.raises(DorisError, match="ADMIN"):
        ask(ann, "SHOW SQL_BLOCK_RULE")
    warehouse.close()
    again = Warehouse.open(tmp_path, memory_gb=1, threads=2, root_password=PASSWORD)
    session = again.connect("root")
    assert ask(session, "SHOW SQL_BLOCK_RULE") == rows
    do(session, "DROP SQL_BLOCK_RULE everything, hashed")
    assert ask(session, "SHOW SQL_BLOCK_RULE") == []
    again.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CREATE SQL_BLOCK_RULE r", "Not set properties"),
        ("CREATE SQL_BLOCK_RULE r PROPERTIES('a' = 'b')", "a is invalid property"),
        ("CREATE SQL_BLOCK_RULE r PROPERTIES('sql' = 'a', 'sqlHash' = 'b')", "Only sql or sqlHash can be configured"),
        ("CREATE SQL_BLOCK_RULE r PROPERTIES('sql' = 'a', 'tablet_num' = '1')", "cannot be set in one rule."),
        ("CREATE SQL_BLOCK_RULE r PROPERTIES('global' = 'true')", "cannot be set in one rule."),
        ("CREATE SQL_BLOCK_RULE r PROPERTIES('tablet_num' = 'x')", "tablet_num should be a long"),
        ("CREATE SQL_BLOCK_RULE r PROPERTIES('tablet_num' = '-1')", "the value of tablet_num can't be a negative"),
        ("CREATE SQL_BLOCK_RULE rule PROPERTIES('sql' = 'r')", "sql of SQL_BLOCK_RULE should not match its name"),
        ("ALTER SQL_BLOCK_RULE none PROPERTIES('enable' = 'true')", "the sql block rule none not exist"),
        ("DROP SQL_BLOCK_RULE none", "the sql block rule none not exist"),
    ],
)
def test_what_doris_refuses_is_refused(root: Session, text: str, message: str) -> None:
    with pytest.raises(DorisError) as error:
        do(root, text)
    assert message in error.value.detail


def test_what_cannot_be_judged_alike_is_refused(root: Session) -> None:
    for properties in ("'tablet_num' = '5'", "'partition_num' = '5'", "'cardinality' = '5'", r"'sql' = '\\p{Alpha}'"):
        with pytest.raises(Refused):
            do(root, f"CREATE SQL_BLOCK_RULE r PROPERTIES({properties})")
