"""The word a person most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to `word`, case and hyphens aside, or the only one that holds it; None otherwise."""
    plain = {_plain(name): name for name in known}
    near = difflib.get_close_matches(_plain(word), list(plain), 1, 0.6)
    holding = [name for name in plain if len(word) > 1 and _plain(word) in name]
    if near:
        return plain[near[0]]
    return plain[holding[0]] if len(holding) == 1 else None


def _plain(word: str) -> str:
    return word.strip().casefold().replace("-", "_")
