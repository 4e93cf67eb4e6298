"""Which roles see which rows: access.yaml beside the dashboards of a use case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from nereus.config.explain import block
from nereus.config.kinds import Text
from nereus.config.model import Section
from nereus.config.reader import read
from nereus.errors import BadInput

FILE = "access.yaml"

Title = Annotated[str, Text("a name of letters, digits and blanks", r"[A-Za-z][A-Za-z0-9 ]{0,62}", "Analyst Europe")]
Clause = Annotated[str, Text("a condition on columns, in SQL", r"[^;\x00-\x1f]+", "region = 'EUROPE'", 500)]
Dataset = Annotated[str, Text("a table or view", r"[a-z][a-z0-9_]{0,62}", "mv_sales_monthly")]


class RowRole(Section):
    """A role of Superset that reads `datasets` of the use case, and of those only the rows that `rows` lets through."""

    name: Title
    rows: Clause
    datasets: Annotated[tuple[Dataset, ...], Field(min_length=1)]


class Access(Section):
    """The whole of one access.yaml."""

    roles: tuple[RowRole, ...] = ()


def load(folder: Path, datasets: set[str]) -> Access:
    """What `folder` (dashboards/ of a use case) declares; nothing where the file is missing.

    Raises BadInput for faults of the file, and for datasets that are not among `datasets`.
    """
    path = folder / FILE
    if not path.exists():
        return Access()
    shown = f"{folder.parent.name}/{folder.name}/{FILE}"
    try:
        access = Access.model_validate(read(path, what="who sees which rows"))
    except ValidationError as error:
        raise BadInput(block(shown, error, Access, top="a key of access.yaml")) from None
    for number, role in enumerate(access.roles):
        for name in role.datasets:
            if name not in datasets:
                raise BadInput(
                    f"{shown}: roles[{number}].datasets is {name!r}; expected a dataset of this use case "
                    f"({', '.join(sorted(datasets))}).",
                    fix="Correct the name, or add the dataset's YAML.",
                )
    return access
