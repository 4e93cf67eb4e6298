"""DuckDB syntax trees -> DuckDB text that DuckDB's parser reads as exactly that tree."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator


class Text(exp.Expression):
    """A finished piece of DuckDB text (a subquery). `columns` are the outer columns it refers to."""

    arg_types = {"this": True, "columns": False}  # noqa: RUF012 - as sqlglot declares nodes


def quoted(name: str) -> str:
    """An identifier of DuckDB in double quotes."""
    return '"' + name.replace('"', '""') + '"'


class _Generator(DuckDBGenerator):
    TRANSFORMS = {  # noqa: RUF012
        **DuckDBGenerator.TRANSFORMS,
        Text: lambda _self, node: node.args["this"],
        exp.Ordered: lambda self, node: (
            f"{self.sql(node, 'this')} {'DESC' if node.args.get('desc') else 'ASC'}"
            f" NULLS {'FIRST' if node.args.get('nulls_first') else 'LAST'}"
        ),
    }


class Renderer:
    """Writes expressions of one statement. The trees must carry parentheses where precedence needs them."""

    def __init__(self) -> None:
        self._generator = _Generator(comments=False, normalize_functions=False)

    def text(self, node: exp.Expression) -> str:
        return str(self._generator.sql(node))
