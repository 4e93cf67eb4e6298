"""Order among the bounds of RANGE partitions, which are kept as Doris text, one for each partition column.

A lower bound that is None in every column is MINVALUE, an upper one MAXVALUE. Where fewer values are written than there
are columns, the least value of the others' types stands in their place.
"""

from __future__ import annotations

from collections.abc import Sequence

from nereus.warehouse.embedded.types import DorisType

#: Compares with others of the same column type.
Order = tuple[int, int, str]
#: Compares with others of the same partition columns.
Key = tuple[Order, ...]
#: The texts of one bound.
Texts = Sequence[str | None]


def low_order(bound: str | None, kind: DorisType) -> Order:
    """Of a lower bound; None is MINVALUE."""
    return (-1, 0, "") if bound is None else _order(bound, kind)


def low_key(bound: Texts, kinds: Sequence[DorisType]) -> Key:
    """Of a lower bound."""
    return tuple(low_order(text, kind) for text, kind in zip(bound, kinds, strict=True))


def high_key(bound: Texts, kinds: Sequence[DorisType]) -> Key:
    """Of an upper bound."""
    return tuple((1, 0, "") if text is None else _order(text, kind) for text, kind in zip(bound, kinds, strict=True))


def overlap(one: tuple[Texts, Texts], other: tuple[Texts, Texts], kinds: Sequence[DorisType]) -> bool:
    """Whether two ranges [lower, upper) share a value."""
    return low_key(one[0], kinds) < high_key(other[1], kinds) and low_key(other[0], kinds) < high_key(one[1], kinds)


def _order(bound: str, kind: DorisType) -> Order:
    # Dates have a fixed width: their texts are in order.
    return (0, int(bound), "") if kind.is_integer else (0, 0, bound)
