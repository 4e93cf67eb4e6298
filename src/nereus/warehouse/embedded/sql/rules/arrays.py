"""Arrays."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts, literals, maps
from nereus.warehouse.embedded.sql.rules.array_orders import contents
from nereus.warehouse.embedded.sql.rules.build import MAX_PRECISION, call, cast, count_check, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.coercion import common_type
from nereus.warehouse.embedded.sql.rules.text_arguments import constant_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, DOUBLE, STRING, TINYINT, DorisType, array, decimal

#: A length that no array has.
_ALL = 1 << 31


@function("array")
def array_(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array(1, 2)`` or ``[1, 2]`` -> ``[1, 2]`` in the common type of its elements"""
    found = common_type(arg.type for arg in args)
    if found is None:
        raise DorisError("Can not find the compatibility function signature: array")
    if found.name == "null":
        found = TINYINT
    if len({arg.type.is_text for arg in args if arg.type.name != "null"}) > 1:
        raise Refused("an array of texts and other values", "Cast them to one type.")
    type_ = array(found)
    return typed(cast(exp.Array(expressions=[casts.implicit(arg, found).node for arg in args]), type_), type_, *args)


def _array(name: str, value: Typed) -> DorisType:
    if value.type.name != "array":
        raise Refused(f"{name} of {value.type}", "Give it an array.")
    return value.type.args[0]


@function("size", "array_size", "cardinality")
def size(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``size(a)`` -> ``len(a)``; of a map the number of its entries"""
    count_check("size", args, 1)
    if args[0].type.name == "map":
        return maps.sized(args[0])
    _array("size", args[0])
    return typed(call("len", contents(args[0])), BIGINT, *args)


@function("element_at")
def element_at(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``a[2]`` -> ``list_extract(a, 2)``: from 1, from the end below 0, NULL outside; of a map by its key"""
    count_check("element_at", args, 2)
    if args[0].type.name == "map":
        return maps.extracted(args)
    element = _array("element_at", args[0])
    place = casts.cast_to(args[1], BIGINT)
    return typed(call("list_extract", args[0], place), element, *args)


@function("array_contains")
def array_contains(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_contains(a, 1)`` -> ``list_contains(a, 1)``"""
    count_check("array_contains", args, 2)
    wanted = _element("array_contains", args)
    return typed(call("list_contains", contents(args[0]), wanted), BOOLEAN, *args)


@function("array_position")
def array_position(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_position(a, 1)`` -> ``coalesce(list_position(a, 1), 0)``"""
    count_check("array_position", args, 2)
    value, wanted = twice(args[0], "array_position"), _element("array_position", args)
    node = sql("CASE WHEN a IS NOT NULL THEN coalesce(CAST(list_position(a, b) AS BIGINT), 0) END", a=value, b=wanted)
    return typed(node, BIGINT, *args)


def _element(name: str, args: list[Typed]) -> Typed:
    """The second argument in the element type of the first."""
    element = _array(name, args[0])
    wanted = literals.beside(args[1], element)
    same = wanted.type == element or (wanted.type.is_text and element.is_text)
    whole = wanted.type.is_integer and element.is_integer
    if not (same or whole) or element.args:
        raise Refused(f"{name} of {wanted.type} in {args[0].type}", "Cast it to the element type.")
    return casts.implicit(wanted, element) if not whole else wanted


@function("array_join")
def array_join(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_join(a, ',')`` -> ``array_to_string(a, ',')``: NULLs are left out"""
    count_check("array_join", args, 2)
    element = _array("array_join", args[0])
    if not (element.is_integer or element.is_text):
        raise Refused(f"array_join of {args[0].type}", "Cast it to array<string>.")
    return typed(
        call("array_to_string", args[0], text(constant_text("array_join", "separator", args[1]))), STRING, *args
    )


def _same(name: str, target: str) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        element = _array(name, args[0])
        if element.args or element.name in ("json", "variant"):
            raise Refused(f"{name} of {args[0].type}", "Give it an array of numbers, dates or texts.")
        # DuckDB forgets the type of a constant NULL that it sorts.
        return typed(cast(sql(target, a=contents(args[0])), args[0].type), args[0].type, *args)

    rule.__doc__ = f"``{name}(a)`` -> ``{target}``"
    return rule


function("array_sort")(_same("array_sort", "list_sort(a, 'ASC', 'NULLS FIRST')"))
function("array_reverse_sort")(_same("array_reverse_sort", "list_sort(a, 'DESC', 'NULLS LAST')"))


@function("array_max")
def array_max(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_max(a)`` -> ``list_max(a)``"""
    return _extreme("array_max", "list_max", args)


@function("array_min")
def array_min(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_min(a)`` -> ``list_min(a)``"""
    return _extreme("array_min", "list_min", args)


def _extreme(name: str, target: str, args: list[Typed]) -> Typed:
    count_check(name, args, 1)
    element = _array(name, args[0])
    if not (element.is_integer or element.is_date or element.is_text or element.name in ("decimal", "double")):
        raise Refused(f"{name} of {args[0].type}", "Give it an array of numbers, dates or texts.")
    return typed(call(target, contents(args[0])), element, *args)


@function("array_sum")
def array_sum(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_sum(a)`` -> ``CAST(list_sum(a) AS BIGINT)``; doubles stay doubles"""
    count_check("array_sum", args, 1)
    element = _array("array_sum", args[0])
    if element == DOUBLE:
        return typed(call("list_sum", args[0]), DOUBLE, *args)
    if element.name == "decimal":
        wide = decimal(MAX_PRECISION, element.scale or 0)
        return typed(cast(call("list_sum", args[0]), wide), wide, *args)
    if not element.is_integer or element.name == "largeint":
        raise Refused(f"array_sum of {args[0].type}", "Cast it to array<bigint> or array<double>.")
    return typed(cast(call("list_sum", args[0]), BIGINT), BIGINT, *args)


@function("array_slice")
def array_slice(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_slice(a, 2, 3)`` -> ``list_slice(a, 2, 4)``: a start from 1 (from the end below 0) and a length"""
    count_check("array_slice", args, 2, 3)
    _array("array_slice", args[0])
    twice(args[0], "array_slice")
    start = twice(casts.cast_to(args[1], BIGINT), "array_slice")
    length = casts.cast_to(args[2], BIGINT) if len(args) == 3 else literals.integer_as(_ALL, BIGINT)
    node = sql(
        "CASE WHEN p IS NULL OR n IS NULL THEN NULL WHEN p = 0 OR n <= 0 OR p < -len(a) THEN list_slice(a, 1, 0)"
        " WHEN p > 0 THEN list_slice(a, p, p + n - 1)"
        " ELSE list_slice(a, len(a) + p + 1, len(a) + p + n) END",
        a=args[0],
        p=start,
        n=twice(length, "array_slice"),
    )
    return typed(node, args[0].type, *args)
