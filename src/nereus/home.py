"""Where a deployment keeps its state: `.nereus/` beside platform.yaml, or NEREUS_HOME."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("data", "logs", "run", "secrets", "cache")


@dataclass(frozen=True)
class Home:
    """The folders of one deployment. Nothing outside `root` is ever written."""

    root: Path

    @classmethod
    def beside(cls, config: Path) -> Home:
        """The home of the deployment that `config` (a platform.yaml) declares; NEREUS_HOME moves it."""
        moved = os.environ.get("NEREUS_HOME")
        return cls(Path(moved).absolute() if moved else config.absolute().parent / ".nereus")

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def create(self) -> Home:
        """Make the folders, readable by their owner alone. Running it again changes nothing."""
        for folder in (self.root, *(self.root / name for name in FOLDERS)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self
