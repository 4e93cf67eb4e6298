"""What is to be loaded: batches with a stable identity, made only when they are needed."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from nereus.errors import BadInput, Failure
from nereus.usecases.model import Files, UseCase

CHUNK_BYTES = 1 << 20
#: What Doris accepts in a label besides its length.
_LABEL = re.compile(r"[-_A-Za-z0-9]{1,128}")


@dataclass(frozen=True)
class Batch:
    """Rows that go into one table as one Stream Load.

    Attributes:
        part: names the batch within its table for ever, such as a month or a file.
        digest: names the content; it changes exactly when the rows do.
        produce: makes the data. Not called when the warehouse has this part with this digest already.
    """

    table: str
    part: str
    digest: str
    produce: Callable[[], Path | bytes]
    format: str = "parquet"
    columns: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def label(self, usecase: str, generation: int) -> str:
        """The Stream Load label: the same content gets the same one, until its table is removed (`generation`)."""
        identity = hashlib.sha256("\0".join((usecase, self.table, self.part, self.digest)).encode()).hexdigest()[:16]
        part = re.sub(r"[^A-Za-z0-9-]", "-", self.part)[:32]
        return f"{usecase[:24]}_{self.table[:40]}_{part}_{identity}_{generation}"


@dataclass(frozen=True)
class LoadContext:
    """What a load.py gets.

    Attributes:
        folder: of the use case.
        cache: a folder for what is slow to make; it survives, and deleting it costs time only.
        shared_cache: the same for what several use cases can share.
        parameters: `source.parameters` of usecase.yaml.
        tell: shows the user what is going on.
    """

    folder: Path
    cache: Path
    shared_cache: Path
    parameters: Mapping[str, Any]
    tell: Callable[[str], None] = lambda text: None


def digest_of(*parts: str | Path) -> str:
    """The SHA-256 of texts and files in this order: the digest of data that they determine."""
    whole = hashlib.sha256()
    for part in parts:
        one = hashlib.sha256()
        if isinstance(part, Path):
            with part.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    one.update(chunk)
        else:
            one.update(part.encode("utf-8"))
        whole.update(one.digest())
    return whole.hexdigest()


def batches_of(usecase: UseCase, cache: Path, tell: Callable[[str], None]) -> list[Batch]:
    """Every batch of the use case, in load order: the order of its tables, then the order they were given in.

    Raises BadInput when files are missing or load.py gives a batch that cannot be loaded.
    """
    if usecase.source.kind == "files":
        found = [batch for table in usecase.tables for batch in _from_files(usecase, table.name, table.files)]
    else:
        context = LoadContext(
            folder=usecase.folder,
            cache=cache / "usecases" / usecase.name,
            shared_cache=cache,
            parameters=usecase.source.parameters,
            tell=tell,
        )
        context.cache.mkdir(parents=True, exist_ok=True)
        found = list(_from_script(usecase, context))
    _check(usecase, found)
    order = {name: position for position, name in enumerate(usecase.table_names)}
    return sorted(found, key=lambda batch: order[batch.table])


def _from_files(usecase: UseCase, table: str, files: Files | None) -> Iterator[Batch]:
    if files is None:  # the model has refused this already
        return
    paths = sorted(path for path in usecase.folder.glob(files.path) if path.is_file())
    if not paths:
        raise BadInput(
            f"{usecase.name}/usecase.yaml: the files {files.path} of table {table} do not exist.",
            fix=f"Put them into {usecase.folder}, or correct the path.",
        )
    for path in paths:
        yield Batch(
            table=table,
            part=path.stem,
            digest=digest_of(path, files.format, files.columns or "", repr(sorted(files.headers.items()))),
            produce=partial(_given, path),
            format=files.format,
            columns=files.columns,
            headers=files.headers,
        )


def _given(path: Path) -> Path:
    return path


def _from_script(usecase: UseCase, context: LoadContext) -> Iterable[Batch]:
    path = usecase.folder / "load.py"
    make = getattr(_module(usecase, path), "batches", None)
    if not callable(make):
        raise BadInput(
            f"{usecase.name}/load.py has no function `batches`; expected batches(context) that gives Batch objects.",
            fix="See usecases/flights/load.py for a short one.",
        )
    return list(make(context))


def _module(usecase: UseCase, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"nereus_usecase_{usecase.name}", path)
    if spec is None or spec.loader is None:
        raise Failure(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise BadInput(
            f"{usecase.name}/load.py: line {error.lineno} is not Python: {error.msg}.", fix="Correct it."
        ) from error
    return module


def _check(usecase: UseCase, found: list[Batch]) -> None:
    where = f"{usecase.name}/load.py" if usecase.source.kind == "script" else f"{usecase.name}/usecase.yaml"
    seen: set[tuple[str, str]] = set()
    for batch in found:
        if batch.table not in usecase.table_names:
            raise BadInput(
                f"{where}: a batch goes into table {batch.table}, which the use case does not have.",
                fix=f"Its tables are: {', '.join(usecase.table_names)}.",
            )
        if (batch.table, batch.part) in seen:
            raise BadInput(
                f"{where}: table {batch.table} has two batches called {batch.part}; expected each part once.",
                fix="Name the parts apart.",
            )
        if not _LABEL.fullmatch(label := batch.label(usecase.name, 0)):
            raise BadInput(f"{where}: {label!r} is no label that Doris accepts.", fix="Shorten the name of the part.")
        seen.add((batch.table, batch.part))
