"""Expressions: names to columns, and every operator and call to its rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import registry, variables
from nereus.warehouse.embedded.sql.context import Context
from nereus.warehouse.embedded.sql.naming import Candidates
from nereus.warehouse.embedded.sql.rules import builtins, casts, comparison
from nereus.warehouse.embedded.sql.rules.build import twice
from nereus.warehouse.embedded.sql.scope import Column, Scope, ambiguous
from nereus.warehouse.embedded.sql.tree import Call, Lambda, Name, QueryExpression, SortItem, Star, describe
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.sql.windows import over
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, VARCHAR

if TYPE_CHECKING:
    from nereus.warehouse.embedded.sql.subqueries import SubqueryBinder

#: Where the operands of a node are, in order; None stands for every other binary or unary operator.
_OPERANDS: dict[type[exp.Expression], tuple[str, ...]] = {
    exp.Literal: (),
    exp.Null: (),
    exp.Boolean: (),
    exp.Introducer: (),
    exp.HexString: (),
    exp.And: ("expressions",),
    exp.Or: ("expressions",),
    exp.Between: ("this", "low", "high"),
    exp.In: ("this", "expressions"),
    exp.Is: ("this",),
    exp.Like: ("this", "expression", "escape"),
    exp.Case: ("ifs", "default"),
    exp.If: ("this", "true"),
    exp.Neg: ("this",),
    exp.Not: ("this",),
    exp.BitwiseNot: ("this",),
}
_BINARY = ("this", "expression")
#: Functions whose first of three arguments is the name of a unit.
_UNIT_FUNCTIONS = frozenset({"timestampdiff", "datediff", "timestampadd", "dateadd"})
#: Functions that Doris reads as operators.
_ARITHMETIC: dict[str, type[exp.Expression]] = {
    "add": exp.Add,
    "subtract": exp.Sub,
    "multiply": exp.Mul,
    "divide": exp.Div,
    "int_divide": exp.IntDiv,
    "mod": exp.Mod,
    "bitand": exp.BitwiseAnd,
    "bitor": exp.BitwiseOr,
    "bitxor": exp.BitwiseXor,
    "bitnot": exp.BitwiseNot,
}
_GROUPING = frozenset({"grouping", "grouping_id"})


@dataclass(slots=True)
class Found:
    """What an expression contains that not every clause allows, as Doris shows it, and whether it uses an alias."""

    aggregate: str | None = None
    window: str | None = None
    grouping: str | None = None
    alias: bool = False


@dataclass(slots=True)
class ExpressionBinder:
    """Binds expressions of one clause of one query.

    Attributes:
        candidates: the clause's rule for names.
        outer: the scope of the query around; a name that is not found here is looked up there.
        clause: the clause's name in Doris' errors, as in ``in FILTER clause``.
        exact: prefer the column whose full name was written where several match.
        found: what the expressions bound since `take_found` contain.
    """

    context: Context
    candidates: Candidates
    clause: str
    subqueries: SubqueryBinder | None = None
    scope: Scope | None = None
    exact: bool = True
    found: Found = field(default_factory=Found)
    _inside: bool = False
    _parameters: dict[str, Typed] = field(default_factory=dict)

    def take_found(self) -> Found:
        found, self.found = self.found, Found()
        return found

    def bind(self, node: exp.Expression) -> Typed:
        special = _SPECIAL.get(type(node))
        return self._operation(node) if special is None else special(self, node)

    def _operation(self, node: exp.Expression) -> Typed:
        kind = type(node)
        rule = registry.OPERATORS.get(kind)
        if rule is None:
            raise _no_value(node)
        operands: list[Typed] = []
        arguments = node.args
        for name in _OPERANDS.get(kind, _BINARY):
            value = arguments.get(name)
            if type(value) is list:
                for item in value:
                    operands.extend(self._branch(item) if type(item) is exp.If else (self.bind(item),))
            elif value is not None:
                operands.append(self.bind(value))
        return self._keep(rule(node, operands, self.context.facts))

    def _cast(self, node: exp.Expression) -> Typed:
        if self.context.facts.variables.get("enable_strict_cast", "false") == "true":
            raise Refused("CAST under enable_strict_cast", "SET enable_strict_cast = false.")
        return casts.cast_to(self.bind(node.this), node.args["to"])

    def _not(self, node: exp.Expression) -> Typed:
        """NOT, which is a part of IN (query) and EXISTS."""
        operand = node.this
        if type(operand) is QueryExpression and operand.args["kind"] != "scalar":
            return self._query(operand, negated=True)
        return self._operation(node)

    def _variable(self, node: exp.Expression) -> Typed:
        return self._keep(variables.read(node, self.context.facts))

    def condition(self, node: exp.Expression) -> Typed:
        """An expression that a clause takes as true or false."""
        return comparison.truth(self.bind(node))

    def sort_items(self, items: Sequence[SortItem]) -> list[tuple[Typed, SortItem]]:
        found = [(self.bind(item.expression), item) for item in items]
        for value, _ in found:
            comparison.check_sortable(value)
        return found

    def _branch(self, node: exp.Expression) -> tuple[Typed, Typed]:
        return self.bind(node.this), self.bind(node.args["true"])

    def _keep(self, value: Typed) -> Typed:
        if value.volatile:
            self.context.volatile = True
        return value

    # names

    def _name(self, node: exp.Expression) -> Typed:
        if self._parameters and len(node.args["parts"]) == 1:
            parameter = self._parameters.get(node.args["parts"][0].lower())
            if parameter is not None:
                return replace(parameter, node=parameter.node.copy())
        column = self.named(node)
        if column.value is not None and self.clause != "SORT":
            twice(column.value, "another use")
        return column.typed()

    def named(self, node: exp.Expression) -> Column:
        """The column that a Name reads. Raises DorisError where it means none or several."""
        column = self.column(node.args["parts"], node.args["at"], node.args.get("place"))
        self.context.read(column)
        if column.value is not None:
            self.found.alias = True
        return column

    def column(self, parts: tuple[str, ...], at: int, place: int | None = None) -> Column:
        """The column a name means. Raises DorisError where it means none or several.

        `at` is what messages name; `place` where the name stands, if that is another offset.
        """
        found = self.candidates(parts, self._inside)
        outer = self.scope.outer if self.scope is not None else None
        from_outer = False
        if not found and outer is not None:
            found = outer.find(parts)
            from_outer = True
        if not found:
            raise self.unknown(parts, at)
        if len(found) > 1:
            exact = [c for c in found if len(c.qualifier) + 1 == len(parts)] if self.exact else []
            if len(exact) != 1:
                raise ambiguous(parts, found)
            found = exact
        if from_outer and outer is not None:
            outer.used.append((found[0], self.clause))
        if self.context.meanings is not None and (found[0].value is None or self.clause == "SORT"):
            self.context.meanings.names[at if place is None else place] = found[0]
        return found[0]

    def unknown(self, parts: tuple[str, ...], at: int) -> DorisError:
        table = ".".join(parts[:-1]) or "table list"
        where = self.context.position(at)
        return DorisError(f"Unknown column '{parts[-1]}' in '{table}' in {self.clause} clause{where}")

    # calls

    def _call(self, node: exp.Expression) -> Typed:
        name: str = node.this
        window = node.args.get("over")
        if name in registry.AGGREGATES:
            return self._aggregate(node, name)
        if name in _GROUPING:
            return self._grouping(node, name)
        if window is not None or name in registry.WINDOWS:
            return self._window(node, name)
        if name in _ARITHMETIC and window is None:
            return self._arithmetic(node, name)
        rule = registry.FUNCTIONS.get(name)
        if rule is None and name.startswith("match_"):
            raise Refused(name.upper(), "Write LIKE, or instr(text, word) > 0.")
        if rule is None:
            raise builtins.refusal(name)
        if node.args.get("distinct"):
            raise DorisError(f"Can not found function '{name}'")
        if node.args.get("order"):
            raise Refused(f"ORDER BY in the arguments of {name}")
        return self._keep(rule(self._arguments(node, name), self.context.facts))

    def _arithmetic(self, node: exp.Expression, name: str) -> Typed:
        kind = _ARITHMETIC[name]
        if len(node.expressions) != (1 if kind is exp.BitwiseNot else 2):
            raise DorisError(f"Can not found function '{name}' which has {len(node.expressions)} arity")
        rule = registry.OPERATORS.get(kind)
        if rule is None:
            raise Refused(f"the function {name}")
        return self._keep(rule(kind(), [self.bind(item) for item in node.expressions], self.context.facts))

    def _arguments(self, node: exp.Expression, name: str) -> list[Typed]:
        given = node.expressions
        if name == "count" and len(given) == 1 and type(given[0]) is Star:
            return []
        if name in _UNIT_FUNCTIONS and len(given) == 3 and type(given[0]) is Name and len(given[0].args["parts"]) == 1:
            unit = given[0].args["parts"][0].upper()
            return [Typed(exp.Var(this=unit), VARCHAR, literal=unit), *(self._argument(item) for item in given[1:])]
        if given and type(given[0]) is Lambda:
            arrays = [self._argument(item) for item in given[1:]]
            return [self._lambda(given[0], arrays, name), *arrays]
        return [self._argument(item) for item in given]

    def _lambda(self, node: exp.Expression, arrays: list[Typed], name: str) -> Typed:
        """``x -> x + 1`` over the elements of the arrays behind it; the type is that of its body."""
        names: tuple[str, ...] = node.args["parameters"]
        if len(names) != len(arrays):
            raise DorisError(f"lambda {name} has {len(names)} arguments, but {len(arrays)} arrays")
        around = self._parameters
        inner: dict[str, Typed] = {}
        for parameter, array in zip(names, arrays, strict=True):
            if array.type.name != "array":
                raise DorisError(f"lambda argument must be array but is {array.type}")
            reference = exp.Column(this=exp.Identifier(this=self.context.counters.alias(), quoted=True))
            inner[parameter.lower()] = Typed(reference, array.type.args[0])
        self._parameters = {**around, **inner}
        try:
            body = self.bind(node.args["body"])
        finally:
            self._parameters = around
        identifiers = [exp.Identifier(this=item.node.name, quoted=True) for item in inner.values()]
        return replace(body, node=exp.Lambda(this=body.node, expressions=identifiers), literal=None)

    def _argument(self, node: exp.Expression) -> Typed:
        if type(node) is exp.Interval:
            amount = self.bind(node.this)
            return replace(amount, node=exp.Interval(this=amount.node, unit=node.args["unit"].copy()))
        return self.bind(node)

    def _aggregate(self, node: exp.Expression, name: str) -> Typed:
        window = node.args.get("over")
        inside = self._inside
        if window is None:
            if inside:
                raise DorisError(f"aggregate function cannot contain aggregate parameters: {describe(node)}")
            self.found.aggregate = self.found.aggregate or describe(node)
            self._inside = True
        try:
            arguments = self._arguments(node, name)
            order = self._aggregate_order(node.args.get("order") or (), name)
        finally:
            self._inside = inside
        value = registry.AGGREGATES[name](arguments, bool(node.args.get("distinct")), order, self.context.facts)
        if window is None:
            return self._keep(value if value.aggregate else replace(value, aggregate=True))
        return self._over(value, node, name)

    def _aggregate_order(self, items: Sequence[SortItem], name: str) -> list[tuple[Typed, bool]]:
        for item in items:
            if item.nulls_first == item.descending:
                raise Refused(f"NULLS FIRST or LAST in the ORDER BY of {name}")
        return [(self.bind(item.expression), item.descending) for item in items]

    def _window(self, node: exp.Expression, name: str) -> Typed:
        rule = registry.WINDOWS.get(name)
        if rule is None:
            if name not in registry.FUNCTIONS:
                raise builtins.refusal(name)
            raise DorisError(f"Unsupported function in window expression: {describe(node)}")
        if node.args.get("over") is None:
            raise DorisError(f"analytic function is not allowed in LOGICAL_{self.clause.removeprefix('UNBOUND_')}")
        return self._over(rule(self._arguments(node, name), self.context.facts), node, name)

    def _over(self, value: Typed, node: exp.Expression, name: str) -> Typed:
        if self._inside:
            raise Refused("a window function inside an aggregate function", "Compute it in a derived table.")
        self.found.window = self.found.window or describe(node)
        spec = node.args["over"]
        partition = [self.bind(item).node for item in spec.partition]
        order = self.sort_items(spec.order)
        return self._keep(replace(value, node=over(value.node, spec, partition, order, name), aggregate=False))

    def _grouping(self, node: exp.Expression, name: str) -> Typed:
        self.found.grouping = self.found.grouping or describe(node)
        if name == "grouping" and len(node.expressions) != 1:
            raise DorisError(f"Can not found function 'grouping' which has {len(node.expressions)} arity")
        arguments = [self.bind(item).node for item in node.expressions]
        call = registry.aggregate_call(exp.Anonymous(this="grouping", expressions=arguments))
        return Typed(exp.Cast(this=call, to=exp.DataType.build("BIGINT")), BIGINT, aggregate=True)

    def _query(self, node: exp.Expression, *, negated: bool = False) -> Typed:
        if self.subqueries is None or self.scope is None:
            raise Refused("a subquery here")
        kind = node.args["kind"]
        if kind == "exists":
            return Typed(self.subqueries.exists(node.args["query"], self.scope, negated=negated), BOOLEAN)
        if kind == "scalar":
            return self.subqueries.scalar(node.args["query"], self.scope)
        value = self.bind(node.this)
        return Typed(self.subqueries.within(value, node.args["query"], self.scope, negated=negated), BOOLEAN)


#: What is bound by something else than the rule of an operator.
_SPECIAL: dict[type[exp.Expression], Callable[[ExpressionBinder, exp.Expression], Typed]] = {
    Name: ExpressionBinder._name,
    Call: ExpressionBinder._call,
    exp.Cast: ExpressionBinder._cast,
    exp.Not: ExpressionBinder._not,
    exp.Parameter: ExpressionBinder._variable,
    exp.SessionParameter: ExpressionBinder._variable,
    QueryExpression: ExpressionBinder._query,
}


def _no_value(node: exp.Expression) -> DorisError:
    if isinstance(node, Star):
        return DorisError("'*' can only be used in conjunction with COUNT")
    if isinstance(node, exp.Interval):
        return Refused("INTERVAL outside date arithmetic")
    if isinstance(node, Lambda):
        return Refused("a lambda here")
    if isinstance(node, exp.Placeholder):
        return Refused("a parameter marker here", "Use a prepared statement.")
    return Refused(f"the operator {type(node).__name__}")
