"""schema/<name>.sql: one CREATE statement in Doris' SQL for each table and view of a use case."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nereus.errors import BadInput
from nereus.usecases.model import UseCase

FOLDER = "schema"
#: What CREATE says of a materialised view.
MATERIALIZED = "MATERIALIZED VIEW"
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_STRING = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"")
_HEAD = re.compile(
    r"CREATE\s+(?P<kind>TABLE|VIEW|MATERIALIZED\s+VIEW)\s+(?P<safe>IF\s+NOT\s+EXISTS\s+)?`?(?P<name>\w+)`?(?P<qualified>\s*\.)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Object:
    """A table or view: `sql` is its CREATE statement, `digest` names what its author wrote."""

    kind: str
    name: str
    sql: str
    digest: str


def objects_of(usecase: UseCase, values: Mapping[str, str]) -> list[Object]:
    """Tables, views, then materialised views, in the order of usecase.yaml; ``${name}`` is replaced from `values`.

    Raises BadInput for a missing or superfluous file and for one that does not create what its name says.
    """
    folder = usecase.folder / FOLDER
    wanted = [("TABLE", name) for name in usecase.table_names] + [("VIEW", name) for name in usecase.views]
    wanted += [(MATERIALIZED, name) for name in usecase.materialized_views]
    found = {path.stem: path for path in sorted(folder.glob("*.sql"))}
    for stranger in sorted(set(found) - {name for _, name in wanted}):
        raise BadInput(
            f"{usecase.name}/{FOLDER}/{stranger}.sql belongs to no table or view of the use case.",
            fix=f"Add {stranger} to `tables` or `views` of usecase.yaml, or remove the file.",
        )
    for kind, name in wanted:
        if name not in found:
            raise BadInput(
                f"{usecase.name}/{FOLDER}/{name}.sql does not exist; expected the CREATE {kind} of {name}.",
                fix=f"Write it, or remove {name} from usecase.yaml.",
            )
    return [_read(usecase, kind, name, found[name], values) for kind, name in wanted]


def _read(usecase: UseCase, kind: str, name: str, path: Path, values: Mapping[str, str]) -> Object:
    where = f"{usecase.name}/{FOLDER}/{path.name}"
    text = statement(path.read_text("utf-8"))
    head = _HEAD.match(text)
    if head is None or " ".join(head["kind"].upper().split()) != kind or head["name"] != name or head["qualified"]:
        raise BadInput(
            f"{where} starts with {' '.join(text.split())[:60]!r}; expected CREATE {kind} IF NOT EXISTS {name}.",
            fix="One statement per file, without a database: usecase.yaml names it.",
        )
    if head["safe"] is None:
        raise BadInput(
            f"{where} would fail when it is run again; expected IF NOT EXISTS.",
            fix=f"Write CREATE {kind} IF NOT EXISTS {name}.",
        )
    if ";" in _STRING.sub("''", text):
        raise BadInput(f"{where} holds more than one statement; expected one.", fix="Put each into a file of its own.")
    unknown = {match[1] for match in _PLACEHOLDER.finditer(text)} - set(values)
    if unknown:
        raise BadInput(
            f"{where} uses ${{{min(unknown)}}}, which nobody fills.", fix=f"Known are: {', '.join(sorted(values))}."
        )
    # The digest is of the author's text: another number of replicas is no other table.
    digest = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
    return Object(kind, name, _PLACEHOLDER.sub(lambda match: values[match[1]], text), digest)


def statement(text: str) -> str:
    """The one statement of a .sql file, without whole-line comments and its closing semicolon."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().removesuffix(";").rstrip()
