"""Doris SQL in, DuckDB SQL out: parsed strictly, bound with Doris' types, refused where not provably equal."""
