"""Decimals are tried in 64 bits first; where they outgrow them the client sees nothing but the exact answer."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from nereus.warehouse.embedded.session import Session
from tests.unit.warehouse.embedded.session.asking import ask, do

BIG = Decimal("9999999999999.99")
#: BIG squared, exactly: Python's own decimals would round it to 28 digits.
SQUARE = Decimal("99999999999999800000000000.0001")


@pytest.fixture
def amounts(root: Session) -> Iterator[Session]:
    do(root, "CREATE DATABASE wide")
    do(
        root,
        "CREATE TABLE wide.t (k INT, a DECIMAL(15,2), b DECIMAL(15,2)) DUPLICATE KEY(k) "
        "DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES ('replication_num' = '1')",
    )
    do(root, f"INSERT INTO wide.t VALUES (1, 2.50, 4.00), (2, {BIG}, {BIG})")
    yield root
    do(root, "DROP DATABASE wide FORCE")


def test_a_product_that_outgrows_64_bits_is_exact(amounts: Session) -> None:
    assert ask(amounts, "SELECT a * b FROM wide.t ORDER BY k") == [(Decimal("10.0000"),), (SQUARE,)]


def test_the_same_inside_an_aggregate(amounts: Session) -> None:
    assert ask(amounts, "SELECT sum(a * b) FROM wide.t") == [(Decimal("99999999999999800000000010.0001"),)]


def test_small_values_need_no_second_try(amounts: Session) -> None:
    assert ask(amounts, "SELECT a * b FROM wide.t WHERE k = 1") == [(Decimal("10.0000"),)]
