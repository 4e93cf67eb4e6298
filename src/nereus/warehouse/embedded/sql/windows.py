"""OVER (...): frames as Doris checks them, around the aggregate calls that a rule has marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.registry import is_aggregate_call
from nereus.warehouse.embedded.sql.tree import Bound, SortItem, Window
from nereus.warehouse.embedded.sql.typed import Typed

_NO_FRAME = frozenset({"lag", "lead"})
_FIXED_FRAMES = {
    "rank": "RANGE",
    "dense_rank": "RANGE",
    "percent_rank": "RANGE",
    "cume_dist": "RANGE",
    "row_number": "ROWS",
    "ntile": "ROWS",
}


def over(
    call: exp.Expression,
    spec: Window,
    partition: list[exp.Expression],
    order: list[tuple[Typed, SortItem]],
    name: str,
) -> exp.Expression:
    """``CAST(sum(x) AS BIGINT)`` -> ``CAST(sum(x) OVER (...) AS BIGINT)``."""
    if name == "first_value" and call.find(exp.IgnoreNulls) is None:
        spec = _first(spec)
    frame = _frame(spec, name)

    def window(node: exp.Expression) -> exp.Expression:
        return exp.Window(
            this=node.copy(),
            partition_by=[item.copy() for item in partition],
            order=exp.Order(expressions=[ordered(value, item) for value, item in order]) if order else None,
            spec=frame.copy() if frame is not None else None,
        )

    return _wrap(call, window)


def _first(spec: Window) -> Window:
    """first_value() over a frame that begins at the current row or after it looks at that one row alone."""
    if spec.start is None or spec.start.kind == "PRECEDING":
        return spec
    _check(spec.unit or "ROWS", spec.start, spec.end or Bound("CURRENT"))
    return replace(spec, unit="ROWS", end=spec.start)


def ordered(value: Typed, item: SortItem) -> exp.Expression:
    """One sort key with its direction and the place of NULLs written out."""
    return exp.Ordered(this=value.node.copy(), desc=item.descending, nulls_first=item.nulls_first)


def _wrap(node: exp.Expression, window: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
    """`node` with every marked call in a window; calls inside a marked call are its arguments and stay."""
    if is_aggregate_call(node):
        return window(node)
    for name, value in list(node.args.items()):
        if isinstance(value, exp.Expression):
            node.set(name, _wrap(value, window))
        elif isinstance(value, list):
            node.set(name, [_wrap(item, window) if isinstance(item, exp.Expression) else item for item in value])
    return node


def _frame(spec: Window, name: str) -> exp.Expression | None:
    if spec.unit is None or spec.start is None:
        return None
    if not spec.order:
        raise DorisError("WindowFrame clause requires OrderBy clause")
    start, end = spec.start, spec.end or Bound("CURRENT")
    _check(spec.unit, start, end)
    if name in _NO_FRAME:
        raise DorisError(f"WindowFrame for {name.upper()}() must be null")
    return exp.WindowSpec(
        kind=spec.unit,
        start=_value(start),
        start_side=None if start.kind == "CURRENT" else start.kind,
        end=_value(end),
        end_side=None if end.kind == "CURRENT" else end.kind,
    )


def _check(unit: str, start: Bound, end: Bound) -> None:
    if start.kind == "FOLLOWING" and start.value is None:
        raise DorisError("WindowFrame in any window function cannot use UNBOUNDED FOLLOWING as left boundary")
    if start.kind == "FOLLOWING" and end.kind != "FOLLOWING":
        raise DorisError(
            "WindowFrame with FOLLOWING left boundary requires UNBOUNDED FOLLOWING or FOLLOWING right boundary"
        )
    if end.kind == "PRECEDING" and end.value is None:
        raise DorisError("WindowFrame in any window function cannot use UNBOUNDED PRECEDING as right boundary")
    if end.kind == "PRECEDING" and start.kind != "PRECEDING":
        raise DorisError(
            "WindowFrame with PRECEDING right boundary requires UNBOUNDED PRECEDING or PRECEDING left boundary"
        )
    offsets = start.value is not None or end.value is not None
    if unit == "RANGE" and (offsets or start.kind == end.kind == "CURRENT"):
        raise DorisError(
            "WindowFrame with RANGE must use both UNBOUNDED boundary or one UNBOUNDED boundary and one CURRENT ROW"
        )
    for bound in (start, end):
        if bound.value is None:
            continue
        text = bound.value.name
        if bound.value.is_string or not text.isdigit():
            raise DorisError("BoundOffset of ROWS WindowFrame must be an Integer")
        if int(text) <= 0:
            raise DorisError("BoundOffset of WindowFrame must be positive")


def _value(bound: Bound) -> str | exp.Expression:
    if bound.kind == "CURRENT":
        return "CURRENT ROW"
    return "UNBOUNDED" if bound.value is None else bound.value.copy()
