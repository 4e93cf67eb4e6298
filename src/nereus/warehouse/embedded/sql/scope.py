"""Which columns a name can mean at one place of a query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.correlation import CorrelatedSelect
from nereus.warehouse.embedded.sql.nodes import make
from nereus.warehouse.embedded.sql.typed import ColumnRead, Typed
from nereus.warehouse.embedded.types import DorisType

CATALOG = "internal"


@dataclass(slots=True, eq=False)
class Column:
    """A column that names may refer to.

    Attributes:
        name: Doris' name.
        qualifier: what may stand before it, outermost first: (catalog, db, table), (alias,) or nothing.
        alias, physical: DuckDB's table alias and column name.
        origin: the column of a table or view that it is, for privileges and result metadata.
        number: Doris numbers columns in the order in which it binds them; ambiguity errors show the number.
        value: set where the name stands for an expression of the SELECT list instead of a column.
    """

    name: str
    type: DorisType
    qualifier: tuple[str, ...] = ()
    alias: str = ""
    physical: str = ""
    nullable: bool = True
    origin: ColumnRead | None = None
    number: int = 0
    value: Typed | None = None
    _names: tuple[exp.Expression, exp.Expression] | None = None

    def node(self) -> exp.Expression:
        """A fresh DuckDB reference to it; its names are shared by all references, for nothing changes them."""
        if self.value is not None:
            return self.value.node.copy()
        if self._names is None:
            self._names = (
                make(exp.Identifier, this=self.physical, quoted=True),
                make(exp.Identifier, this=self.alias, quoted=True),
            )
        return make(exp.Column, this=self._names[0], table=self._names[1])

    def typed(self) -> Typed:
        if self.value is not None:
            return replace(self.value, node=self.value.node.copy())
        return Typed(self.node(), self.type)

    def answers_to(self, parts: tuple[str, ...]) -> bool:
        """Whether the qualified name `parts` means this column: tables by exact name, the rest ignoring case."""
        if len(parts) > len(self.qualifier) + 1 or parts[-1].lower() != self.name.lower():
            return False
        given, own = parts[:-1], self.qualifier
        if not given:
            return True
        if given[-1] != own[-1]:
            return False
        return all(a.lower() == b.lower() for a, b in zip(given[:-1], own[len(own) - len(given) : -1], strict=True))


@dataclass(slots=True)
class Scope:
    """Columns by name, and the scope of the query around.

    Attributes:
        columns: everything that a qualified name can reach.
        visible: what ``*`` and unqualified names reach; JOIN ... USING hides the right side's keys.
        outer: the query around a subquery; Doris looks exactly one level up.
        used: columns of this scope that a subquery refers to, with the clause each stands in.
        selects: the SELECTs of a subquery that refer to them.
    """

    columns: list[Column]
    visible: list[Column]
    outer: Scope | None = None
    used: list[tuple[Column, str]] = field(default_factory=list)
    selects: list[CorrelatedSelect] = field(default_factory=list)
    _names: dict[str, list[Column]] | None = None
    _visible_names: dict[str, list[Column]] | None = None

    def find(self, parts: tuple[str, ...]) -> list[Column]:
        """The columns of this scope that a name may mean. Raises DorisError for a name of more than four parts."""
        if len(parts) > 4:
            raise DorisError(f"Not supported name: {'.'.join(parts)}")
        if len(parts) == 1:
            if self._visible_names is None:
                self._visible_names = _by_name(self.visible)
            return self._visible_names.get(parts[0].lower(), [])
        if self._names is None:
            self._names = _by_name(self.columns)
        return [column for column in self._names.get(parts[-1].lower(), []) if column.answers_to(parts)]

    def plain(self, parts: tuple[str, ...], _inside: bool) -> list[Column]:
        """The rule for names of most clauses: whatever this scope has."""
        return self.find(parts)

    def star(self, parts: tuple[str, ...]) -> list[Column]:
        """The columns of ``*`` or ``t.*``; here even table names ignore case."""
        if not parts:
            return self.visible
        if len(parts) > 3:
            raise DorisError(f"Not supported qualifier: {'.'.join(parts)}")
        wanted = tuple(part.lower() for part in parts)
        size = len(wanted)
        found = [c for c in self.visible if tuple(part.lower() for part in c.qualifier[-size:]) == wanted]
        if not found:
            raise DorisError(f"unknown qualifier: {'.'.join(parts)}.*")
        return found


def only_exact(found: list[Column], parts: tuple[str, ...]) -> list[Column]:
    """Of several candidates those whose full name is `parts`, if there are any."""
    if len(found) < 2:
        return found
    return [column for column in found if len(column.qualifier) + 1 == len(parts)] or found


def ambiguous(parts: tuple[str, ...], found: Iterable[Column]) -> DorisError:
    listed = ", ".join(f"{column.name}#{column.number}" for column in found)
    return DorisError(f"{'.'.join(parts)} is ambiguous: {listed}.")


def _by_name(columns: list[Column]) -> dict[str, list[Column]]:
    names: dict[str, list[Column]] = {}
    for column in columns:
        names.setdefault(column.name.lower(), []).append(column)
    return names
