"""Star Schema Benchmark data: TPC-H's, made by tpchgen-cli and reshaped by DuckDB on the loading side.

Each file of derive/ is the SELECT of one table over TPC-H's. Everything is arithmetic on TPC-H's own values, so that
the same scale gives the same rows on every machine and with every version of DuckDB.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import duckdb

from nereus.errors import BadInput
from nereus.usecases import tpch
from nereus.usecases.batches import Batch, LoadContext, digest_of

DIMENSIONS = ("geo_region", "geo_nation", "geo_city", "dates", "customer", "supplier", "part")
YEARS = range(1992, 1999)
SOURCES = ("region", "nation", "supplier", "customer", "part", "orders", "lineitem")
#: Enough for a year of scale 10, sorted; more data spills to the cache folder.
MEMORY_GB = 4


def batches(context: LoadContext) -> Iterator[Batch]:
    """Every dimension whole, and the fact table year by year."""
    scale = float(context.parameters.get("scale", 1))
    if not 0.01 <= scale <= 100:
        raise BadInput(
            f"retail/usecase.yaml: source.parameters.scale is {scale:g}; expected a number between 0.01 and 100.",
            fix="Write for example `scale: 1` (6 million order lines).",
        )
    for table in DIMENSIONS:
        yield _batch(context, scale, table, "all", {})
    for year in YEARS:
        yield _batch(context, scale, "lineorder", str(year), {"year": year})


def sizes(scale: float) -> dict[str, int]:
    """Rows of SSB's dimensions and of the TPC-H tables they come from, at `scale`."""
    tpch_rows = {f"tpch_{name}s": round(tpch.ROWS_PER_SCALE[name] * scale) for name in ("customer", "supplier", "part")}
    # SSB's parts grow with the logarithm of the scale; below scale 1 they shrink with it.
    parts = 200_000 * math.floor(1 + math.log2(scale)) if scale >= 1 else round(200_000 * scale)
    return {"customers": round(30_000 * scale), "suppliers": round(2_000 * scale), "parts": parts, **tpch_rows}


def _batch(context: LoadContext, scale: float, table: str, part: str, variables: dict[str, int]) -> Batch:
    select = (context.folder / "derive" / f"{table}.sql").read_text("utf-8")
    digest = digest_of(f"TPC-H {version('tpchgen-cli')} at scale {scale:g}", _without_comments(select), part)
    path = context.cache / f"{table}-{part}-{digest[:16]}.parquet"
    return Batch(table, part, digest, partial(_produce, context, scale, select, path, variables))


def _without_comments(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))


def _produce(context: LoadContext, scale: float, select: str, path: Path, variables: dict[str, int]) -> Path:
    if path.exists():
        return path
    source = tpch.generate(context.shared_cache, scale, SOURCES, context.tell)
    context.tell(f"deriving {path.stem.rpartition('-')[0]}")
    draft = path.with_suffix(".draft")
    with duckdb.connect(
        config={"memory_limit": f"{MEMORY_GB}GB", "temp_directory": str(context.cache / "spill")}
    ) as db:
        db.execute("CREATE SCHEMA tpch")
        for name in SOURCES:
            db.execute(f"CREATE VIEW tpch.{name} AS FROM read_parquet('{_quoted(source / f'{name}.parquet')}')")
        for name, value in {**sizes(scale), **variables}.items():
            db.execute(f"SET VARIABLE {name} = {value}")
        db.execute(f"COPY ({select}) TO '{_quoted(draft)}' (FORMAT parquet, COMPRESSION zstd)")
    os.replace(draft, path)
    return path


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
