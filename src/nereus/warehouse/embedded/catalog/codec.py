"""Catalogue values to JSON text and back. Fields that a later version adds take their defaults when absent."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from nereus.warehouse.embedded.catalog.model import (
    Column,
    DatabaseDef,
    Distribution,
    Index,
    KeyModel,
    Materialized,
    Partition,
    Partitioning,
    Rollup,
    Table,
    View,
)
from nereus.warehouse.embedded.types import DorisType, parse_type

_Value = TypeVar("_Value")


def encode(value: Table | View | DatabaseDef) -> str:
    """One line of JSON; a database without its relations, which are stored one by one."""
    body = {"kind": type(value).__name__, **_plain(value)}
    body.pop("relations", None)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def decode(text: str) -> Table | View | DatabaseDef:
    body = json.loads(text)
    kind = body.pop("kind")
    if body.get("created_at"):
        body["created_at"] = datetime.fromisoformat(body["created_at"])
    if kind == "Table":
        return _table(body)
    if kind == "View":
        return _view(body)
    return _flat(DatabaseDef, body)


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON has
    if isinstance(value, DorisType):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _tuples(value: object) -> Any:  # noqa: ANN401
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _flat(cls: Callable[..., _Value], body: dict[str, object]) -> _Value:
    return cls(**{name: _tuples(item) for name, item in body.items()})


def _column(body: dict[str, Any]) -> Column:
    return Column(**{**body, "type": parse_type(body["type"])})


def _table(body: dict[str, Any]) -> Table:
    partitioning = body.pop("partitioning", None)
    materialized = body.pop("materialized", None)
    nested: dict[str, Any] = {
        "columns": tuple(map(_column, body.pop("columns"))),
        "model": KeyModel(body.pop("model")),
        "partitioning": None if partitioning is None else _flat(Partitioning, partitioning),
        "partitions": tuple(_flat(Partition, item) for item in body.pop("partitions", ())),
        "distribution": _flat(Distribution, body.pop("distribution", {})),
        "rollups": tuple(_flat(Rollup, item) for item in body.pop("rollups", ())),
        "temporary": tuple(_flat(Partition, item) for item in body.pop("temporary", ())),
        "materialized": None if materialized is None else _flat(Materialized, materialized),
        "indexes": tuple(_flat(Index, item) for item in body.pop("indexes", ())),
    }
    return Table(**nested, **{name: _tuples(item) for name, item in body.items()})


def _view(body: dict[str, Any]) -> View:
    columns = tuple((name, parse_type(kind), comment) for name, kind, comment in body.pop("columns"))
    return View(columns=columns, **body)
