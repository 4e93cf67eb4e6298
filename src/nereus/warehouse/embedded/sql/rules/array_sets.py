"""Functions of arrays as sets and sequences: distinct, union, push, pop, range, sums on the way."""

from __future__ import annotations

from functools import reduce

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.array_orders import contents, unordered
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, sql, twice, typed
from nereus.warehouse.embedded.sql.rules.coercion import common_type
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_, let
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INT,
    LARGEINT,
    SMALLINT,
    DorisType,
    array,
)

_DISTINCT = "list_filter(l, lambda x, i: list_position(l, x) = i)"


def element(name: str, value: Typed) -> DorisType:
    """The type of an array's elements. Raises Refused for anything else."""
    if value.type.name != "array":
        raise Refused(f"{name} of {value.type}", "Give it an array.")
    return value.type.args[0]


def plain(name: str, value: Typed) -> DorisType:
    """The same, where elements are compared: no arrays, maps or structs in it."""
    found = element(name, value)
    if found.args or found.name in ("json", "variant", "float", "double"):
        raise Refused(f"{name} of {value.type}", "Give it an array of integers, decimals, dates or texts.")
    return found


def as_arrays(name: str, args: list[Typed]) -> tuple[list[Typed], DorisType]:
    """Arrays with elements of one type: ``[1], [300]`` -> two of smallint."""
    for arg in args:
        plain(name, arg)
    found = common_type(arg.type.args[0] for arg in args)
    if found is None or len({arg.type.args[0].is_text for arg in args if arg.type.args[0].name != "null"}) > 1:
        raise Refused(f"{name} of {' and '.join(str(arg.type) for arg in args)}", "Cast them to one type.")
    return [as_array(arg, found) for arg in args], array(found)


def as_array(value: Typed, to: DorisType) -> Typed:
    """An array with its elements cast one by one."""
    if value.type.args[0] == to:
        return value
    item = casts.implicit(Typed(_item(), value.type.args[0]), to)
    node = call("list_transform", value, lambda_("b", "e", b=item))
    return typed(cast(node, array(to)), array(to), value)


def _item() -> exp.Expression:
    return exp.Column(this=exp.Identifier(this="e", quoted=True))


def _beside(name: str, args: list[Typed]) -> tuple[Typed, Typed, DorisType]:
    """An array and one value, both in the type of the elements."""
    count_check(name, args, 2)
    of = element(name, args[0])
    wanted = literals.beside(args[1], of)
    same = wanted.type == of or (wanted.type.is_text and of.is_text) or wanted.type.name == "null"
    narrower = wanted.type.is_integer and of.is_integer and common_type([of, wanted.type]) == of
    if not (same or narrower) or of.args:
        raise Refused(f"{name} of {wanted.type} in {args[0].type}", "Cast it to the element type.")
    return args[0], casts.implicit(wanted, of), of


@function("array_distinct")
def array_distinct(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_distinct([1, 1, NULL, NULL])`` -> [1, NULL], each element where it came first"""
    count_check("array_distinct", args, 1)
    plain("array_distinct", args[0])
    return typed(let("l", args[0], _DISTINCT), args[0].type, *args)


@function("array_except")
def array_except(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_except([1, 2, 2, 3], [2])`` -> [1, 3]"""
    count_check("array_except", args, 2)
    arrays, type_ = as_arrays("array_except", args)
    twice(args[1], "array_except")
    body = f"list_filter({_DISTINCT}, lambda x: coalesce(list_position(r, x), 0) = 0)"
    node = let("l", arrays[0], body, r=arrays[1])
    return typed(sql("CASE WHEN a IS NOT NULL THEN v END", a=arrays[1].node.copy(), v=node), type_, *args)


@function("array_union")
def array_union(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_sort(array_union([1, 2], [2, NULL]))`` -> [NULL, 1, 2]; its own order is that of a hash table"""
    arrays, type_ = _several("array_union", args)
    return unordered("array_union", let("l", _together(arrays), _DISTINCT), type_, args)


@function("array_intersect")
def array_intersect(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_sort(array_intersect([1, 2, 2], [2, 3]))`` -> [2]; NULL where every array has one"""
    arrays, type_ = _several("array_intersect", args)
    missing = reduce(lambda found, item: sql("m OR a IS NULL", m=found, a=item.node.copy()), arrays, sql("FALSE"))
    node = let("l", arrays[0], _DISTINCT)
    for other in arrays[1:]:
        test = lambda_("coalesce(list_position(r, x), 0) > 0", "x", r=other)
        node = call("list_filter", node, test)
    return unordered("array_intersect", sql("CASE WHEN NOT (m) THEN v END", m=missing, v=node), type_, args)


def _several(name: str, args: list[Typed]) -> tuple[list[Typed], DorisType]:
    if len(args) < 2:
        raise DorisError(f"Can not found function '{name}' which has {len(args)} arity.")
    for arg in args:
        twice(arg, name)
    return as_arrays(name, [contents(arg) for arg in args])


@function("array_concat")
def array_concat(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_concat([1], [2, 3])`` -> ``list_concat([1], [2, 3])``; NULL if any is NULL"""
    if not args:
        raise DorisError("Can not found function 'array_concat' which has 0 arity.")
    arrays, type_ = as_arrays("array_concat", args)
    return typed(_together(arrays), type_, *args)


def _together(arrays: list[Typed]) -> exp.Expression:
    """All elements behind each other; NULL if any array is NULL."""
    missing = reduce(lambda found, item: sql("m OR a IS NULL", m=found, a=item.node.copy()), arrays, sql("FALSE"))
    for item in arrays:
        twice(item, "array_concat")
    node = reduce(lambda left, item: call("list_concat", left, item), arrays[1:], arrays[0].node)
    return sql("CASE WHEN NOT (m) THEN v END", m=missing, v=node)


@function("array_compact")
def array_compact(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_compact([1, 1, 2, 1])`` -> [1, 2, 1]: no element equals the one before it"""
    count_check("array_compact", args, 1)
    plain("array_compact", args[0])
    body = "list_filter(l, lambda x, i: i = 1 OR list_extract(l, i - 1) IS DISTINCT FROM x)"
    return typed(let("l", args[0], body), args[0].type, *args)


@function("array_remove")
def array_remove(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_remove([1, 2, NULL], 2)`` -> [1, NULL]"""
    value, wanted, _ = _beside("array_remove", args)
    if args[1].type.name == "null":
        raise Refused("array_remove of NULL", "Write array_filter(x -> x is not null, a).")
    twice(wanted, "array_remove")
    return typed(call("list_filter", value, lambda_("x IS DISTINCT FROM w", "x", w=wanted)), value.type, *args)


@function("countequal")
def countequal(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``countequal([1, 1, 2], 1)`` -> 2; NULL equals NULL"""
    value, wanted, _ = _beside("countequal", args)
    found = call("list_filter", value, lambda_("x IS NOT DISTINCT FROM w", "x", w=twice(wanted, "countequal")))
    return typed(call("len", found), BIGINT, *args)


@function("array_pushback")
def array_pushback(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_pushback([1], 2)`` -> [1, 2]; NULL for NULL"""
    value, wanted, _ = _beside("array_pushback", args)
    twice(value, "array_pushback")
    node = sql("CASE WHEN a IS NOT NULL THEN list_append(a, x) END", a=value, x=wanted)
    return typed(node, value.type, *args)


@function("array_pushfront")
def array_pushfront(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_pushfront([1], 2)`` -> [2, 1]; NULL for NULL"""
    value, wanted, _ = _beside("array_pushfront", args)
    twice(value, "array_pushfront")
    node = sql("CASE WHEN a IS NOT NULL THEN list_prepend(x, a) END", a=value, x=wanted)
    return typed(node, value.type, *args)


def _cut(name: str, template: str) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        element(name, args[0])
        return typed(let("l", args[0], template), args[0].type, *args)

    rule.__doc__ = f"``{name}(l)`` -> ``{template}``"
    return rule


function("array_popback")(_cut("array_popback", "list_slice(l, 1, len(l) - 1)"))
function("array_popfront")(_cut("array_popfront", "list_slice(l, 2, len(l))"))


def _repeated(name: str, value: Typed, count: Typed) -> Typed:
    if value.type.name == "null":
        raise Refused(f"{name} of NULL", "Cast the NULL.")
    amount = casts.cast_to(count, BIGINT)
    node = call("list_transform", sql("range(coalesce(n, 0))", n=amount), lambda_("v", "i", v=value))
    return typed(cast(node, array(value.type)), array(value.type), value, count)


@function("array_repeat")
def array_repeat(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_repeat('a', 2)`` -> ['a', 'a']; [] for a count of NULL"""
    count_check("array_repeat", args, 2)
    return _repeated("array_repeat", args[0], args[1])


@function("array_with_constant")
def array_with_constant(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_with_constant(2, 'a')`` -> ['a', 'a']"""
    count_check("array_with_constant", args, 2)
    return _repeated("array_with_constant", args[1], args[0])


@function("array_range", "sequence")
def array_range(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_range(2, 6, 2)`` -> ``range(2, 6, 2)`` as integers; NULL below 0 or without a step"""
    count_check("array_range", args, 1, 2, 3)
    plain_numbers = all(arg.type.is_integer or arg.type.name == "null" for arg in args)
    if not plain_numbers or any(isinstance(arg.node, exp.Interval) for arg in args):
        raise Refused("array_range of anything but integers", "Cast them to int.")
    values = [casts.cast_to(arg, INT) for arg in args]
    zero, one = literals.integer_as(0, INT), literals.integer_as(1, INT)
    start, end = (zero, values[0]) if len(values) == 1 else (values[0], values[1])
    step = values[2] if len(values) == 3 else one
    for value in (start, end, step):
        twice(value, "array_range")
    node = sql(
        "CASE WHEN a >= 0 AND b >= 0 AND s > 0 THEN CAST(range(a, b, s) AS INTEGER[]) END", a=start, b=end, s=step
    )
    return typed(node, array(INT), *args)


@function("array_enumerate")
def array_enumerate(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_enumerate(['a', 'b'])`` -> [1, 2]"""
    count_check("array_enumerate", args, 1)
    element("array_enumerate", args[0])
    return typed(let("l", args[0], "CASE WHEN l IS NOT NULL THEN range(1, len(l) + 1) END"), array(BIGINT), *args)


@function("array_avg")
def array_avg(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_avg([1, 2, NULL])`` -> 1.5; decimals are refused"""
    count_check("array_avg", args, 1)
    of = element("array_avg", args[0])
    if not (of.is_integer or of == DOUBLE) or of == LARGEINT:
        raise Refused(f"array_avg of {args[0].type}", "Cast it to array<double>.")
    return typed(call("list_avg", args[0]), DOUBLE, *args)


_WIDER = {"tinyint": SMALLINT, "smallint": INT, "int": BIGINT, "bigint": LARGEINT, "double": DOUBLE}


@function("array_difference")
def array_difference(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_difference([1, 3, 6])`` -> [0, 2, 3], one size up"""
    count_check("array_difference", args, 1)
    of = element("array_difference", args[0])
    to = _WIDER.get(of.name)
    if to is None:
        raise Refused(f"array_difference of {args[0].type}", "Cast it to array<bigint> or array<double>.")
    value = as_array(args[0], to)
    body = "list_transform(l, lambda x, i: CASE WHEN i = 1 THEN x - x ELSE x - list_extract(l, i - 1) END)"
    return typed(cast(let("l", value, body), array(to)), array(to), *args)


@function("arrays_overlap")
def arrays_overlap(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``arrays_overlap([1, 2], [2, 3])`` -> ``list_has_any([1, 2], [2, 3])``; a NULL in both counts too"""
    count_check("arrays_overlap", args, 2)
    (left, right), _ = as_arrays("arrays_overlap", [contents(arg) for arg in args])
    for item in (left, right):
        twice(item, "arrays_overlap")
    node = sql("list_has_any(a, b) OR (list_count(a) < len(a) AND list_count(b) < len(b))", a=left, b=right)
    return typed(node, BOOLEAN, *args)


@function("array_contains_all")
def array_contains_all(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_contains_all([1, 2, 3], [2, 3])`` -> whether the second stands in the first as one piece"""
    count_check("array_contains_all", args, 2)
    (left, right), _ = as_arrays("array_contains_all", args)
    for item in (left, right):
        twice(item, "array_contains_all")
    places = sql("range(1, len(a) - len(b) + 2)", a=left.node.copy(), b=right.node.copy())
    test = lambda_(
        "list_slice(l, i, i + len(r) - 1) IS NOT DISTINCT FROM r", "i", l=left.node.copy(), r=right.node.copy()
    )
    node = sql(
        "CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN len(b) = 0 OR len(f) > 0 END",
        a=left,
        b=right,
        f=call("list_filter", places, test),
    )
    return typed(node, BOOLEAN, *args)


@function("array_flatten")
def array_flatten(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_flatten([[[1], [2]], [[3]]])`` -> [1, 2, 3]: all levels"""
    count_check("array_flatten", args, 1)
    node, type_ = args[0].node, args[0].type
    element("array_flatten", args[0])
    while type_.args[0].name == "array":
        node, type_ = call("flatten", node), type_.args[0]
    return typed(node, type_, *args)


@function("array_cum_sum")
def array_cum_sum(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_cum_sum([1, NULL, 2])`` -> [1, NULL, 3] as bigint or double"""
    count_check("array_cum_sum", args, 1)
    of = element("array_cum_sum", args[0])
    if not (of.is_integer or of == DOUBLE) or of == LARGEINT:
        raise Refused(f"array_cum_sum of {args[0].type}", "Cast it to array<bigint> or array<double>.")
    to = DOUBLE if of == DOUBLE else BIGINT
    body = "list_transform(l, lambda x, i: CASE WHEN x IS NOT NULL THEN list_sum(list_slice(l, 1, i)) END)"
    return typed(cast(let("l", args[0], body), array(to)), array(to), *args)


@function("array_product")
def array_product(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``array_product([2.5e0, 4e0])`` -> 10 for doubles; other types are refused"""
    count_check("array_product", args, 1)
    if element("array_product", args[0]) != DOUBLE:
        raise Refused(f"array_product of {args[0].type}", "Cast it to array<double>.")
    body = "list_reduce(list_filter(l, lambda x: x IS NOT NULL), lambda x, y: x * y)"
    return typed(let("l", args[0], f"CASE WHEN list_count(l) > 0 THEN {body} END"), DOUBLE, *args)


@function("split_by_char")
def split_by_char(args: list[Typed], facts: SessionFacts) -> Typed:
    """``split_by_char('a,b', ',')`` -> the same as split_by_string"""
    from nereus.warehouse.embedded.sql.rules.string_search import split_by_string

    return split_by_string(args, facts)
