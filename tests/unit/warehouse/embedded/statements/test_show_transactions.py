"""SHOW TRANSACTION finds loads by id, label and status."""

import pytest


@pytest.fixture
def loaded(run):
    run("CREATE TABLE t (k INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1")
    run("INSERT INTO t WITH LABEL first_1 VALUES (1)")
    run("BEGIN WITH LABEL second_1")
    run("INSERT INTO t VALUES (2)")
    run("COMMIT")
    return run


def test_a_load_is_found_by_label_and_id(loaded):
    (row,) = loaded("SHOW TRANSACTION WHERE label = 'first_1'")
    assert (row[1], row[3]) == ("first_1", "VISIBLE")
    assert loaded(f"SHOW TRANSACTION FROM d WHERE id = {row[0]}") == [row]
    assert [row[1] for row in loaded("SHOW TRANSACTION WHERE label LIKE '%_1'")] == ["first_1", "second_1"]
    assert [row[1] for row in loaded("SHOW TRANSACTION WHERE status = 'VISIBLE'")] == ["first_1", "second_1"]
    assert loaded("SHOW TRANSACTION WHERE label LIKE 'x%'") == loaded("SHOW TRANSACTION WHERE status = 'aborted'") == []


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("SHOW TRANSACTION WHERE label = 'x'", "transaction with label x does not exist"),
        ("SHOW TRANSACTION WHERE id = 99999999", "transaction with id 99999999 does not exist"),
        ("SHOW TRANSACTION", "Missing transaction id"),
        ("SHOW TRANSACTION WHERE status = 'x'", "status should be prepare/precommitted/committed/visible/aborted"),
    ],
)
def test_what_doris_says_to_others(loaded, statement, text):
    assert loaded.error(statement) == text


@pytest.mark.parametrize("where", ["id = 'x'", "label = 1", "id > 1", "label = 'a' AND id = 1", "1 = 1", "k = 'x'"])
def test_conditions_have_one_shape(loaded, where):
    assert loaded.error(f"SHOW TRANSACTION WHERE {where}").startswith("Where clause should looks like one of them")


def test_what_is_not_known_is_refused(loaded):
    assert "refuses" in loaded.error("SHOW TRANSACTION WHERE label LIKE 'a(b)'")
    assert "refuses" in loaded.error("SHOW TRANSACTION WHERE status = 'prepare'")
    assert "Use SHOW TRANSACTION" in loaded.error("SHOW LOAD FROM d WHERE label = 'first_1'")
