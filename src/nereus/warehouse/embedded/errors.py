"""Errors as a Doris frontend sends them."""

from __future__ import annotations


class DorisError(Exception):
    """One error packet.

    A Doris 4.0 frontend sends code 1105 (HY000) for nearly every statement error, with the text
    ``errCode = 2, detailMessage = ...``; the exceptions (1045, 1049, 5086, ...) carry their own code.

    Args:
        detail: what a person reads.
        code: MySQL error number.
        sqlstate: five characters.
        plain: send `detail` as it stands, without Doris' prefix (errors at connect do).
    """

    def __init__(self, detail: str, code: int = 1105, sqlstate: str = "HY000", *, plain: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.sqlstate = sqlstate
        self.plain = plain

    @property
    def text(self) -> str:
        return self.detail if self.plain else f"errCode = 2, detailMessage = {self.detail}"


class Refused(DorisError):
    """Doris may well answer this; the embedded warehouse cannot prove that it would answer the same.

    The text names the construct and says what to write instead, where something can be written instead.
    """

    def __init__(self, construct: str, instead: str | None = None) -> None:
        hint = f" {instead}" if instead else ""
        super().__init__(f"the embedded warehouse refuses {construct.removesuffix('.')}.{hint}")
        self.construct = construct
