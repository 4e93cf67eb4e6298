"""platform.yaml -> `Platform`: the one file a user edits, read, checked and frozen.

platform = load(Path("platform.yaml"))
platform.data.raw_tb, platform.local.ports.warehouse_mysql
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from nereus.config.explain import block
from nereus.config.model import Platform
from nereus.config.reader import read
from nereus.errors import BadInput

__all__ = ["Platform", "load"]


def load(path: Path) -> Platform:
    """The platform that the YAML file at `path` declares.

    Raises BadInput with every fault found, each naming the key path, the value, what was expected and the fix.
    """
    content = read(path)
    try:
        return Platform.model_validate(content)
    except ValidationError as error:
        raise BadInput(block(path.name, error, Platform)) from None
