"""The text of a view as Doris keeps it: every table, column and alias written out in full, stars expanded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.binder import meanings_of
from nereus.warehouse.embedded.sql.lexer import NAME, QUOTED
from nereus.warehouse.embedded.sql.parse import QueryParser
from nereus.warehouse.embedded.sql.scope import Column

#: (first offset, offset behind the last character, what is written in their place)
Change = tuple[int, int, str]


@dataclass(slots=True)
class _Item:
    """Where the expression of a SELECT item stands, and where the whole item ends."""

    start: int
    stop: int
    end: int


@dataclass(slots=True)
class _Places:
    """Where things stand in the text: table names and stars by the id of their node, aliases as changes."""

    tables: dict[int, tuple[int, int]] = field(default_factory=dict)
    stars: dict[int, tuple[int, int]] = field(default_factory=dict)
    aliases: list[Change] = field(default_factory=list)
    #: The items of each SELECT that stands in no common table.
    selects: list[list[_Item]] = field(default_factory=list)


class _ViewParser(QueryParser):
    """Remembers where tables, stars, aliases and SELECT items stand."""

    def __init__(self, text: str, *, pipes_as_concat: bool, backslash_escapes: bool) -> None:
        super().__init__(text, pipes_as_concat=pipes_as_concat, backslash_escapes=backslash_escapes)
        self.places = _Places()
        self._open: list[list[_Item]] = []
        self._common = 0

    def _relation_primary(self) -> tree.Relation:
        start = self.index
        found = super()._relation_primary()
        if isinstance(found, tree.TableName):
            last = start + 2 * (len(found.parts) - 1)
            self.places.tables[id(found)] = self.tokens[start].start, self.tokens[last].stop
        return found

    def _alias(self) -> str | None:
        found = super()._alias()
        if found is not None:
            self._quote(self.index - 1)
        return found

    def _common_table(self) -> tree.CommonTable:
        start = self.index
        self._common += 1
        found = super()._common_table()
        self._common -= 1
        self._quote(start)
        for position in range(len(found.columns)):
            self._quote(start + 2 + 2 * position)
        return found

    def _lateral_views(self) -> tuple[tree.LateralView, ...]:
        start = self.index
        found = super()._lateral_views()
        depth, behind = 0, False
        for index in range(start, self.index):
            token = self.tokens[index]
            depth += (token.kind == "(") - (token.kind == ")")
            if depth == 0 and token.kind == ")":
                behind = True
            elif token.kind == "LATERAL":
                behind = False
            elif behind and token.kind in (NAME, QUOTED):
                self._quote(index)
        return found

    def _select(self) -> tree.Select:
        self._open.append([])
        found = super()._select()
        items = self._open.pop()
        if not self._common:
            self.places.selects.append(items)
        return found

    def _item(self) -> tree.Item:
        start = self.index
        found = super()._item()
        last = self.index - 1
        stop = last
        if found.named:
            self._quote(last, found.name)
            stop = last - (2 if self.tokens[last - 1].kind == "AS" else 1)
        if isinstance(found.expression, tree.Star):
            self.places.stars[id(found.expression)] = self.tokens[start].start, self.tokens[last].stop
        if self._open:
            item = _Item(self.tokens[start].start, self.tokens[stop].stop, self.tokens[last].stop)
            self._open[-1].append(item)
        return found

    def _quote(self, index: int, name: str | None = None) -> None:
        token = self.tokens[index]
        self.places.aliases.append((token.start, token.stop, _backquoted(token.value if name is None else name)))


def qualified(text: str, session: Session, names: list[str] | None) -> str:
    """The query's text with every name written out; `names` are those of the view's column list, where it has one.

    ``select k x from t`` -> ``select `internal`.`d`.`t`.`k` `x` from `internal`.`d`.`t```
    """
    parser = _parser(text, session)
    query = parser.query()
    parser.finish()
    meanings = meanings_of(query, session.warehouse.schema(session), session.facts)
    places = parser.places
    changes = list(places.aliases)
    for table in _tables(query, frozenset()):
        db = table.parts[-2] if len(table.parts) > 1 else session.current_database()
        written = ".".join(_backquoted(part) for part in ("internal", db, table.parts[-1]))
        changes.append((*places.tables[id(table)], written))
    stars = [(*places.stars[key], columns) for key, columns in meanings.stars.items() if key in places.stars]
    changes += [(start, stop, ", ".join(map(_full, columns))) for start, stop, columns in stars]
    # Doris leaves the columns of subqueries in expressions as they are.
    hidden = {name.args.get("place", name.args["at"]) for name in _subquery_names(query)}
    by_start = {token.start: index for index, token in enumerate(parser.tokens)}
    for at, column in meanings.names.items():
        index = by_start.get(at)
        if index is None or at in hidden or any(start <= at < stop for start, stop, _ in stars):
            continue
        while parser.tokens[index + 1].kind == ".":
            index += 2
        changes.append((at, parser.tokens[index].stop, _full(column)))
    return _renamed(_changed(text, changes), session, names)


def _renamed(text: str, session: Session, names: list[str] | None) -> str:
    """The items of the first SELECT under the names of the view's column list."""
    if names is None:
        return text
    parser = _parser(text, session)
    parser.query()
    items = min((items for items in parser.places.selects if items), key=lambda items: items[0].start, default=[])
    if len(items) != len(names):
        return text
    written = ", ".join(
        f"{text[item.start : item.stop]} AS {_backquoted(name)}" for item, name in zip(items, names, strict=True)
    )
    return text[: items[0].start] + written + text[items[-1].end :]


def _parser(text: str, session: Session) -> _ViewParser:
    modes = session.variables["sql_mode"].upper()
    return _ViewParser(
        text,
        pipes_as_concat="PIPES_AS_CONCAT" in modes,
        backslash_escapes="NO_BACKSLASH_ESCAPES" not in modes,
    )


def _changed(text: str, changes: list[Change]) -> str:
    for start, stop, written in sorted(set(changes), reverse=True):
        text = text[:start] + written + text[stop:]
    return text


def _backquoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _full(column: Column) -> str:
    return ".".join(_backquoted(part) for part in (*column.qualifier, column.name))


def _subquery_names(node: object, *, inside: bool = False) -> Iterator[tree.Name]:
    """Column names that stand in subqueries of expressions."""
    if isinstance(node, tree.Name):
        if inside:
            yield node
    elif isinstance(node, exp.Expression):
        inner = inside or isinstance(node, tree.QueryExpression)
        for key, value in node.args.items():
            # The value before IN is outside of its subquery.
            own = inside if isinstance(node, tree.QueryExpression) and key == "this" else inner
            for item in value if isinstance(value, list | tuple) else (value,):
                yield from _subquery_names(item, inside=own)
    elif hasattr(node, "__dataclass_fields__"):
        for name in node.__dataclass_fields__:
            value = getattr(node, name)
            for item in value if isinstance(value, list | tuple) else (value,):
                yield from _subquery_names(item, inside=inside)


def _tables(node: object, hidden: frozenset[str]) -> Iterator[tree.TableName]:
    """The tables that a query names; names of its WITH clauses are none."""
    if isinstance(node, tree.Query):
        for common in node.tables:
            yield from _tables(common.query, hidden)
            hidden |= {common.name}
        yield from _tables(node.body, hidden)
        yield from _in_sequence(node.order, hidden)
    elif isinstance(node, tree.TableName):
        if len(node.parts) > 1 or node.parts[0] not in hidden:
            yield node
        yield from _in_sequence(node.views, hidden)
    elif isinstance(node, tree.QueryExpression):
        yield from _tables(node.args["query"], hidden)
        yield from _tables(node.args.get("this"), hidden)
    elif isinstance(node, exp.Expression):
        for value in node.args.values():
            yield from _in_sequence(value, hidden)
    elif hasattr(node, "__dataclass_fields__"):
        for name in node.__dataclass_fields__:
            yield from _in_sequence(getattr(node, name), hidden)


def _in_sequence(value: object, hidden: frozenset[str]) -> Iterator[tree.TableName]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _in_sequence(item, hidden)
    else:
        yield from _tables(value, hidden)
