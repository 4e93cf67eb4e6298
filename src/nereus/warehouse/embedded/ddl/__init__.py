"""Doris' DDL: read it, check it by Doris' rules, turn it into catalogue values, and show them again."""

from nereus.warehouse.embedded.ddl import apply_partitions, apply_rollups
from nereus.warehouse.embedded.ddl.build import build_table
from nereus.warehouse.embedded.ddl.parse import parse_ddl
from nereus.warehouse.embedded.ddl.show_create import show_create

__all__ = ["apply_partitions", "apply_rollups", "build_table", "parse_ddl", "show_create"]
