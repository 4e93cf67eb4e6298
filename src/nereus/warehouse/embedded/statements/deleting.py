"""Which conditions Doris deletes by without looking for rows: comparisons of columns with constants, and AND."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.catalog.model import KeyModel, Table
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql import tree

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ)
#: Doris' max_allowed_in_element_num_of_delete.
_MOST_IN = 1024


def is_simple(where: exp.Expr, table: Table) -> bool:
    """Whether Doris' storage can keep the condition as a delete predicate.

    Rows of UNIQUE tables that meet any other condition are deleted by their keys; for other tables it raises what Doris
    raises.
    """
    try:
        _check_condition(where, table)
    except DorisError:
        if table.model is not KeyModel.UNIQUE:
            raise
        return False
    return True


def _check_condition(where: exp.Expr, table: Table) -> None:
    for name in where.find_all(tree.Name):
        _check_column(str(name.args["parts"][-1]), table)
    _check(where)


def _check_column(name: str, table: Table) -> None:
    column = table.column(name)
    if column is None:
        return
    if column.type.args or column.type.name in ("bitmap", "hll", "quantile_state", "variant"):
        raise DorisError(f"Can not apply delete condition to column type: {column.type}")
    if column.type.name in ("float", "double"):
        raise DorisError(f"Column[{column.name}] type is float or double.")
    if column.is_key or table.model is KeyModel.DUPLICATE:
        return
    on_write = dict(table.properties).get("enable_unique_key_merge_on_write", "true") == "true"
    if table.model is KeyModel.AGGREGATE or not on_write:
        kind = "Aggregate table" if table.model is KeyModel.AGGREGATE else "unique table without merge-on-write"
        raise DorisError(
            "delete predicate on value column only supports Unique table with merge-on-write enabled and Duplicate "
            f"table, but Table[{table.name}] is an {kind}."
        )


def _check(node: exp.Expr) -> None:
    if isinstance(node, exp.Paren):
        _check(node.this)
    elif isinstance(node, exp.And):
        for operand in node.expressions:
            _check(operand)
    elif isinstance(node, exp.Not):
        inner = node.this
        while isinstance(inner, exp.Paren):
            inner = inner.this
        if isinstance(inner, (exp.Is, exp.In, *_COMPARISONS)):
            _check(inner)
        else:
            raise _unsupported(inner)
    elif isinstance(node, exp.Between):
        _check_operands(node.this, [node.args["low"], node.args["high"]])
    elif isinstance(node, exp.In):
        values = list(node.expressions)
        if len(values) > _MOST_IN:
            raise DorisError(f"Element num of in predicate should not be more than {_MOST_IN}")
        _check_operands(node.this, values)
    elif isinstance(node, exp.Is):
        if not _is_column(node.this):
            raise DorisError("Child expr of is_null predicate should be column name")
    elif isinstance(node, _COMPARISONS):
        left, right = node.args["this"], node.args["expression"]
        _check_operands(*((left, [right]) if _is_column(left) else (right, [left])))
    else:
        raise _unsupported(node)


def _check_operands(column: exp.Expr, values: list[exp.Expr]) -> None:
    if not _is_column(column):
        raise DorisError("Left expr of binary predicate should be column name")
    for value in values:
        # Doris folds constant expressions before it looks.
        if value.find(tree.Name, tree.QueryExpression) is not None:
            raise DorisError("Right expr of binary predicate should be value")


def _is_column(node: exp.Expr) -> bool:
    while isinstance(node, exp.Paren):
        node = node.this
    return isinstance(node, tree.Name)


def _unsupported(node: exp.Expr) -> DorisError:
    return DorisError(
        "Where clause only supports compound predicate, binary predicate, is_null predicate or in predicate. "
        f"But we meet {type(node).__name__.upper()}"
    )
