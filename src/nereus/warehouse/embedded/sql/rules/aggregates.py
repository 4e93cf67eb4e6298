"""Aggregate functions."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import AggregateRule, aggregate, aggregate_call
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import (
    MAX_PRECISION,
    call,
    cast,
    count_check,
    number,
    scaled,
    sql,
    text,
    unwidened,
)
from nereus.warehouse.embedded.sql.rules.coercion import as_decimal
from nereus.warehouse.embedded.sql.rules.text_arguments import constant
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    LARGEINT,
    TINYINT,
    VARCHAR,
    DorisType,
    array,
    decimal,
)

Order = list[tuple[Typed, bool]]

#: Fractional digits that avg() of a decimal has at least.
_AVERAGE_SCALE = 4
_OBJECTS = ("bitmap", "hll", "quantile_state", "json", "variant", "map", "struct", "array")


def _result(node: exp.Expression, type_: DorisType, args: list[Typed]) -> Typed:
    return Typed(node, type_, volatile=any(arg.volatile for arg in args), aggregate=True)


def _called(name: str, value: exp.Expression | Typed, distinct: bool = False) -> exp.Expression:
    node = value.node if isinstance(value, Typed) else value
    return aggregate_call(call(name, exp.Distinct(expressions=[node]) if distinct else node))


def _one(name: str, args: list[Typed], order: Order) -> Typed:
    count_check(name, args, 1)
    if order:
        raise DorisError(f"{name} doesn't support order by expression")
    return args[0]


@aggregate("count")
def count(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``count(*)``, ``count(a)``, ``count(DISTINCT a)`` -> the same; ``count(DISTINCT a, b)`` skips rows with a NULL"""
    if order:
        raise DorisError("count doesn't support order by expression")
    if not args:
        if distinct:
            raise DorisError("Can not count distinct empty arguments")
        return _result(aggregate_call(call("count", exp.Star())), BIGINT, args)
    if len(args) == 1:
        if distinct and args[0].type.name in _OBJECTS:
            raise DorisError(f"COUNT DISTINCT could not process type {args[0].type}")
        return _result(_called("count", args[0], distinct), BIGINT, args)
    if not distinct:
        raise DorisError("COUNT must have DISTINCT for multiple arguments")
    filled: exp.Expression = sql("a IS NOT NULL", a=args[0].node.copy())
    for arg in args[1:]:
        filled = exp.And(this=filled, expression=sql("a IS NOT NULL", a=arg.node.copy()))
    counted = call("count", exp.Distinct(expressions=[call("row", *args)]))
    return _result(aggregate_call(exp.Filter(this=counted, expression=exp.Where(this=filled))), BIGINT, args)


@aggregate("sum")
def sum_(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``sum(int)`` -> ``CAST(sum(x) AS BIGINT)``; ``sum(decimal(p,s))`` -> decimal(38,s); text as double"""
    value = _summable("sum", _one("sum", args, order))
    source = value.type
    if source.is_integer:
        if source == LARGEINT:
            return _result(_called("sum", value, distinct), LARGEINT, args)
        return _result(cast(_called("sum", value, distinct), BIGINT), BIGINT, args)
    if source.name == "decimal":
        return _result(
            _called("sum", _looked_through(value), distinct), decimal(MAX_PRECISION, source.scale or 0), args
        )
    return _result(_called("sum", value, distinct), DOUBLE, args)


@aggregate("multi_distinct_count")
def multi_distinct_count(args: list[Typed], distinct: bool, order: Order, facts: SessionFacts) -> Typed:
    """``multi_distinct_count(a)`` -> ``count(DISTINCT a)``, for which Doris' planner itself writes it"""
    count_check("multi_distinct_count", args, 1)
    return count(args, True, order, facts)


@aggregate("multi_distinct_sum")
def multi_distinct_sum(args: list[Typed], distinct: bool, order: Order, facts: SessionFacts) -> Typed:
    """``multi_distinct_sum(a)`` -> ``sum(DISTINCT a)``"""
    count_check("multi_distinct_sum", args, 1)
    if not (args[0].type.is_numeric or args[0].type.name in ("boolean", "null")):
        raise DorisError(f"sum requires a numeric or boolean parameter: multi_distinct_sum({args[0].type})")
    return sum_(args, True, order, facts)


@aggregate("multi_distinct_sum0")
def multi_distinct_sum0(args: list[Typed], distinct: bool, order: Order, facts: SessionFacts) -> Typed:
    """``multi_distinct_sum0(a)`` -> ``coalesce(sum(DISTINCT a), 0)``"""
    total = multi_distinct_sum(args, distinct, order, facts)
    return _result(call("coalesce", total, cast(exp.Literal.number(0), total.type)), total.type, args)


@aggregate("sum0")
def sum0(args: list[Typed], distinct: bool, order: Order, facts: SessionFacts) -> Typed:
    """``sum0(x)`` -> ``coalesce(sum(x), 0)``"""
    total = sum_(args, distinct, order, facts)
    return _result(call("coalesce", total, cast(exp.Literal.number(0), total.type)), total.type, args)


def _summable(name: str, value: Typed) -> Typed:
    if value.type.name in ("null", "boolean"):
        return casts.cast_to(value, TINYINT)
    if value.type.is_text:
        return casts.cast_to(value, DOUBLE)
    if not value.type.is_numeric:
        raise DorisError(f"{name} requires a numeric, boolean or string parameter")
    return value


def _looked_through(value: Typed) -> exp.Expression:
    """A decimal without casts that only add digits: its sum has 38 digits either way."""
    node = unwidened(value.node)
    if not isinstance(node, exp.Case):
        return node
    found = node.copy()
    for branch in found.args["ifs"]:
        branch.set("true", _short(branch.args["true"]))
    if found.args.get("default") is not None:
        found.set("default", _short(found.args["default"]))
    return found


def _short(node: exp.Expression) -> exp.Expression:
    """A result of CASE in as few digits as it needs."""
    node = unwidened(node)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string:
        digits = node.this.name
        scale = len(digits.partition(".")[2])
        return cast(node.this.copy(), decimal(max(1, len(digits.lstrip("-").replace(".", ""))), scale))
    return node


@aggregate("avg")
def avg(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``avg(int)`` -> double; ``avg(decimal(p,s))`` -> decimal(38, max(s,4)): sum through count, cut"""
    value = _summable("avg", _one("avg", args, order))
    if value.type.name != "decimal":
        return _result(
            _called("avg", casts.cast_to(value, DOUBLE) if value.type == LARGEINT else value, distinct), DOUBLE, args
        )
    source = as_decimal(value.type)
    scale = max(source.scale or 0, _AVERAGE_SCALE)
    total = _called("sum", value, distinct)
    counted = _called("count", value.node.copy(), distinct)
    shift = "1" + "0" * scale
    digits = sql("CAST(s * f AS HUGEINT) // c", s=total, f=cast(text(shift), decimal(scale + 1, 0)), c=counted)
    return _result(scaled(digits, decimal(MAX_PRECISION, scale)), decimal(MAX_PRECISION, scale), args)


@aggregate("min")
def min_(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``min(a)`` -> the same"""
    return _extreme("min", args, order)


@aggregate("max")
def max_(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``max(a)`` -> the same"""
    return _extreme("max", args, order)


def _extreme(name: str, args: list[Typed], order: Order) -> Typed:
    value = _one(name, args, order)
    if value.type.name in _OBJECTS:
        raise Refused(f"{name} of {value.type}", "Take a number, a date or a text out of it.")
    return _result(_called(name, value), TINYINT if value.type.name == "null" else value.type, args)


@aggregate("any_value", "any")
def any_value(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``any_value(a)`` -> the same"""
    value = _one("any_value", args, order)
    return _result(_called("any_value", value), value.type, args)


@aggregate("group_concat")
def group_concat(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``group_concat(a)`` -> ``string_agg(a, ',')``: a comma without a space; NULLs are skipped"""
    count_check("group_concat", args, 1, 2)
    value = casts.implicit(args[0], VARCHAR)
    separator = text(",")
    if len(args) == 2:
        if not isinstance(args[1].literal, str):
            raise Refused("a computed separator of group_concat", "Write a string literal.")
        separator = text(args[1].literal)
    if distinct and any(term.node != args[0].node for term, _ in order):
        raise Refused("group_concat(DISTINCT a ORDER BY b)", "Order by a itself.")
    if distinct and order and value.node != args[0].node:
        raise Refused("group_concat(DISTINCT number ORDER BY ...)", "Cast the number to string.")
    node = exp.Distinct(expressions=[value.node]) if distinct else value.node
    last: exp.Expression = separator
    if order:
        terms = [exp.Ordered(this=term.node.copy(), desc=desc, nulls_first=not desc) for term, desc in order]
        last = exp.Order(this=separator, expressions=terms)
    return _result(aggregate_call(call("string_agg", node, last)), VARCHAR, args)


@aggregate("max_by")
def max_by(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``max_by(a, b)`` -> ``arg_max_null(a, b)``: the a of the greatest b, even where it is NULL"""
    return _by("max_by", "arg_max_null", args, distinct, order)


@aggregate("min_by")
def min_by(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``min_by(a, b)`` -> ``arg_min_null(a, b)``"""
    return _by("min_by", "arg_min_null", args, distinct, order)


def _by(name: str, target: str, args: list[Typed], distinct: bool, order: Order) -> Typed:
    count_check(name, args, 2)
    if distinct or order:
        raise Refused(f"{name} with DISTINCT or ORDER BY", "Aggregate a subquery that has them.")
    return _result(aggregate_call(call(target, *args)), args[0].type, args)


@aggregate("group_bit_and")
def group_bit_and(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``group_bit_and(a)`` -> ``bit_and(a)``"""
    return _bits("group_bit_and", "bit_and", args, order)


@aggregate("group_bit_or")
def group_bit_or(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``group_bit_or(a)`` -> ``bit_or(a)``"""
    return _bits("group_bit_or", "bit_or", args, order)


@aggregate("group_bit_xor")
def group_bit_xor(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``group_bit_xor(a)`` -> ``bit_xor(a)``"""
    if distinct:
        raise Refused("group_bit_xor(DISTINCT ...)", "Aggregate a subquery with SELECT DISTINCT.")
    return _bits("group_bit_xor", "bit_xor", args, order)


def _bits(name: str, target: str, args: list[Typed], order: Order) -> Typed:
    value = _one(name, args, order)
    if not value.type.is_integer:
        raise Refused(f"{name} of {value.type}", "Cast to bigint.")
    return _result(_called(target, value), value.type, args)


@aggregate("bool_and", "booland_agg")
def bool_and(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``bool_and(a)`` -> ``bool_and(a)``"""
    return _bools("bool_and", args, order)


@aggregate("bool_or", "boolor_agg")
def bool_or(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``bool_or(a)`` -> ``bool_or(a)``"""
    return _bools("bool_or", args, order)


@aggregate("bool_xor", "boolxor_agg")
def bool_xor(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``bool_xor(a)`` -> whether exactly one value is true"""
    value = _boolean("bool_xor", args, order)
    true = exp.Filter(this=call("count", exp.Star()), expression=exp.Where(this=value.node))
    node = sql("CASE WHEN n > 0 THEN t = 1 END", n=_called("count", value.node.copy()), t=aggregate_call(true))
    return _result(node, BOOLEAN, args)


def _bools(name: str, args: list[Typed], order: Order) -> Typed:
    return _result(_called(name, _boolean(name, args, order)), BOOLEAN, args)


def _boolean(name: str, args: list[Typed], order: Order) -> Typed:
    value = _one(name, args, order)
    if not value.type.is_numeric:
        raise DorisError(f"{name} requires a boolean or numeric argument")
    return casts.cast_to(value, BOOLEAN)


@aggregate("array_agg")
def array_agg(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``array_agg(a)`` -> ``coalesce(list(a), [])``, NULLs kept"""
    return _listed("array_agg", args, distinct, order, keep_null=True)


@aggregate("collect_list", "group_array")
def collect_list(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``collect_list(a)`` -> ``coalesce(list(a) FILTER (WHERE a IS NOT NULL), [])``; ``(a, 2)`` keeps two"""
    return _listed("collect_list", args, distinct, order, keep_null=False)


@aggregate("collect_set", "group_uniq_array")
def collect_set(args: list[Typed], _distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
    """``collect_set(a)`` -> ``coalesce(list(DISTINCT a) FILTER (WHERE a IS NOT NULL), [])``; ``(a, 2)`` keeps two"""
    return _listed("collect_set", args, True, order, keep_null=False)


def _listed(name: str, args: list[Typed], distinct: bool, order: Order, *, keep_null: bool) -> Typed:
    limit = args[1:] if not keep_null else []
    value = _one(name, args[:1] if len(limit) == 1 else args, order)
    type_ = array(value.type)
    node = call("list", exp.Distinct(expressions=[value.node]) if distinct else value.node)
    if not keep_null:
        node = exp.Filter(this=node, expression=exp.Where(this=sql("a IS NOT NULL", a=value.node.copy())))
    found = call("coalesce", aggregate_call(node), cast(exp.Array(expressions=[]), type_))
    if len(limit) == 1:
        kept = constant(limit[0])
        if kept is None or kept < 1:
            raise Refused(f"{name} with anything but a positive number of values", "Write an integer literal.")
        found = call("list_slice", found, number(1), number(kept))
    return _result(found, type_, args)


def _statistic(target: str, name: str) -> AggregateRule:
    def rule(args: list[Typed], distinct: bool, order: Order, _facts: SessionFacts) -> Typed:
        value = casts.cast_to(_summable(name, _one(name, args, order)), DOUBLE)
        node = _called(target, value, distinct)
        if target.endswith("_samp"):
            counted = _called("count", value.node.copy(), distinct)
            node = sql("CASE WHEN c = 1 THEN CAST(0 AS DOUBLE) ELSE s END", c=counted, s=node)
        return _result(node, DOUBLE, args)

    rule.__doc__ = f"``{name}(a)`` -> ``{target}(CAST(a AS DOUBLE))``; a sample of one value has 0"
    return rule


for _target, _names in {
    "stddev_pop": ("stddev", "std", "stddev_pop"),
    "stddev_samp": ("stddev_samp",),
    "var_pop": ("variance", "var_pop", "variance_pop"),
    "var_samp": ("var_samp", "variance_samp"),
}.items():
    aggregate(*_names)(_statistic(_target, _names[0]))
