"""What a name means in each clause: Doris looks at the columns below, the SELECT list and the grouping keys in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nereus.warehouse.embedded.sql.scope import Column, Scope, only_exact

#: (parts of the name, inside an aggregate's arguments) -> the columns it may mean.
Candidates = Callable[[tuple[str, ...], bool], list[Column]]


def in_group_by(scope: Scope, outputs: Sequence[Column]) -> Candidates:
    """A column below if there is exactly one, else an alias of an item without aggregates."""
    aliases = _scope(outputs)

    def candidates(parts: tuple[str, ...], _inside: bool) -> list[Column]:
        found = only_exact(scope.find(parts), parts)
        if len(found) == 1:
            return found
        return only_exact(aliases.find(parts), parts) or found

    return candidates


def over_groups(scope: Scope, keys: Sequence[Column], outputs: Sequence[Column]) -> Candidates:
    """HAVING and QUALIFY of a grouped query: grouping columns, the SELECT list, columns below; the first one counts.

    Inside an aggregate's arguments only the columns below.
    """
    order = (_scope(keys), _scope(outputs), scope)

    def candidates(parts: tuple[str, ...], inside: bool) -> list[Column]:
        if inside:
            return scope.find(parts)
        return next((found[:1] for place in order if (found := place.find(parts))), [])

    return candidates


def in_having(scope: Scope, outputs: Sequence[Column]) -> Candidates:
    """HAVING of a query without GROUP BY: the SELECT list, then the columns below."""
    aliases = _scope(outputs)

    def candidates(parts: tuple[str, ...], inside: bool) -> list[Column]:
        return (not inside and aliases.find(parts)) or scope.find(parts)

    return candidates


def in_qualify(scope: Scope, outputs: Sequence[Column]) -> Candidates:
    """QUALIFY of a query without grouping: the columns below, then the SELECT list."""
    aliases = _scope(outputs)

    def candidates(parts: tuple[str, ...], _inside: bool) -> list[Column]:
        return scope.find(parts) or aliases.find(parts)

    return candidates


def in_order_by(scope: Scope, outputs: Sequence[Column]) -> Candidates:
    """A key without aggregates: the first item of that name, then the columns below."""
    aliases = _scope(outputs)

    def candidates(parts: tuple[str, ...], _inside: bool) -> list[Column]:
        return only_exact(aliases.find(parts), parts)[:1] or only_exact(scope.find(parts), parts)

    return candidates


def in_aggregate_order(scope: Scope, outputs: Sequence[Column]) -> Candidates:
    """A key with aggregates: `outputs` are the items without aggregates of a query with GROUP BY, else none."""
    aliases = _scope(outputs)

    def candidates(parts: tuple[str, ...], _inside: bool) -> list[Column]:
        return aliases.find(parts)[:1] or only_exact(scope.find(parts), parts)

    return candidates


def _scope(columns: Sequence[Column]) -> Scope:
    listed = list(columns)
    return Scope(listed, listed)
