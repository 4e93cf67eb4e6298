"""Secondary indexes. They speed up a real cluster; here they are checked, remembered and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nereus.warehouse.embedded.catalog.model import Column, Index, KeyModel
from nereus.warehouse.embedded.errors import DorisError

_NO_INVERTED = frozenset({"float", "double", "bitmap", "hll", "quantile_state", "map", "struct", "json", "time"})
_NGRAM = {"gram_size": (1, 255), "bf_size": (64, 65535)}


def make_indexes(written: Sequence[Index], columns: Sequence[Column], model: KeyModel) -> tuple[Index, ...]:
    """The indexes with the names of their columns as declared. Raises what Doris raises."""
    made = tuple(make_index(index, columns, model) for index in written)
    if len({index.name.lower() for index in made}) != len(made):
        raise DorisError("index name must be unique.")
    return made


def make_index(index: Index, columns: Sequence[Column], model: KeyModel) -> Index:
    if len(index.columns) != 1:
        raise DorisError(f"{index.kind} index can only apply to one column.")
    name = index.columns[0]
    column = next((column for column in columns if column.name.lower() == name.lower()), None)
    if column is None:
        raise DorisError(f"Column does not exist in table. invalid column: {name}")
    kind = column.type.args[0] if column.type.name == "array" else column.type
    if kind.name in _NO_INVERTED or kind.args:
        raise DorisError(
            f"{str(column.type).upper()} is not supported in {index.kind} index. invalid index: {index.name}"
        )
    if model is KeyModel.AGGREGATE and not column.is_key:
        raise DorisError(
            "index should only be used in columns of DUP_KEYS/UNIQUE_KEYS table or key columns of AGG_KEYS table. "
            f"invalid index: {index.name}"
        )
    properties = dict(index.properties)
    if index.kind == "NGRAM_BF":
        _check_ngram(properties, column, name)
    elif properties.get("parser", "none") != "none":
        if not kind.is_text and kind.name != "variant":
            raise DorisError(
                f"invalid INVERTED index:INVERTED index with parser: {properties['parser']} is not supported for "
                f"column: {name} of type {str(kind).upper()}"
            )
        properties.setdefault("lower_case", "true")
        properties.setdefault("support_phrase", "true")
    return replace(index, columns=(column.name,), properties=tuple(sorted(properties.items())))


def _check_ngram(properties: dict[str, str], column: Column, name: str) -> None:
    if not column.type.is_text:
        raise DorisError(f"{str(column.type).upper()} is not supported in ngram_bf index. invalid column: {name}")
    if len(properties) != 2 or set(properties) != set(_NGRAM):
        raise DorisError("ngram_bf index should have gram_size and bf_size properties")
    for key, (least, most) in _NGRAM.items():
        if not properties[key].isdigit() or not least <= int(properties[key]) <= most:
            raise DorisError(f"invalid ngram bf index params:'{key}' should be an integer between {least} and {most}.")
