"""SHOW CREATE MATERIALIZED VIEW, as Doris writes it."""

from __future__ import annotations

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.ddl.show_create import shown_properties
from nereus.warehouse.embedded.introspection.functions import refresh_text
from nereus.warehouse.embedded.materialized.service import made_of


def show_create_view(view: Table) -> str:
    made = made_of(view)
    columns = ",".join(c.name + (f" comment '{c.comment}'" if c.comment else "") for c in view.columns)
    parts = [f"CREATE MATERIALIZED VIEW {view.name}", f"({columns})", refresh_text(made)]
    if view.keys:
        parts.append(f"DUPLICATE KEY({_names(view.keys)})")
    if view.comment:
        parts.append(f"COMMENT '{view.comment}'")
    if made.related is not None and view.partitioning is not None:
        column = f"`{view.partitioning.columns[0]}`"
        parts.append(f"PARTITION BY ({f'''date_trunc({column}, '{made.truncated}')''' if made.truncated else column})")
    hashed = f"HASH({_names(view.distribution.columns)})" if view.distribution.columns else "RANDOM"
    buckets = "AUTO" if view.distribution.buckets is None else view.distribution.buckets
    parts.append(f"DISTRIBUTED BY {hashed} BUCKETS {buckets}")
    listed = ",\n".join(f'"{key}" = "{value}"' for key, value in (*shown_properties(view), *made.properties))
    parts.append(f"PROPERTIES (\n{listed}\n)")
    parts.append(f"AS {made.sql}")
    return "\n".join(parts)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
