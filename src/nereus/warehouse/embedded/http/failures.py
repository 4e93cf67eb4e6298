"""Why a load fails, as the `Message` of Doris' JSON answer says it."""

from __future__ import annotations

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.write.labels import LabelUsed


class LoadFailed(Exception):
    """A load that ends with ``"Status": "Fail"``; nothing of it is kept.

    Attributes:
        code: name (or ``E-217`` number) of a Doris backend's status.
        detail: what a person reads.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail

    @property
    def message(self) -> str:
        return f"[{self.code}]{self.detail}"


class LabelExists(LoadFailed):
    """The label belongs to another load: ``"Status": "Label Already Exists"``.

    Attributes:
        job_status: of the other load, RUNNING or FINISHED.
    """

    def __init__(self, detail: str, job_status: str) -> None:
        super().__init__("LABEL_ALREADY_EXISTS", f"TStatus: errCode = 2, detailMessage = {detail}")
        self.job_status = job_status


def invalid(detail: str) -> LoadFailed:
    """A header that a backend refuses before it asks the frontend."""
    return LoadFailed("INVALID_ARGUMENT", detail)


def analysis(detail: str) -> LoadFailed:
    """What the frontend refuses while it plans the load."""
    return LoadFailed("ANALYSIS_ERROR", f"TStatus: errCode = 2, detailMessage = {detail}")


def not_found(detail: str) -> LoadFailed:
    """A database or table that does not exist."""
    return LoadFailed("NOT_FOUND", f"TStatus: errCode = 7, detailMessage = {detail}")


def refused(construct: str, instead: str = "") -> LoadFailed:
    """What Doris does and the embedded warehouse cannot do alike."""
    return analysis(f"the embedded warehouse refuses {construct}.{f' {instead}' if instead else ''}")


def from_doris(error: DorisError) -> LoadFailed:
    """What another part of the warehouse refused, in the form of a load's answer."""
    if isinstance(error, LabelUsed):
        return LabelExists(error.detail, error.job_status)
    return LoadFailed("ANALYSIS_ERROR", f"TStatus: errCode = 2, detailMessage = {error.detail}")
