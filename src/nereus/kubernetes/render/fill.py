"""`${...}` in a manifest -> the value it names, as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from nereus.errors import BadInput
from nereus.suggest import closest

#: A value's name has a dot; `${DORIS_HOME}` and the like are left alone.
_MARK = re.compile(r"\$\{([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)+)\}")


def fill(text: str, values: Mapping[str, Any], where: str) -> str:
    """`text` with every mark replaced; a section becomes JSON on one line. Raises BadInput for an unknown name."""

    def replaced(match: re.Match[str]) -> str:
        found = look_up(values, match[1])
        if found is None:
            line = text.count("\n", 0, match.start()) + 1
            meant = closest(match[1], list(names(values)))
            raise BadInput(
                f"{where}: line {line} asks for ${{{match[1]}}}; there is no such value.",
                fix=f"Did you mean ${{{meant}}}?" if meant else "`nereus render` lists all of them in values.yaml.",
            )
        return found if isinstance(found, str) else json.dumps(found)

    return _MARK.sub(replaced, text)


def marks(text: str) -> list[str]:
    """The names of all values that a text asks for."""
    return _MARK.findall(text)


def look_up(values: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - a text, a number or a section
    """The value called `a.b.c`; None when there is none."""
    found: Any = values
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def names(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Every name that can be asked for, sections included."""
    for key, value in values.items():
        yield prefix + key
        if isinstance(value, Mapping):
            yield from names(value, f"{prefix}{key}.")
