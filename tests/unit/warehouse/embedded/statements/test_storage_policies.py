"""Resources and storage policies: Doris' texts, as a real frontend gave them where it was asked."""

from __future__ import annotations

import pytest

from tests.unit.warehouse.embedded.statements.conftest import Runner

GIVEN = (
    "'type' = 's3', 's3_validity_check' = 'false', 's3.endpoint' = '127.0.0.1:1', 's3.bucket' = 'b', "
    "'s3.root.path' = 'r', 's3.access_key' = 'k', 's3.secret_key' = 'hidden'"
)


@pytest.fixture
def policies(run: Runner) -> Runner:
    run(f"CREATE RESOURCE IF NOT EXISTS rs3 PROPERTIES ({GIVEN})")
    run("CREATE STORAGE POLICY IF NOT EXISTS pol PROPERTIES ('storage_resource' = 'rs3', 'cooldown_ttl' = '1week')")
    return run


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("CREATE RESOURCE r PROPERTIES ('type' = 's3')", "Missing [s3.endpoint] in properties."),
        ("CREATE RESOURCE r", "Resource properties can't be null"),
        ("CREATE RESOURCE r PROPERTIES ('a' = 'b')", "Resource type can't be null"),
        ("CREATE RESOURCE r PROPERTIES ('type' = 'moon')", "Unsupported resource type: moon"),
        (f"CREATE RESOURCE rs3 PROPERTIES ({GIVEN})", "Resource(rs3) already exist"),
        ("ALTER RESOURCE nores PROPERTIES ('s3.access_key' = 'x')", "Unknown resource: nores"),
        ("ALTER RESOURCE rs3 PROPERTIES ('type' = 'x')", "Can not change resource type."),
        ("ALTER RESOURCE rs3 PROPERTIES ('s3.bucket' = 'x')", "current not support modify property : s3.bucket"),
        ("DROP RESOURCE rs3", "Resource rs3 is used by: pol@POLICY"),
        ("DROP RESOURCE nores", "Resource(nores) does not exist"),
        ("DROP STORAGE POLICY nopol", "the policy nopol not exist"),
        (
            "CREATE STORAGE POLICY p2 PROPERTIES ('storage_resource' = 'nores', 'cooldown_ttl' = '1d')",
            "storage resource doesn't exist: nores",
        ),
        ("CREATE STORAGE POLICY p2", "properties config is required"),
        ("CREATE STORAGE POLICY p2 PROPERTIES ('cooldown_ttl' = '1d')", "Missing [storage_resource] in properties."),
        (
            "CREATE STORAGE POLICY p2 PROPERTIES ('storage_resource' = 'rs3')",
            "cooldown_datetime or cooldown_ttl must be set",
        ),
        (
            "CREATE STORAGE POLICY p2 PROPERTIES ('storage_resource' = 'rs3', 'cooldown_ttl' = '1d', "
            "'cooldown_datetime' = '2030-01-01 00:00:00')",
            "cooldown_datetime and cooldown_ttl can't be set together.",
        ),
        (
            "CREATE STORAGE POLICY p2 PROPERTIES ('storage_resource' = 'rs3', 'cooldown_ttl' = 'soon')",
            "getSecByCooldownTtl failed.",
        ),
        (
            "CREATE STORAGE POLICY p2 PROPERTIES ('storage_resource' = 'rs3', 'cooldown_ttl' = '-1d')",
            "cooldownTtl can't be less than 0",
        ),
        (
            "CREATE STORAGE POLICY p2 PROPERTIES ('storage_resource' = 'rs3', 'cooldown_datetime' = 'x')",
            "cooldown_datetime format error: x",
        ),
        ("ALTER STORAGE POLICY nopol PROPERTIES ('cooldown_ttl' = '1d')", "Unknown storage policy: nopol"),
        ("ALTER STORAGE POLICY pol PROPERTIES ('a' = 'b')", "Unknown Storage policy properties: {a=b}"),
    ],
)
def test_what_is_said(policies: Runner, sql: str, said: str) -> None:
    assert policies.error(sql) == said


def test_secrets_are_masked(policies: Runner) -> None:
    shown = str(policies("SHOW RESOURCES"))
    assert "******" in shown
    assert "hidden" not in shown


def test_policies_are_shown_and_changed(policies: Runner) -> None:
    (row,) = policies("SHOW STORAGE POLICY")
    assert (row[0], *row[2:]) == ("pol", "0", "STORAGE", "rs3", "-1", "604800")
    policies("ALTER STORAGE POLICY pol PROPERTIES ('cooldown_ttl' = '12h')")
    (row,) = policies("SHOW STORAGE POLICY")
    assert (row[2], row[6]) == ("1", "43200")
    policies("DROP STORAGE POLICY pol")
    policies("DROP RESOURCE rs3")
    policies("DROP STORAGE POLICY IF EXISTS pol")
    policies("DROP RESOURCE IF EXISTS rs3")
    assert list(policies("SHOW RESOURCES")) == []


def test_policies_of_tables_and_partitions(run: Runner) -> None:
    run(f"CREATE RESOURCE IF NOT EXISTS rs4 PROPERTIES ({GIVEN})")
    run("CREATE STORAGE POLICY IF NOT EXISTS late PROPERTIES ('storage_resource' = 'rs4', 'cooldown_ttl' = '1d')")
    run(
        "CREATE STORAGE POLICY IF NOT EXISTS gone PROPERTIES ('storage_resource' = 'rs4', "
        "'cooldown_datetime' = '2020-01-01 00:00:00')"
    )
    tail = "DISTRIBUTED BY HASH(v) BUCKETS 1 PROPERTIES ('replication_num' = '1'{})"
    months = (
        "PARTITION BY RANGE (k) (PARTITION a VALUES LESS THAN ('2024-02-01'), PARTITION b VALUES LESS THAN MAXVALUE)"
    )
    columns = "(k DATE NOT NULL, v INT)"
    run(f"CREATE TABLE f {columns} DUPLICATE KEY(k) {months} {tail.format('')}")
    run("ALTER TABLE f MODIFY PARTITION (a) SET ('storage_policy' = 'late')")
    assert [row[12] for row in run("SHOW PARTITIONS FROM f")] == ["late", ""]
    assert run("SHOW STORAGE POLICY USING FOR late") == [("late", "d", "f", "a")]
    assert run.error("DROP STORAGE POLICY late") == "the policy late is used by table: f"
    assert "should later than now" in run.error("ALTER TABLE f MODIFY PARTITION (b) SET ('storage_policy' = 'gone')")
    missing = "Storage policy does not exist. name: nopol"
    assert run.error("ALTER TABLE f SET ('storage_policy' = 'nopol')") == missing
    policy = ", 'storage_policy' = 'late'"
    assert run.error(f"CREATE TABLE u (v INT, k DATE) UNIQUE KEY(v) {tail.format(policy)}") == (
        "Can not create UNIQUE KEY table that enables Merge-On-write with storage policy(late)"
    )
    assert "refuses a storage policy on AGGREGATE KEY tables" in run.error(
        f"CREATE TABLE u (v INT, k DATE MAX) AGGREGATE KEY(v) {tail.format(policy)}"
    )
