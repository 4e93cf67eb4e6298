"""Order among the bounds of RANGE partitions, which are kept as Doris text."""

from __future__ import annotations

from nereus.warehouse.embedded.types import DorisType

#: Compares with others of the same column type.
Order = tuple[int, int, str]


def low_order(bound: str | None, kind: DorisType) -> Order:
    """Of a lower bound; None is MINVALUE."""
    return (-1, 0, "") if bound is None else _order(bound, kind)


def high_order(bound: str | None, kind: DorisType) -> Order:
    """Of an upper bound; None is MAXVALUE."""
    return (1, 0, "") if bound is None else _order(bound, kind)


def overlap(one: tuple[str | None, str | None], other: tuple[str | None, str | None], kind: DorisType) -> bool:
    """Whether two ranges [lower, upper) share a value."""
    return low_order(one[0], kind) < high_order(other[1], kind) and low_order(other[0], kind) < high_order(one[1], kind)


def _order(bound: str, kind: DorisType) -> Order:
    # Dates have a fixed width: their texts are in order.
    return (0, int(bound), "") if kind.is_integer else (0, 0, bound)
