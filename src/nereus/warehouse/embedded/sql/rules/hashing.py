"""Hash functions that give a number."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.sql import hashes
from nereus.warehouse.embedded.sql.registry import function
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, number, sql, typed
from nereus.warehouse.embedded.sql.rules.text_arguments import texts
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, INT


@function("murmur_hash3_32")
def murmur_hash3_32(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``murmur_hash3_32(s, t)`` -> the hash of t with the hash of s as its seed, as a signed INT"""
    hashed = _chained("murmur_hash3_32", 32, hashes.MURMUR3_32_SEED, args)
    return typed(sql("CAST(CASE WHEN h > 2147483647 THEN h - 4294967296 ELSE h END AS INTEGER)", h=hashed), INT, *args)


@function("murmur_hash3_64")
def murmur_hash3_64(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``murmur_hash3_64(s, t)`` -> the hash of t with the hash of s as its seed"""
    return typed(cast(_chained("murmur_hash3_64", 64, 0, args), BIGINT), BIGINT, *args)


def _chained(name: str, bits: int, seed: int, args: list[Typed]) -> exp.Expression:
    if not args:
        count_check(name, args, 1)
    found = number(seed)
    for value in texts(args):
        found = call(f"doris_murmur3_{bits}", value, found)
    return found
