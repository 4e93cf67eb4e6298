"""DuckDB syntax trees -> DuckDB text that DuckDB's parser reads as exactly that tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator


class Text(exp.Expression):
    """A finished piece of DuckDB text (a subquery). `columns` are the outer columns it refers to."""

    arg_types = {"this": True, "columns": False}  # noqa: RUF012 - as sqlglot declares nodes


@lru_cache(maxsize=4096)
def quoted(name: str) -> str:
    """An identifier of DuckDB in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def string(value: str) -> str:
    """A string constant of DuckDB, whose parser stops at a NUL character."""
    if "\0" in value:
        return "(" + " || chr(0) || ".join(map(string, value.split("\0"))) + ")"
    return "'" + value.replace("'", "''") + "'"


class _Generator(DuckDBGenerator):
    """sqlglot's writer for the few kinds of node that have none here."""

    TRANSFORMS = {**DuckDBGenerator.TRANSFORMS, Text: lambda _self, node: node.args["this"]}  # noqa: RUF012


class Renderer:
    """Writes the expressions of one statement.

    Nearly every kind of node is written here: sqlglot's generator takes most of the time of binding, and drops what it
    believes DuckDB does not take (IGNORE NULLS). An operation inside an operation gets parentheses.
    """

    __slots__ = ("_generator",)

    def __init__(self) -> None:
        self._generator: _Generator | None = None

    def sql(self, node: exp.Expression) -> str:
        """The text of a node as sqlglot writes it."""
        if self._generator is None:
            self._generator = _Generator(comments=False, normalize_functions=False)
        return str(self._generator.sql(node))

    def text(self, node: exp.Expression) -> str:
        """The DuckDB text of an expression."""
        writer = _WRITERS.get(type(node))
        return writer(self, node) if writer is not None else self.sql(node)

    def operand(self, node: exp.Expression) -> str:
        """The text of one operand of an operation."""
        text = self.text(node)
        closed = _is_closed(type(node))  # type: ignore[arg-type]  # mypy looks for the hash of a node, not of its class
        return text if closed and text[:1] != "-" else f"({text})"

    def type_text(self, node: exp.Expression) -> str:
        """The text of a type; each plain kind is generated once for all statements."""
        if node.args.get("nested") or node.args.get("kind"):
            return self.sql(node)
        parameters = node.args.get("expressions") or ()
        try:
            key = (node.args["this"], *(item.args["this"].args["this"] for item in parameters))
        except (AttributeError, KeyError):
            return self.sql(node)
        found = _TYPES.get(key)
        if found is None:
            found = self.sql(node)
            if len(_TYPES) < _TYPES_KEPT:
                _TYPES[key] = found
        return found


#: The texts of plain types by kind and parameters; there are a few hundred decimals.
_TYPES: dict[tuple[object, ...], str] = {}
_TYPES_KEPT = 2000


#: Nodes that read the same with and without parentheses around them.
_CLOSED = (
    exp.Anonymous,
    exp.Array,
    exp.Boolean,
    exp.Case,
    exp.Cast,
    exp.Column,
    exp.Filter,
    exp.Identifier,
    exp.Literal,
    exp.Null,
    exp.Paren,
    exp.Window,
    Text,
)


@cache
def _is_closed(kind: type[exp.Expression]) -> bool:
    return issubclass(kind, _CLOSED)


_Writer = Callable[[Renderer, exp.Expression], str]


def _column(_: Renderer, node: exp.Expression) -> str:
    column, table = node.args["this"], node.args.get("table")
    name = quoted(column.args["this"]) if type(column) is exp.Identifier else str(column)
    return f"{quoted(table.args['this'])}.{name}" if table is not None else name


def _literal(_: Renderer, node: exp.Expression) -> str:
    written = node.args["this"]
    return string(written) if node.args.get("is_string") else str(written)


def _call(renderer: Renderer, node: exp.Expression) -> str:
    return f"{node.this}({', '.join(map(renderer.text, node.expressions))})"


def _cast(renderer: Renderer, node: exp.Expression) -> str:
    word = "TRY_CAST" if type(node) is exp.TryCast else "CAST"
    return f"{word}({renderer.text(node.this)} AS {renderer.type_text(node.args['to'])})"


def _in(renderer: Renderer, node: exp.Expression) -> str:
    if not node.expressions:
        return renderer.sql(node)
    return f"{renderer.operand(node.this)} IN ({', '.join(map(renderer.text, node.expressions))})"


def _between(renderer: Renderer, node: exp.Expression) -> str:
    low, high = renderer.operand(node.args["low"]), renderer.operand(node.args["high"])
    return f"{renderer.operand(node.this)} BETWEEN {low} AND {high}"


def _chain(word: str) -> _Writer:
    def write(renderer: Renderer, node: exp.Expression) -> str:
        """``a AND b AND c``, however the tree leans: a long chain must not nest."""
        kind = type(node)
        parts: list[str] = []
        waiting = [node]
        while waiting:
            part = waiting.pop()
            if type(part) is kind:
                waiting += [part.args["expression"], part.args["this"]]
            else:
                parts.append(renderer.operand(part))
        return f" {word} ".join(parts)

    return write


def _case(renderer: Renderer, node: exp.Expression) -> str:
    subject, default = node.args.get("this"), node.args.get("default")
    parts = ["CASE"] if subject is None else ["CASE", renderer.operand(subject)]
    for branch in node.args["ifs"]:
        parts.append(f"WHEN {renderer.text(branch.this)} THEN {renderer.text(branch.args['true'])}")
    if default is not None:
        parts.append(f"ELSE {renderer.text(default)}")
    return " ".join([*parts, "END"])


def _like(renderer: Renderer, node: exp.Expression) -> str:
    return f"{renderer.operand(node.this)} LIKE {renderer.operand(node.expression)}"


def _window(renderer: Renderer, node: exp.Expression) -> str:
    parts: list[str] = []
    partition, order, spec = node.args.get("partition_by"), node.args.get("order"), node.args.get("spec")
    if partition:
        parts.append(f"PARTITION BY {', '.join(map(renderer.text, partition))}")
    if order is not None:
        parts.append(f"ORDER BY {', '.join(map(renderer.text, order.expressions))}")
    if spec is not None:
        start, end = (_bound(renderer, spec, side) for side in ("start", "end"))
        parts.append(f"{spec.args['kind']} BETWEEN {start} AND {end}")
    return f"{renderer.text(node.this)} OVER ({' '.join(parts)})"


def _bound(renderer: Renderer, spec: exp.Expression, side: str) -> str:
    value, direction = spec.args[side], spec.args.get(f"{side}_side")
    text = value if isinstance(value, str) else renderer.text(value)
    return f"{text} {direction}" if direction else text


def _ordered(renderer: Renderer, node: exp.Expression) -> str:
    direction = "DESC" if node.args.get("desc") else "ASC"
    return f"{renderer.text(node.this)} {direction} NULLS {'FIRST' if node.args.get('nulls_first') else 'LAST'}"


def _order(renderer: Renderer, node: exp.Expression) -> str:
    """``x ORDER BY y`` in the arguments of an aggregate."""
    return f"{renderer.text(node.this)} ORDER BY {', '.join(map(renderer.text, node.expressions))}"


def _filter(renderer: Renderer, node: exp.Expression) -> str:
    condition = node.expression
    inner = condition.this if isinstance(condition, exp.Where) else condition
    return f"{renderer.text(node.this)} FILTER (WHERE {renderer.text(inner)})"


def _lambda(renderer: Renderer, node: exp.Expression) -> str:
    names = ", ".join(quoted(name.name) for name in node.expressions)
    return f"LAMBDA {names} : {renderer.operand(node.this)}"


def _listed(start: str, end: str) -> _Writer:
    return lambda renderer, node: f"{start}{', '.join(map(renderer.text, node.expressions))}{end}"


def _binary(operator: str) -> _Writer:
    def write(renderer: Renderer, node: exp.Expression) -> str:
        arguments = node.args
        return f"{renderer.operand(arguments['this'])} {operator} {renderer.operand(arguments['expression'])}"

    return write


_WRITERS: dict[type[exp.Expression], _Writer] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Anonymous: _call,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Paren: lambda renderer, node: f"({renderer.text(node.this)})",
    exp.Null: lambda _renderer, _node: "NULL",
    exp.Boolean: lambda _renderer, node: "TRUE" if node.this else "FALSE",
    exp.Not: lambda renderer, node: f"NOT {renderer.operand(node.this)}",
    exp.In: _in,
    exp.Between: _between,
    exp.And: _chain("AND"),
    exp.Or: _chain("OR"),
    exp.EQ: _binary("="),
    exp.NEQ: _binary("<>"),
    exp.LT: _binary("<"),
    exp.LTE: _binary("<="),
    exp.GT: _binary(">"),
    exp.GTE: _binary(">="),
    exp.Add: _binary("+"),
    exp.Sub: _binary("-"),
    exp.Mul: _binary("*"),
    exp.NullSafeEQ: _binary("IS NOT DISTINCT FROM"),
    exp.NullSafeNEQ: _binary("IS DISTINCT FROM"),
    exp.Is: _binary("IS"),
    exp.Div: _binary("/"),
    exp.IntDiv: _binary("//"),
    exp.Mod: _binary("%"),
    exp.DPipe: _binary("||"),
    exp.BitwiseAnd: _binary("&"),
    exp.BitwiseOr: _binary("|"),
    exp.BitwiseNot: lambda renderer, node: f"~{renderer.operand(node.this)}",
    exp.Neg: lambda renderer, node: f"-{renderer.operand(node.this)}",
    exp.Case: _case,
    exp.Like: _like,
    exp.Escape: lambda renderer, node: f"{renderer.text(node.this)} ESCAPE {renderer.operand(node.expression)}",
    exp.Array: _listed("[", "]"),
    exp.Distinct: _listed("DISTINCT ", ""),
    exp.Star: lambda _renderer, _node: "*",
    exp.Window: _window,
    exp.Ordered: _ordered,
    exp.Order: _order,
    exp.Filter: _filter,
    exp.IgnoreNulls: lambda renderer, node: f"{renderer.text(node.this)} IGNORE NULLS",
    exp.Lambda: _lambda,
    exp.Identifier: lambda _renderer, node: quoted(node.this),
    Text: lambda _renderer, node: str(node.args["this"]),
}
