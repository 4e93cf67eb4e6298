"""Every function, operator, cast and literal whose result is proven equal to Doris'."""

from __future__ import annotations

from importlib import import_module

#: One module per family; importing it fills the registry.
FAMILIES = (
    "literals",
    "comparison",
    "conditional",
    "arithmetic",
    "aggregates",
    "percentiles",
    "statistics",
    "sketches",
    "hlls",
    "bitmaps",
    "bitmap_aggregates",
    "hashing",
    "funnels",
    "counting",
    "windows",
    "dates",
    "date_arithmetic",
    "date_rounding",
    "date_conversions",
    "times",
    "rounding",
    "numbers",
    "number_texts",
    "urls",
    "date_format",
    "session",
    "arrays",
    "array_lambdas",
    "array_sets",
    "array_orders",
    "maps",
    "json_values",
    "json_paths",
    "strings",
    "string_search",
    "regexps",
    "encodings",
    "refusals",
)


def load() -> None:
    """Fill the registry with all families; calling it again changes nothing."""
    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
