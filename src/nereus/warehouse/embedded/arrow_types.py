"""The Arrow types in which Doris' plain types are what they are, whoever reads or writes them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

PLAIN: Mapping[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
}
