"""Which names Doris accepts, and what it says to the others."""

from __future__ import annotations

import re

from nereus.warehouse.embedded.errors import DorisError

#: Names of databases, partitions, resources ...
COMMON = r"^[a-zA-Z][a-zA-Z0-9\-_]{0,63}$"
_TABLE = r"^[a-zA-Z0-9\-_$]*$"
_COLUMN = r"""^[.a-zA-Z0-9_+\-/?@#$%^&*"\s,:]{0,255}[.a-zA-Z0-9_+\-/?@#$%^&*",:]$"""
_LABEL = r"^[\-_A-Za-z0-9:]{1,128}$"
_TABLE_LIMIT = 64


def check_database_name(name: str) -> None:
    if not re.fullmatch(COMMON, name):
        raise DorisError(f"Incorrect database name '{name}'")


def check_table_name(name: str) -> None:
    if not name or not re.fullmatch(_TABLE, name):
        raise DorisError(f"Incorrect table name '{name}'. Table name regex is '{_TABLE}'")
    if len(name) > _TABLE_LIMIT:
        raise DorisError(
            f"Table name length exceeds limit, the length of table name '{name}' is {len(name)} which is greater than"
            f" the configuration 'table_name_length_limit' ({_TABLE_LIMIT})."
        )


def check_column_name(name: str) -> None:
    if not name or not re.fullmatch(_COLUMN, name):
        raise DorisError(f"Incorrect column name '{name}'. Column regex is '{_COLUMN}'")
    for prefix in ("__doris_shadow_", "__DORIS_"):
        if name.lower().startswith(prefix.lower()):
            raise DorisError(f"Incorrect column name {name}, column name can't start with '{prefix}'")


def check_partition_name(name: str) -> None:
    if not re.fullmatch(COMMON, name) or name.startswith("placeholder_"):
        raise DorisError("Incorrect partition name")


def check_label(label: str) -> None:
    if not re.fullmatch(_LABEL, label):
        raise DorisError(f"Label format error. regex: {_LABEL}, label: {label}")
