"""The data of the measurements: made once per machine, named by its content, loaded alike into both engines."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.measure.findings import say
from nereus.paths import BENCHMARKS, PROJECT, user_cache
from nereus.usecases import model, tpch
from nereus.usecases.batches import batches_of, digest_of
from nereus.usecases.schema import objects_of, statement
from nereus.warehouse.client import Warehouse

SUITES = ("ssb", "tpch")


@dataclass(frozen=True)
class Table:
    """A table and the Parquet files that are loaded into it, one transaction each, in this order."""

    name: str
    ddl: str
    files: tuple[Path, ...]

    @property
    def columns(self) -> str:
        """The column list of the Doris DDL as DuckDB reads it: names, types and NOT NULL, without comments."""
        found = re.search(r"\(\n(.*?)\n\)", self.ddl, re.DOTALL)
        if found is None:
            raise ValueError(f"the DDL of {self.name} has no column list")
        return re.sub(r" COMMENT '[^']*'", "", found[1])


@dataclass(frozen=True)
class Query:
    """One question, written for Doris and, by hand, for DuckDB."""

    name: str
    doris: str
    native: str


@dataclass(frozen=True)
class Dataset:
    database: str
    tables: tuple[Table, ...]
    queries: tuple[Query, ...]


def cache_folder() -> Path:
    """Where generated data stays between runs; deleting it costs time only."""
    folder = user_cache()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def dataset(suite: str, scale: float, cache: Path | None = None) -> Dataset:
    """The tables of a suite at a scale factor, their files made where they are missing, and its queries."""
    cache = cache or cache_folder()
    return _retail(scale, cache) if suite == "ssb" else _tpch(scale, cache)


def _retail(scale: float, cache: Path) -> Dataset:
    usecase = model.find("retail")
    source = usecase.source.model_copy(update={"parameters": {**usecase.source.parameters, "scale": scale}})
    usecase = usecase.model_copy(update={"source": source})
    files: dict[str, list[Path]] = {}
    for batch in batches_of(usecase, cache, say):
        made = batch.produce()
        if not isinstance(made, Path):
            raise TypeError(f"batch {batch.part} of {batch.table} is no file")
        files.setdefault(batch.table, []).append(made)
    ddl = {one.name: one.sql for one in objects_of(usecase, {"replication_num": "1"})}
    tables = tuple(Table(name, ddl[name], tuple(paths)) for name, paths in files.items())
    native = {path.stem: path.read_text("utf-8") for path in (PROJECT / "tests/fixtures/native/ssb").glob("*.sql")}
    return Dataset("retail", tables, tuple(_queries("ssb", native)))


def _tpch(scale: float, cache: Path) -> Dataset:
    folder = tpch.generate(cache, scale, tell=say)
    statements = statement((BENCHMARKS / "schemas" / "tpch.sql").read_text("utf-8")).split(";")
    ddl = {match[1]: text.strip() for text in statements if (match := re.search(r"NOT EXISTS (\w+)", text))}
    tables = tuple(Table(name, ddl[name], (folder / f"{name}.parquet",)) for name in tpch.TABLES)
    return Dataset("tpch", tables, tuple(_queries("tpch", _duckdb_tpch())))


def _queries(suite: str, native: dict[str, str]) -> Iterator[Query]:
    for path in sorted((BENCHMARKS / "queries" / suite).glob("*.sql")):
        yield Query(path.stem, statement(path.read_text("utf-8")), statement(native[path.stem]))


def _duckdb_tpch() -> dict[str, str]:
    """DuckDB's own TPC-H texts, q01 to q22, from its extension: a file of a Python package, so nothing is fetched."""
    import duckdb_extension_tpch  # type: ignore[import-untyped]

    file = next(Path(next(iter(duckdb_extension_tpch.__path__))).rglob("*.duckdb_extension"))
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as db:
        db.execute(f"LOAD '{file}'")
        return {f"q{number:02}": text for number, text in db.execute("SELECT * FROM tpch_queries()").fetchall()}


def one_file(table: Table) -> Path:
    """All files of a table as one, kept beside the first, named by what it holds."""
    path = table.files[0].with_name(f"{table.name}-whole-{digest_of(*table.files)[:16]}.parquet")
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}.draft")
        with duckdb.connect(config={"memory_limit": "4GB"}) as db:
            db.execute(
                f"COPY (FROM read_parquet(?)) TO '{draft}' (FORMAT parquet)", [[str(one) for one in table.files]]
            )
        os.replace(draft, path)
    return path


def load(warehouse: Warehouse, data: Dataset) -> None:
    """Create the tables and load every file by Stream Load."""
    warehouse.execute(f"CREATE DATABASE {data.database}")
    for table in data.tables:
        warehouse.execute(table.ddl, database=data.database)
        for number, file in enumerate(table.files):
            warehouse.stream_load(data.database, table.name, file, label=f"{table.name}_{number}")


def load_native(run: Callable[[str], object], data: Dataset) -> None:
    """The same tables with the same rows in the same order, one transaction per file; `run` executes DuckDB SQL."""
    for table in data.tables:
        run(f"CREATE TABLE {table.name} ({table.columns})")
        for file in table.files:
            run(insert(table, file))


def insert(table: Table, file: Path) -> str:
    """DuckDB's own way to load a Parquet file into the table."""
    path = str(file).replace("'", "''")
    return f"INSERT INTO {table.name} BY NAME FROM read_parquet('{path}')"
