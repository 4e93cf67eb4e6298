"""usecase.yaml -> `UseCase`: what one folder under usecases/ declares, read, checked and frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from nereus.config import kinds
from nereus.config.explain import block
from nereus.config.kinds import Choice, Number, Text
from nereus.config.model import Section, Word
from nereus.config.reader import read
from nereus.config.rules import Problem, raise_all
from nereus.errors import BadInput
from nereus.paths import USECASES
from nereus.suggest import closest
from nereus.usecases.quality import Check, Checks, Freshness, Value

FILE = "usecase.yaml"
FORMATS = ("csv", "csv_with_names", "json", "parquet")

Line = Annotated[str, Text("one line of text", r"[^\x00-\x1f]+", "Retail sales", 200)]
Prose = Annotated[str, Text("a text", r"[^\x00-\x08\x0b-\x1f]+", "What the data is for.", 4000)]
Names = tuple[Word, ...]


class Source(Section):
    """Where the data comes from.

    `files`: every table names its files. `script`: load.py in the folder makes the batches from `parameters`.
    """

    kind: Annotated[Literal["files", "script"], Choice(("files", "script"))]
    origin: Line
    parameters: Mapping[Word, Value] = Field(default_factory=dict)


class Files(Section):
    """Files of the folder that are loaded into one table, one Stream Load each, in the order of their names."""

    path: Annotated[str, Text("a path or pattern inside the folder", r"[^/\x00-\x1f][^\x00-\x1f]*", "data/items.csv")]
    format: Annotated[Literal["csv", "csv_with_names", "json", "parquet"], Choice(FORMATS)]
    columns: Line | None = None
    headers: Mapping[Word, Line] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _inside(self) -> Files:
        if ".." in Path(self.path).parts:
            fix = "Move the files into the folder, for example to data/."
            raise_all([Problem("path", self.path, "a path inside the folder of the use case", fix)])
        return self


class Table(Section):
    """A table: its CREATE TABLE is schema/<name>.sql.

    Of a table with monthly partitions the newest `hot_months` stay local; older ones cool down to the object store.
    """

    name: Word
    files: Files | None = None
    hot_months: Annotated[int | None, Number(1, 600, 12, kinds.MONTHS, whole=True)] = None


class Role(Section):
    """A role of the warehouse: who has it, and which tables and views it may read (`"*"`: the whole database)."""

    name: Word
    description: Line
    members: Names = ()
    select: tuple[Annotated[str, Text("a table, a view or *", r"\*|[a-z][a-z0-9_]{0,62}", "v_sales")], ...]


class UseCase(Section):
    """The whole of one usecase.yaml. `tables` stand in the order in which they are loaded.

    `materialized_views` are refreshed after each load, and answer queries on the tables by themselves.
    """

    name: Word
    title: Line
    description: Prose
    owner: Line
    database: Word
    source: Source
    tables: Annotated[tuple[Table, ...], Field(min_length=1)]
    views: Names = ()
    materialized_views: Names = ()
    roles: tuple[Role, ...] = ()
    freshness: Freshness | None = None
    checks: Checks = Checks()

    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """The folder that declares it."""
        return self._folder

    @property
    def table_names(self) -> Names:
        return tuple(table.name for table in self.tables)

    @property
    def all_checks(self) -> tuple[Check, ...]:
        """Every check in the order of the file, freshness last."""
        return (*self.checks.listed, *((self.freshness,) if self.freshness else ()))

    @model_validator(mode="after")
    def _parts_agree(self) -> UseCase:
        raise_all(_problems(self))
        return self


def _problems(usecase: UseCase) -> Iterator[Problem]:
    objects = [*usecase.table_names, *usecase.views, *usecase.materialized_views]
    for position, name in enumerate(objects):
        if name in objects[:position]:
            yield Problem("tables, views", name, "each name once", f"Rename or remove the second {name}.")
    for number, table in enumerate(usecase.tables):
        path = f"tables[{number}].files"
        if usecase.source.kind == "files" and table.files is None:
            yield Problem(path, "missing", "the files of the table", "Add `files: {path: data/..., format: csv}`.")
        if usecase.source.kind == "script" and table.files is not None:
            yield Problem(path, "given", "no files: load.py makes the batches", "Remove it, or set source.kind: files.")
    for number, role in enumerate(usecase.roles):
        for name in role.select:
            if name != "*" and name not in objects:
                yield _stranger(f"roles[{number}].select", name, objects)
    for path, check in (
        *usecase.checks.with_paths,
        *((("freshness", usecase.freshness),) if usecase.freshness else ()),
    ):
        for name in check.tables:
            if name not in objects:
                yield _stranger(path, name, objects)
        per = getattr(check, "per", None)
        if per is not None and not isinstance(usecase.source.parameters.get(per), int | float):
            known = ", ".join(usecase.source.parameters) or "none"
            yield Problem(
                f"{path}.per", per, f"a number among source.parameters ({known})", "Correct it, or remove it."
            )
    names = [check.label for check in usecase.all_checks]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("checks", name, "each check once", "Give one of the two a `name`, or remove it.")


def _stranger(path: str, name: str, objects: list[str]) -> Problem:
    meant = closest(name, objects)
    fix = f"Did you mean {meant}?" if meant else "Add it to `tables` or `views`, or correct its name."
    return Problem(path, name, f"a table or view of this use case ({', '.join(objects)})", fix)


def load(folder: Path) -> UseCase:
    """The use case that `folder` declares.

    Raises BadInput with every fault of its usecase.yaml, and when folder, `name` and files do not fit together.
    """
    path = folder / FILE
    if not path.is_file():
        raise BadInput(f"there is no {path}", fix=f"A use case is a folder with a {FILE}; copy one that exists.")
    content = read(path, what="a use case")
    shown = f"{folder.name}/{FILE}"
    try:
        usecase = UseCase.model_validate(content)
    except ValidationError as error:
        raise BadInput(block(shown, error, UseCase, top="a key of a use case")) from None
    if usecase.name != folder.name:
        raise BadInput(
            f"{shown}: name is {usecase.name}; expected the name of its folder, {folder.name}.",
            fix=f"Write `name: {folder.name}`, or rename the folder.",
        )
    usecase._folder = folder
    if usecase.source.kind == "script" and not (folder / "load.py").is_file():
        raise BadInput(
            f"{shown}: source.kind is script and there is no {folder.name}/load.py; expected the script.",
            fix="Write load.py with a function batches(context), or set source.kind: files.",
        )
    return usecase


def names(folder: Path = USECASES) -> list[str]:
    """The use cases that exist, by name: every folder with a usecase.yaml."""
    return sorted(path.parent.name for path in folder.glob(f"*/{FILE}"))


def find(name: str, folder: Path = USECASES) -> UseCase:
    """The use case called `name`. Raises BadInput with a proposal when there is none."""
    known = names(folder)
    if name not in known:
        meant = closest(name, known)
        raise BadInput(
            f"there is no use case called {name!r} in {folder}",
            fix=f"Did you mean {meant}?" if meant else f"There are: {', '.join(known) or 'none'}.",
        )
    return load(folder / name)


def parameter(usecase: UseCase, name: str, default: float) -> float:
    """A numeric parameter of the source."""
    value: Any = usecase.source.parameters.get(name, default)
    return float(value)
