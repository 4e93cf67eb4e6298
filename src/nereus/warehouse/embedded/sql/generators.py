"""Table-generating functions of LATERAL VIEW."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.tree import LateralView
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import DorisType


@dataclass(frozen=True, slots=True)
class Generated:
    """A query that gives the generated rows as c0, c1 ...; `outer` keeps rows that generate nothing."""

    node: exp.Expression
    types: tuple[DorisType, ...]
    outer: bool = False


def generate(view: LateralView, arguments: list[Typed]) -> Generated:
    raise Refused(f"LATERAL VIEW {view.function}")
