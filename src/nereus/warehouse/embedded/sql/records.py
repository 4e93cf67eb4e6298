"""Classes of values that nothing changes, of which binding one query makes hundreds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

_T = TypeVar("_T")

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen: bool, slots: bool) -> Callable[[type[_T]], type[_T]]:
        """A frozen dataclass as far as mypy sees it.

        At run time nothing guards the fields: a frozen dataclass sets each by object.__setattr__, which made one
        `Typed` cost as much as six.
        """
        return dataclasses.dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["record"]
