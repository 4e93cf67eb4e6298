"""The text of arrays, maps and structs: ``["a", "b"]``, ``{"k":1, "l":null}``, ``{"x":1, "y":"q"}``.

Strings, dates, times and JSON inside are wrapped in double quotes and not escaped, as Doris writes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.wire import texts as flat

_QUOTED = frozenset(
    {"char", "varchar", "string", "json", "variant", "date", "datetime", "time", "ipv4", "ipv6"},
)
_NOTHING = pa.scalar(b"")
_COMMA = pa.scalar(b", ")


def texts(array: pa.Array, of: DorisType) -> pa.Array:
    """The texts of an Arrow list, map or struct array; NULL stays NULL."""
    if of.name == "array":
        members = _member(array.flatten(), of.args[0])
        return _wrapped(b"[", _joined(array, members), b"]")
    if of.name == "map":
        # A map array is a list of (key, value) structs; flatten() leaves out the entries under a NULL.
        as_list = array.cast(pa.list_(pa.struct([("k", array.type.key_type), ("v", array.type.item_type)])))
        pairs = as_list.flatten()
        keys, values = _member(pairs.field(0), of.args[0]), _member(pairs.field(1), of.args[1])
        entries = pc.binary_join_element_wise(keys, pa.scalar(b":"), values, _NOTHING)
        return _wrapped(b"{", _joined(as_list, entries), b"}")
    parts: list[Any] = []
    for index, (name, member) in enumerate(zip(of.fields, of.args, strict=True)):
        lead = f'{", " if index else ""}"{name}":'
        parts += [pa.scalar(lead.encode()), _member(array.field(index), member)]
    body = pc.binary_join_element_wise(pa.scalar(b"{"), *parts, pa.scalar(b"}"), _NOTHING)
    return pc.if_else(array.is_valid(), body, pa.scalar(None, pa.binary())) if array.null_count else body


def _member(array: pa.Array, of: DorisType) -> pa.Array:
    """The texts of what stands inside: quoted where Doris quotes, and the word null for NULL."""
    printed = flat.texts(array, of)
    if of.name in _QUOTED:
        printed = pc.binary_join_element_wise(pa.scalar(b'"'), printed, pa.scalar(b'"'), _NOTHING)
    return pc.fill_null(printed, b"null") if printed.null_count else printed


def _joined(array: pa.Array, members: pa.Array) -> pa.Array:
    """Members of each list behind one another with ``, `` between; NULL where the list is NULL."""
    sizes = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(array) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    lists = pa.ListArray.from_arrays(pa.array(offsets), members)
    joined = pc.binary_join(lists, _COMMA)
    return pc.if_else(array.is_valid(), joined, pa.scalar(None, pa.binary())) if array.null_count else joined


def _wrapped(opening: bytes, body: pa.Array, closing: bytes) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(opening), body, pa.scalar(closing), _NOTHING)
