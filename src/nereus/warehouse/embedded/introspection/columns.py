"""The system tables and their columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from nereus.warehouse.embedded.sql.typed import RelationColumn
from nereus.warehouse.embedded.types import parse_type

INFORMATION_SCHEMA, MYSQL, INTERNAL = "information_schema", "mysql", "__internal_schema"
#: Databases that exist in every warehouse, in the order in which SHOW DATABASES may list them.
DATABASES = (INTERNAL, INFORMATION_SCHEMA, MYSQL)

_COMMA = re.compile(r", (?=[\w.]+ [a-z])")


@cache
def system_tables() -> Mapping[tuple[str, str], tuple[RelationColumn, ...]]:
    """Columns by (database, table)."""
    text = resources.files("nereus.warehouse.embedded.introspection").joinpath("system_tables.txt").read_text("utf-8")
    found: dict[tuple[str, str], tuple[RelationColumn, ...]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, _, columns = line.partition(": ")
        db, _, table = name.partition(".")
        found[db, table] = tuple(map(_column, _COMMA.split(columns)))
    return found


def _column(text: str) -> RelationColumn:
    name, _, kind = text.partition(" ")
    bare = kind.removesuffix(" NOT NULL")
    return RelationColumn(name, parse_type(bare), nullable=bare == kind)
