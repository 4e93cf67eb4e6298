"""Star Schema Benchmark data: TPC-H's, made by tpchgen-cli and reshaped by DuckDB on the loading side.

Each file of derive/ is the SELECT of one table over TPC-H's. Everything is arithmetic on TPC-H's own values, so that
the same scale gives the same rows on every machine and with every version of DuckDB.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import duckdb

from nereus.errors import BadInput
from nereus.usecases import tpch
from nereus.usecases.batches import Batch, LoadContext, digest_of

DIMENSIONS = ("geo_region", "geo_nation", "geo_city", "dates", "customer", "supplier", "part")
FACT = "lineorder"
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
    derivation = Derivation(context, scale)
    for table in DIMENSIONS:
        yield Batch(table, "all", derivation.digest(table), partial(derivation.dimension, table))
    for year in YEARS:
        yield Batch(FACT, str(year), derivation.digest(FACT, str(year)), partial(derivation.year, year))


def sizes(scale: float) -> dict[str, int]:
    """Rows of SSB's dimensions and of the TPC-H tables they come from, at `scale`."""
    tpch_rows = {f"tpch_{name}s": round(tpch.ROWS_PER_SCALE[name] * scale) for name in ("customer", "supplier", "part")}
    # SSB's parts grow with the logarithm of the scale; below scale 1 they shrink with it.
    parts = 200_000 * math.floor(1 + math.log2(scale)) if scale >= 1 else round(200_000 * scale)
    return {"customers": round(30_000 * scale), "suppliers": round(2_000 * scale), "parts": parts, **tpch_rows}


@dataclass(frozen=True)
class Derivation:
    """Makes the files of one scale in the cache; what is there already is taken."""

    context: LoadContext
    scale: float

    def digest(self, table: str, part: str = "all") -> str:
        """Names the content: the generator, the scale and the SELECT, whose comments change nothing."""
        lines = [line for line in self._select(table).splitlines() if not line.lstrip().startswith("--")]
        return digest_of(f"TPC-H {version('tpchgen-cli')} at scale {self.scale:g}", "\n".join(lines), part)

    def dimension(self, table: str) -> Path:
        """The file of a whole table."""
        path = self._path(table, "all")
        if not path.exists():
            self._copy(self._select(table), path, "COMPRESSION zstd")
        return path

    def year(self, year: int) -> Path:
        """The file of one year of the fact table, sorted by its key."""
        path = self._path(FACT, str(year))
        if not path.exists():
            rows = f"read_parquet({_text(self._years() / f'lo_year={year}' / '*.parquet')}, hive_partitioning = false)"
            self._copy(f"FROM {rows} ORDER BY lo_orderdate, lo_orderkey, lo_linenumber", path, "COMPRESSION zstd")
        if all(self._path(FACT, str(each)).exists() for each in YEARS):
            shutil.rmtree(self._years_folder, ignore_errors=True)
        return path

    @property
    def _years_folder(self) -> Path:
        return self.context.cache / f"years-{self.digest(FACT)[:16]}"

    def _years(self) -> Path:
        """The fact table in a folder per year, made in one pass: one for each year would read TPC-H seven times."""
        if not self._years_folder.exists():
            years = f"SELECT *, year(lo_orderdate) AS lo_year FROM ({self._select(FACT)})"  # noqa: S608
            self._copy(years, self._years_folder, "COMPRESSION snappy, PARTITION_BY (lo_year)")
        return self._years_folder

    def _select(self, table: str) -> str:
        return (self.context.folder / "derive" / f"{table}.sql").read_text("utf-8")

    def _path(self, table: str, part: str) -> Path:
        return self.context.cache / f"{table}-{part}-{self.digest(table, part)[:16]}.parquet"

    def _copy(self, select: str, path: Path, options: str) -> None:
        """Write what `select` gives to `path`, moved into place whole."""
        source = tpch.generate(self.context.shared_cache, self.scale, SOURCES, self.context.tell)
        self.context.tell(f"deriving {path.stem.rpartition('-')[0]}")
        spill = str(self.context.cache / "spill")
        with tempfile.TemporaryDirectory(dir=self.context.cache, prefix=".draft") as folder:
            draft = Path(folder) / path.name
            with duckdb.connect(config={"memory_limit": f"{MEMORY_GB}GB", "temp_directory": spill}) as db:
                # What goes on is told by the context; a bar of the engine's own would stand between its lines.
                db.execute("SET enable_progress_bar = false")
                db.execute("CREATE SCHEMA tpch")
                for name in SOURCES:
                    db.execute(f"CREATE VIEW tpch.{name} AS FROM read_parquet({_text(source / f'{name}.parquet')})")
                for name, value in sizes(self.scale).items():
                    db.execute(f"SET VARIABLE {name} = {value}")
                db.execute(f"COPY ({select}) TO {_text(draft)} (FORMAT parquet, {options})")
            try:
                os.replace(draft, path)
            except OSError:
                # Another process made the same folder meanwhile; the name says what is in it.
                if not path.is_dir():
                    raise


def _text(path: Path) -> str:
    """A path as an SQL string."""
    return "'" + str(path).replace("'", "''") + "'"
