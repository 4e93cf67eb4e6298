"""The two shapes of Doris' HTTP answers: the frontend's envelope and the report of one load."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum

from aiohttp import web

from nereus.warehouse.embedded.http.failures import LabelExists, LoadFailed


class RestCode(IntEnum):
    """The code within the envelope; the HTTP status is 200 whatever it says."""

    OK = 0
    COMMON_ERROR = 1
    UNAUTHORIZED = 401
    BAD_REQUEST = 403
    NOT_FOUND = 404
    INTERNAL_ERROR = 500


_WORDS = {
    RestCode.OK: "success",
    RestCode.COMMON_ERROR: "Error",
    RestCode.UNAUTHORIZED: "Unauthorized",
    RestCode.BAD_REQUEST: "Bad Request",
    RestCode.NOT_FOUND: "Not Found",
    RestCode.INTERNAL_ERROR: "Internal Error",
}


def rest(code: RestCode, data: object = None, *, status: int = 200) -> web.Response:
    """``{"msg": ..., "code": ..., "data": ..., "count": 0}``; `data` carries the reason of an error."""
    body = {"msg": _WORDS[code], "code": int(code), "data": data, "count": 0}
    return _compact(body, status)


def rest_failed(reason: str) -> web.Response:
    """The older shape that a frontend gives before it hands a load to a backend."""
    return _compact({"status": "FAILED", "msg": reason})


def _compact(body: object, status: int = 200) -> web.Response:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    # What came as broken UTF-8 in a request may be part of the reason.
    content = text.encode("utf-8", "backslashreplace")
    return web.Response(body=content, status=status, content_type="application/json", charset="utf-8")


@dataclass
class LoadReport:
    """What a load came to. Times are in milliseconds, sizes in bytes.

    Before anything is known it describes a load that never began: no transaction, nothing read.
    """

    label: str
    comment: str = ""
    txn_id: int = -1
    failure: LoadFailed | None = None
    total_rows: int = 0
    loaded_rows: int = 0
    filtered_rows: int = 0
    unselected_rows: int = 0
    load_bytes: int = 0
    load_ms: int = 0
    begin_ms: int = 0
    plan_ms: int = 0
    read_ms: int = 0
    write_ms: int = 0
    receive_ms: int = 0
    commit_ms: int = 0
    error_url: str = ""
    first_error: str = ""

    @property
    def succeeded(self) -> bool:
        """The transaction is durable. A load that was broken off has neither a failure nor a transaction."""
        return self.failure is None and self.txn_id >= 0

    def text(self) -> str:
        """Doris' JSON, indented as Doris indents it, with the line feed at its end."""
        return json.dumps(self._fields(), indent=4, ensure_ascii=False) + "\n"

    def response(self) -> web.Response:
        content = self.text().encode("utf-8", "backslashreplace")
        return web.Response(body=content, content_type="application/json", charset="utf-8")

    def _fields(self) -> dict[str, object]:
        fields: dict[str, object] = {
            "TxnId": self.txn_id,
            "Label": self.label,
            "Comment": self.comment,
            "TwoPhaseCommit": "false",
        }
        if isinstance(self.failure, LabelExists):
            fields |= {"Status": "Label Already Exists", "ExistingJobStatus": self.failure.job_status}
        else:
            fields["Status"] = "Success" if self.failure is None else "Fail"
        fields |= {
            "Message": "OK" if self.failure is None else self.failure.message,
            "NumberTotalRows": self.total_rows,
            "NumberLoadedRows": self.loaded_rows,
            "NumberFilteredRows": self.filtered_rows,
            "NumberUnselectedRows": self.unselected_rows,
            "LoadBytes": self.load_bytes,
            "LoadTimeMs": self.load_ms,
            "BeginTxnTimeMs": self.begin_ms,
            "StreamLoadPutTimeMs": self.plan_ms,
            "ReadDataTimeMs": self.read_ms,
            "WriteDataTimeMs": self.write_ms,
            "ReceiveDataTimeMs": self.receive_ms,
            "CommitAndPublishTimeMs": self.commit_ms,
        }
        if self.error_url:
            fields["ErrorURL"] = self.error_url
        if self.first_error:
            fields["FirstErrorMsg"] = self.first_error
        return fields
