"""Whether the warehouse and DuckDB gave the same rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

#: Two doubles may differ by this share: their sums are taken in another order on each run.
DOUBLE_TOLERANCE = 1e-9

Row = Sequence[Any]


def difference(wire: Sequence[Row], native: Sequence[Row]) -> str | None:
    """The first difference in words, or None for the same rows in the same order.

    Integers, decimals, texts and days must be equal. Doubles may differ by DOUBLE_TOLERANCE. Where Doris gives a
    decimal and DuckDB a double (AVG and division of decimals), they may also differ by one unit of the decimal's last
    digit: Doris has cut the rest off. A LARGEINT comes over MySQL's protocol as text, in Doris too.
    """
    if len(wire) != len(native):
        return f"{len(wire)} rows over the wire, {len(native)} natively"
    for number, (ours, theirs) in enumerate(zip(wire, native, strict=True)):
        if len(ours) != len(theirs):
            return f"{len(ours)} columns over the wire, {len(theirs)} natively"
        for column, (our, their) in enumerate(zip(ours, theirs, strict=True)):
            if not same(our, their):
                return f"row {number}, column {column}: {our!r} over the wire, {their!r} natively"
    return None


def same(wire: object, native: object) -> bool:
    """Whether two values are equal in the sense of `difference`."""
    if isinstance(wire, float) or isinstance(native, float):
        return _close(wire, native)
    if wire is None or native is None:
        return wire is native
    if isinstance(wire, str) and type(native) is int:
        return wire == str(native)
    if isinstance(wire, str) != isinstance(native, str):
        return False
    return wire == native


def _close(wire: object, native: object) -> bool:
    numbers = (int, float, Decimal)
    if not isinstance(wire, numbers) or not isinstance(native, numbers):
        return False
    unit = 10.0 ** int(wire.as_tuple().exponent) if isinstance(wire, Decimal) else 0.0
    return math.isclose(wire, native, rel_tol=DOUBLE_TOLERANCE, abs_tol=max(unit, 1e-12))
